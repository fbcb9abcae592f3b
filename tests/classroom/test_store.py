"""The store of grades: what was acknowledged is there, also on a full disk."""

import pytest

from nnlearn.classroom.grading import Grade
from nnlearn.classroom.store import Store, StoreError


def test_a_full_disk_loses_nothing(tmp_path):
    """SQLite's own limit of pages stands for the disk."""
    path = tmp_path / "grades.sqlite"
    store, acknowledged = Store(path), []
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages + 3}")
    store.hand_in("ada", "04", "hash", "spec")
    with pytest.raises(StoreError, match="full"):
        for k in range(1, 1000):
            store.put(Grade("ada", f"04.{k}", "hash", "spec", "passed", 1.0, 1.0, "x" * 500))
            acknowledged.append(f"04.{k}")
    store.close()
    assert acknowledged and [g.exercise for g in Store(path).grades()] == acknowledged
