# ruff: noqa: E501 (tables of cases)
"""Marking by hand: in a page that needs no mouse, and by a command; the computed score stays beside it."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nnlearn.classroom.grading import Grade
from nnlearn.classroom.marking import mark
from nnlearn.classroom.report import files
from nnlearn.classroom.standing import Standing
from nnlearn.classroom.store import HandedIn, Store
from nnlearn.course.cli import app
from nnlearn.exercises.spec import find_exercise
from tests.support.browser import launch_chromium
from tests.support.jupyterlab import NNLEARN
from tests.support.site import Reader


def fill(path: Path) -> Store:
    store = Store(path)
    for student, essay in (("ada", "It is <b>not</b> so."), ("bob", "x\n" * 100), ("cem", "nothing")):
        key = {"student": student, "submission": "h", "spec": "s"}
        store.put(
            HandedIn(student, "04", "h", "s", "04_layers.ipynb", 1.0),
            [
                Grade(
                    **key,
                    exercise="04.3",
                    status="not yet",
                    score=0.0,
                    points=2.0,
                    message="no",
                    source="def",
                ),
                Grade(**key, exercise="04.10", status="to read", score=None, points=3.0, source=essay),
            ],
        )
    return store


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Store]]:
    store = fill(tmp_path_factory.mktemp("store") / "grades.sqlite")
    command = [NNLEARN, "mark", "--store", str(store.path), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip(), store
        process.terminate()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("", {}, 200), ("answers", {}, 200), ("../", {}, 404), ("../guess/", {}, 404),
        ("", {"Host": "evil.example"}, 403), ("answers", {"Origin": "http://evil.example"}, 403),
    ],
)  # fmt: skip
def test_nobody_else_gets_in(path, headers, status, page):
    request = urllib.request.Request(page[0] + path, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            assert answer.status == status
    except urllib.error.HTTPError as error:
        assert error.code == status


def test_a_mark_that_cannot_be_is_told_to_the_page(page):
    address, store = page
    for body in (
        b"{",
        b"[]",
        json.dumps(
            {"student": "cem", "exercise": "04.10", "score": 1, "comment": "", "ticks": ["x"]}
        ).encode(),
        json.dumps({"student": "cem", "exercise": "04.10", "score": 1, "comment": "", "hash": "x"}).encode(),
        json.dumps({"student": "cem", "exercise": "04.3", "score": "1", "comment": ""}).encode(),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address + "marks", data=body)
        assert refused.value.code == 400 and json.loads(refused.value.read())["problem"]
    assert not store.marks()


def test_a_class_is_marked_from_the_keyboard(page):
    address, store = page
    rubric = find_exercise("04.10").rubric
    with launch_chromium() as browser:
        reader = Reader(browser, address)
        shown = reader.page
        shown.goto(address)
        shown.wait_for_selector("#form:not([hidden])")
        assert "It is <b>not</b> so." in shown.locator("#answer").inner_text(), "shown as it was written"
        boxes = shown.get_by_role("group", name="What a good answer says").get_by_role("checkbox")
        assert boxes.count() == len(rubric) >= 2
        shown.keyboard.press("3")
        shown.keyboard.press("Enter")
        shown.locator("#who", has_text="bob").wait_for()
        for key in "qwqr":  # the first is ticked and no longer, the second and the fourth stay
            shown.keyboard.press(key)
        assert shown.locator("#score").input_value() == "1.5", "each point of the rubric has its share"
        shown.keyboard.press("c")
        shown.keyboard.type("Too short: quite.")
        shown.keyboard.press("Escape")
        shown.keyboard.press("Enter")
        shown.locator("#who", has_text="cem").wait_for()
        assert boxes.first.is_checked() is False
        boxes.nth(2).focus()
        shown.keyboard.press("Space")
        shown.keyboard.press("9")  # more than there are
        shown.keyboard.press("Enter")
        shown.locator("#problem", has_text="expected 0 to 3").wait_for()
        assert all("400" in complaint for complaint in reader.complaints), reader.complaints
        assert reader.findings() == []
        shown.emulate_media(color_scheme="dark")
        assert reader.findings(rule="color-contrast") == []
        shown.keyboard.press("k")
        assert [box.is_checked() for box in boxes.all()] == [False, True, False, True], "kept"
        reader.close()
    marks = {(m.student, m.exercise): (m.score, m.comment, m.ticks) for m in store.marks()}
    assert marks == {
        ("ada", "04.10"): (3.0, "", ()),
        ("bob", "04.10"): (1.5, "Too short: quite.", (rubric[1], rubric[3])),
    }
    for expected, said, not_said in [(False, 2, 0), (True, 2, 2)]:  # what it should have said is told late
        told = dict(files(Standing(store), expected))["students/bob.html"].decode()
        assert (told.count("✓ said:"), told.count("not said:")) == (said, not_said)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("eve", "04.3", 1.0, "x"), "'eve' has handed in nothing"), (("ada", "04.4", 1.0, "x"), "no answer to 04.4"),
        (("ada", "04.3", 1.0, " "), "say in a comment why"), (("ada", "04.10", 4.0, ""), "expected 0 to 3"),
        (("ada", "04.10", -1.0, ""), "expected 0 to 3"), (("ada", "04.10", float("nan"), ""), "expected 0 to 3"),
        (("ada", "04.10", None, " "), "points, a comment, or both"),
    ],
)  # fmt: skip
def test_marks_that_cannot_be(given, said, tmp_path):
    store = fill(tmp_path / "grades.sqlite")
    with pytest.raises(ValueError, match=said):
        mark(store, *given)
    assert not store.marks()


def test_by_a_command(tmp_path):
    store = fill(tmp_path / "grades.sqlite")
    command = ["mark", "ada", "4.3", "2", "--comment", "a slip of ours", "--store", str(store.path)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0 and "ada, 04.3: 2 of 2 points a slip of ours" in done.output
    assert [(mark.student, mark.exercise, mark.score) for mark in store.marks()] == [("ada", "04.3", 2)]
