"""A sweep over width, depth and learning rate, on this machine's cores or on a cluster's (chapter 27).

    rows = nn.sweep.run(nn.sweep.grid(width=(8, 32), depth=(1, 2), lr=(0.1, 0.3)), workers=2)

As a command, `python -m nnlearn.study.sweep --workers 2`, or with `--scheduler tcp://10.0.0.1:8786` on a
Dask cluster (`pip install "nnlearn[scale]"`; `dask scheduler` starts one, `dask worker ADDRESS` a worker).
Where a worker is killed, what it had is done again: each job makes its generator from the seed it is given,
so that the table is the same however many workers there are and whatever becomes of them.
"""

import argparse
import itertools
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

import numpy as np

from nnlearn.engine.primitive import no_grad
from nnlearn.functions.losses import cross_entropy
from nnlearn.models.mlp import MLP
from nnlearn.study.federated import data
from nnlearn.training.optim import SGD
from nnlearn.training.trainer import accuracy, batches

Job = dict[str, Any]
REACHED = 5  # seconds in which a scheduler has to answer
PATIENCE = 3  # times that workers may be killed


def grid(**values: Iterable[Any]) -> list[Job]:
    """All combinations, the last name fastest.  grid(a=(1, 2), b=(3,)) -> [{a: 1, b: 3}, {a: 2, b: 3}]"""
    return [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]


def train(width: int, depth: int, lr: float, seed: int = 0, steps: int = 150) -> float:
    """The validation accuracy of an MLP with `depth` hidden layers, after SGD with momentum on the digits."""
    (X, y), (new, labels), _ = data(0)
    net = MLP((64, *[width] * depth, 10), rng=seed)
    optimizer = SGD(net.parameters(), lr, momentum=0.9)
    with np.errstate(over="ignore", invalid="ignore"):  # a rate that is too high is an answer too
        for rows in itertools.islice(batches(len(X), 64, seed), steps):
            optimizer.zero_grad()
            cross_entropy(net(X[rows]), y[rows]).backward()
            optimizer.step()
        with no_grad():
            return accuracy(net(new), labels)


def run(
    jobs: Sequence[Job], workers: int = 1, scheduler: str = "", work: Callable[..., Any] = train
) -> list[Any]:
    """[work(**job) for job in jobs], side by side: in this process (one worker), others, or a Dask cluster.

    Raises ValueError for fewer than one worker, ConnectionError where no scheduler answers, ImportError
    where a scheduler is named and Dask is not installed, RuntimeError where workers die again and again, and
    what `work` raises.
    """
    if workers < 1:
        raise ValueError(f"sweep: workers is {workers}, expected at least 1")
    if not scheduler and (workers == 1 or sys.platform == "emscripten"):
        return [work(**job) for job in jobs]
    done: dict[int, Any] = {}
    for _ in range(PATIENCE):
        with _executor(workers, scheduler) as executor:
            waiting = {executor.submit(work, **jobs[k]): k for k in range(len(jobs)) if k not in done}
            try:
                for future in as_completed(waiting):
                    done[waiting[future]] = future.result()
            except BrokenProcessPool:  # one was killed, and all are lost: what has no result is asked again
                continue
        return [done[k] for k in range(len(jobs))]
    raise RuntimeError(f"sweep: workers were killed {PATIENCE} times: {len(done)} of {len(jobs)} are done")


@contextmanager
def _executor(workers: int, scheduler: str) -> Iterator[Executor]:
    if not scheduler:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            yield pool
        return
    try:
        from distributed import Client
    except ImportError:
        raise ImportError('sweep: a scheduler needs Dask: pip install "nnlearn[scale]"') from None
    try:
        client = Client(scheduler, timeout=REACHED)
    except (OSError, ValueError) as error:
        asked = f"no scheduler answers at {scheduler} within {REACHED} seconds"
        raise ConnectionError(f"sweep: {asked}: is `dask scheduler` running there?") from error
    with client:  # a Dask cluster gives a dead worker's jobs to another by itself
        yield client.get_executor(pure=False)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m nnlearn.study.sweep", description="Sweep width, depth and learning rate."
    )
    parser.add_argument("--workers", type=int, default=1, help="processes on this machine")
    parser.add_argument("--scheduler", default="", help="address of a Dask scheduler, tcp://HOST:PORT")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each setting")
    given = parser.parse_args(arguments)
    jobs = grid(width=(8, 32, 128), depth=(1, 2, 3), lr=(0.02, 0.06, 0.2, 0.6), seed=range(given.seeds))
    try:
        found = run(jobs, given.workers, given.scheduler)
    except (ConnectionError, ImportError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print("width  depth    lr  accuracy")
    for k in range(0, len(jobs), given.seeds):
        job = jobs[k]
        print(f"{job['width']:5} {job['depth']:6} {job['lr']:5g} {np.mean(found[k : k + given.seeds]):9.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
