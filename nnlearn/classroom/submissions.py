"""What students hand in, read as data: SUBMISSIONS/<student>/NN_name.ipynb, and the answers in a notebook.

Nothing in them is run or believed: which cell belongs to which exercise is told by its `grade_id`, what is
graded and for how many points by the specification.
"""

import builtins
import json
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nnlearn.exercises.spec import Exercise, chapter_exercises, chapter_modules

LARGEST = 20 * 2**20  # bytes of a notebook
CHECK = re.compile(r'check\("(\d\d\.\d+)"(?:, (.+))?\)')


@dataclass
class Collection:
    """The notebooks of a class, and in sentences what in the folder is none."""

    notebooks: list[tuple[str, str, Path]] = field(default_factory=list)  # (student, chapter, file)
    odd: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many questions these are."""
        return sum(len(chapter_exercises(chapter)) for _, chapter, _ in self.notebooks)


def fits_as_name(student: str) -> bool:
    """True for what may name a student: it becomes a file's name in the reports."""
    return bool(re.fullmatch(r"[^\W_][\w .@+'-]*", student)) and len(student) <= 100


def collect(folder: Path) -> Collection:
    """All notebooks in a folder of submissions.  Raises ValueError where there is none."""
    found = Collection()
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder: expected one with a folder for each student")
    for home in sorted(folder.iterdir()):
        if home.is_symlink() or not home.is_dir():
            found.odd.append(f"{home.name}: no student's folder")
        elif not fits_as_name(home.name):
            found.odd.append(f"{home.name!r}: no name of a student (letters, digits, space, . @ + ' - _)")
        else:
            for file in sorted(home.glob("*.ipynb")):
                chapter = re.match(r"(\d\d)_", file.name)
                if file.is_symlink() or not chapter or chapter[1] not in chapter_modules():
                    found.odd.append(f"{home.name}/{file.name}: this course has no exercises of that name")
                elif (home.name, chapter[1]) in {entry[:2] for entry in found.notebooks[-3:]}:
                    found.odd.append(f"{home.name}/{file.name}: a second notebook of chapter {chapter[1]}")
                else:
                    found.notebooks.append((home.name, chapter[1], file))
    if not found.notebooks:
        said = f" ({'; '.join(found.odd[:3])})" if found.odd else ""
        raise ValueError(f"{folder} holds no submissions: expected {folder}/<student>/NN_name.ipynb{said}")
    return found


class Rejected(Exception):
    """This file is no notebook that can be graded; the message says what it is."""


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


@dataclass(frozen=True)
class Answer:
    """What is run for one exercise: the cells in their order, or why there are none; what was odd."""

    cells: tuple[tuple[str, str], ...] = ()  # (name, source)
    problem: str = ""
    status: str = "missing"  # what the grade says where there is a problem
    notes: tuple[str, ...] = ()


def read_cells(path: Path) -> list[Cell]:
    """The code cells and the written answers of a notebook.  Raises Rejected for a file that is none."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise Rejected(
                f"{path.name} has {size / 2**20:.0f} MiB, more than the {LARGEST // 2**20} allowed"
            )
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise Rejected(f"{path.name} is no notebook: {type(error).__name__}: {str(error)[:200]}") from None
    except OSError as error:
        raise Rejected(f"{path.name} cannot be read: {error.strerror}") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise Rejected(f"{path.name} is no notebook of today's format (nbformat 4): it has no list of cells")
    return list(_cells(cells))


def _cells(cells: list[Any]) -> Iterator[Cell]:
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict):
            continue
        source, metadata = cell.get("source", ""), cell.get("metadata")
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if not isinstance(source, str):
            continue
        data = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = data.get("grade_id") if isinstance(data, dict) else None
        code = cell.get("cell_type") == "code"
        if code or isinstance(grade_id, str):
            yield Cell(number, grade_id if isinstance(grade_id, str) else "", source, code)


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
    others = [
        cell
        for cell in cells
        if cell.code
        and cell.grade_id != exercise.grade_id
        and not cell.grade_id.endswith("-check")
        and not CHECK.fullmatch(cell.source.strip())
    ]
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
            maker = above[-1] if above else makers[0] if makers else None
            if maker and maker not in found:
                found.add(maker)
                waiting.append(maker)
    return found


def _names(source: str) -> tuple[set[str], set[str]]:
    """(names that a cell defines, names that it takes from others); none for a cell that is no Python."""
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
    """IPython's own lines, such as `%matplotlib inline`, are no Python and of no use here."""
    lines = (f"# {line}" if re.match(r"[%!]", line) else line for line in source.splitlines())
    return "\n".join(lines) + "\n"
