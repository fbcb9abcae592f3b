"""What a grade depends on beside the answer."""

from dataclasses import replace

import pytest

from nnlearn.classroom import grading
from nnlearn.exercises.tasks import chapter_tasks


@pytest.mark.parametrize(
    "change", [{"points": 5.0}, {"title": "Another"}, {"signature": "layer(x)"}], ids=str
)
def test_what_the_notebook_asks_belongs_to_the_version_of_a_grade(change, monkeypatch):
    """Graded for two points and asked for five, an answer is graded again."""
    tasks = chapter_tasks("04")
    before = grading.specification.__wrapped__("04")
    changed = tasks | {"04.3": replace(tasks["04.3"], **change)}
    monkeypatch.setattr(grading, "chapter_tasks", lambda chapter: changed)
    assert grading.specification.__wrapped__("04") != before
