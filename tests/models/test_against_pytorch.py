"""Whole models: PyTorch, given the same weights and batches, has the same losses for 50 steps of training."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.models.bert import BERT
from nnlearn.models.convnet import ConvNet
from nnlearn.models.gcn import GCN
from nnlearn.models.gpt import GPT
from nnlearn.models.language_rnn import CharRNN
from nnlearn.models.mlp import MLP
from nnlearn.models.translator import EncoderDecoder, Transformer, Translator, backwards
from nnlearn.models.vit import ViT
from tests.support.reference import library, torch

transformers = library("transformers")
F = torch.nn.functional
R = np.random.default_rng(0)
ROWS, IMAGES, CLASSES = R.standard_normal((12, 6)), R.standard_normal((12, 2, 8, 9)), R.integers(0, 4, 12)
IDS = R.integers(0, 13, (4, 10))
SQUARES = np.random.default_rng(1).standard_normal((12, 2, 8, 12))
X, Y = IDS[:, :-1], IDS[:, 1:]
GRAPH = nn.normalized_adjacency(R.integers(0, 12, (20, 2)), 12)


def layers_of(P, name):
    return sorted({key.split(".")[1] for key in P if key.startswith(name + ".")}, key=int)


def mlp(activation):
    def forward(P, x):
        last = layers_of(P, "layers")[-1]
        for i in layers_of(P, "layers"):
            x = x @ P[f"layers.{i}.W"] + P[f"layers.{i}.b"]
            x = x if i == last else activation(x)
        return x

    return forward


def convnet(P, x):
    for i in layers_of(P, "convolutions"):
        x = F.conv2d(x, P[f"convolutions.{i}.W"], P[f"convolutions.{i}.b"], padding=1)
        x = F.max_pool2d(F.relu(x), 2)
    return x.flatten(1) @ P["classify.W"] + P["classify.b"]


def gcn(P, x):
    S = torch.from_numpy(GRAPH.toarray()).double()
    for i in layers_of(P, "layers"):
        x = S @ x @ P[f"layers.{i}.W"] + P[f"layers.{i}.b"]
        x = x if i == layers_of(P, "layers")[-1] else F.relu(x)
    return x


def cell_of(P, name, kind, n, hidden=None):
    """PyTorch's own layer, fed with our parameters: gradients flow into ours."""
    theirs = getattr(torch.nn, kind)(n, hidden or n, batch_first=True).double()
    weights = {
        "weight_ih_l0": P[f"{name}.W_x"].T,
        "weight_hh_l0": P[f"{name}.W_h"].T,
        "bias_ih_l0": P[f"{name}.b"],
    }
    weights["bias_hh_l0"] = torch.zeros_like(P[f"{name}.b"])
    return lambda x, *start: torch.func.functional_call(theirs, weights, (x, *start))[0]


def charrnn(kind):
    def forward(P, ids):
        x = P["tokens.W"][ids]
        for i in layers_of(P, "cells"):
            x = cell_of(P, f"cells.{i}", kind, x.shape[-1])(x)
        return x @ P["output.W"] + P["output.b"]

    return forward


def normalize(P, name, x):
    return F.layer_norm(x, x.shape[-1:], P[f"{name}.gamma"], P[f"{name}.beta"])


