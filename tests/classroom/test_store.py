"""The store of grades: what was acknowledged is there, also on a full disk; what is damaged is said to be."""

import random
import resource
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nnlearn.classroom.grading import COULD_NOT_RUN, Grade
from nnlearn.classroom.store import VERSION, HandedIn, Store, StoreError
from nnlearn.course.cli import app

PAGE = 4096  # bytes


def a_class(path: Path, students: int = 60) -> Store:
    store = Store(path)
    for k in range(students):
        name = f"s{k:03}"
        row = HandedIn(name, "04", "h", "s", "04_layers.ipynb", 100.0)
        store.put(
            row, [Grade(name, f"04.{i}", "h", "s", "passed", 1.0, 2.0, "x" * 300) for i in range(1, 10)]
        )
        store.mark(name, "04.10", 1.0, "good")
    return store


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("store") / "grades.sqlite"
    a_class(path).close()
    return path.read_bytes()


def pages(data: bytes, table: str, path: Path) -> list[int]:
    """Where the pages of a table lie in the file."""
    path.write_bytes(data)
    with sqlite3.connect(path) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return [PAGE * (root - 1)] if table != "grades" else [PAGE * (len(data) // PAGE // 2), PAGE * (root - 1)]


def garbage(at: int, size: int = PAGE):
    return lambda data: data[:at] + random.Random(at).randbytes(size) + data[at + size :]


def the(table: str, size: int = PAGE, place: int = 0):
    """Damage to a page of a table's, or to a sector of it."""

    def damage(data: bytes, path: Path) -> bytes:
        at = pages(data, table, path)[place]
        return garbage(at + (PAGE - size) // 2, size)(data)

    return damage


DAMAGES = {
    "a page of grades": the("grades"),
    "a sector of grades": the("grades", 512),
    "the root of the grades": the("grades", place=1),
    "the marks": the("marks"),
    "the attempts": the("attempts"),
    "what it is": the("meta"),
    "a page of zeros": lambda data, path: data[: 8 * PAGE] + bytes(PAGE) + data[9 * PAGE :],
    "half of it": lambda data, path: data[: len(data) // 2],
    "a page and a half": lambda data, path: data[: PAGE + PAGE // 2],
    "its head": lambda data, path: b"x" * 100 + data[100:],
    "nothing": lambda data, path: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_of_a_damaged_store_nothing_is_told_but_that(damage, whole, tmp_path):
    path = tmp_path / "grades.sqlite"
    path.write_bytes(DAMAGES[damage](whole, tmp_path / "copy.sqlite"))
    kept = path.read_bytes()
    for command in (
        ["report", "--out", str(tmp_path / "out")],
        ["mark", "s001", "04.1", "1", "--comment", "c"],
    ):
        done = CliRunner().invoke(app, [*command, "--store", str(path)])
        assert done.exit_code == 1 and isinstance(done.exception, SystemExit), done
        assert "grades.sqlite" in done.output and done.output.count("\n") == 1, done.output
    assert not (tmp_path / "out").exists() and path.read_bytes() == kept


@pytest.mark.parametrize(
    ("damage", "grades", "marks"),
    [
        ("a page of grades", 500, 60), ("a sector of grades", 500, 60), ("the root of the grades", 0, 60),
        ("the marks", 540, 0), ("the attempts", 540, 60), ("what it is", 540, 60),
        ("a page of zeros", 500, 60),
    ],
)  # fmt: skip
def test_what_can_be_read_of_a_damaged_store_is_taken_over(damage, grades, marks, whole, tmp_path):
    """As it was, and nothing else."""
    path, new = tmp_path / "damaged.sqlite", tmp_path / "new.sqlite"
    path.write_bytes(DAMAGES[damage](whole, tmp_path / "copy.sqlite"))
    (tmp_path / "copy.sqlite").write_bytes(whole)
    done = CliRunner().invoke(app, ["grade", "--salvage", str(path), "--store", str(new)])
    assert done.exit_code == 0 and "taken over" in done.output, done.output
    store, before = Store(new), Store(tmp_path / "copy.sqlite")
    kept, all_of_it = store._rows("SELECT * FROM grades"), before._rows("SELECT * FROM grades")
    assert grades <= len(kept) and set(kept) <= set(all_of_it)
    assert len(store.marks()) >= marks and set(store.marks()) <= set(before.marks())
    again = CliRunner().invoke(app, ["grade", "--salvage", str(path), "--store", str(new)])
    assert again.exit_code == 1 and "has grades already" in again.output


def test_of_nothing_nothing_is_taken_over(tmp_path):
    (tmp_path / "damaged.sqlite").write_bytes(b"SQLite format 3\0" + bytes(5000))
    with pytest.raises(StoreError, match=r"nothing can be read of .*grade again"):
        Store(tmp_path / "new.sqlite").salvage(tmp_path / "damaged.sqlite")


@pytest.mark.parametrize("left", [0.0, 0.4, 0.9])
def test_of_a_journal_cut_short_what_was_written_before_is_there(left, tmp_path):
    store = a_class(tmp_path / "grades.sqlite", 5)
    journal = (tmp_path / "grades.sqlite-wal").read_bytes()
    (tmp_path / "cut.sqlite").write_bytes((tmp_path / "grades.sqlite").read_bytes())
    (tmp_path / "cut.sqlite-wal").write_bytes(journal[: int(left * len(journal))])
    cut = Store(tmp_path / "cut.sqlite")
    assert len(list(cut.grades())) == 9 * len(cut.attempts()), "no half of an attempt"
    assert cut.attempts() == store.attempts()[: len(cut.attempts())]


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow beyond 200 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_where_no_more_can_be_written_what_was_kept_stays(tmp_path, small_disk):
    path, kept = tmp_path / "grades.sqlite", []
    store = Store(path)
    with pytest.raises(StoreError, match=r"grades.sqlite cannot be written: .*was kept before is safe"):
        for k in range(1000):
            row = HandedIn(f"s{k:03}", "04", "h", "s", written=1.0, first=1.0)
            store.put(row, [Grade(row.student, "04.1", "h", "s", "passed", 1.0, 2.0, "x" * 300)])
            kept.append(row)
    assert kept and Store(path).attempts() == kept


def test_a_store_that_may_only_be_read_says_so(tmp_path):
    store = a_class(tmp_path / "grades.sqlite", 1)
    store._db.execute("PRAGMA query_only = 1")  # what file systems say to all but root
    with pytest.raises(StoreError, match=r"grades.sqlite cannot be written: .*readonly.*copy it"):
        store.mark("s000", "04.1", 1.0, "x")


def test_a_store_of_the_version_before_keeps_its_marks(tmp_path):
    """They hold for any answer, as they did."""
    path = tmp_path / "grades.sqlite"
    a_class(path, 2).close()
    with sqlite3.connect(path) as db:
        for table, column in (("marks", "answer"), ("marks", "ticks"), ("attempts", "first")):
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        db.execute("UPDATE meta SET value = 3 WHERE key = 'version'")
    for _ in range(2):
        store = Store(path)
        assert [(m.student, m.score, m.answer, m.ticks) for m in store.marks()] == [
            ("s000", 1.0, "", ()),
            ("s001", 1.0, "", ()),
        ]
        assert [a.first for a in store.attempts()] == [100.0, 100.0]
        assert store._meta("version") == VERSION


def test_the_same_notebook_again_keeps_its_first_time(tmp_path):
    """And its own name before a copy's, in whatever order the files are looked at."""
    store = Store(tmp_path / "grades.sqlite")
    for name, written, exact in [
        ("b", 300.0, True),
        ("c", 400.0, False),
        ("a", 100.0, True),
        ("d", 0.0, True),
    ]:
        store.put(HandedIn("ada", "04", "h", "s", name, written, exact))
    assert store.attempts() == [HandedIn("ada", "04", "h", "s", "b", 400.0, True, 100.0)]


def test_a_full_disk_loses_nothing_and_keeps_no_half(tmp_path):
    """SQLite's own limit of pages stands for the disk."""
    path = tmp_path / "grades.sqlite"
    store, acknowledged = Store(path), []
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages + 9}")
    with pytest.raises(StoreError, match="full"):
        for k in range(1000):
            student = f"student {k:04}"
            two = [Grade(student, f"04.{i}", "hash", "spec", "passed", 1.0, 1.0, "x" * 500) for i in (1, 2)]
            store.put(HandedIn(student, "04", "hash", "spec"), two)
            acknowledged += [(student, "04.1"), (student, "04.2")]
    store.close()
    assert acknowledged and [(g.student, g.exercise) for g in Store(path).grades()] == acknowledged


def test_what_could_not_be_run_takes_no_grades_place(tmp_path):
    store = Store(tmp_path / "grades.sqlite")
    row = HandedIn("ada", "04", "h", "s")
    store.put(row, [Grade("ada", "04.3", "h", "s", "passed", 2.0, 2.0)])
    failed = [Grade("ada", f"04.{k}", "h", "s", COULD_NOT_RUN, None, 2.0) for k in (3, 4)]
    store.put(row, failed)
    assert [(g.exercise, g.score) for g in store.grades()] == [("04.3", 2.0), ("04.4", None)]
    store.put(row, [Grade("ada", "04.4", "h", "s", "passed", 2.0, 2.0)])
    assert [g.score for g in store.grades()] == [2.0, 2.0]


def test_a_roster_that_comes_later_makes_nobody_two(tmp_path):
    store = Store(tmp_path / "grades.sqlite")
    for student in ("Lovelace, Ada", "ada"):
        store.put(HandedIn(student, "04", "h", "s"), [Grade(student, "04.3", "h", "s", "passed", 2.0, 2.0)])
    store.note({"Lovelace, Ada": ""}, {})
    store.mark("Lovelace, Ada", "04.3", 1.0, "less")
    store.rename({"Lovelace, Ada": "ada", "bob": "bob"})
    assert [(g.student, g.score) for g in store.grades()] == [("ada", 2.0)] and len(store.attempts()) == 1
    assert [(m.student, m.score) for m in store.marks()] == [("ada", 1.0)] and store.noted()[0] == {"ada": ""}


def test_who_is_renamed_keeps_the_first_time_and_every_grade(tmp_path):
    store = Store(tmp_path / "grades.sqlite")
    row = HandedIn("ada", "04", "h", "s", "04_layers.ipynb", 100.0, True)
    store.put(row, [Grade("ada", "04.3", "h", "s", "passed", 2.0, 2.0)])
    failed = [Grade("Lovelace", f"04.{k}", "h", "s", COULD_NOT_RUN, None, 2.0) for k in (3, 4)]
    store.put(replace(row, student="Lovelace", file="04_layers-1.ipynb", written=300.0, exact=False), failed)
    store.rename({"Lovelace": "ada"})
    (attempt,) = store.attempts()
    assert (attempt.student, attempt.first, attempt.written) == ("ada", 100.0, 300.0)
    assert attempt.file == "04_layers.ipynb", "the exact name goes before copies"
    assert [(g.student, g.exercise, g.score) for g in store.grades()] == [
        ("ada", "04.3", 2.0),
        ("ada", "04.4", None),
    ]


def test_an_empty_secret_is_refused(tmp_path):
    with pytest.raises(StoreError, match="secret is empty"):
        Store(tmp_path / "grades.sqlite").use_secret(b" \n")


def test_the_last_mark_counts_and_the_computed_score_stays(tmp_path):
    store = Store(tmp_path / "grades.sqlite")
    store.put(HandedIn("ada", "04", "h", "s"), [Grade("ada", "04.3", "h", "s", "not yet", 0.0, 2.0)])
    store.mark("ada", "04.3", 1.0, "half")
    store.mark("ada", "04.3", 2.0, "all of it \ud800")
    assert [mark.score for mark in store.marks()] == [1.0, 2.0], "in the order in which they were given"
    assert [grade.score for grade in store.grades()] == [0.0]
