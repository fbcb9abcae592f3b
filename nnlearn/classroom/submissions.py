"""What students hand in, read as data: SUBMISSIONS/<student>/NN_name.ipynb, and the answers in a notebook.

Nothing in them is run or believed: which cell belongs to which exercise is told by its `grade_id`, what is
graded and for how many points by the specification.
"""

import builtins
import json
import re
import symtable
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nnlearn.exercises.renumbering import former_name, moved_notebooks, renumbered
from nnlearn.exercises.spec import Exercise, chapter_exercises, chapter_modules
from nnlearn.exercises.tasks import CHECK

LARGEST = 20 * 2**20  # bytes of a notebook


@dataclass
class Collection:
    """The notebooks of a class, and a sentence on everything else in the folder."""

    notebooks: list[tuple[str, str, Path]] = field(default_factory=list)  # (student, chapter, file)
    odd: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many questions these are."""
        return sum(len(chapter_exercises(chapter)) for _, chapter, _ in self.notebooks)


def fits_as_name(student: str) -> bool:
    """True for what may name a student: it becomes a file's name in the reports."""
    fits = (c.isalnum() or c in " .@+'-_" or unicodedata.category(c)[0] == "M" for c in student)
    return student[:1].isalnum() and all(fits) and len(student) <= 100


def collect(folder: Path) -> Collection:
    """The notebooks in a folder of submissions.  Raises ValueError where there are none."""
    found = Collection()
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder: expected one with a folder for each student")
    students: set[str] = set()
    for home in sorted(folder.iterdir()):
        student = unicodedata.normalize("NFC", home.name)  # macOS writes "é" as an "e" and an accent
        if home.is_symlink() or not home.is_dir():
            found.odd.append(f"{home.name}: not a student's folder")
        elif not fits_as_name(student):
            found.odd.append(f"{home.name!r}: not a student's name (letters, digits, space, . @ + ' - _)")
        elif student in students:
            found.odd.append(f"{home.name!r}: a second folder of {student}, in other code points")
        else:
            students.add(student)
            for file in sorted(home.glob("*.ipynb")):
                chapter = _chapter(file)
                if file.is_symlink() or chapter not in chapter_modules():
                    found.odd.append(f"{home.name}/{file.name}: this course has no exercises of that name")
                elif (student, chapter) in {entry[:2] for entry in found.notebooks[-3:]}:
                    found.odd.append(f"{home.name}/{file.name}: a second notebook of chapter {chapter}")
                else:
                    found.notebooks.append((student, chapter, file))
    if not found.notebooks:
        said = f" ({'; '.join(found.odd[:3])})" if found.odd else ""
        raise ValueError(f"{folder} holds no submissions: expected {folder}/<student>/NN_name.ipynb{said}")
    return found


def _chapter(file: Path) -> str:
    """The chapter whose exercises a file's name says it holds, as they are numbered now; "" where none."""
    if name := former_name(file.stem):
        return moved_notebooks()[name][:2]
    number = re.match(r"(\d\d)_", file.name)
    return number[1] if number else ""


class Rejected(Exception):
    """This file cannot be graded; the message says why."""


@dataclass(frozen=True)
class Cell:
    """A cell: its place among the notebook's cells from 1, its `grade_id` or "", its text, is it code."""

    number: int
    grade_id: str
    source: str
    code: bool = True

    @property
    def name(self) -> str:
        return f"cell {self.number}"

    @property
    def checks(self) -> bool:
        """True for a cell that checks an answer and defines nothing."""
        return self.grade_id.endswith("-check") or bool(CHECK.fullmatch(self.source.strip()))


@dataclass(frozen=True)
class Answer:
    """What is run for one exercise: its cells in order, or the problem; and what was odd."""

    cells: tuple[tuple[str, str], ...] = ()  # (name, source)
    problem: str = ""
    status: str = "missing"  # what the grade says where there is a problem
    notes: tuple[str, ...] = ()


