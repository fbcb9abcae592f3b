# ruff: noqa: E501 (tables of cases)
"""Reports escape what strangers write, and where nothing good is stored write nothing."""

import csv
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nnlearn.classroom.grading import Grade
from nnlearn.classroom.marking import answers, mark
from nnlearn.classroom.report import files, lms_csv, page_names, platform_csv, write_report
from nnlearn.classroom.standing import Standing
from nnlearn.classroom.store import HandedIn, Store
from nnlearn.course.cli import app
from nnlearn.exercises.spec import chapter_exercises

DUE = 1_780_000_000.0
RULES = """
[due]
04 = 2026-05-28T20:26:40Z
[late]
per_day = 0.25
days = 3
[extensions.cem]
04 = 2026-05-30T20:26:40Z
"""
ROSTER = "id,name\nada,Ada Lovelace\nbob,Bob\ncem,Cem\neve,Eve\n"


def a_store(path: Path, grades: Iterable[Grade], written: float = 0.0) -> Store:
    store = Store(path / "grades.sqlite")
    for grade in grades:
        row = HandedIn(grade.student, grade.exercise[:2], grade.submission, grade.spec, "a.ipynb", written)
        store.put(row, [grade])
    return store


def test_reports_escape_what_strangers_write(tmp_path):
    evil = "<script>alert(1)</script>"
    strange = Grade(
        "=1+1", "04.3", "h", "s", "not yet", 0.0, 2.0, evil, evil, evil, (evil,), True, evil, evil
    )
    made = dict(files(Standing(a_store(tmp_path, [strange])), expected=True))
    pages = {name: content.decode() for name, content in made.items() if name.endswith(".html")}
    assert len(pages) == 3
    for page in pages.values():
        assert "<script" not in page and "&lt;script&gt;" in page
    assert b"'=1+1" in made["grades.csv"]


@pytest.mark.parametrize(
    ("field", "inert"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\t=1", "'\t=1"), ("\r=x", "'\n=x"), (" =1", "' =1"),
        ("＝1", "'＝1"), ("a;=1", "a;'=1"), (";=x", ";'=x"), ('a;"=1', "a;\"'=1"), ("a\n=1", "a\n'=1"), ("a, -x", "a,' -x"),
        ("Smith-Jones, A", "Smith-Jones, A"), ("e@x.de", "e@x.de"), ("O'Neil; 2", "O'Neil; 2"), ("1-2", "1-2"), ("", ""),
    ],
)  # fmt: skip
def test_no_spreadsheet_computes_what_a_student_wrote(field, inert, tmp_path):
    """Not even one that divides lines at semicolons."""
    store = a_store(tmp_path, [Grade(name, "04.3", "h", "s", "passed", 2.0, 2.0) for name in (field, "🙂")])
    store.mark("🙂", "04.3", 1.0, field)
    store.note({}, {field: field})
    made = dict(files(Standing(store)))
    tables = {
        name: list(csv.reader(io.StringIO(content.decode(), newline="")))[1:]
        for name, content in made.items()
        if name.endswith(".csv")
    }
    assert tables["grades.csv"][0][0] == tables["lms.csv"][0][0] == tables["left_out.csv"][0][1] == inert
    assert tables["grades.csv"][1][-1] == inert


def test_what_a_platform_knows_people_by_comes_back_as_it_was(tmp_path):
    store = a_store(tmp_path, [Grade("-7", "04.3", "h", "s", "passed", 2.0, 2.0)])
    store.use_policy("", b"ID,Student,Email address\n-7,=Ada,+ada@x.de\n")
    assert platform_csv(Standing(store))[1].splitlines()[2] == "-7,'=Ada,2"
    store.use_policy("", b"ID,Name,Email address\n-7,=Ada,+ada@x.de\n")
    assert platform_csv(Standing(store))[1].splitlines()[1] == "-7,'=Ada,+ada@x.de,2"
    assert lms_csv(Standing(store)).splitlines()[1].startswith("-7,'=Ada,2,")


