"""`nnlearn`: every command of the course in one place; each lives in a module of its own name."""

import typer

from nnlearn.classroom.grade import grade
from nnlearn.classroom.release import release
from nnlearn.classroom.report import report
from nnlearn.course.exercises import make_exercises
from nnlearn.course.lab import lab
from nnlearn.course.present import present
from nnlearn.course.progress import progress
from nnlearn.course.run import run
from nnlearn.course.site import site
from nnlearn.course.slides import slides

app = typer.Typer(name="nnlearn", help=__doc__, no_args_is_help=True, add_completion=False)


@app.callback()
def main() -> None:
    """A course on neural networks, from the nerve cell to a working GPT."""


for command in (lab, progress, run, slides, present, site, make_exercises, release, grade, report):
    app.command()(command)
