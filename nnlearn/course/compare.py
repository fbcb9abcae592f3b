"""Is a learner's run of a chapter normal? Their notebook beside the chapter and its spread (`spread.py`)."""

import difflib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from nnlearn.course.copy import copy_around
from nnlearn.course.notebooks import execute, fingerprints, read
from nnlearn.course.spread import CHANCE, MACHINE, OUTSIDE, SAME, Judgement, Spread, load, printed, stopped
from nnlearn.exercises.notebooks import course_folder, in_checkout, notebooks

EDITED, STALE = "edited", "no spread"


def find(chapter: str) -> tuple[Path, Path]:
    """The learner's notebook, and the chapter that it is a copy of.

    A file is taken as it is; a number or a name is looked for in the copy of the course around here, in
    ./nnlearn-course, or in the clone. Raises ValueError, saying what to name instead.
    """
    given = Path(chapter)
    if given.suffix == ".ipynb":
        if not given.is_file():
            raise ValueError(f"there is no file {given}: name your notebook, or a chapter by its number")
        for original in notebooks("chapters"):
            if given.stem.startswith(original.stem):
                return given, original
        raise ValueError(
            f"{given.name} does not begin with a chapter's name, such as 05_activations: rename it"
        )
    (original,) = notebooks("chapters", chapter)
    home = course_folder() if in_checkout() else Path("nnlearn-course")
    mine = (copy_around() or home) / "chapters" / original.name
    if not mine.is_file():
        raise ValueError(
            f"there is no {mine}: name your notebook's file, or go to where you call `nnlearn lab`"
        )
    return mine, original


@dataclass
class Met:
    """A code cell of the learner's and the chapter's cell that it is, if any."""

    cell: NotebookNode
    twin: NotebookNode | None
    change: str = ""
    judgement: Judgement | None = None

    @property
    def label(self) -> str:
        """As JupyterLab numbers it, with the first line that says something."""
        lines = [line for line in self.cell.source.splitlines() if line.strip()]
        return f"[{self.cell.execution_count or ' '}] `{lines[0].strip()[:60]}`"

    @property
    def edit(self) -> str:
        """What was done to it, with the first lines that differ from the chapter's."""
        if self.twin is None:
            return f"you added {self.label}"
        lines = list(difflib.ndiff(self.twin.source.splitlines(), self.cell.source.splitlines()))
        theirs, yours = (next((line[2:].strip() for line in lines if line[0] == sign), "") for sign in "-+")
        said = [f"yours has `{yours}`"] * bool(yours) + [f"the chapter has `{theirs}`"] * bool(theirs)
        return f"you edited {self.label}: {', '.join(said) or 'blank lines'}"


class Comparison:
    """A learner's notebook beside its chapter: cells met by id, else by source, and judged by the spread."""

    def __init__(self, mine: NotebookNode, chapter: NotebookNode, spread: Spread):
        self.spread = spread
        twins = {cell.id: cell for cell in chapter.cells if cell.cell_type == "code"}
        own = [cell for cell in mine.cells if cell.cell_type == "code" and cell.source.strip()]
        ids = {cell.id for cell in own}
        by_source = {cell.source: cell for cell in twins.values() if cell.id not in ids}
        self.met = [Met(cell, twins.get(cell.id) or by_source.pop(cell.source, None)) for cell in own]
        self.places = {cell: place for place, cell in enumerate(twins)}
        found = {met.twin.id for met in self.met if met.twin}
        self.removed = [cell for cell in twins.values() if cell.id not in found and cell.source.strip()]
        hashes = fingerprints(mine)
        for met in self.met:
            self._judge(met, hashes[met.cell.id])

    def _judge(self, met: Met, source: str) -> None:
        twin, said = met.twin, printed(met.cell)
        known = twin is not None and source == self.spread.sources.get(twin.id)
        if twin is None or not (known or met.cell.source == twin.source):
            met.change = EDITED
        elif not known or self._prints_otherwise_now(twin):
            met.change = STALE
        stored = self.spread.prints.get(twin.id, {}) if twin else {}
        alike = said and any(said.words == other.words for other in stored.values())
        whole = met.change != EDITED and not stopped(met.cell)
        if twin and said and (met.change != STALE) and (alike or whole):
            met.judgement = self.spread.judge(twin.id, said)

    def _prints_otherwise_now(self, twin: NotebookNode) -> bool:
        """Does the chapter's own cell lie outside, because the package prints something else since?"""
        said = printed(twin)
        return said is not None and self.spread.judge(twin.id, said).kind == OUTSIDE

    @cached_property
    def outside(self) -> Met | None:
        """The first cell that lies outside."""
        return next((met for met in self.met if met.judgement and met.judgement.kind == OUTSIDE), None)

    def changed(self, change: str) -> list[Met]:
        """The cells that are edited, or have no spread, up to the one outside."""
        until = self.met.index(self.outside) + 1 if self.outside else len(self.met)
        return [met for met in self.met[:until] if met.change == change]

    def explanation(self) -> str:
        """What is known to come before the cell outside and to change numbers: edits first."""
        assert self.outside is not None and self.outside.twin is not None
        place = self.places[self.outside.twin.id]
        edits = [met.edit for met in self.changed(EDITED)]
        edits += [
            f"you removed `{cell.source.strip().splitlines()[0][:60]}`"
            for cell in self.removed
            if self.places[cell.id] < place
        ]
        if edits:
            more = f" (and {len(edits) - 3} more)" if len(edits) > 3 else ""
            return f"An edit there or before is the likely cause: {'; '.join(edits[:3])}{more}."
        until = self.met.index(self.outside) + 1
        for k, met in enumerate(self.met[:until], start=1):
            if met.cell.execution_count != k:
                return (
                    f"The order is the likely cause: {met.label} is cell {k} of the notebook, so that cells "
                    "were not run once each from the top. Restart the kernel and run all cells."
                )
        if stale := self.changed(STALE):
            return f"A change of the chapter is the likely cause: {stale[0].label} is newer than the spread."
        if len(self.spread.worlds) == 1:
            return "No spread of this chapter has been measured yet, so that this may be normal."
        versions = " and ".join(f"{name} {version}" for name, version in self.spread.versions.items())
        return (
            "Nothing known explains it: neither another seed nor another machine, and no cell was edited. "
            f"The spread was measured with {versions}; `nnlearn doctor` says what you have."
        )


