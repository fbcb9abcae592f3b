"""After an exercise is done: our answer beside the learner's, and a review some days later."""

import inspect
import textwrap
import time
from pathlib import Path
from typing import Any

import nbformat
import typer
from nbformat import v4
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from nnlearn.exercises import Explain, records
from nnlearn.exercises.records import HONEST
from nnlearn.exercises.runner import STUB
from nnlearn.exercises.spec import Exercise, Function, chapter_exercises, chapter_modules, find_exercise
from nnlearn.exercises.tasks import given_cells, notebook_of

DAYS = (1, 3, 7, 21, 60)  # until an exercise is asked again, after each time that it was passed


def print_solution(exercise_id: str) -> None:
    """Print both answers. Raises ValueError for an exercise that is not there, or not yet tried enough."""
    try:
        exercise = find_exercise(exercise_id)
    except LookupError as error:
        raise ValueError(str(error.args[0])) from None
    state, tried = records.recorded().get(exercise.id), records.wrong_answers(exercise.id)
    written = isinstance(exercise, Explain) and state is not None
    if state != "passed" and not written and tried < HONEST:
        first = "write your answer first" if isinstance(exercise, Explain) else (
            f"try it first: {tried} of {HONEST} different answers so far; its hints are in `check`"
        )  # fmt: skip
        raise ValueError(f"{exercise.id} {exercise.title}: {first}")
    table = Table("ours", "yours", title=Text(f"{exercise.id} {exercise.title}"), expand=True)
    yours = records.last_answer(exercise.id)
    if isinstance(exercise, Explain):
        table.add_row(Text("\n\n".join(f"• {point}" for point in exercise.rubric)), Text(yours))
    else:
        table.add_row(*(Syntax(text, "python", word_wrap=True) for text in (ours(exercise), yours)))
    console = Console()
    console.print(table)
    if exercise.after:
        console.print(Text(exercise.after))


_BEGIN, _END = "### BEGIN SOLUTION", "### END SOLUTION"


def _without_solution(cell: str) -> str:
    """The cell as a student gets it."""
    lines, inside = [], False
    for line in cell.splitlines():
        if line.strip() == _BEGIN:
            lines.append(textwrap.indent(STUB, line.partition("#")[0]))
        inside = (inside or line.strip() == _BEGIN) and line.strip() != _END
        if not inside and line.strip() != _END:
            lines.append(line)
    return "\n".join(lines)


def ours(exercise: Exercise) -> str:
    """The answer in `solutions/`; where that does not lie beside the package, what answers are held to."""
    cell = _cells(notebook_of(exercise.id[:2])).get(exercise.grade_id, "")
    if _BEGIN in cell:
        return "\n".join(line for line in cell.splitlines() if line.strip() not in (_BEGIN, _END))
    if callable(exercise.reference):
        return textwrap.dedent(inspect.getsource(exercise.reference))
    return repr(exercise.reference)


def _cells(notebook: Path) -> dict[str, str]:
    """{grade_id: source} of a notebook."""
    cells = nbformat.read(notebook, as_version=4).cells
    return {c.metadata["nbgrader"]["grade_id"]: c.source for c in cells if "nbgrader" in c.metadata}


def due(now: float) -> list[Exercise]:
    """The functions that were passed longer ago than they are likely to be remembered, the longest first.

    Other kinds stay out: what they ask for has one answer, which would only be copied.
    """
    waiting = []
    for chapter in chapter_modules():
        for exercise in chapter_exercises(chapter).values():
            at, times = records.passed_at(exercise.id), records.reviews(exercise.id)
            if isinstance(exercise, Function) and at is not None:
                days = (now - at) / 86400 - DAYS[min(times, len(DAYS) - 1)]
                if days >= 0:
                    waiting.append((days, exercise))
    return [exercise for _, exercise in sorted(waiting, key=lambda pair: -pair[0])]


def write_review(out: Path, count: int) -> None:
    """Write the notebook. Raises ValueError where nothing is due; one that is there already stays."""
    if out.exists():
        raise ValueError(f"{out} is there already: solve it, then remove it, or choose another --out")
    chosen = due(time.time())[:count]
    if not chosen:
        done = sum(state == "passed" for state in records.recorded().values())
        raise ValueError(
            f"nothing is due: {done} exercises are solved, and each comes back {DAYS[0]} day after that, "
            f"then after {', '.join(map(str, DAYS[1:-1]))} and {DAYS[-1]} days"
        )
    seed = int(time.time()) // 86400
    text = "# Review\n\nSolved some days ago: write them again. The inputs are new."
    cells = [v4.new_markdown_cell(text), v4.new_code_cell("from nnlearn.exercises.review import review")]
    for exercise in chosen:
        cells += _asked_again(exercise, seed)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), out)
    typer.echo(f"{out}: {', '.join(exercise.id for exercise in chosen)}")


def _asked_again(exercise: Exercise, seed: int) -> list[Any]:
    """The cells of an exercise: what is given, the task, the stub, its check."""
    chapter = exercise.id[:2]
    name = exercise.signature.partition("(")[0]
    stub = _without_solution(_cells(notebook_of(chapter))[exercise.grade_id])
    return [
        *(v4.new_code_cell(source) for source in given_cells(chapter)),
        v4.new_markdown_cell(exercise.question),
        v4.new_code_cell(stub),
        v4.new_code_cell(f'review("{exercise.id}", {name}, seed={seed})'),
    ]
