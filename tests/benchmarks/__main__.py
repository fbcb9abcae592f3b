"""Speed and memory of the course's training steps, beside PyTorch and others: `python -m tests.benchmarks`.

All libraries run in turns in one process, with the same weights, batches and number of threads. A time is the
median of the rounds; ± is half of the distance between the quartiles. Ratios are theirs over ours, round by
round: above 1, `nnlearn` is faster. A variable that holds NumPy's matrix library to the kernel of an older
processor is set aside; `--kernel Haswell` asks for one.
"""

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

# Seconds. Idle threads of a matrix library wait busily for their next product, in OpenBLAS for 0.1 s, and
# would take a core from whoever has the next turn.
AT_REST = 0.25


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("workloads", nargs="*", help="a part of their names; all of them if none is given")
    parser.add_argument("--rounds", type=int, default=11, help="how often each library has its turn")
    parser.add_argument(
        "--threads", type=int, nargs="+", default=[1], help="for each library; several: one table each"
    )
    parser.add_argument("--growth", action="store_true", help="curves over width, length, depth and batch")
    parser.add_argument(
        "--kernel", help="OpenBLAS's kernel, such as Haswell; the processor's own if not given"
    )
    parser.add_argument(
        "--cpu", action="store_true", help="processor time, for a machine that others use too"
    )
    parser.add_argument("--figure", type=Path, help="write the ratios as a picture to this file")
    parser.add_argument("--profile", metavar="WORKLOAD", help="where our time goes in one workload")
    parser.add_argument("--peak", nargs=2, metavar=("WORKLOAD", "LIBRARY"), help=argparse.SUPPRESS)
    return parser.parse_args()


def steps_of(name: str, libraries: list[str] | None = None) -> dict:
    """{library: step} of one workload, all from the same weights, each checked against ours."""
    from .workloads import ALL, RIVALS

    workload = ALL[name]
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


def timed(step: Any, start: int, count: int, clock: Any = time.perf_counter) -> float:
    """Seconds for one step, from `count` of them."""
    begin = clock()
    for i in range(start, start + count):
        step(i)
    return (clock() - begin) / count


def race(name: str, rounds: int, clock: Any) -> dict[str, list[float]]:
    """{library: seconds a step, in each round}, in turns."""
    from .workloads import ALL

    steps, count = steps_of(name), ALL[name].steps
    slow = {library: timed(step, 0, 1) for library, step in steps.items()}
    counts = {library: max(1, min(count, round(0.5 / slow[library]))) for library in steps}
    seconds: dict[str, list[float]] = {library: [] for library in steps}
    for r in range(rounds):
        for library, step in steps.items():
            gc.collect()
            time.sleep(AT_REST)
            step(r * count)
            seconds[library].append(timed(step, r * count, counts[library], clock))
    return seconds


def spread(values: list[float]) -> float:
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / 2


def peak(name: str, library: str, threads: int) -> float:
    """MiB that 20 steps add at most to a process that has built the model, measured in one of its own."""
    command = [sys.executable, "-m", "tests.benchmarks", f"--threads={threads}", "--peak", name, library]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def print_peak(name: str, library: str) -> None:
    from .workloads import ALL, RIVALS

    workload = ALL[name]
    steps_of("MLP, width 32", [library])  # whatever a library loads at its first step
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


