"""`nnlearn run` keeps outputs in every format of a notebook; a file that is none gets one sentence."""

import json
import os
import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from nnlearn.course.notebooks import execute, long_cells, read, require_outputs
from tests.support.jupyterlab import NNLEARN


def cell(**more):
    return {"cell_type": "code", "source": ["6 * 7"], "metadata": {}} | more


def written(path, cells, minor):
    """A notebook as that minor version of format 4 has it; the file begins with a byte order mark."""
    content = {"nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": cells}
    path.write_text("\ufeff" + json.dumps(content), "utf-8")
    return path


@pytest.mark.parametrize(
    ("minor", "cells"),
    [
        (4, [cell(outputs=[], execution_count=None)]),
        (0, [cell(outputs=[], execution_count=None, metadata={"id": "from-colab"})]),
        (5, [cell(outputs=[], execution_count=None)]),
        (5, [cell(outputs=[], execution_count=None, id="twice")] * 2),
        (4, [cell()]),
    ],
    ids=["4.4", "Colab", "4.5 without ids", "4.5 with an id twice", "4.4 without outputs"],
)
def test_outputs_are_kept_in_every_format(minor, cells, tmp_path):
    path = written(tmp_path / "some.ipynb", cells, minor)
    execute(path)
    notebook = read(path)
    assert [c.outputs[0].data["text/plain"] for c in notebook.cells] == ["42"] * len(cells)
    assert len({c.id for c in notebook.cells}) == len(cells)
    assert notebook.nbformat_minor == 5 and set(notebook.metadata) == {
        "kernelspec",
        "language_info",
        "nnlearn",
    }
    require_outputs(notebook, path.name)


def test_of_long_cells_it_is_kept_how_long_they_took(tmp_path):
    sources = {"long": "import time; time.sleep(3)", "short": "6 * 7", "stays": "time.sleep(4)"}
    notebook = new_notebook(cells=[new_code_cell(source, id=name) for name, source in sources.items()])
    notebook.metadata["nnlearn"] = {"seconds": {"short": 40, "stays": 5, "gone": 9}}
    path = tmp_path / "some.ipynb"
    nbformat.write(notebook, path)
    execute(path)
    ran = read(path)
    assert set(ran.metadata["nnlearn"]["seconds"]) == {"long", "stays"}
    assert ran.metadata["nnlearn"]["seconds"]["long"] >= 3
    assert not any(one.metadata for one in ran.cells)


def test_a_cell_keeps_its_time_while_that_is_right_within_half():
    def seconds(took, known):
        times = {
            "iopub.execute_input": "2020-01-01T00:00:00.000000Z",
            "shell.execute_reply": f"2020-01-01T00:00:{took:09.6f}Z",
        }
        one = new_code_cell(id="a", metadata={"execution": times})
        return long_cells(new_notebook(cells=[one]), {"a": known} if known else {}).get("a")

    assert [seconds(2.9, 0), seconds(3.2, 0), seconds(12.4, 0)] == [None, 3, 12]
    assert [seconds(12.4, 10), seconds(12.4, 8), seconds(12.4, 18), seconds(12.4, 19)] == [10, 12, 18, 12]
    assert [seconds(2.4, 3), seconds(1, 3)] == [3, None]


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"hello", b"\xff\xfe", b'{"nbformat": 5, "cells": []}']
)
def test_a_file_that_is_no_notebook_gets_one_sentence(content, tmp_path):
    path = tmp_path / "none.ipynb"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"none\.ipynb is not a notebook that can be read: .+"):
        read(path)


def test_a_kernel_that_dies_leaves_the_file_alone(tmp_path):
    path = written(tmp_path / "dies.ipynb", [cell(source="import os; os._exit(1)")], 4)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"dies\.ipynb: Kernel died"):
        execute(path)
    assert path.read_bytes() == before


def test_a_home_that_cannot_be_used(tmp_path):
    """Notebooks run; that no progress is kept, and what JupyterLab needs, is said in one sentence."""
    (tmp_path / "file").touch()
    names = ("HOME", "NNLEARN_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    home = dict.fromkeys(names, str(tmp_path / "file"))
    names = [name for name in os.environ if name.startswith(("JUPYTER", "IPYTHONDIR"))]
    environment = {name: value for name, value in (os.environ | home).items() if name not in names}
    path = written(tmp_path / "some.ipynb", [cell()], 4)

    def nnlearn(*arguments):
        command = [NNLEARN, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=300)

    assert nnlearn("run", path).returncode == 0 and read(path).cells[0].outputs
    progress = nnlearn("progress")
    assert progress.returncode == 0
    assert "Progress cannot be kept" in progress.stderr and "NNLEARN_HOME" in progress.stderr
    lab = nnlearn("lab", "--no-browser")
    assert lab.returncode == 1 and "Traceback" not in lab.stderr
    assert "JupyterLab cannot write its own files" in lab.stderr and "HOME" in lab.stderr
