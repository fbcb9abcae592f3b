"""The spread of what a chapter prints, over seeds and over processors and versions: one small file a chapter.

    python -m tests.travel chapters/07 --world shift --world kernel-prescott --keep kept
    python -m nnlearn.course.spread kept

The first runs chapter 7 in other worlds and keeps the notebooks as they were run there, the second condenses
them to spreads/07_backpropagation.json beside this file, with the chapter's stored outputs as one more world.
A file holds for each code cell a hash of its source, then for each world a hash of the words that were
printed and the numbers among them; one entry stands for all worlds where they agree.
"""

import hashlib
import html
import json
import math
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np
from nbformat import NotebookNode

from nnlearn.course.notebooks import fingerprints, read
from nnlearn.exercises.notebooks import notebooks
from nnlearn.training.saving import write

FOLDER = Path(__file__).with_name("spreads")
LEVEL = 0.05  # of the runs with other seeds, the share that may be called outside
STORED, AGAIN = "stored", "threads-1"  # the chapter's own run, and the same once more
SAME, MACHINE, CHANCE, OUTSIDE = "as printed", "as on another machine", "as with another seed", "outside"
# 0.97, -3, 1,797, 1. and 2e-05; not the 1 of x1, and of 3-4 a 3 and a 4
_NUMBER = re.compile(
    r"(?<![\w.])(?:(?<!\w)-)?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d*)?(?:e[-+]?\d+)?", re.ASCII
)


class Printed(NamedTuple):
    """What a cell printed: a hash of the words, and the numbers as they were written."""

    words: str
    numbers: tuple[str, ...]


class Judgement(NamedTuple):
    """How what a cell printed stands to the spread, and what of it decides."""

    kind: str
    why: str = ""


def printed(cell: NotebookNode) -> Printed | None:
    """What a cell has printed; None for one that printed nothing.

    Read are standard output, the text of results, figures and HTML tables. White space counts as nothing: it
    goes with the width of the numbers.
    """
    said = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if output.output_type == "stream":
            said.append(output.text if output.name == "stdout" else "")
        elif "text/html" in data:
            said.append(html.unescape(re.sub(r"<[^>]*>", " ", data["text/html"])))
        else:
            said.append(data.get("text/plain", ""))
    text = "\n".join(said)
    words = re.sub(r"\s|(?<=#)\.", "", _NUMBER.sub("#", text))
    numbers = (number.replace(",", "").rstrip(".") for number in _NUMBER.findall(text))
    return Printed(hashlib.sha256(words.encode()).hexdigest()[:8], tuple(numbers)) if words else None


def stopped(cell: NotebookNode) -> NotebookNode | None:
    """The error that a cell ended in, if it did."""
    return next((output for output in cell.get("outputs", []) if output.output_type == "error"), None)


def unit_of(number: str) -> float:
    """What one more in the last digit of a printed number is worth: 0.01 in "0.97", 1e-06 in "1.5e-05"."""
    return 10.0 ** int(Decimal(number).as_tuple().exponent)


def machine_range(values: Sequence[str]) -> tuple[float, float]:
    """(min - r, max + r) of a number on several machines, r = max - min, or a unit of its last digit.

    Machines are no random sample, so that the margin is a convention: as far again as those measured. A whole
    number that is the same on all of them has none.
    """
    low, high = min(map(float, values)), max(map(float, values))
    unit = max(map(unit_of, values))
    slack = high - low if unit >= 1 else max(high - low, unit)
    return low - slack, high + slack


def chance_range(values: Sequence[str], level: float) -> tuple[float, float]:
    """m ± t s √(1 + 1/k): where one more of k values, from normal errors, lies with probability 1 - level.

    m is their mean, s² their variance + u²/12 for the rounding to units u of the last digit, t the
    (1 - level/2) quantile of Student's t with k - 1 degrees of freedom. Where all values agree, on a choice
    from a list or on 100 %, they tell nothing of how far the next one goes: all is possible.
    Source: G. Hahn and W. Meeker, Statistical Intervals (1991), section 4.7.
    """
    from scipy.stats import t

    k = len(values)
    if len(set(values)) < 2:
        return -math.inf, math.inf
    x, unit = np.array(values, float), max(map(unit_of, values))
    s = math.sqrt(x.var(ddof=1) + unit**2 / 12)
    half = float(t.isf(level / 2, k - 1)) * s * math.sqrt(1 + 1 / k)
    return float(x.mean()) - half, float(x.mean()) + half