def attend(P, name, x, heads, causal):
    B, T, C = x.shape
    q, k, v = (x @ P[f"{name}.qkv.W"] + P[f"{name}.qkv.b"]).split(C, dim=-1)
    q, k, v = (a.view(B, T, heads, C // heads).transpose(1, 2) for a in (q, k, v))
    y = F.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2).reshape(B, T, C)
    return y @ P[f"{name}.out.W"] + P[f"{name}.out.b"]


def feed(P, name, x, approximate="none"):
    x = F.gelu(x @ P[f"{name}.expand.W"] + P[f"{name}.expand.b"], approximate=approximate)
    return x @ P[f"{name}.contract.W"] + P[f"{name}.contract.b"]


def gpt(P, ids):
    x = P["tokens.W"][ids] + P["positions.W"][: ids.shape[1]]
    for i in layers_of(P, "blocks"):
        name = f"blocks.{i}"
        x = x + attend(P, f"{name}.attention", normalize(P, f"{name}.norm1", x), 2, True)
        x = x + feed(P, name, normalize(P, f"{name}.norm2", x), "tanh")
    return normalize(P, "norm", x) @ P["tokens.W"].T


def vit(P, x):
    x = F.unfold(x, 4, stride=4).transpose(1, 2) @ P["embed.W"] + P["embed.b"]
    x = torch.cat([P["class_token"].expand(len(x), 1, -1), x], 1) + P["positions"]
    for i in layers_of(P, "blocks"):
        name = f"blocks.{i}"
        x = x + attend(P, f"{name}.attention", normalize(P, f"{name}.norm1", x), 2, False)
        x = x + feed(P, name, normalize(P, f"{name}.norm2", x))
    return normalize(P, "norm", x[:, 0]) @ P["classify.W"] + P["classify.b"]


MODERN = dict(norm="rms", feed_forward="swiglu", kv_heads=2, rotary=True, bias=False)


def llama(P, ids):
    """Two heads of keys and values serve four of queries; all are turned by their places."""

    def turn(x):
        half, n = x.shape[-1] // 2, x.shape[-2]
        angle = torch.arange(n)[:, None] / 10000 ** (torch.arange(half).double() / half)
        turned = x[..., :half] + 1j * x[..., half:]
        turned = turned * torch.polar(torch.ones_like(angle), angle)
        return torch.cat([turned.real, turned.imag], -1)

    def norm(name, x):
        return F.rms_norm(x, x.shape[-1:], P[f"{name}.gamma"], 1e-6)

    x = P["tokens.W"][ids]
    for i in layers_of(P, "blocks"):
        name = f"blocks.{i}"
        z = (norm(f"{name}.norm1", x) @ P[f"{name}.attention.qkv.W"]).unflatten(-1, (8, -1)).transpose(1, 2)
        q, k, v = turn(z[:, :4]), turn(z[:, 4:6]), z[:, 6:]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        x = x + y.transpose(1, 2).flatten(2) @ P[f"{name}.attention.out.W"]
        gate, up = (norm(f"{name}.norm2", x) @ P[f"{name}.expand.W"]).chunk(2, -1)
        x = x + (F.silu(gate) * up) @ P[f"{name}.contract.W"]
    return norm("norm", x) @ P["tokens.W"].T


def bert(P, ids):
    x = P["tokens.W"][ids] + P["positions.W"][: ids.shape[1]] + P["types.W"][0]
    x = normalize(P, "norm", x)
    for i in layers_of(P, "blocks"):
        name = f"blocks.{i}"
        x = normalize(P, f"{name}.norm1", x + attend(P, f"{name}.attention", x, 2, False))
        x = normalize(P, f"{name}.norm2", x + feed(P, name, x))
    x = normalize(P, "transform_norm", F.gelu(x @ P["transform.W"] + P["transform.b"]))
    return x @ P["tokens.W"].T + P["bias"]


def translator(P, x):
    """x and y side by side: six signs to read, then four to go on from."""
    n, m = P["source.W"].shape[1], P["forwards.W_h"].shape[0]
    read, y = x[:, :6], x[:, 6:]
    there = cell_of(P, "forwards", "GRU", n, m)(P["source.W"][read])
    order = torch.from_numpy(backwards(read.numpy()))
    back = cell_of(P, "backwards", "GRU", n, m)(P["source.W"][read.gather(1, order)])
    start = torch.tanh(torch.cat([there[:, -1], back[:, -1]], 1) @ P["start.W"] + P["start.b"])
    s = cell_of(P, "writer", "GRU", n, m)(P["target.W"][y], start[None].contiguous())
    if "query.W" in P:
        h = torch.cat([there, back.gather(1, order[..., None].expand_as(back))], 2)
        q, k = s @ P["query.W"] + P["query.b"], h @ P["key.W"] + P["key.b"]
        s = torch.cat([s, F.scaled_dot_product_attention(q, k, h, (read > 0)[:, None])], 2)
    return s @ P["output.W"] + P["output.b"]


def transformer(P, x):
    """x and y side by side: six signs to read, then four to go on from."""
    read, y = x[:, :6], x[:, 6:]
    visible = (read > 0)[:, None, None]

    def feed_on(name, x):
        z = normalize(P, f"{name}.norm3", x) @ P[f"{name}.expand.W"] + P[f"{name}.expand.b"]
        return x + F.gelu(z) @ P[f"{name}.contract.W"] + P[f"{name}.contract.b"]

    def look(name, q_from, kv_from, **how):
        C = q_from.shape[-1]
        W, b = P[f"{name}.qkv.W"], P[f"{name}.qkv.b"]
        parts = q_from @ W[:, :C] + b[:C], *(kv_from @ W[:, C:] + b[C:]).split(C, -1)
        q, k, v = (part.unflatten(-1, (2, C // 2)).transpose(1, 2) for part in parts)
        z = F.scaled_dot_product_attention(q, k, v, **how).transpose(1, 2).flatten(2)
        return z @ P[f"{name}.out.W"] + P[f"{name}.out.b"]

    def placed(name, ids):
        E = P[f"{name}.W"]
        return E[ids] + torch.from_numpy(nn.sinusoidal_positions(ids.shape[1], E.shape[1]))

    h, s = placed("source", read), placed("target", y)
    for i in layers_of(P, "encoder"):
        z = normalize(P, f"encoder.{i}.norm1", h)
        h = feed_on(f"encoder.{i}", h + look(f"encoder.{i}.itself", z, z, attn_mask=visible))
    h = normalize(P, "norm_read", h)
    for i in layers_of(P, "decoder"):
        z = normalize(P, f"decoder.{i}.norm1", s)
        s = s + look(f"decoder.{i}.itself", z, z, is_causal=True)
        z = normalize(P, f"decoder.{i}.norm2", s)
        s = feed_on(f"decoder.{i}", s + look(f"decoder.{i}.other", z, h, attn_mask=visible))
    return normalize(P, "norm_written", s) @ P["output.W"] + P["output.b"]


CASES = {
    "MLP relu": (lambda: MLP([6, 16, 16, 4], rng=0), mlp(torch.relu), ROWS, CLASSES),
    "MLP tanh": (lambda: MLP((6, 8, 4), "tanh", rng=0), mlp(torch.tanh), ROWS, CLASSES),
    "ConvNet": (lambda: ConvNet((2, 8, 9), 4, channels=(3, 5), rng=0), convnet, IMAGES, CLASSES),
    "ViT": (lambda: ViT((2, 8, 12), 4, 4, 8, 2, 2, rng=0), vit, SQUARES, CLASSES),
    "GCN": (lambda: GCN((6, 16, 8, 4), rng=0), gcn, ROWS, CLASSES),
    "CharRNN rnn": (lambda: CharRNN(13, 8, depth=2, cell="rnn", rng=0), charrnn("RNN"), X, Y),
    "CharRNN gru": (lambda: CharRNN(13, 8, depth=2, cell="gru", rng=0), charrnn("GRU"), X, Y),
    "CharRNN lstm": (lambda: CharRNN(13, 8, depth=2, cell="lstm", rng=0), charrnn("LSTM"), X, Y),
    "GPT": (lambda: GPT(13, 9, 8, 2, 2, rng=0), gpt, X, Y),
    "GPT of Llama's blocks": (lambda: GPT(13, 9, 16, 2, 4, rng=0, **MODERN), llama, X, Y),
    "Translator bottleneck": (
        lambda: Translator(13, 13, 8, attention=False, rng=0),
        translator,
        IDS,
        IDS[:, 6:],
    ),
    "Translator attention": (lambda: Translator(13, 13, 8, rng=0), translator, IDS, IDS[:, 6:]),
    "Transformer": (lambda: Transformer(13, 13, 8, 2, 2, rng=0), transformer, IDS, IDS[:, 6:]),
    "BERT": (lambda: BERT(13, 12, 8, 2, 2, rng=0), bert, X, X),
}


def called(model):
    """The model as a function of one array: the translator's x and y lie side by side, a graph is given."""
    if isinstance(model, GCN):
        return lambda x: model(x, GRAPH)
    return (lambda x: model(x[:, :6], x[:, 6:])) if isinstance(model, EncoderDecoder) else model


@pytest.mark.parametrize("name", CASES)
def test_training_follows_pytorch(name):
    make, forward, x, y = CASES[name]
    model = make().astype(np.float64)
    run = model.fill if name == "BERT" else called(model)
    P = {key: torch.tensor(array, requires_grad=True) for key, array in model.state_dict().items()}
    ours = nn.AdamW(model.parameters(), lr=3e-3)
    theirs = torch.optim.AdamW([p for key, p in P.items() if "pooler" not in key], lr=3e-3)
    tx, ty = torch.from_numpy(np.ascontiguousarray(x)), torch.from_numpy(np.ascontiguousarray(y))
    losses = []
    for _ in range(50):
        ours.zero_grad()
        theirs.zero_grad()
        a = nn.cross_entropy(run(x), y)
        b = F.cross_entropy(forward(P, tx).flatten(0, -2), ty.flatten())
        a.backward()
        b.backward()
        ours.step()
        theirs.step()
        losses.append((a.item(), b.item()))
    a, b = np.array(losses).T
    np.testing.assert_allclose(a, b, atol=1e-6)
    assert a[-1] < 0.9 * a[0]


def test_rotary_by_halves_is_the_one_of_transformers():
    llama = transformers.models.llama.modeling_llama
    q, k = R.standard_normal((2, 4, 7, 6)), R.standard_normal((2, 2, 7, 6))
    places = R.integers(0, 50, (2, 7))
    angle = places[..., None] / 10_000 ** (np.arange(0, 6, 2) / 6)
    cos, sin = (torch.from_numpy(f(np.concatenate([angle, angle], -1))) for f in (np.cos, np.sin))
    expected = llama.apply_rotary_pos_emb(torch.from_numpy(q), torch.from_numpy(k), cos, sin)
    for x, theirs in zip((q, k), expected, strict=True):
        np.testing.assert_allclose(nn.rotary(x, places[:, None], halves=True), theirs, rtol=1e-10, atol=1e-14)


def test_logits_of_a_llama_with_its_own_weights():
    """Random weights far from zero, read out of the transformers library's model."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=53,
        hidden_size=32,
        intermediate_size=44,
        num_hidden_layers=3,
        num_attention_heads=8,
        num_key_value_heads=2,
        max_position_embeddings=24,
        initializer_range=0.3,
        tie_word_embeddings=True,
    )
    theirs = transformers.LlamaForCausalLM(config).eval()
    W = {name: p.detach().numpy() for name, p in theirs.named_parameters()}
    model = GPT(53, 24, 32, 3, 8, hidden=44, rng=0, **MODERN)
    state = {"tokens.W": W["model.embed_tokens.weight"], "norm.gamma": W["model.norm.weight"]}
    for i in range(3):
        part = lambda *names, i=i: np.concatenate([W[f"model.layers.{i}.{n}.weight"] for n in names]).T  # noqa: E731
        state |= {
            f"blocks.{i}.norm1.gamma": part("input_layernorm"),
            f"blocks.{i}.norm2.gamma": part("post_attention_layernorm"),
            f"blocks.{i}.attention.qkv.W": part(*(f"self_attn.{n}_proj" for n in "qkv")),
            f"blocks.{i}.attention.out.W": part("self_attn.o_proj"),
            f"blocks.{i}.expand.W": part("mlp.gate_proj", "mlp.up_proj"),
            f"blocks.{i}.contract.W": part("mlp.down_proj"),
        }
    model.load_state_dict(state)
    ids = np.random.default_rng(0).integers(0, 53, (2, 24))
    with torch.no_grad():
        expected = theirs(torch.from_numpy(ids)).logits.numpy()
        written = theirs.generate(
            torch.from_numpy(ids[:, :4]), max_new_tokens=20, do_sample=False, eos_token_id=None
        )
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(model(ids).data, expected, atol=1e-4)
    np.testing.assert_array_equal(model.generate(ids[:, :4], 20, temperature=0), written.numpy())


def test_every_model_is_in_the_table():
    classes = {name: value for name in nn.__all__ if isinstance(value := getattr(nn, name), type)}
    models = {name for name, kind in classes.items() if kind.__module__.startswith("nnlearn.models.")}
    assert {name.split()[0] for name in CASES} == models


@pytest.mark.parametrize("name", CASES)
def test_the_same_seed_the_same_weights_and_float32_all_through(name):
    make, _, x, _ = CASES[name]
    a, b = make(), make()
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
        assert p.data.dtype == np.float32
    x = x.astype(np.float32) if x.dtype.kind == "f" else x
    y = called(a)(x)
    assert y.dtype == np.float32
    y.sum().backward()
    assert {p.grad.dtype.name for p in a.parameters() if p.grad is not None} == {"float32"}
