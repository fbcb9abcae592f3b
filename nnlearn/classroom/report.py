"""What the grades say: tables for spreadsheets and learning platforms, and pages."""

import base64
import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nnlearn.classroom.grading import Grade
from nnlearn.classroom.store import Store
from nnlearn.classroom.submissions import fits_as_name
from nnlearn.exercises.ids import chapter_of, place
from nnlearn.exercises.result import markup
from nnlearn.exercises.spec import find_exercise
from nnlearn.exercises.tasks import chapter_title
from nnlearn.training.saving import write

SIGNS = {"passed": "✓", "to read": "✎", "not started": "○"}  # all others: ✗


def write_report(store: Path, out: Path) -> int:
    """Write grades.csv, lms.csv and the pages into `out`; how many students there are.

    Raises ValueError, before anything is written, for a store without grades or with an odd student.
    """
    grades = list(Store(store, make=False).grades())
    if not grades:
        raise ValueError(f"{store} holds no grades yet: nnlearn grade puts them there")
    for student in _by_student(grades):
        if not fits_as_name(student):
            raise ValueError(f"{student!r} in {store} is not a student's name: nothing is written")
    for name, content in files(grades):
        write(out / name, content)
    return len(_by_student(grades))


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
        [g.student, chapter_of(g.exercise), g.exercise, g.status, _score(g.score), _score(g.points)]
        for g in grades
    ]
    return _csv(["student", "chapter", "exercise", "status", "score", "points"], rows)


def lms_csv(grades: Sequence[Grade]) -> str:
    """One row for each student, one column for each chapter's points, as learning platforms import them."""
    chapters = sorted({chapter_of(grade.exercise) for grade in grades})
    rows = []
    for student, theirs in _by_student(grades).items():
        by_chapter = _by_chapter(theirs)
        sums = [_score(_sum(by_chapter.get(chapter, []))) for chapter in chapters]
        rows.append([student, *sums, _score(_sum(theirs))])
    return _csv(["ID", *(f"Chapter {chapter}" for chapter in chapters), "Total"], rows)


def _csv(head: list[str], rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    table.writerows([_inert(field) for field in row] for row in rows)
    return text.getvalue()


def _inert(field: str) -> str:
    """A field that a spreadsheet does not take for a formula."""
    return "'" + field if field[:1] in ("=", "+", "-", "@") else field


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.6g}"


def _sum(grades: Iterable[Grade]) -> float:
    return sum(grade.score or 0.0 for grade in grades)


def _by_student(grades: Iterable[Grade]) -> dict[str, list[Grade]]:
    return {name: list(group) for name, group in itertools.groupby(grades, key=lambda grade: grade.student)}


def _by_chapter(grades: Iterable[Grade]) -> dict[str, list[Grade]]:
    groups = itertools.groupby(grades, key=lambda grade: chapter_of(grade.exercise))
    return {chapter: list(group) for chapter, group in groups}


def _chapters(grades: Iterable[Grade]) -> list[dict[str, Any]]:
    """One student's grades as the page shows them."""
    return [
        {
            "title": f"{chapter} {chapter_title(chapter)}",
            "score": _score(_sum(theirs)),
            "points": _score(sum(g.points for g in theirs)),
            "grades": [(g, find_exercise(g.exercise), SIGNS.get(g.status, "✗")) for g in theirs],
        }
        for chapter, theirs in _by_chapter(grades).items()
    ]


def _class(grades: Sequence[Grade]) -> dict[str, Any]:
    """What the page of the class shows: its students, and its commonest misconceptions with their hints."""
    mistakes = Counter((g.exercise, g.misconception, g.hint) for g in grades if g.misconception)
    totals = []
    for student, theirs in _by_student(grades).items():
        waits = sum(g.score is None for g in theirs)
        totals.append((student, _score(_sum(theirs)), _score(sum(g.points for g in theirs)), waits))
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
    return {name: sum(scored[name]) / len(scored[name]) for name in sorted(scored, key=place)}


def _picture(grades: Iterable[Grade]) -> dict[str, str]:
    """The mean score of each exercise as a bar, and in words."""
    from matplotlib.figure import Figure

    from nnlearn.figures import plot

    shares = _shares(grades)
    figure = Figure(figsize=(9, 1.2 + 0.24 * len(shares)), layout="constrained")
    axes = figure.subplots()
    axes.barh(list(shares), [100 * share for share in shares.values()], color=plot.BLUE, height=0.7)
    axes.set(xlim=(0, 100), xlabel="mean score (% of the points)")
    axes.set(ylim=(len(shares) - 0.5, -0.5), ylabel="exercise")
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
