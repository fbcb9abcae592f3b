"""The command `nnlearn grade`."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from nnlearn.course.options import Grades

GROUP = "Grade"
_UNSAFE = "run strangers' code as you, with all you may do"
_EXPORT = "write the scores into nbgrader's gradebook, such as gradebook.db"
_CLASS = "a file with the class's rules: roster, dates, attempts, secret"
_AGAIN = "a student, an exercise or a chapter to grade again; may be given more than once"
_SALVAGE = "a damaged store; what can be read of it goes into this new one first"
_WHAT = "a folder or a zip of <student>/NN_name.ipynb, or one notebook"


def grade(
    submissions: Annotated[Path | None, typer.Argument(help=_WHAT)] = None,
    store: Grades = Path("grades.sqlite"),
    class_file: Annotated[Path | None, typer.Option("--class", help=_CLASS)] = None,
    jobs: Annotated[int, typer.Option(help="processes; as many as there are cores if not given")] = 0,
    scheduler: Annotated[str, typer.Option(help="a Dask scheduler, tcp://…, instead of processes here")] = "",
    seed_secret: Annotated[
        Path | None, typer.Option(help="a file; each attempt's inputs come from it")
    ] = None,
    package: Annotated[list[str] | None, typer.Option(help="what notebooks may import, too")] = None,
    again: Annotated[list[str] | None, typer.Option(help=_AGAIN)] = None,
    gradescope: Annotated[
        Path | None, typer.Option(help="of one notebook: where Gradescope wants its results.json")
    ] = None,
    unsafe_no_sandbox: Annotated[bool, typer.Option("--unsafe-no-sandbox", help=_UNSAFE)] = False,
    salvage: Annotated[Path | None, typer.Option(help=_SALVAGE)] = None,
    export_nbgrader: Annotated[str, typer.Option(help=_EXPORT)] = "",
) -> None:
    """Grade submissions in a sandbox and keep the grades; or one notebook, whose grades are printed."""
    from dataclasses import replace

    from nnlearn.classroom import nbgrader, one, pool
    from nnlearn.classroom.policy import Policy, policy_file, read_policy
    from nnlearn.classroom.store import Store

    policy, files = Policy(), None
    if class_file:
        files = policy_file(class_file)
        policy = read_policy(*files)
    if seed_secret:
        policy = replace(policy, secret=seed_secret.read_bytes())
    policy = replace(policy, packages=(*policy.packages, *(package or ())))
    if submissions and submissions.suffix.lower() == ".ipynb" and submissions.is_file():
        if not one.grade(submissions, policy, not unsafe_no_sandbox, gradescope):
            raise typer.Exit(1)
        return
    if not submissions and not export_nbgrader and not salvage:
        raise ValueError("name the folder of submissions")
    if salvage and not salvage.is_file():
        raise ValueError(f"there is no store {salvage}")
    if store.is_file() and not store.stat().st_size:
        typer.echo(f"nnlearn grade: {store} was an empty file: it is begun anew", err=True)
    with contextlib.closing(Store(store)) as kept:
        if salvage:
            typer.echo(f"{kept.salvage(salvage)} rows taken over from {salvage}")
        if files:
            kept.use_policy(*files[:2])
        else:  # as it was given last
            known = kept.policy
            policy = replace(known, secret=policy.secret, packages=(*known.packages, *policy.packages))
        if policy.secret:
            kept.use_secret(policy.secret)
        isolated = not unsafe_no_sandbox
        if submissions and not pool.grade_folder(
            submissions, kept, policy, jobs, scheduler, isolated, again or ()
        ):
            raise typer.Exit(1)
        if export_nbgrader:
            typer.echo(f"{nbgrader.export(kept, export_nbgrader)} scores written to {export_nbgrader}")
