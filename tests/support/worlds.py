"""Worlds that stand for other machines.

A world is another processor's kernels (OpenBLAS chooses by OPENBLAS_CORETYPE, NumPy by
NPY_DISABLE_CPU_FEATURES), another number of threads, other seeds, or another Python with other versions of
the dependencies.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.support import ROOT

KERNELS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "SapphireRapids")
SHIFTS = (1000, 2000, 3000)
THREADS = (1, 2, 4)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_SHOWS = """
import numpy, threadpoolctl
numpy.ones((64, 64)) @ numpy.ones((64, 64))
print(threadpoolctl.threadpool_info()[0]["architecture"])
"""


@dataclass(frozen=True)
class World:
    """Where a notebook is run: the environment, and the Python with its packages."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable
    compare: bool = True
    missing: str = ""  # why this machine cannot show it


def worlds() -> dict[str, Callable[[], World]]:
    """Every world by name, and how it is made."""
    made: dict[str, Callable[[], World]] = {"no-simd": _without_simd}
    for kernel in KERNELS:
        made[_world_of(kernel)] = partial(_kernel, kernel)
    for count in THREADS:
        made[f"threads-{count}"] = partial(World, f"threads-{count}", {"OPENBLAS_NUM_THREADS": str(count)})
    for shift in SHIFTS:
        shifted = {"NNLEARN_SEED_SHIFT": str(shift)}
        made[f"shift-{shift}"] = partial(World, f"shift-{shift}", shifted, compare=False)
    made["lowest"] = partial(_dependencies, "lowest", PYTHONS[0])
    for python in PYTHONS:
        made[f"newest-py{python}"] = partial(_dependencies, "newest", python)
    return made


def _world_of(kernel: str) -> str:
    return f"kernel-{kernel.lower()}"


def _kernel(name: str) -> World:
    environment = {"OPENBLAS_CORETYPE": name}
    shown, own = _architecture(environment), _architecture({})
    if not shown:
        return World(_world_of(name), missing="this processor does not have its instructions")
    if shown == own != name:  # the oldest kernels go by several names, so that another one is as good
        return World(_world_of(name), missing=f"OpenBLAS takes {own} in its place")
    return World(_world_of(name), environment)


def _architecture(environment: dict[str, str]) -> str:
    """What OpenBLAS calls the kernels that it runs with, "" where they crash."""
    command = [sys.executable, "-c", _SHOWS]
    return subprocess.run(
        command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout.strip()


def _without_simd() -> World:
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    used = [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]
    if not used:
        return World("no-simd", missing="NumPy uses no more than its baseline here")
    return World("no-simd", {"NPY_DISABLE_CPU_FEATURES": " ".join(used)})


def _dependencies(versions: str, python: str) -> World:
    """The lowest versions that pyproject.toml allows, or the newest, in an environment made for it."""
    name = versions if versions == "lowest" else f"{versions}-py{python}"
    folder = Path(os.environ.get("NNLEARN_TRAVEL", Path.home() / ".cache" / "nnlearn-travel")) / name
    uv = [sys.executable, "-m", "uv"]
    resolution = "lowest-direct" if versions == "lowest" else "highest"
    steps = [
        [*uv, "venv", "-q", "--allow-existing", "--no-python-downloads", "--python", python, str(folder)],
        [*uv, "pip", "install", "-q", "--python", str(folder), "--upgrade", "--resolution", resolution,
         "-e", f"{ROOT}[test]"],
    ]  # fmt: skip
    for step in steps:
        made = subprocess.run(step, capture_output=True, text=True)
        if made.returncode:
            return World(name, missing=made.stderr.strip().splitlines()[0] if made.stderr else "uv failed")
    own = {"PYTHONWARNINGS": ""}  # Python's own filters, as a reader has them: errors under the pins alone
    return World(name, own, python=str(folder / "bin" / "python"))