def test_right_answers_are_told_when_nobodys_hand_in_can_count_any_more(tmp_path, monkeypatch):
    grade = Grade("ada", "04.3", "h", "s", "not yet", 0.0, 2.0, "should be 7", brief="one is wrong")
    store = a_store(tmp_path, [grade])
    store.use_policy(RULES, ROSTER.encode())

    def page(now: float, expected: bool = False) -> str:
        monkeypatch.setattr("time.time", lambda: now)
        return dict(files(Standing(store), expected))["students/ada.html"].decode()

    last = DUE + 5 * 24 * 3600  # cem's extension, and three days late
    assert "one is wrong" in page(last - 1) and "should be 7" not in page(last - 1)
    assert "should be 7" in page(last + 1) and "should be 7" in page(0, expected=True)


@pytest.mark.parametrize(
    ("student", "days", "score"),
    [
        ("ada", -1, 2.0),
        ("ada", 0, 2.0),
        ("ada", 0.01, 1.5),
        ("ada", 1.5, 1.0),
        ("ada", 3.5, 0.0),
        ("cem", 1.9, 2.0),
    ],
)
def test_what_is_late_counts_in_part(student, days, score, tmp_path):
    store = a_store(
        tmp_path, [Grade(student, "04.3", "h", "s", "passed", 2.0, 2.0)], written=DUE + days * 24 * 3600
    )
    store.use_policy(RULES, ROSTER.encode())
    assert next(s for s in Standing(store).students if s.id == student).score == score


@pytest.mark.parametrize(("rule", "score"), [("newest", 1.0), ("best", 2.0)])
def test_the_attempt_that_counts(rule, score, tmp_path):
    store = Store(tmp_path / "grades.sqlite")
    for k, points in enumerate((0.5, 2.0, 1.0)):
        row = HandedIn("ada", "04", f"h{k}", "s", "04_layers.ipynb", 100.0 + k)
        store.put(row, [Grade("ada", "04.3", f"h{k}", "s", "not yet", points, 2.0)])
    copy = HandedIn("ada", "04", "copy", "s", "04_layers-Copy1.ipynb", 200.0, exact=False)
    store.put(copy, [Grade("ada", "04.3", "copy", "s", "not yet", 0.1, 2.0)])
    store.use_policy(f"attempts = '{rule}'", b"")
    (ada,) = Standing(store).students
    assert ada.score == score, "and a copy only where nothing has the exact name"


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_of_two_attempts_of_one_time_the_better_counts(names, tmp_path):
    store = Store(tmp_path / "grades.sqlite")
    for name, points in zip(names, (2.0, 1.0), strict=True):
        row = HandedIn("ada", "04", name, "s", "04_layers.ipynb", 100.0)
        store.put(row, [Grade("ada", "04.3", name, "s", "not yet", points, 2.0)])
    (ada,) = Standing(store).students
    assert ada.score == 2.0