def read_cells(path: Path) -> list[Cell]:
    """The code cells and the written answers of a notebook.  Raises Rejected for any other file."""
    try:
        size = path.stat().st_size / 2**20
        if size > LARGEST / 2**20:
            raise Rejected(f"{path.name} has {size:.0f} MiB, more than the {LARGEST // 2**20} allowed")
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise Rejected(f"{path.name} is not a notebook: {type(error).__name__}: {str(error)[:200]}") from None
    except OSError as error:
        raise Rejected(f"{path.name} cannot be read: {error.strerror}") from None
    cells = _field(notebook, "cells")
    if not isinstance(cells, list):
        raise Rejected(f"{path.name} is not a notebook in nbformat 4: it has no list of cells")
    found = list(_cells(cells))
    if former_name(path.stem):
        found = [replace(cell, grade_id=renumbered(cell.grade_id)) for cell in found]
    return found


def _cells(cells: list[Any]) -> Iterator[Cell]:
    for number, cell in enumerate(cells, 1):
        source, kind = _field(cell, "source"), _field(cell, "cell_type")
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        name = _field(cell, "metadata", "nbgrader", "grade_id")
        grade_id = name if isinstance(name, str) else ""
        if isinstance(source, str) and (grade_id or kind == "code"):
            yield Cell(number, grade_id, source, kind == "code")


def _field(data: Any, *names: str) -> Any:
    """data[name][name]…, or None where a name is missing."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def find_answer(cells: list[Cell], exercise: Exercise) -> Answer:
    """The cells that one exercise's answer is made of: its own, and those that define what it uses."""
    own = [cell for cell in cells if cell.grade_id == exercise.grade_id]
    if not own:
        return Answer(problem=f"The cell {exercise.grade_id!r} is missing from the notebook.")
    notes = []
    if len(own) > 1:
        places = ", ".join(str(cell.number) for cell in own)
        notes.append(f"Cells {places} all carry the name {exercise.grade_id!r}: the first was graded.")
    if not exercise.graded:
        return Answer(((own[0].name, own[0].source),), notes=tuple(notes))
    others = [cell for cell in cells if cell.code and cell not in own and not cell.checks]
    needed = _needed(own[0], others)
    chosen = [*(cell for cell in others if cell in needed), own[0]]
    return Answer(tuple((cell.name, _without_magics(cell.source)) for cell in chosen), notes=tuple(notes))


def _needed(answer: Cell, others: list[Cell]) -> set[Cell]:
    """The cells that define a name the answer uses, and so on: the nearest above, else the nearest below."""
    names = {cell: _names(cell.source) for cell in (answer, *others)}
    found: set[Cell] = set()
    waiting = [answer]
    while waiting:
        cell = waiting.pop()
        defines, uses = names[cell]
        for name in uses - defines - vars(builtins).keys():
            makers = [other for other in others if name in names[other][0]]
            above = [other for other in makers if other.number < cell.number]
            nearest = above[-1:] or makers[:1]
            waiting += [maker for maker in nearest if maker not in found]
            found.update(nearest)
    return found


def _names(source: str) -> tuple[set[str], set[str]]:
    """(names that a cell defines, names that it takes from others); none for a cell that is not Python."""
    try:
        top = symtable.symtable(_without_magics(source), "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(), set()
    defines = {
        s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()
    }
    uses, scopes = {s.get_name() for s in top.get_symbols() if s.is_referenced()}, top.get_children()
    while scopes:
        scope = scopes.pop()
        uses |= {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global()}
        scopes += scope.get_children()
    return defines, uses


def _without_magics(source: str) -> str:
    """The source with IPython's own lines, such as `%matplotlib inline`, as comments: they are not Python."""
    lines = (f"# {line}" if re.match(r"[%!]", line) else line for line in source.splitlines())
    return "\n".join(lines) + "\n"
