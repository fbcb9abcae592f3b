"""The workloads as one writes them with PyTorch."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from nnlearn.layers.module import Module

from .workloads import RIVALS, Batches, Step


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.expand, self.contract = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, T, C = x.shape
        q, k, v = self.qkv(self.norm1(x)).split(C, dim=2)
        q, k, v = (a.view(B, T, self.heads, C // self.heads).transpose(1, 2) for a in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(B, T, C))
        return x + self.contract(F.gelu(self.expand(self.norm2(x))))


class GPT(nn.Module):
    def __init__(self, vocabulary: int, context: int, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        return self.norm(self.blocks(x)) @ self.tokens.weight.T


class CharLSTM(nn.Module):
    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.cell = nn.LSTM(width, width, batch_first=True)
        self.output = nn.Linear(width, vocabulary)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.output(self.cell(self.tokens(ids))[0])


def copy(layer: nn.Module, **arrays: np.ndarray) -> None:
    """Put our arrays into a layer of theirs; their linear layers keep W transposed."""
    with torch.no_grad():
        for name, array in arrays.items():
            target = getattr(layer, name)
            target.copy_(torch.from_numpy(array if array.shape == target.shape else array.T.copy()))


def copy_linear(layer: nn.Module, ours: dict[str, np.ndarray], name: str) -> None:
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(ours[f"{name}.W"].T.copy()))
        layer.bias.copy_(torch.from_numpy(ours[f"{name}.b"]))


def train(model: nn.Module, batches: Batches, lr: float) -> Step:
    optimizer = torch.optim.Adam(model.parameters(), lr)
    pairs = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in batches]

    def step(i: int) -> float:
        x, y = pairs[i % len(pairs)]
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x).flatten(0, -2), y.flatten())
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def mlp(ours: Module, batches: Batches, lr: float) -> Step:
    P, layers = ours.state_dict(), []
    for i in range(len(P) // 2):
        layer = nn.Linear(*P[f"layers.{i}.W"].shape)
        copy_linear(layer, P, f"layers.{i}")
        layers += [layer, nn.ReLU()]
    return train(nn.Sequential(*layers[:-1]), batches, lr)


def convnet(ours: Module, batches: Batches, lr: float) -> Step:
    P, layers = ours.state_dict(), []
    for i in range(sum(name.startswith("convolutions") for name in P) // 2):
        W = P[f"convolutions.{i}.W"]
        layer = nn.Conv2d(W.shape[1], W.shape[0], 3, padding=1)
        copy(layer, weight=W, bias=P[f"convolutions.{i}.b"])
        layers += [layer, nn.ReLU(), nn.MaxPool2d(2)]
    last = nn.Linear(*P["classify.W"].shape)
    copy_linear(last, P, "classify")
    return train(nn.Sequential(*layers, nn.Flatten(), last), batches, lr)


def lstm(ours: Module, batches: Batches, lr: float) -> Step:
    P = ours.state_dict()
    model = CharLSTM(*P["tokens.W"].shape)
    copy(model.tokens, weight=P["tokens.W"])
    copy(model.cell, weight_ih_l0=P["cells.0.W_x"].T.copy(), weight_hh_l0=P["cells.0.W_h"].T.copy())
    copy(model.cell, bias_ih_l0=P["cells.0.b"], bias_hh_l0=np.zeros_like(P["cells.0.b"]))
    copy_linear(model.output, P, "output")
    return train(model, batches, lr)


def gpt_model(ours: Module) -> GPT:
    """Our GPT with the same weights in PyTorch."""
    P = ours.state_dict()
    model = GPT(len(P["tokens.W"]), *P["positions.W"].shape, len(ours.blocks), ours.blocks[0].attention.heads)
    copy(model.tokens, weight=P["tokens.W"])
    copy(model.positions, weight=P["positions.W"])
    copy(model.norm, weight=P["norm.gamma"], bias=P["norm.beta"])
    for i, block in enumerate(model.blocks):
        for name in ("norm1", "norm2"):
            copy(
                getattr(block, name), weight=P[f"blocks.{i}.{name}.gamma"], bias=P[f"blocks.{i}.{name}.beta"]
            )
        for name, where in (("qkv", "attention.qkv"), ("out", "attention.out"), *((n, n) for n in MLP_PARTS)):
            copy_linear(getattr(block, name), P, f"blocks.{i}.{where}")
    return model


MLP_PARTS = ("expand", "contract")


def gpt(ours: Module, batches: Batches, lr: float) -> Step:
    return train(gpt_model(ours), batches, lr)


RIVALS["PyTorch"] = {"mlp": mlp, "convnet": convnet, "lstm": lstm, "gpt": gpt}