@pytest.mark.parametrize("rule", ["newest", "best"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_same_notebook_handed_in_again_late_costs_nothing(rule, order, tmp_path):
    """Nor is it another attempt, whichever is looked at first."""
    store = Store(tmp_path / "grades.sqlite")
    for k in order:
        row = HandedIn("ada", "04", "h", "s", "04_layers.ipynb", DUE + (2 * k - 1) * 24 * 3600)
        store.put(row, [Grade("ada", "04.3", "h", "s", "passed", 2.0, 2.0)])
    store.use_policy(f"attempts = '{rule}'\n{RULES}", b"")
    (ada,) = Standing(store).students
    assert ada.score == 2.0 and len(store.attempts()) == 1


def an_essay(text: str, attempt: str, written: float) -> tuple[HandedIn, list[Grade]]:
    key = {"student": "ada", "submission": attempt, "spec": "s"}
    layer = Grade(**key, exercise="04.3", status="passed", score=2.0, points=2.0, source="def layer(): ...")
    essay = Grade(**key, exercise="04.10", status="to read", score=None, points=3.0, source=text)
    return HandedIn("ada", "04", attempt, "s", "04_layers.ipynb", written), [layer, essay]


def test_a_mark_belongs_to_the_answer_that_was_read(tmp_path):
    """An attempt with the same answer keeps it, with another it is unmarked and says so."""
    store = Store(tmp_path / "grades.sqlite")
    store.put(*an_essay("first", "h1", 100.0))
    mark(store, "ada", "04.10", 1.5, "say more")
    store.put(*an_essay("first", "h2", 200.0))
    (ada,) = Standing(store).students
    assert (ada.score, ada.pending) == (3.5, 0) and ada.chapters[0].attempt.submission == "h2"
    store.put(*an_essay("second", "h3", 300.0))
    (ada,) = (standing := Standing(store)).students
    assert (ada.score, ada.pending) == (2.0, 3.0)
    page = dict(files(standing))["students/ada.html"].decode()
    assert "given 1.5 of 3 points; this one is still to be read. say more" in page
    mark(store, "ada", "04.10", 3.0, "")
    (ada,) = (standing := Standing(store)).students
    assert ada.score == 5.0 and "before this one" not in dict(files(standing))["students/ada.html"].decode()
    store.put(*an_essay("first", "h4", 400.0))
    assert Standing(store).students[0].score == 3.5, "the answer of the first attempt again"


def test_where_the_best_counts_an_answer_that_may_make_it_so_is_read(tmp_path):
    store = Store(tmp_path / "grades.sqlite")
    store.use_policy("attempts = 'best'", b"")
    store.put(*an_essay("first", "h1", 100.0))
    mark(store, "ada", "04.10", 1.5, "")
    store.put(*an_essay("second", "h2", 200.0))
    assert Standing(store).students[0].score == 3.5
    first, second = answers(store)
    assert (first["answer"], second["answer"]) == ("first", "second") and second[
        "former"
    ] == "1.5 of 3 points"
    mark(store, "ada", "04.10", 3.0, "", second["hash"])
    assert Standing(store).students[0].score == 5.0 and len(answers(store)) == 1


def test_everybody_is_in_every_table_and_what_is_open_is_empty(tmp_path):
    store = a_store(
        tmp_path,
        [
            Grade("ada", "04.3", "h", "s", "passed", 2.0, 2.0),
            Grade("ada", "04.10", "h", "s", "to read", None, 3.0),
            Grade("bob", "04.10", "h", "s", "could not be run here", None, 3.0),
            Grade("mallory", "04.3", "h", "s", "not yet", 0.0, 2.0),
        ],
    )
    store.note({"zoë": ""}, {"notes.txt": "nobody's"})
    store.use_policy("", ROSTER.encode())
    rows = [line.split(",") for line in lms_csv(Standing(store)).splitlines()]
    assert [row[0] for row in rows] == ["ID", "ada", "bob", "cem", "eve", "mallory", "zoë"]
    assert [row[2] for row in rows[1:]] == ["2", "", "", "", "0", ""]
    assert [row[4] for row in rows[1:]] == ["3", "3", "", "", "", ""]
    store.mark("ada", "04.10", 1.5, "half of it")
    standing = Standing(store)
    assert lms_csv(standing).splitlines()[1] == "ada,Ada Lovelace,3.5,24,,3.5,24,"
    name, text = platform_csv(standing)
    assert name == "roster.csv" and text.splitlines()[:2] == [
        "id,name,Exercises 04: Layers",
        "ada,Ada Lovelace,3.5",
    ]
    page = dict(files(standing))["index.html"].decode()
    for said in ("Not on the roster: mallory, zoë", "notes.txt", "nothing handed in"):
        assert said in page


def test_a_project_is_called_one(tmp_path):
    store = a_store(tmp_path, [Grade("ada", "P1.1", "h", "s", "passed", 4.0, 4.0)])
    assert lms_csv(Standing(store)).splitlines() == [
        "ID,Name,Project 1,Project 1 out of,Project 1 pending,Total,Total out of,Total pending",
        "ada,ada,4,40,,4,40,",
    ]


def test_a_chapters_map_shows_who_solved_what_and_whose_mistakes_are_whose(tmp_path):
    slip = {"misconception": "adds", "hint": "Multiply."}
    store = a_store(
        tmp_path,
        [
            Grade("ada", "04.3", "h", "s", "passed", 2.0, 2.0),
            Grade("bob", "04.3", "h", "s", "not yet", 0.5, 2.0, **slip),
            Grade("eve", "04.3", "h", "s", "not yet", 0.0, 2.0, **slip),
            Grade("eve", "07.3", "h", "s", "passed", 2.0, 2.0),
        ],
    )
    store.use_policy("", ROSTER.encode())
    made = {name: content.decode() for name, content in files(Standing(store))}
    table = made["chapters/04.html"]
    assert 'style="--share: 1.00"><a href="../students/ada.html#04.3"' in table
    assert 'style="--share: 0.25"' in table and "not yet, 0.5 of 2: adds" in table
    assert table.count("<td>–</td>") == 4 * len(chapter_exercises("04")) - 3, "Cem has handed in nothing"
    who = table.partition("whose they are")[2]
    assert '<td class="number">2</td>' in who and "ada" not in who
    assert who.index("students/bob.html#04.3") < who.index("students/eve.html#04.3")
    assert "eve" in made["chapters/07.html"] and "None was recognised" in made["chapters/07.html"]
    assert 'href="chapters/04.html"' in made["index.html"] and '<tr id="04.3">' in made["students/eve.html"]


def test_canvas_gets_its_own_columns_back(tmp_path):
    roster = "Student,ID,SIS Login ID,Section,Old homework (77)\n    Points Possible,,,,10\n"
    roster += '"Lovelace, Ada",5,ada,A,9\n'
    store = a_store(tmp_path, [Grade("5", "04.3", "h", "s", "passed", 2.0, 2.0)])
    store.use_policy("", roster.encode("utf-8-sig"))
    name, text = platform_csv(Standing(store))
    assert name == "canvas.csv" and text.splitlines() == [
        "Student,ID,SIS Login ID,Section,Exercises 04: Layers",
        "    Points Possible,,,,24",
        '"Lovelace, Ada",5,ada,A,2',
    ]


def test_any_name_has_a_page_of_its_own():
    names = [
        "con",
        "Com1.x",
        hashlib.sha256(b"../../etc/passwd").hexdigest()[:16],
        "Ada",
        "ada",
        "José",
        "हिन्दी",
        "../../etc/passwd",
        "x" * 300,
        "O'Neil (2)",
        "con.",
        "",
        "Smith, John",
    ]
    pages = page_names(names)
    assert len({page.casefold() for page in pages.values()}) == len(names)
    assert pages["José"] == "José.html" and pages["हिन्दी"] == "हिन्दी.html"
    assert not any(page.partition(".")[0].casefold() in ("con", "com1") for page in pages.values())
    assert not any("/" in page or len(page.encode()) > 200 for page in pages.values())


def test_pages_of_an_earlier_report_go_and_what_is_not_ours_stays(tmp_path):
    out = tmp_path / "report"
    a_store(tmp_path, [Grade("ada", "04.3", "h", "s", "passed", 2.0, 2.0)])
    write_report(tmp_path / "grades.sqlite", out)
    (out / "students" / "mine.html").write_text("mine")
    (tmp_path / "grades.sqlite").unlink()
    a_store(tmp_path, [Grade("bob", "04.3", "h", "s", "passed", 2.0, 2.0)])
    assert write_report(tmp_path / "grades.sqlite", out) == 1
    assert {path.name for path in (out / "students").iterdir()} == {"bob.html", "mine.html"}


@pytest.mark.parametrize(
    ("make", "said"),
    [(lambda path: None, "there is no store"), (lambda path: Store(path).close(), "holds no grades yet")],
)
def test_a_report_of_nothing_good_writes_nothing(make, said, tmp_path):
    make(tmp_path / "grades.sqlite")
    arguments = ["report", "--store", str(tmp_path / "grades.sqlite"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1 and said in done.output and not (tmp_path / "out").exists()
