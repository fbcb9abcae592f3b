"""What the grades say: tables for spreadsheets and learning platforms, and pages."""

import base64
import contextlib
import csv
import hashlib
import io
import json
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nnlearn.classroom.policy import is_id
from nnlearn.classroom.standing import ChapterStanding, Line, Standing, StudentStanding, counted, exercise_of
from nnlearn.classroom.store import Store
from nnlearn.exercises.ids import chapter_of, place
from nnlearn.exercises.result import markup
from nnlearn.exercises.spec import Explain, chapter_exercises, find_exercise
from nnlearn.exercises.tasks import chapter_title
from nnlearn.training.saving import write

SIGNS = {"passed": "✓", "to read": "✎", "not started": "○"}  # all others: ✗
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d) *", re.I)  # no file's name on Windows
# OWASP's "CSV injection": where a cell begins, also one that another country's spreadsheet sees in a field.
_FORMULA = re.compile(r"""(^|[;,|\t\n]["']?)(\s*[=+\-@＝＋－＠]|^\t)""")
_RECORD = ".nnlearn-report.json"  # what an earlier report has written


def write_report(store: Path, out: Path, expected: bool = False) -> int:
    """Write tables and pages into `out`; how many students there are.

    Right answers are told where nobody's hand-in can count any more, or with `expected`. Pages of an earlier
    report that have no place in this one are removed. Raises ValueError, before anything is written, for a
    store without grades.
    """
    standing = Standing(Store(store, make=False))
    if not standing.grades:
        raise ValueError(f"{store} holds no grades yet: nnlearn grade puts them there")
    made = set()
    for name, content in files(standing, expected):  # never all of them in memory
        write(out / name, content)
        made.add(name)
    with contextlib.suppress(OSError, ValueError):
        for name in set(json.loads((out / _RECORD).read_text(encoding="utf-8"))) - made:
            (out / name).unlink(missing_ok=True)
    write(out / _RECORD, json.dumps(sorted(made)).encode())
    return len(standing.students)


def files(standing: Standing, expected: bool = False) -> Iterable[tuple[str, bytes]]:
    """(name, content) of all that a report is made of."""
    yield "grades.csv", grades_csv(standing.students).encode()
    yield "lms.csv", lms_csv(standing).encode()
    yield "left_out.csv", _csv(["entry", "why"], [list(pair) for pair in standing.left_out.items()]).encode()
    if standing.policy.roster:
        name, text = platform_csv(standing)
        yield name, text.encode()
    pages = page_names([student.id for student in standing.students])
    page = template("class.html")
    yield "index.html", page.render(**_class(standing, pages), picture=_picture(standing)).encode()
    page = template("chapter.html")
    for chapter in standing.chapters:
        yield f"chapters/{chapter}.html", page.render(**_map(standing, chapter, pages)).encode()
    page, now = template("student.html"), time.time()
    for student in standing.students:
        chapters = [_chapter(c, expected or standing.policy.closed(c.chapter, now)) for c in student.chapters]
        text = page.render(student=student, chapters=chapters, score=_score, sign=_sign)
        yield f"students/{pages[student.id]}", text.encode("utf-8", "replace")


def page_names(students: Sequence[str]) -> dict[str, str]:
    """{student: the name of the page's file}: the student's own where a file can have it."""
    folded = Counter(student.casefold() for student in students)
    names = {}
    for student in students:
        letters = all(c.isalnum() or c in " .@+'-_" or unicodedata.category(c)[0] == "M" for c in student)
        fits = (
            letters and student[:1].isalnum() and len(student.encode()) <= 150 and not student.endswith(".")
        )
        own = fits and folded[student.casefold()] == 1 and not _DEVICE.fullmatch(student.partition(".")[0])
        names[student] = f"{student if own else '_' + hashlib.sha256(student.encode()).hexdigest()[:16]}.html"
    return names


def grades_csv(students: Iterable[StudentStanding]) -> str:
    """One row for each student and exercise; what has no score has an empty one."""
    head = ["student", "name", "chapter", "exercise", "status", "score", "points", "computed", "marked"]
    rows = []
    for student in students:
        for chapter in student.chapters:
            for line in chapter.lines or [None]:
                row = [student.id, student.name, chapter.chapter]
                if line is None:
                    row += ["", chapter.status, "", _score(chapter.out_of), "", "", "", ""]
                else:
                    marked = line.mark.score if line.mark else None
                    row += [line.grade.exercise, line.grade.status, _score(line.score)]
                    row += [_score(line.grade.points), _score(line.grade.score), _score(marked)]
                    row += [str(chapter.days_late), line.mark.comment if line.mark else ""]
                rows.append(row)
    return _csv([*head, "days late", "comment"], rows)


def lms_csv(standing: Standing) -> str:
    """One row for each student; of each chapter the points, out of how many, and how many are still open."""
    head = ["ID", "Name"]
    for chapter in standing.chapters:
        name = f"{'Project' if chapter[0] == 'P' else 'Chapter'} {chapter.lstrip('P')}"
        head += [name, f"{name} out of", f"{name} pending"]
    rows = []
    for student in standing.students:
        row = [_Id(student.id) if student.person else student.id, student.name]
        every: list[ChapterStanding | StudentStanding] = [*student.chapters, student]
        for part in every:
            row += [_score(part.score), _score(part.out_of), _score(part.pending or None)]
        rows.append(row)
    return _csv([*head, "Total", "Total out of", "Total pending"], rows)


