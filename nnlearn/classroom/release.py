"""`nnlearn release`: what an instructor hands out, and how many points there are to get."""

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

from nnlearn.classroom.files import write
from nnlearn.exercises.notebooks import course_folder
from nnlearn.exercises.spec import chapter_exercises, chapter_modules


def release(
    chapters: Annotated[list[str] | None, typer.Argument(help="such as 01 02; all if none is given")] = None,
    out: Annotated[Path, typer.Option(help="the folder to write into")] = Path("release"),
) -> None:
    """Write the students' notebooks and a sheet of points, points.csv."""
    wanted = [name.zfill(2) for name in chapters or chapter_modules()]
    unknown = [name for name in wanted if name not in chapter_modules()]
    if unknown:
        have = ", ".join(chapter_modules())
        typer.echo(
            f"nnlearn release: no exercises for chapter {', '.join(unknown)}: there are {have}", err=True
        )
        raise typer.Exit(1)
    sheet = io.StringIO()
    table = csv.writer(sheet, lineterminator="\n")
    table.writerow(["chapter", "exercise", "title", "kind", "points"])
    try:
        for chapter in wanted:
            (notebook,) = (course_folder() / "exercises").glob(f"{chapter}_*.ipynb")
            write(out / notebook.name, notebook.read_bytes())
            for e in chapter_exercises(chapter).values():
                table.writerow(
                    [chapter, e.id, e.title, e.kind if e.graded else "read by you", f"{e.points:g}"]
                )
        write(out / "points.csv", sheet.getvalue().encode())
    except OSError as error:
        typer.echo(f"nnlearn release: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{len(wanted)} notebooks and points.csv in {out}")
