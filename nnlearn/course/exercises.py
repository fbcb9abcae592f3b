"""Make the students' notebooks, exercises/, from solutions/ with nbgrader's own preprocessors."""

from pathlib import Path

import typer

from nnlearn.exercises.notebooks import course_folder, in_checkout
from nnlearn.exercises.runner import STUB

# What `nbgrader generate_assignment` does to a notebook, without its database.
STEPS = ("LockCells", "ClearSolutions", "ClearOutput", "CheckCellMetadata", "ComputeChecksums")


def student_version(solution: Path) -> str:
    """The student's notebook, as the text of its file: stubs for answers, no outputs, checks locked."""
    import nbformat  # these take a second to load
    from nbgrader import preprocessors
    from traitlets.config import Config

    config = Config({"ClearSolutions": {"code_stub": {"python": STUB}}})
    notebook = nbformat.read(solution, as_version=4)
    for step in STEPS:
        notebook, _ = getattr(preprocessors, step)(config=config).preprocess(notebook, {})
    return nbformat.writes(notebook) + "\n"


def make_exercises() -> None:
    """Generate exercises/ from solutions/, for those who write them."""
    if not in_checkout():
        typer.echo(
            "make-exercises: the solutions are in a clone of the course's repository; run it there.", err=True
        )
        raise typer.Exit(1)
    target = course_folder() / "exercises"
    solutions = sorted((course_folder() / "solutions").glob("*.ipynb"))
    for solution in solutions:
        (target / solution.name).write_text(student_version(solution), encoding="utf-8")
        typer.echo(f"exercises/{solution.name}")
    for old in {path.name for path in target.glob("*.ipynb")} - {path.name for path in solutions}:
        (target / old).unlink()
        typer.echo(f"exercises/{old} has no solution any more: removed")
