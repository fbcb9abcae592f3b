"""Speed and memory of the course's training steps, beside PyTorch and others: `python -m tests.benchmarks`.

All libraries run in turns in one process, with the same weights, batches and number of threads. A time is the
median of the rounds; ± is half of the distance between the quartiles. Ratios are theirs over ours: above 1,
`nnlearn` is faster.
"""

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

THREADS = 2


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("workloads", nargs="*", help="a part of their names; all of them if none is given")
    parser.add_argument("--rounds", type=int, default=11, help="how often each library has its turn")
    parser.add_argument("--figure", type=Path, help="write the ratios as a picture to this file")
    parser.add_argument("--profile", metavar="WORKLOAD", help="where our time goes in one workload")
    parser.add_argument("--peak", nargs=2, metavar=("WORKLOAD", "LIBRARY"), help=argparse.SUPPRESS)
    return parser.parse_args()


def steps_of(name: str, libraries: list[str] | None = None) -> dict:
    """{library: step} of one workload, all from the same weights, each checked against ours."""
    from .workloads import RIVALS, WORKLOADS

    workload = WORKLOADS[name]
    steps = {
        library: builders[workload.kind](workload.make(), workload.batches(), workload.lr)
        for library, builders in RIVALS.items()
        if workload.kind in builders and (libraries is None or library in libraries)
    }
    first = {library: [step(i) for i in range(3)] for library, step in steps.items()}
    for library, losses in first.items():
        for a, b in zip(losses, first.get("nnlearn", losses), strict=True):
            if abs(a - b) > 2e-3:
                raise SystemExit(
                    f"{name}: {library} has losses {losses}, nnlearn {first['nnlearn']}: not the same work"
                )
    return steps


def timed(step, start: int, count: int) -> float:
    """Seconds for one step, from `count` of them."""
    begin = time.perf_counter()
    for i in range(start, start + count):
        step(i)
    return (time.perf_counter() - begin) / count


def race(name: str, rounds: int) -> dict[str, list[float]]:
    """{library: seconds a step, in each round}, in turns."""
    from .workloads import WORKLOADS

    steps, count = steps_of(name), WORKLOADS[name].steps
    slow = {library: timed(step, 0, 1) for library, step in steps.items()}
    counts = {library: max(1, min(count, round(0.5 / slow[library]))) for library in steps}
    seconds: dict[str, list[float]] = {library: [] for library in steps}
    for r in range(rounds):
        for library, step in steps.items():
            gc.collect()
            seconds[library].append(timed(step, r * count, counts[library]))
    return seconds


def spread(values: list[float]) -> float:
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / 2


def peak(name: str, library: str) -> float:
    """MiB that 20 steps add at most to a process that has built the model, measured in one of its own."""
    command = [sys.executable, "-m", "tests.benchmarks", "--peak", name, library]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def print_peak(name: str, library: str) -> None:
    from .workloads import RIVALS, WORKLOADS

    workload = WORKLOADS[name]
    step = RIVALS[library][workload.kind](workload.make(), workload.batches(), workload.lr)
    gc.collect()
    status = Path("/proc/self/status").read_text()
    before = int(status.partition("VmRSS:")[2].split()[0])
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the imports
    for i in range(20):
        step(i)
    print((int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) - before) / 1024)


def import_seconds(code: str) -> float:
    """Seconds that a fresh interpreter takes for an import, median of 7, less its own start."""

    def run(code: str) -> float:
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - begin

    return statistics.median(run(code) - run("pass") for _ in range(7))


def decoding(rounds: int) -> dict[str, list[float]]:
    """Seconds a token at GPT-2's size (124 million weights), with a cache of keys and values."""
    from .decoding import generators

    both = generators()
    seconds: dict[str, list[float]] = {library: [] for library in both}
    for _ in range(max(3, rounds // 3)):
        for library, generate in both.items():
            begin = time.perf_counter()
            count = generate()
            seconds[library].append((time.perf_counter() - begin) / count)
    return seconds


def report(name: str, seconds: dict[str, list[float]], memory: dict[str, float]) -> dict[str, float]:
    """Print a table of one workload; return {library: their time over ours}."""
    ratios = {}
    for library, values in seconds.items():
        pairs = [theirs / ours for theirs, ours in zip(values, seconds["nnlearn"], strict=True)]
        ratios[library] = statistics.median(pairs)
        peak_text = f"{memory[library]:8.1f} MiB" if library in memory else ""
        print(
            f"{name if values is seconds['nnlearn'] else '':22} {library:14} "
            f"{statistics.median(values) * 1e3:9.3f} ms ± {spread(values) * 1e3:6.3f}   "
            f"{ratios[library]:6.2f} ± {spread(pairs):.2f} {peak_text}",
            flush=True,
        )
    return ratios


def main() -> None:
    arguments = parse()
    from threadpoolctl import threadpool_limits

    from . import numpy_rivals, torch_rival  # noqa: F401  (they enter themselves into RIVALS)
    from .workloads import WORKLOADS

    torch_rival.torch.set_num_threads(THREADS)
    threadpool_limits(THREADS)
    if arguments.peak:
        return print_peak(*arguments.peak)
    if arguments.profile:
        from .profiling import profile

        return profile(arguments.profile)
    names = [
        n for n in WORKLOADS if not arguments.workloads or any(part in n for part in arguments.workloads)
    ]
    print(f"{'workload':22} {'library':14} {'a step':>12} {'':9}  theirs / ours   peak")
    ratios = {}
    for name in names:
        memory = {lib: peak(name, lib) for lib in ("nnlearn", "PyTorch")} if sys.platform == "linux" else {}
        ratios[name] = report(name, race(name, arguments.rounds), memory)
    if not arguments.workloads:
        ratios["decoding, GPT-2's size"] = report("decoding, GPT-2's size", decoding(arguments.rounds), {})
        numpy, nnlearn = import_seconds("import numpy"), import_seconds("import nnlearn")
        print(f"import nnlearn takes {nnlearn - numpy:.3f} s more than import numpy ({numpy:.3f} s)")
    against = [r["PyTorch"] for r in ratios.values()]
    mean, least = statistics.geometric_mean(against), min(against)
    print(f"PyTorch's time over ours: geometric mean {mean:.2f}, least {least:.2f}")
    if arguments.figure:
        from .figure import draw

        draw(ratios, arguments.figure)


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(THREADS))
    main()
