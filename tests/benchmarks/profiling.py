"""Where the time of one of our training steps goes: matrix products against everything else."""

import cProfile
import pstats
import statistics
import time

import numpy as np

from .__main__ import steps_of, timed
from .workloads import ALL

Shape = tuple[int, ...]


def products(name: str) -> list[tuple[Shape, Shape]]:
    """The shapes of all matrix products of a GPT's training step: forward, and two for each backward."""
    workload = ALL[name]
    P, heads = workload.make().state_dict(), workload.make().blocks[0].attention.heads
    B, T = workload.batches()[0][0].shape
    forward: list[tuple[Shape, Shape]] = []
    for key, W in P.items():
        if key.endswith(".W") and W.ndim == 2 and key.split(".")[0] == "blocks":
            forward.append(((B * T, W.shape[0]), W.shape))
        if key.endswith("qkv.W"):
            n = W.shape[0] // heads
            forward += [((B, heads, T, n), (B, heads, n, T)), ((B, heads, T, T), (B, heads, T, n))]
    forward.append(((B * T, P["tokens.W"].shape[1]), P["tokens.W"].T.shape))
    every = []
    for a, b in forward:
        a_t, b_t, out = (*a[:-2], a[-1], a[-2]), (*b[:-2], b[-1], b[-2]), (*a[:-1], b[-1])
        every += [(a, b), (out, b_t), (a_t, out)]
    return every


def profile(name: str) -> None:
    """Print the share of a GPT step that its matrix products take alone, and the costliest functions.

    `name` may be a part of the workload's.
    """
    name = next((workload for workload in ALL if name in workload), name)
    step = steps_of(name, ["nnlearn"])["nnlearn"]
    if ALL[name].kind == "gpt":
        rng = np.random.default_rng(0)
        made = [[rng.standard_normal(s, dtype=np.float32) for s in pair] for pair in products(name)]
        outs = [a @ b for a, b in made]
        shares = []
        for _ in range(11):
            begin = time.perf_counter()
            for (a, b), out in zip(made, outs, strict=True):
                np.matmul(a, b, out=out)
            shares.append((time.perf_counter() - begin) / timed(step, 0, 3))
        print(f"{name}: {statistics.median(shares):.0%} of the step is the time of its matrix products alone")
    profiler = cProfile.Profile()
    profiler.enable()
    timed(step, 0, 20)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
