"""Reports escape what strangers write, and where nothing good is stored write nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nnlearn.classroom.grading import Grade
from nnlearn.classroom.report import files, grades_csv
from nnlearn.classroom.store import Store
from nnlearn.course.cli import app


def test_reports_escape_what_strangers_write():
    evil = "<script>alert(1)</script>"
    strange = Grade("ada", "04.3", "h", "s", "not yet", 0.0, 2.0, evil, evil, evil, (evil,))
    pages = {name: content.decode() for name, content in files([strange]) if name.endswith(".html")}
    assert len(pages) == 2
    for page in pages.values():
        assert "<script" not in page and "&lt;script&gt;" in page
    formula = Grade("=1+1", "04.3", "h", "s", "not yet", 0.0, 2.0)
    assert "'=1+1" in grades_csv([formula])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "there is no store"),
        (lambda path: Store(path).close(), "holds no grades yet"),
        (lambda path: _with_student(path, "../../etc/passwd"), "not a student's name"),
    ],
)
def test_a_report_of_nothing_good_writes_nothing(make, said, tmp_path):
    make(tmp_path / "grades.sqlite")
    arguments = ["report", "--store", str(tmp_path / "grades.sqlite"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1 and said in done.output and not (tmp_path / "out").exists()


def _with_student(path: Path, student: str) -> None:
    store = Store(path)
    store.hand_in(student, "04", "h", "s")
    store.put(Grade(student, "04.3", "h", "s", "passed", 2.0, 2.0))
    store.close()