@dataclass(frozen=True)
class Spread:
    """What the cells of a chapter print in several worlds.

    `versions` are those of the packages that it was measured with, `sources` holds the hash of each code
    cell's source, `prints` what each prints: {cell id: {world: Printed}}, without worlds where it stopped.
    """

    versions: dict[str, str]
    worlds: list[str]
    sources: dict[str, str]
    prints: dict[str, dict[str, Printed]]

    @property
    def shifts(self) -> list[str]:
        """The worlds with other seeds."""
        return [world for world in self.worlds if world.startswith("shift")]

    def _over_seeds(self, cell: str) -> list[Printed]:
        return [said for world, said in self.prints[cell].items() if world in (STORED, *self.shifts)]

    def _over_machines(self, cell: str) -> list[Printed]:
        return [said for world, said in self.prints[cell].items() if world not in self.shifts]

    @cached_property
    def moving(self) -> int:
        """How many of the chapter's numbers change with the seed; at least 1."""
        count = 0
        for cell in self.prints:
            rows = self._over_seeds(cell)
            columns = zip(*(row.numbers for row in rows if row.words == rows[0].words), strict=True)
            count += sum(len(set(column)) > 1 for column in columns)
        return max(count, 1)

    def judge(self, cell: str, said: Printed) -> Judgement:
        """Whether what a cell printed is as the chapter has it, as machines or seeds change it, or outside.

        A number that the same machine does not repeat, such as a time, is not judged. Chance gets `LEVEL`
        for all numbers that change with the seed together (Bonferroni), so that at most that share of the
        runs with other seeds is called outside; in a cell that no seed changes it gets nothing.
        """
        over = {MACHINE: self._over_machines(cell), CHANCE: self._over_seeds(cell)}
        own = self.prints[cell].get(STORED)
        if own is None or said.words != own.words:
            changes = [kind for kind, rows in over.items() if len({row.words for row in rows}) > 1]
            why = "its text changes there" if changes else "it prints another text than the chapter's"
            return Judgement([*changes, OUTSIDE][0], why)
        again = self.prints[cell].get(AGAIN, own)
        found = Judgement(SAME)
        for k, (number, usual) in enumerate(zip(said.numbers, own.numbers, strict=True)):
            measured = again.words == own.words and again.numbers[k] != usual
            if number == usual or measured:
                continue
            values = {
                kind: [row.numbers[k] for row in rows if row.words == own.words]
                for kind, rows in over.items()
            }
            ranges = {MACHINE: machine_range(values[MACHINE])}
            if len(set(over[CHANCE])) > 1:
                ranges[CHANCE] = chance_range(values[CHANCE], LEVEL / self.moving)
            grain = unit_of(number) * 1e-6
            kinds = [
                kind for kind, (low, high) in ranges.items() if low - grain <= float(number) <= high + grain
            ]
            why = f"it prints {number}, the chapter {usual}"
            if not kinds:
                seen = sorted({value for rows in values.values() for value in rows}, key=float)
                elsewhere = f"from {seen[0]} to {seen[-1]}" if len(seen) > 1 else "the same"
                return Judgement(
                    OUTSIDE, f"{why}, which is {elsewhere} with other seeds and on other machines"
                )
            if found.kind in (SAME, MACHINE):
                found = found if kinds[0] == found.kind else Judgement(kinds[0], why)
        return found

    def without(self, world: str) -> "Spread":
        """The spread as it would be had that world not been run."""
        prints = {
            cell: {name: said for name, said in rows.items() if name != world}
            for cell, rows in self.prints.items()
        }
        return Spread(self.versions, [name for name in self.worlds if name != world], self.sources, prints)

    def false_alarms(self) -> dict[str, list[str]]:
        """{world: the cells that the spread of the others calls outside}, for each world with other seeds."""
        alarms = {}
        for world in self.shifts:
            rest = self.without(world)
            runs = {cell: rows[world] for cell, rows in self.prints.items() if world in rows}
            alarms[world] = [cell for cell, said in runs.items() if rest.judge(cell, said).kind == OUTSIDE]
        return alarms


def load(chapter: Path) -> Spread:
    """The spread of a chapter; where none has been measured, that of its stored outputs alone."""
    path = FOLDER / f"{chapter.stem}.json"
    kept = json.loads(path.read_text(encoding="utf-8") if path.is_file() else condense(chapter, {}))
    worlds, prints = kept["worlds"], {}
    for cell, (_, *texts) in kept["cells"].items():
        rows = zip(worlds, texts * (len(worlds) if len(texts) == 1 else 1), strict=False)
        said = {world: text.split() for world, text in rows if text}
        prints[cell] = {world: Printed(words, tuple(numbers)) for world, (words, *numbers) in said.items()}
    return Spread(kept["versions"], worlds, {cell: row[0] for cell, row in kept["cells"].items()}, prints)


def condense(chapter: Path, runs: dict[str, Path]) -> str:
    """The text of a chapter's file, from {world: the notebook as it was run there}.

    Raises ValueError for a run of other cells than the chapter has now.
    """
    sources = fingerprints(read(chapter))
    prints: dict[str, list[str]] = {cell: [] for cell in sources}
    for path in [chapter, *runs.values()]:
        notebook = read(path)
        if fingerprints(notebook) != sources:
            raise ValueError(f"{path} was run with other cells than {chapter.name} has now: run it again")
        for cell in notebook.cells:
            if cell.cell_type == "code":
                said = printed(cell)
                text = " ".join([said.words, *said.numbers]) if said else ""
                whole = not stopped(cell) or text[:8] == (prints[cell.id] or [""])[0][:8]
                prints[cell.id].append(text if whole else "")
    rows = {
        cell: [sources[cell], *(texts if len(set(texts)) > 1 else filter(None, texts[:1]))]
        for cell, texts in prints.items()
    }
    versions = {"Python": platform.python_version(), "NumPy": metadata.version("numpy")}
    lines = ",\n".join(f"{json.dumps(cell)}: {json.dumps(row)}" for cell, row in rows.items())
    head = f'"versions": {json.dumps(versions)},\n"worlds": {json.dumps([STORED, *runs])}'
    return f'{{{head},\n"cells": {{\n{lines}\n}}}}\n'


def main(folder: Path) -> None:
    """Write the spread of each chapter of which `folder` has runs, WORLD/chapters/NN_name.ipynb."""
    for chapter in notebooks("chapters"):
        runs = {path.parts[-3]: path for path in sorted(folder.glob(f"*/chapters/{chapter.name}"))}
        if runs:
            write(FOLDER / f"{chapter.stem}.json", condense(chapter, runs).encode())
            print(f"{chapter.stem}: {', '.join(runs)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
