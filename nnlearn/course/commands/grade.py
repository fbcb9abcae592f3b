"""The command `nnlearn grade`."""

from pathlib import Path
from typing import Annotated

import typer

from nnlearn.course.options import Grades

_UNSAFE = "run strangers' code as you, with all you may do"
_EXPORT = "write the scores into nbgrader's gradebook, such as gradebook.db"


def grade(
    submissions: Annotated[Path | None, typer.Argument(help="a folder of <student>/NN_name.ipynb")] = None,
    store: Grades = Path("grades.sqlite"),
    jobs: Annotated[int, typer.Option(help="processes; as many as there are cores if not given")] = 0,
    scheduler: Annotated[str, typer.Option(help="a Dask scheduler, tcp://…, instead of processes here")] = "",
    seed_secret: Annotated[
        Path | None, typer.Option(help="a file; each student's inputs come from it")
    ] = None,
    unsafe_no_sandbox: Annotated[bool, typer.Option("--unsafe-no-sandbox", help=_UNSAFE)] = False,
    export_nbgrader: Annotated[str, typer.Option(help=_EXPORT)] = "",
) -> None:
    """Grade submissions in a sandbox and keep the grades."""
    from nnlearn.classroom import nbgrader, pool
    from nnlearn.classroom.store import Store

    if not submissions and not export_nbgrader:
        raise ValueError("name the folder of submissions")
    kept = Store(store)
    if seed_secret:
        kept.use_secret(seed_secret.read_bytes())
    if submissions and not pool.grade_folder(submissions, kept, jobs, scheduler, not unsafe_no_sandbox):
        raise typer.Exit(1)
    if export_nbgrader:
        typer.echo(f"{nbgrader.export(kept, export_nbgrader)} scores written to {export_nbgrader}")
