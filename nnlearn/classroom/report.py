"""`nnlearn report`: what the grades say, as tables for spreadsheets and learning platforms, and as pages."""

import base64
import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from nnlearn.classroom.collect import fits_as_name
from nnlearn.classroom.files import write
from nnlearn.classroom.grading import Grade
from nnlearn.classroom.store import Store, StoreError
from nnlearn.exercises.result import markup
from nnlearn.exercises.spec import find_exercise
from nnlearn.exercises.tasks import chapter_title

SIGNS = {"passed": "✓", "to read": "✎", "not started": "○"}  # all others: ✗


def report(
    store: Annotated[Path, typer.Option(help="where the grades are")] = Path("grades.sqlite"),
    out: Annotated[Path, typer.Option(help="the folder to write into")] = Path("report"),
) -> None:
    """Write grades.csv, lms.csv, a page for each student and one for the class."""
    try:
        grades = list(Store(store, make=False).grades())
        if not grades:
            raise ValueError(f"{store} holds no grades yet: nnlearn grade puts them there")
        odd = sorted({grade.student for grade in grades if not fits_as_name(grade.student)})
        if odd:
            raise ValueError(f"{odd[0]!r} in {store} is no name of a student: nothing is written")
        for name, content in files(grades):
            write(out / name, content)
    except (StoreError, ValueError, OSError) as error:
        typer.echo(f"nnlearn report: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{out / 'index.html'}, grades.csv, lms.csv and {len(_by_student(grades))} students' pages")


def files(grades: Sequence[Grade]) -> Iterable[tuple[str, bytes]]:
    """(name, content) of all that a report is made of."""
    yield "grades.csv", grades_csv(grades).encode()
    yield "lms.csv", lms_csv(grades).encode()
    page = _template("class.html")
    yield "index.html", page.render(**_class(grades), picture=_picture(grades)).encode()
    page = _template("student.html")
    for student, theirs in _by_student(grades).items():
        yield f"students/{student}.html", page.render(student=student, chapters=_chapters(theirs)).encode()


def grades_csv(grades: Iterable[Grade]) -> str:
    """One row for each student and exercise; what has no score has an empty one."""
    rows = [
        [g.student, g.exercise[:2], g.exercise, g.status, _score(g.score), f"{g.points:g}"] for g in grades
    ]
    return _csv(["student", "chapter", "exercise", "status", "score", "points"], rows)


def lms_csv(grades: Sequence[Grade]) -> str:
    """One row for each student, one column for each chapter's points, as learning platforms import them."""
    chapters = sorted({grade.exercise[:2] for grade in grades})
    rows = []
    for student, theirs in _by_student(grades).items():
        sums = [sum(g.score or 0.0 for g in theirs if g.exercise[:2] == chapter) for chapter in chapters]
        rows.append([student, *map(_score, sums), _score(sum(sums))])
    return _csv(["ID", *(f"Chapter {chapter}" for chapter in chapters), "Total"], rows)


def _csv(head: list[str], rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    table.writerows([_inert(field) for field in row] for row in rows)
    return text.getvalue()


def _inert(field: str) -> str:
    """A field that no spreadsheet takes for a formula."""
    return "'" + field if field[:1] in ("=", "+", "-", "@") else field


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.6g}"


def _by_student(grades: Iterable[Grade]) -> dict[str, list[Grade]]:
    return {name: list(group) for name, group in itertools.groupby(grades, key=lambda grade: grade.student)}


def _chapters(grades: Iterable[Grade]) -> list[dict[str, Any]]:
    """One student's grades as the page shows them."""
    found = []
    for chapter, group in itertools.groupby(grades, key=lambda grade: grade.exercise[:2]):
        theirs = list(group)
        found.append({
            "title": f"{chapter} {chapter_title(chapter)}",
            "score": _score(sum(g.score or 0.0 for g in theirs)),
            "points": _score(sum(g.points for g in theirs)),
            "grades": [(g, find_exercise(g.exercise), SIGNS.get(g.status, "✗")) for g in theirs],
        })  # fmt: skip
    return found


def _class(grades: Sequence[Grade]) -> dict[str, Any]:
    """What the page of the class shows: its students, and its commonest misconceptions with their hints."""
    mistakes = Counter((g.exercise, g.misconception, g.hint) for g in grades if g.misconception)
    totals = []
    for student, theirs in _by_student(grades).items():
        score, points = sum(g.score or 0.0 for g in theirs), sum(g.points for g in theirs)
        waits = sum(g.score is None for g in theirs)
        totals.append((student, _score(score), _score(points), waits))
    return {
        "totals": totals,
        "mistakes": [
            (number, find_exercise(exercise), name, hint)
            for (exercise, name, hint), number in mistakes.most_common(15)
        ],
        "unsafe": sum(not g.isolated for g in grades),
    }


def _shares(grades: Iterable[Grade]) -> dict[str, float]:
    """{exercise: the mean part of its points that was reached}, of those that have scores."""
    scored: dict[str, list[float]] = {}
    for grade in grades:
        if grade.score is not None:
            scored.setdefault(grade.exercise, []).append(grade.score / grade.points)
    order = sorted(scored, key=lambda name: (name[:2], int(name[3:])))
    return {name: sum(scored[name]) / len(scored[name]) for name in order}


def _picture(grades: Iterable[Grade]) -> dict[str, str]:
    """The mean score of each exercise as a bar, and in words."""
    from matplotlib.figure import Figure

    from nnlearn.figures import plot

    shares = _shares(grades)
    figure = Figure(figsize=(9, 1.2 + 0.24 * len(shares)), layout="constrained")
    axes = figure.subplots()
    axes.barh(list(shares), [100 * share for share in shares.values()], color=plot.BLUE, height=0.7)
    axes.set(
        xlim=(0, 100),
        ylim=(len(shares) - 0.5, -0.5),
        xlabel="mean score (% of the points)",
        ylabel="exercise",
    )
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=100)
    hard = min(shares, key=lambda name: shares[name], default="")
    said = "Mean score of each exercise"
    said += f"; the lowest is {hard} with {100 * shares[hard]:.0f} %." if hard else ": there is none yet."
    return {"data": base64.b64encode(picture.getvalue()).decode(), "alt": said}


def _template(name: str) -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    loader = PackageLoader("nnlearn.classroom")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    pages.filters["code"] = lambda text: Markup(markup(text))
    return pages.get_template(name)
