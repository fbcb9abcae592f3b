"""`nnlearn` where the terminal, the file or the locale cannot show every character."""

import os
import subprocess
from importlib import metadata

import pytest
from typer.testing import CliRunner

from nnlearn.course.cli import app
from tests.support.jupyterlab import NNLEARN

C_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.mark.parametrize(
    ("environment", "encoding", "shown"),
    [(C_LOCALE, "utf-8", "│ 01 "), ({"PYTHONIOENCODING": "cp1252"}, "cp1252", "| 01 ")],
    ids=["C", "cp1252"],
)
def test_progress_goes_into_a_file_under_any_encoding(environment, encoding, shown, tmp_path):
    with (tmp_path / "progress.txt").open("wb") as file:
        subprocess.run([NNLEARN, "progress"], stdout=file, env=os.environ | environment, check=True)
    assert shown in (tmp_path / "progress.txt").read_text(encoding)


def test_says_its_version_and_shows_its_commands_by_what_they_are_for():
    assert CliRunner().invoke(app, ["--version"]).output == f"nnlearn {metadata.version('nnlearn')}\n"
    said = CliRunner().invoke(app, ["--help"]).output
    places = [said.index(f"─ {group} ─") for group in ("Learn", "Lecture", "Grade", "Write chapters")]
    assert places == sorted(places)
