"""`python -m tests.travel`: what is true on one machine or of one seed alone is caught, and says where."""

import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests import travel
from tests.support import worlds
from tests.support.worlds import World

SUM = "import numpy as np\nx = np.random.default_rng(0).normal(size=(300, 300)).astype(np.float32)\n"
RESIDUE = SUM + "print(repr((np.exp(x) @ x).sum().item()))"


def write(path: Path, source: str, printed: str = "") -> Path:
    path.parent.mkdir(exist_ok=True)
    outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cell = new_code_cell(source, execution_count=1, outputs=outputs)
    nbformat.write(new_notebook(cells=[cell], metadata={"kernelspec": kernel}), path)
    return path


def test_rounding_residue_is_caught(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    x = np.random.default_rng(0).normal(size=(300, 300)).astype(np.float32)
    notebook = write(tmp_path / "residue.ipynb", RESIDUE, f"{(np.exp(x) @ x).sum().item()!r}\n")
    made = [worlds.worlds()[name]() for name in ("no-simd", "kernel-prescott", "kernel-haswell")]
    shown = [world for world in made if not world.missing]
    assert travel.run(notebook, World("own"))[0] == "ok"
    assert any(travel.run(notebook, world)[0] == "[0]" for world in shown)


def test_claim_that_holds_for_its_own_seed_alone_is_caught(tmp_path: Path):
    claim = "import numpy as np\nassert np.random.default_rng(0).integers(9999) == 8505"
    notebook = write(tmp_path / "seed.ipynb", claim)
    assert travel.run(notebook, World("own"))[0] == "ok"
    cells, said = travel.run(notebook, worlds.worlds()["shift-1000"]())
    assert cells == "[0]" and "assert" in said


@pytest.fixture
def command(monkeypatch, capsys):
    """The command (exit status, what it printed), with notebooks run by a function of the test's own."""

    def call(*arguments: str, run=lambda notebook, world: ("ok", "")) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["travel", *arguments])
        monkeypatch.setattr(travel, "run", run)
        status = travel.main()
        out, error = capsys.readouterr()
        return status, out + error

    return call


def test_table_names_the_failing_cells(command):
    status, said = command(
        "02", "--world", "threads-2", "--world", "shift-1000",
        run=lambda notebook, world: ("ok", "") if world.compare else ("[3] [8]", "cell 3: no"),
    )  # fmt: skip
    rows = [line.split() for line in said.splitlines()]
    assert status == 1 and ["threads-2", "shift-1000"] in rows
    assert ["chapters/02_perceptron", "·", "[3]", "[8]"] in rows
    assert "02_perceptron.ipynb in shift-1000\ncell 3: no" in said


def test_sample_is_printed_and_can_be_drawn_again(command):
    _, said = command("--world", "threads-1", "--world", "threads-4", "--sample", "5")
    drawn = next(line for line in said.splitlines() if line.startswith("drawn with"))
    trips = [line for line in said.splitlines() if line.endswith("ok")]
    again = command("--world", "threads-1", "--world", "threads-4", *drawn.split()[2:])[1]
    assert len(trips) == 5 and trips == [line for line in again.splitlines() if line.endswith("ok")]


@pytest.mark.parametrize("wrong", [["77"], ["--world", "sparc"]])
def test_unknown_notebooks_and_worlds_are_refused_with_what_there_is(wrong, command):
    status, said = command(*wrong)
    assert status == 2 and len(said.splitlines()) == 1
    assert wrong[-1] in said and ("02_perceptron" in said or "threads-1" in said)


def test_world_that_this_machine_cannot_show_is_named(command, monkeypatch):
    monkeypatch.setattr(worlds, "PYTHONS", ("3.11", "2.7"))
    status, said = command("02", "--world", "newest-py2.7", "--world", "threads-1")
    assert status == 0 and "not run: newest-py2.7: " in said and "1 passed" not in said and "2 passed" in said


def test_chapters_and_solutions_are_told_apart():
    both, chapters = travel.notebooks(["07"]), travel.notebooks(["chapters/07", "chapters/02_"])
    assert [path.parent.name for path in both] == ["chapters", "solutions"]
    assert [path.stem for path in chapters] == ["02_perceptron", "07_backpropagation"]


def test_latest_are_those_that_the_newest_commits_changed(tmp_path: Path, monkeypatch):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    monkeypatch.setattr(travel, "ROOT", tmp_path)
    (tmp_path / "chapters").mkdir()
    paths = [tmp_path / "chapters" / f"{k}.ipynb" for k in range(3)]
    assert travel.latest(paths, 1) == paths, "without a history"
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    for k in (1, 0, 2, 0):
        with paths[k].open("a") as file:
            file.write("{}")
        subprocess.run([*git, "add", "."], cwd=tmp_path, check=True)
        subprocess.run([*git, "commit", "-q", "-m", "x"], cwd=tmp_path, check=True)
    assert travel.latest(paths, 2) == [paths[0], paths[2]]
    assert travel.latest(paths, None) == paths


def test_notebook_is_kept_as_it_was_run_in_a_world(tmp_path: Path):
    drawn = "import numpy as np\nprint(np.random.default_rng(0).integers(9999))"
    notebook = write(tmp_path / "chapters" / "seed.ipynb", drawn, "8505\n")
    shift = travel.keeping(worlds.worlds()["shift-1000"](), tmp_path / "kept")
    assert travel.run(notebook, shift)[0] == "ok"
    kept = nbformat.read(tmp_path / "kept" / "shift-1000" / "chapters" / "seed.ipynb", as_version=4)
    assert kept.cells[0].outputs[0].text == f"{np.random.default_rng(1000).integers(9999)}\n"
    assert kept.cells[0].source == drawn