def platform_csv(standing: Standing) -> tuple[str, str]:
    """(name, text) of the roster's table with a column for each chapter, to be imported where it came from.

    A roster with the columns "Student" and "ID" is Canvas's gradebook: its second row has the points.
    """
    columns = list(standing.policy.columns)
    canvas = {"Student", "ID"} <= set(columns)
    if canvas:  # its own assignments would be imported too
        known = ("Student", "ID", "SIS User ID", "SIS Login ID", "Root Account", "Section")
        columns = [column for column in columns if column in known]
    head = [f"Exercises {chapter}: {chapter_title(chapter)}" for chapter in standing.chapters]
    rows = []
    if canvas:
        points = [_score(ChapterStanding("", chapter).out_of) for chapter in standing.chapters]
        rows.append(["    Points Possible", *[""] * (len(columns) - 1), *points])
    for student in standing.students:
        if student.person:
            row = student.person.row
            own = [_Id(row.get(name, "")) if is_id(name) else row.get(name, "") for name in columns]
            rows.append([*own, *(_score(chapter.score) for chapter in student.chapters)])
    return ("canvas.csv" if canvas else "roster.csv"), _csv([*columns, *head], rows)


class _Id(str):
    """What a platform knows somebody by: it has to come back as it was."""


def _csv(head: list[str], rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    table.writerows([field if isinstance(field, _Id) else _inert(field) for field in row] for row in rows)
    return text.getvalue()


def _inert(field: str) -> str:
    """A field that a spreadsheet does not take for a formula, at whatever it divides lines."""
    one_kind_of_line = field.replace("\r\n", "\n").replace("\r", "\n")
    return _FORMULA.sub(r"\1'\2", one_kind_of_line)


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.6g}"


def _sign(line: Line) -> str:
    return "✎" if line.mark and line.mark.score is not None else SIGNS.get(line.grade.status, "✗")


def _chapter(chapter: ChapterStanding, expected: bool) -> dict[str, Any]:
    """A student's chapter as the page shows it."""
    lines = []
    for line in chapter.lines:
        exercise = exercise_of(line.grade)
        ticks = line.mark.ticks if line.mark else ()
        every = exercise.rubric if isinstance(exercise, Explain) and ticks else ()
        rubric = [(text, text in ticks) for text in every if expected or text in ticks]
        lines.append((line, exercise, line.grade.message if expected else line.grade.brief, rubric))
    title = f"{chapter.chapter} {chapter_title(chapter.chapter)}"
    return {"title": title, "standing": chapter, "lines": lines}


def _class(standing: Standing, pages: dict[str, str]) -> dict[str, Any]:
    """What the page of the class shows: its students, and its commonest misconceptions with their hints."""
    grades = [line.grade for line in counted(standing.students)]
    mistakes = Counter((g.exercise, g.misconception, g.hint) for g in grades if g.misconception)
    return {
        "students": [(student, pages[student.id]) for student in standing.students],
        "strangers": [s.id for s in standing.students if standing.policy.roster and not s.person],
        "left_out": standing.left_out,
        "chapters": [(chapter, f"{chapter} {chapter_title(chapter)}") for chapter in standing.chapters],
        "chapter_of": chapter_of,
        "score": _score,
        "mistakes": [
            (number, find_exercise(exercise), name, hint)
            for (exercise, name, hint), number in mistakes.most_common(15)
        ],
        "unsafe": sum(not grade.isolated for grade in grades),
    }


def _map(standing: Standing, chapter: str, pages: dict[str, str]) -> dict[str, Any]:
    """What the page of a chapter shows: students × exercises, and its misconceptions with their students."""
    exercises, rows = list(chapter_exercises(chapter).values()), []
    mistakes: dict[tuple[str, str, str], list[tuple[StudentStanding, str]]] = {}
    for student in standing.students:
        page = pages[student.id]
        lines = {
            line.grade.exercise: line for c in student.chapters if c.chapter == chapter for line in c.lines
        }
        rows.append((student, page, [(exercise, lines.get(exercise.id)) for exercise in exercises]))
        for grade in (line.grade for line in lines.values()):
            if grade.misconception:
                kind = grade.exercise, grade.misconception, grade.hint
                mistakes.setdefault(kind, []).append((student, page))
    found = sorted(mistakes.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return {
        "title": f"{chapter} {chapter_title(chapter)}",
        "exercises": exercises,
        "rows": rows,
        "mistakes": [(find_exercise(exercise), name, hint, who) for (exercise, name, hint), who in found],
        "score": _score,
        "share": lambda line: f"{max(0.0, min(1.0, (line.score or 0) / line.grade.points)):.2f}",
        "sign": _sign,
    }


def _shares(standing: Standing) -> dict[str, float]:
    """{exercise: the mean part of its points that was reached}, of those that have scores."""
    scored: dict[str, list[float]] = {}
    for line in counted(standing.students):
        if line.score is not None:
            scored.setdefault(line.grade.exercise, []).append(line.score / line.grade.points)
    return {name: sum(scored[name]) / len(scored[name]) for name in sorted(scored, key=place)}


def _picture(standing: Standing) -> dict[str, str]:
    """The mean score of each exercise as a bar, and in words."""
    from matplotlib.figure import Figure

    from nnlearn.figures import plot

    shares = _shares(standing)
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


def template(name: str) -> Any:
    """A page's template; what goes into it is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    loader = PackageLoader("nnlearn.classroom")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    pages.filters["code"] = lambda text: Markup(markup(text))
    return pages.get_template(name)
