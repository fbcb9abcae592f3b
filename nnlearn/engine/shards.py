"""A batch cut into shards that are computed side by side: data-parallel training on one machine's cores."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Node, Variable, now, plain
from nnlearn.engine.random import Branches, branches
from nnlearn.engine.tape import gradients, history


def data_parallel(loss: Callable[..., Any], *batch: Any, shards: int = 4) -> float:
    """The loss of a batch, d loss/d leaf added to `.grad`, in shards: `data_parallel(f, x, y)`.

    `loss(*part)` is a mean over the examples it gets. The batch is cut along its first axis into `shards`
    parts of equal size, give or take one; forward and backward of each run side by side, on as many threads
    as BLAS may use; losses and gradients are averaged, weighted by the examples. The number of threads
    changes no digit. It pays where a step takes several milliseconds: the parts of a small one cost more than
    the second core gains.

    What chance decides (dropout) each shard draws from a branch of its own; not so what the loss draws from a
    generator directly, past `nn`. Raises ValueError when the parts of the batch differ in length or are
    empty, the loss is not one number, or it uses what was computed outside it from what requires gradients;
    within another `data_parallel`; and where an example counts on the others of its batch: batch norm in
    training; a loss over pairs would call `needs_whole_batch` too.
    """
    needs_whole_batch("data_parallel", "it runs within a shard of another one")
    n = _length(batch)
    if not isinstance(shards, int | np.integer) or shards < 1:
        raise ValueError(f"data_parallel: shards is {shards!r}, expected a whole number from 1 on")
    bounds = [n * k // min(shards, n) for k in range(min(shards, n) + 1)]
    draws, began = Branches(), now()

    def run(k: int) -> tuple[float, dict]:
        part = slice(bounds[k], bounds[k + 1])
        share = (part.stop - part.start) / n
        branches.set(functools.partial(draws.of, k))
        value = loss(*(a[part] for a in batch))
        if not isinstance(value, Variable) or value.size != 1:
            raise ValueError(
                f"data_parallel: the loss must be one number on the tape, but is {plain(value)!r:.80}"
            )
        if value._node is not None:
            _own(value._node, began)
        upstream = np.full(value.shape, share, value.dtype)
        return share * plain(value).item(), gradients(value, upstream, None, False, False)

    results = _side_by_side(run, len(bounds) - 1)
    total: dict[Any, Any] = {}
    for _, grads in results:
        for leaf, g in grads.items():
            if leaf in total:
                total[leaf] += g
            else:
                total[leaf] = g
    for leaf, g in total.items():
        leaf.grad = g if leaf.grad is None else leaf.grad + g
    return sum(value for value, _ in results)


def _own(root: Node, began: int) -> None:
    """Raise ValueError for a loss whose graph reaches back behind the shards: they would share that part."""
    if history(root)[0].index < began:
        raise ValueError(
            "data_parallel: the loss uses a tensor that was computed outside of it from what requires "
            "gradients: compute it within the loss, or give its values, x.detach()"
        )


def needs_whole_batch(name: str, why: str) -> None:
    """Raise ValueError within a shard, for what would mean another thing there than in the whole batch."""
    if branches.get() is not None:
        raise ValueError(f"{name}: {why}; train it without shards")


def _length(batch: tuple) -> int:
    try:
        lengths = [len(a[:]) for a in batch]
    except (TypeError, IndexError, KeyError):
        kinds = ", ".join(type(a).__name__ for a in batch)
        raise ValueError(f"data_parallel: the parts of a batch must be rows, but are {kinds}") from None
    if not lengths or len(set(lengths)) > 1 or lengths[0] == 0:
        raise ValueError(
            f"data_parallel: the parts of a batch must have one length, at least 1, but have {lengths}"
        )
    return lengths[0]


@functools.cache
def _blas() -> Any:
    """What sets the number of BLAS's threads; to find its libraries takes milliseconds, so it is kept."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "nnlearn-shard")


_one_at_a_time = threading.Lock()  # BLAS has one number of threads for all


def _after_fork() -> None:
    """A child process has none of its parent's threads."""
    global _one_at_a_time
    _one_at_a_time = threading.Lock()
    _pool.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _side_by_side(run: Callable[[int], Any], count: int) -> list[Any]:
    """[run(0), run(1), …], each with one thread of BLAS and in a copy of this context."""
    with _one_at_a_time:
        threads = max([library.num_threads for library in _blas().lib_controllers], default=1)
        with _blas().limit(limits=1):
            if threads == 1 or count == 1:
                return [copy_context().run(run, k) for k in range(count)]
            pool = _pool(threads)
            try:  # Ctrl-C may come while the first shard runs and the last is not yet handed in
                futures = [pool.submit(copy_context().run, run, k) for k in range(count)]
                wait(futures)  # also where one fails: the next step finds no thread still at work
            except BaseException:  # shards that are at work end unheeded, and the next has new threads
                pool.shutdown(wait=False, cancel_futures=True)
                _pool.cache_clear()
                raise
        return [future.result() for future in futures]
