"""What is handed out to students."""

import csv

from typer.testing import CliRunner

from nnlearn.course.cli import app
from tests.support import ROOT


def test_release_hands_out_what_students_get(tmp_path):
    done = CliRunner().invoke(app, ["release", "4", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    handed_out = (tmp_path / "out" / "04_layers.ipynb").read_bytes()
    assert handed_out == (ROOT / "exercises" / "04_layers.ipynb").read_bytes()
    rows = list(csv.DictReader((tmp_path / "out" / "points.csv").read_text().splitlines()))
    assert [row["exercise"] for row in rows][:2] == ["04.1", "04.2"] and rows[-1]["kind"] == "read by you"
    unknown = CliRunner().invoke(app, ["release", "98", "--out", str(tmp_path / "none")])
    assert unknown.exit_code == 1 and "there are 01" in unknown.output and not (tmp_path / "none").exists()
