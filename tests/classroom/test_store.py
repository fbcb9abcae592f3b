"""The store of grades: what was acknowledged is there, also on a full disk."""

import pytest

from nnlearn.classroom.grading import COULD_NOT_RUN, Grade
from nnlearn.classroom.store import HandedIn, Store, StoreError


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
    assert store.marks()["ada", "04.3"].score == 1.0 and store.noted()[0] == {"ada": ""}


def test_an_empty_secret_is_refused(tmp_path):
    with pytest.raises(StoreError, match="secret is empty"):
        Store(tmp_path / "grades.sqlite").use_secret(b" \n")


def test_the_last_mark_counts_and_the_computed_score_stays(tmp_path):
    store = Store(tmp_path / "grades.sqlite")
    store.put(HandedIn("ada", "04", "h", "s"), [Grade("ada", "04.3", "h", "s", "not yet", 0.0, 2.0)])
    store.mark("ada", "04.3", 1.0, "half")
    store.mark("ada", "04.3", 2.0, "all of it \ud800")
    assert store.marks()["ada", "04.3"].score == 2.0
    assert [grade.score for grade in store.grades()] == [0.0]