def examine(chapter: str, every: bool, run: bool, say: Callable[[str], object]) -> bool:
    """Say whether the learner's run of a chapter is normal; True if it is, and was run to its end.

    Raises ValueError for a notebook that cannot be found, read or compared.
    """
    path, original = find(chapter)
    again = f"nnlearn compare {chapter} --run"
    if run:
        execute(path.absolute())
    spread = load(original)
    found = Comparison(read(path), read(original), spread)
    ran = [met for met in found.met if met.cell.execution_count is not None]
    if not any(met.cell.outputs for met in ran):
        raise ValueError(f"{path} has no outputs: run it in JupyterLab, or here with `{again}`")
    if not any(met.twin for met in found.met):
        raise ValueError(f"{path} has no cell of the chapter's: name a copy of {original.name}")
    if every:
        for met in found.met:
            silent = "stopped" if stopped(met.cell) else "prints nothing"
            kind, why = met.judgement or (met.change or silent, "")
            say(f"{kind:<22}{met.label}{why and ': ' + why}")
    failed = next((met for met in ran if stopped(met.cell)), None)
    whole = not failed and len(ran) == len(found.met)
    say(_verdict(path.name, found, whole))
    if failed:
        error = stopped(failed.cell) or NotebookNode()
        why = error.evalue.strip().partition("\n")[0]
        say(f"It stopped in {failed.label} with {error.ename}{why and ': ' + why}.")
    elif len(ran) < len(found.met):
        first = next(met for met in found.met if met.cell.execution_count is None)
        count = f"{len(found.met) - len(ran)} of {len(found.met)} cells have not been run"
        say(f"{count}, the first is {first.label}: run them in JupyterLab, or all here with `{again}`.")
    return whole and not found.outside


def _verdict(name: str, found: Comparison, ran: bool) -> str:
    """One sentence where all is normal; else the first cell outside, and what may explain it."""
    measured = len(found.spread.worlds) > 1
    if found.outside and found.outside.judgement:
        first = "is first outside the spread" if measured else "first differs from the chapter"
        return (
            f"{name} {first} in {found.outside.label}: {found.outside.judgement.why}.\n{found.explanation()}"
        )
    kinds = Counter(met.judgement.kind for met in found.met if met.judgement)
    said = [f"{kinds[SAME]} of {kinds.total()} cells print what the chapter does"]
    for kind in (MACHINE, CHANCE):
        label = next((met.label for met in found.met if met.judgement and met.judgement.kind == kind), "")
        said += [f"{kinds[kind]} {kind}, the first {label}"] * bool(label)
    for change, what in ((EDITED, "edited or added"), (STALE, "newer than the spread, and not compared")):
        cells = [f"[{met.cell.execution_count or ' '}]" for met in found.changed(change)]
        said += [f"{what}: {', '.join(cells)}"] * bool(cells)
    said += [] if measured else ["no spread of this chapter has been measured yet"]
    return f"{name} is normal{'' if ran else ' as far as it was run'}: {'; '.join(said)}."
