"""What a student hands in, read as data: the cells of a notebook, and those that one answer needs.

Read inside the sandbox, within its limits. Nothing is believed: which cell belongs to which exercise is told
by its `grade_id`, what is graded and for how many points by the specification.
"""

import builtins
import json
import re
import symtable
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

CHECK = re.compile(r"check\(.*\)")


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


def read_cells(data: bytes, renumber: Callable[[str], str] = str) -> list[Cell]:
    """The code cells and the written answers of a notebook.  Raises Rejected for anything else."""
    if not data.strip():
        raise Rejected("The file is empty.")
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError) as error:
        raise Rejected(f"This is not a notebook: {type(error).__name__}: {str(error)[:200]}") from None
    cells = _field(notebook, "cells")
    if not isinstance(cells, list):
        raise Rejected("This is not a notebook in nbformat 4: it has no list of cells.")
    return list(_cells(cells, renumber))


def _cells(cells: list[Any], renumber: Callable[[str], str]) -> Iterator[Cell]:
    for number, cell in enumerate(cells, 1):
        source, kind = _field(cell, "source"), _field(cell, "cell_type")
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        name = _field(cell, "metadata", "nbgrader", "grade_id")
        grade_id = renumber(name) if isinstance(name, str) else ""
        if isinstance(source, str) and (grade_id or kind == "code"):
            yield Cell(number, grade_id, source, kind == "code")


def _field(data: Any, *names: str) -> Any:
    """data[name][name]…, or None where a name is missing."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def needed(answer: Cell, cells: list[Cell], python: Callable[[str], str]) -> list[Cell]:
    """The cells that define a name the answer uses, and so on: the nearest above, else the nearest below.

    `python` turns what IPython takes into Python.
    """
    others = [cell for cell in cells if cell.code and cell is not answer and not cell.checks]
    names = {cell: _names(python(cell.source)) for cell in (answer, *others)}
    makers: dict[str, list[Cell]] = {}
    for cell in others:
        for name in names[cell][0]:
            makers.setdefault(name, []).append(cell)
    found: set[Cell] = set()
    waiting = [answer]
    while waiting:
        cell = waiting.pop()
        defines, uses = names[cell]
        for name in uses - defines - vars(builtins).keys():
            every = makers.get(name, [])
            above = bisect_left(every, cell.number, key=lambda other: other.number)
            nearest = every[above - 1 : above] if above else every[:1]
            waiting += [maker for maker in nearest if maker not in found]
            found.update(nearest)
    return [cell for cell in others if cell in found]


def _names(source: str) -> tuple[set[str], set[str]]:
    """(names that a cell defines, names that it takes from others); none for a cell that is not Python."""
    try:
        top = symtable.symtable(source, "cell", "exec")
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
