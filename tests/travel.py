"""Run the notebooks in worlds that stand for other machines: which cell of which notebook falls where?

    python -m tests.travel                          every notebook in every world that this machine can show
    python -m tests.travel 08_autodiff --world kernel-haswell --world shift
    python -m tests.travel --sample 6               six pairs drawn at random: the seed of the draw is printed
    python -m tests.travel --latest 3               the three notebooks that were changed last

The worlds are in tests/support/worlds.py. Outputs are compared everywhere but under other seeds: there the
assertions must hold. With `--keep FOLDER` each notebook is kept as it was run, without its pictures:
FOLDER/WORLD/chapters/NN_name.ipynb, from which `python -m nnlearn.course.spread FOLDER` makes what
`nnlearn compare` knows.
"""

import argparse
import itertools
import os
import random
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import ROOT
from tests.support.worlds import World, worlds

LIMIT = 3600  # seconds for one notebook: other programs may be running


def notebooks(names: Sequence[str]) -> list[Path]:
    """All chapters and solutions, or those whose names begin so, chapters/07 or 07.

    Raises ValueError where none does.
    """
    places = ("chapters/*.ipynb", "chapters/*/[a-z]*.ipynb", "solutions/*.ipynb")
    every = [path for place in places for path in sorted(ROOT.glob(place))]
    called = {path: (path.stem, f"{path.parent.name}/{path.stem}") for path in every}
    chosen = [
        path for path in every if not names or any(one.startswith(tuple(names)) for one in called[path])
    ]
    unknown = [
        name for name in names if not any(one.startswith(name) for two in called.values() for one in two)
    ]
    if unknown:
        have = ", ".join(sorted({path.stem for path in every}))
        raise ValueError(f"no notebook {', '.join(unknown)}: there are {have}")
    return chosen


def latest(among: list[Path], count: int | None) -> list[Path]:
    """The `count` that the newest commits have changed; all without a count, or where there is no history."""
    command = ["git", "log", "-n", "200", "--name-only", "--format=", "--", "chapters", "solutions"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout if count else ""
    changed = dict.fromkeys(ROOT / name for name in said.splitlines())
    return [path for path in changed if path in among][:count] or among


def run(notebook: Path, world: World) -> tuple[str, str]:
    """ "ok", or the cells that fail as "[12] [40]"; and what was said about them."""
    with tempfile.TemporaryDirectory(prefix="nnlearn-travel-") as folder:
        report = Path(folder) / "report.xml"
        command = [
            world.python,
            "-m",
            "pytest",
            "-q",
            "-n",
            "0",
            "-p",
            "no:cacheprovider",
            f"--rootdir={ROOT}",
        ]
        command += ["-c", str(ROOT / "pyproject.toml"), f"--junitxml={report}", str(notebook)]
        command += [] if world.compare else ["--nbval-lax"]
        command += ["-W", "default"] if "PYTHONWARNINGS" in world.environment else []
        place: dict[str, Any] = {"cwd": ROOT, "env": os.environ | world.environment}
        try:
            done = subprocess.run(command, **place, capture_output=True, text=True, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return "late", f"not done after {LIMIT} s"
        if not report.is_file():
            return "broken", done.stdout[-2000:] + done.stderr[-2000:]
        failures = {case.get("name", ""): case.find("failure") for case in ET.parse(report).iter("testcase")}
    failed = {re.sub(r"\D", "", name): node.text for name, node in failures.items() if node is not None}
    if done.returncode and not failed:
        return "broken", done.stdout[-2000:]
    cells = " ".join(f"[{cell}]" for cell in failed)
    return cells or "ok", "\n".join(f"cell {cell}: {text}" for cell, text in failed.items())


def keeping(world: World, folder: Path | None) -> World:
    """The world, in which notebooks are kept in a folder of its name, if there is one to keep them in."""
    kept = {"NNLEARN_KEEP": str(folder.resolve() / world.name)} if folder else {}
    return replace(world, environment=world.environment | kept)


def table(found: dict[tuple[Path, str], str]) -> str:
    """Notebook × world, with the failing cells; dots where all is well, nothing where it was not run."""
    names = list(dict.fromkeys(name for _, name in found))
    rows = [["", *names]]
    for notebook in dict.fromkeys(notebook for notebook, _ in found):
        cells = {name: text for (path, name), text in found.items() if path == notebook}
        label = f"{notebook.parent.name}/{notebook.stem}"
        rows.append([label, *("·" if (cell := cells.get(name, "")) == "ok" else cell for name in names)])
    widths = [max(len(row[k]) for row in rows) for k in range(len(names) + 1)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.travel", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "notebooks", nargs="*", help="how their names begin: 07, chapters/10; all without one"
    )
    parser.add_argument(
        "--world", action="append", default=[], help="only worlds whose names begin so; may be given again"
    )
    parser.add_argument("--latest", type=int, metavar="N", help="only the N notebooks changed last")
    parser.add_argument(
        "--sample", type=int, metavar="N", help="N pairs of a notebook and a world, drawn at random"
    )
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of the draw"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="where to keep notebooks as they were run"
    )
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time")
    options = parser.parse_args()
    try:
        chosen = latest(notebooks(options.notebooks), options.latest)
        pairs = list(itertools.product(chosen, _wanted(options.world)))
    except ValueError as error:
        print(f"travel: {error}", file=sys.stderr)
        return 2
    if options.sample is not None:
        random.Random(options.seed).shuffle(pairs)
        print(f"drawn with --sample {options.sample} --seed {options.seed}")
    make = cache(lambda name: worlds()[name]())
    trips: list[tuple[Path, World]] = []
    missing: dict[str, str] = {}
    for notebook, name in pairs:
        if len(trips) == options.sample:
            break
        if make(name).missing:
            missing[make(name).name] = make(name).missing
        else:
            trips.append((notebook, keeping(make(name), options.keep)))
    for name, why in missing.items():
        print(f"not run: {name}: {why}")
    found, told = {}, []
    with ThreadPoolExecutor(options.jobs) as pool:
        for (notebook, world), (cells, text) in zip(
            trips, pool.map(lambda trip: run(*trip), trips), strict=True
        ):
            found[notebook, world.name] = cells
            print(f"{notebook.parent.name}/{notebook.stem}  {world.name}  {cells}", flush=True)
            told += [f"{notebook.name} in {world.name}\n{text}"] if cells != "ok" else []
    print("\n\n".join(["", *told, table(found)]))
    print(f"{len(found) - len(told)} passed, {len(told)} failed")
    return bool(told)


def _wanted(names: Sequence[str]) -> list[str]:
    unknown = [name for name in names if not any(world.startswith(name) for world in worlds())]
    if unknown:
        raise ValueError(f"no world {', '.join(unknown)}: there are {', '.join(worlds())}")
    return [world for world in worlds() if not names or world.startswith(tuple(names))]


if __name__ == "__main__":
    sys.exit(main())
