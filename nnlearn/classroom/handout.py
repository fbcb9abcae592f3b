"""What students are handed: the notebooks of the exercises, and how many points there are to get."""

import csv
import io
from pathlib import Path

from nnlearn.exercises.notebooks import notebooks
from nnlearn.exercises.spec import chapter_exercises
from nnlearn.training.saving import write


def write_handout(chapters: list[str], out: Path) -> int:
    """Write the notebooks of the chapters (all, if none is named) and points.csv; return how many notebooks.

    Raises ValueError for a chapter without exercises, before anything is written.
    """
    files = notebooks("exercises", *chapters)
    sheet = io.StringIO()
    table = csv.writer(sheet, lineterminator="\n")
    table.writerow(["chapter", "exercise", "title", "kind", "points"])
    for file in files:
        chapter = file.stem[:2]
        write(out / file.name, file.read_bytes())
        for e in chapter_exercises(chapter).values():
            table.writerow([chapter, e.id, e.title, e.kind if e.graded else "read by you", f"{e.points:g}"])
    write(out / "points.csv", sheet.getvalue().encode())
    return len(files)
