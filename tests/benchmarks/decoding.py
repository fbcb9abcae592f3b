"""Writing tokens with a cache at GPT-2's size, in both libraries, from the same random weights."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from nnlearn.models.gpt import GPT

from .torch_rival import gpt_model

PROMPT, LENGTH = 16, 24


def generators() -> dict[str, Callable[[], int]]:
    """{library: a function that writes LENGTH tokens greedily and returns how many}."""
    ours = GPT(50257, 1024, 768, depth=12, heads=12, rng=0).eval()
    theirs = gpt_model(ours).eval()
    ids = np.random.default_rng(0).integers(0, 50257, PROMPT)
    written: dict[str, list[int]] = {}

    def ours_write() -> int:
        written["nnlearn"] = ours.generate(ids, LENGTH, top_k=1, rng=0)[PROMPT:].tolist()
        return LENGTH

    def theirs_write() -> int:
        written["PyTorch"] = generate(theirs, torch.from_numpy(ids)[None], LENGTH)
        return LENGTH

    for write in (ours_write, theirs_write):
        write()
    assert written["nnlearn"] == written["PyTorch"], "the two do not write the same tokens"
    return {"nnlearn": ours_write, "PyTorch": theirs_write}


@torch.inference_mode()
def generate(model, ids: torch.Tensor, length: int) -> list[int]:
    """Greedy decoding with one preallocated cache of keys and values a block."""
    heads, width = model.blocks[0].heads, model.tokens.weight.shape[1]
    shape = (2, 1, heads, ids.shape[1] + length, width // heads)
    caches, place, out = [torch.empty(shape) for _ in model.blocks], 0, []
    for _ in range(length):
        x = model.tokens(ids) + model.positions.weight[place : place + ids.shape[1]]
        T = ids.shape[1]
        for block, cache in zip(model.blocks, caches, strict=True):
            q, k, v = block.qkv(block.norm1(x)).split(width, dim=2)
            q, k, v = (a.view(1, T, heads, -1).transpose(1, 2) for a in (q, k, v))
            cache[0, :, :, place : place + T], cache[1, :, :, place : place + T] = k, v
            k, v = cache[0, :, :, : place + T], cache[1, :, :, : place + T]
            y = F.scaled_dot_product_attention(q, k, v, is_causal=T > 1)
            x = x + block.out(y.transpose(1, 2).reshape(1, T, width))
            x = x + block.contract(F.gelu(block.expand(block.norm2(x))))
        place += T
        ids = (model.norm(x[:, -1:]) @ model.tokens.weight.T).argmax(-1)
        out.append(int(ids))
    return out