def decoding(rounds: int, clock: Any) -> dict[str, list[float]]:
    """Seconds a token at GPT-2's size (124 million weights), with a cache of keys and values."""
    from .decoding import generators

    both = generators()
    seconds: dict[str, list[float]] = {library: [] for library in both}
    for _ in range(max(3, rounds // 3)):
        for library, generate in both.items():
            begin = clock()
            count = generate()
            seconds[library].append((clock() - begin) / count)
    return seconds


def report(name: str, seconds: dict[str, list[float]], memory: dict[str, float]) -> dict[str, float]:
    """Print a table of one workload; return {library: their time over ours}."""
    ratios = {}
    for library, values in seconds.items():
        pairs = [theirs / ours for theirs, ours in zip(values, seconds["nnlearn"], strict=True)]
        ratios[library] = statistics.median(pairs)
        peak_text = f"{memory[library]:8.1f} MiB" if library in memory else ""
        print(
            f"{name if values is seconds['nnlearn'] else '':22} {library:17} "
            f"{statistics.median(values) * 1e3:9.3f} ms ± {spread(values) * 1e3:6.3f}   "
            f"{ratios[library]:6.2f} ± {spread(pairs):.2f} {peak_text}",
            flush=True,
        )
    return ratios


def choose_kernel(kernel: str | None, threads: int) -> None:
    """Start again with the kernel and threads asked for: the matrix libraries read them as they load."""
    wanted = {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    if kernel:
        wanted["OPENBLAS_CORETYPE"] = kernel
    environment = {key: v for key, v in os.environ.items() if key != "OPENBLAS_CORETYPE"} | wanted
    if environment == dict(os.environ):
        return
    before = os.environ.get("OPENBLAS_CORETYPE")
    if before and before != kernel:
        print(f"OPENBLAS_CORETYPE={before} is set aside", flush=True)
    os.execve(sys.executable, [sys.executable, "-m", "tests.benchmarks", *sys.argv[1:]], environment)


def conditions(threads: int, cpu: bool) -> str:
    """Libraries, kernels and threads of a table."""
    import numpy as np
    import torch
    from threadpoolctl import threadpool_info

    kernel = next(
        (p["architecture"] for p in threadpool_info() if p["internal_api"] == "openblas"), "unknown"
    )
    return (
        f"NumPy {np.__version__} (OpenBLAS kernel {kernel}), PyTorch {torch.__version__} "
        f"({torch.backends.cpu.get_cpu_capability()}), threads: {threads}, "
        f"{'processor' if cpu else 'wall'} time"
    )


def import_line() -> str:
    numpy, ours = import_seconds("import numpy"), import_seconds("import numpy, nnlearn")
    return f"import nnlearn takes {ours - numpy:.3f} s more than import numpy ({numpy:.3f} s)"


def table(arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Run and print everything asked for; {workload: {library: their time over ours}}."""
    from .workloads import ALL, WORKLOADS

    clock = time.process_time if arguments.cpu else time.perf_counter
    chosen = ALL.keys() - WORKLOADS.keys() if arguments.growth else WORKLOADS
    names = [
        n
        for n in ALL
        if n in chosen and (not arguments.workloads or any(p in n for p in arguments.workloads))
    ]
    (threads,) = arguments.threads
    print(conditions(threads, arguments.cpu))
    print(f"{'workload':22} {'library':17} {'a step':>12} {'':9}  theirs / ours   peak", flush=True)
    ratios, measured = {}, ("nnlearn", "PyTorch") if sys.platform == "linux" else ()
    for name in names:
        memory = {library: peak(name, library, threads) for library in measured}
        ratios[name] = report(name, race(name, arguments.rounds, clock), memory)
    what = "decoding, GPT-2's size"
    if not arguments.growth and (not arguments.workloads or any(p in what for p in arguments.workloads)):
        ratios[what] = report(what, decoding(arguments.rounds, clock), {})
    if not arguments.workloads and not arguments.growth:
        print(import_line())
    return ratios


def each(threads: list[int]) -> None:
    """A table for each number of threads that the machine has, in a process of its own."""
    place = sys.argv.index("--threads")
    rest = [*sys.argv[1:place], *sys.argv[place + 1 + len(threads) :]]
    for count in threads:
        if count > len(os.sched_getaffinity(0)):
            print(f"not run: {count} threads, this machine has {len(os.sched_getaffinity(0))}")
            continue
        command = [sys.executable, "-m", "tests.benchmarks", *rest, "--threads", str(count)]
        subprocess.run(command, check=True)
        print(flush=True)


def main() -> None:
    arguments = parse()
    if len(arguments.threads) > 1:
        return each(arguments.threads)
    (threads,) = arguments.threads
    choose_kernel(arguments.kernel, threads)
    from . import numpy_rivals, torch_rival  # noqa: F401  (they enter themselves into RIVALS)

    torch_rival.torch.set_num_threads(threads)
    if arguments.peak:
        return print_peak(*arguments.peak)
    if arguments.profile:
        from .profiling import profile

        return profile(arguments.profile)
    ratios = table(arguments)
    if not ratios:
        raise SystemExit(f"no workload has {' or '.join(arguments.workloads)} in its name")
    against = [r["PyTorch"] for r in ratios.values()]
    mean, least = statistics.geometric_mean(against), min(against)
    print(f"PyTorch's time over ours: geometric mean {mean:.2f}, least {least:.2f}")
    if arguments.figure:
        from .figure import draw

        draw(ratios, arguments.figure.with_stem(f"{arguments.figure.stem}-{threads}"), arguments.growth)


if __name__ == "__main__":
    main()
