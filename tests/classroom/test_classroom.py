"""The commands that release, grade and report: what an instructor meets, interrupted and attacked."""

import csv
import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from nnlearn.classroom import one, pool
from nnlearn.classroom.grading import COULD_NOT_RUN
from nnlearn.classroom.policy import Policy
from nnlearn.classroom.pool import _Run
from nnlearn.classroom.report import grades_csv, lms_csv
from nnlearn.classroom.standing import Standing
from nnlearn.classroom.store import Store
from nnlearn.classroom.submissions import collect
from nnlearn.course.cli import app
from tests.support import ROOT
from tests.support.classroom import submit

NNLEARN = str(Path(sys.executable).with_name("nnlearn"))
STUDENTS = ["ada", "bob", "cem", "dil", "eve", "fay"]
ABSOLUTE = "def layer(x, W, b):\n    return np.abs(x @ W + b)\n"  # a misconception of 04.3
SECRET = b"0123456789abcdef"


def grade(*arguments: object, jobs: int = 1) -> Result:
    """The command, in this process; what grades is started by it."""
    more = ["--jobs", str(jobs)] if jobs else []
    done = CliRunner().invoke(app, ["grade", *map(str, arguments), *more])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture(scope="module")
def submissions(tmp_path_factory) -> Path:
    """A small class: most are right, bob has a misconception, cem has handed in no notebook at all."""
    folder = tmp_path_factory.mktemp("class") / "submissions"
    for student in STUDENTS:
        submit(folder, student, "04", {"04.3": ABSOLUTE} if student == "bob" else None)
    (folder / "cem" / "04_layers.ipynb").write_text('{"cells": [{"cell_type": "code"')
    (folder.parent / "secret").write_bytes(SECRET)
    return folder


@pytest.fixture(scope="module")
def undisturbed(submissions, tmp_path_factory) -> Path:
    """The store of a run in which nothing goes wrong."""
    store = tmp_path_factory.mktemp("store") / "grades.sqlite"
    done = grade(submissions, "--store", store, "--seed-secret", submissions.parent / "secret", jobs=2)
    assert done.exit_code == 1, "a notebook was rejected"
    assert "rejected" in done.stdout and "cem/04_layers.ipynb: This is not a notebook" in done.stderr, done
    return store


def wait_for_grades(run: subprocess.Popen, store: Path, count: int) -> None:
    def enough() -> bool:
        return store.exists() and len(list(Store(store).grades())) >= count

    while run.poll() is None and not enough():
        time.sleep(0.05)
    assert enough(), f"the run ended with {run.returncode} before it had {count} grades"


def table(store: Path) -> str:
    return grades_csv(Standing(Store(store, make=False)).students)


def test_a_class_is_graded(undisturbed):
    rows = list(csv.DictReader(table(undisturbed).splitlines()))
    assert list(rows[0])[:7] == ["student", "name", "chapter", "exercise", "status", "score", "points"]
    assert len(rows) == 10 * len(STUDENTS)
    by = {(row["student"], row["exercise"]): row for row in rows}
    assert by["ada", "04.3"]["score"] == "2" and by["bob", "04.3"]["score"] == "0"
    assert by["ada", "04.10"]["status"] == "to read" and by["ada", "04.10"]["score"] == ""
    assert by["cem", "04.3"]["status"] == "rejected" and by["cem", "04.3"]["score"] == "0"
    (bobs,) = (g for g in Store(undisturbed).grades() if (g.student, g.exercise) == ("bob", "04.3"))
    assert bobs.misconception and bobs.hint


def test_graded_once_is_not_graded_again(submissions, undisturbed, tmp_path):
    store = tmp_path / "grades.sqlite"
    shutil.copy(undisturbed, store)
    again = grade(submissions, "--store", store)
    assert "nothing new to grade" in again.stdout and again.exit_code == 0
    assert table(store) == table(undisturbed)


def test_the_rules_of_a_class_need_be_given_once(submissions, undisturbed, tmp_path):
    """What was graded before there was a roster is its person's, and the roster holds for later calls."""
    store = tmp_path / "grades.sqlite"
    shutil.copy(undisturbed, store)
    Store(store).use_policy("seconds = 7", b"id,name\na1,Ada\n")
    again = grade(submissions, "--store", store)
    assert "nothing new to grade" in again.stdout and again.exit_code == 0
    lines = lms_csv(Standing(Store(store))).splitlines()
    assert lines[1].startswith("a1,Ada,21,24,3") and len(lines) == 1 + len(STUDENTS)


def test_what_this_disk_does_not_give_is_no_attempt(tmp_path, monkeypatch, capsys):
    def gone() -> bytes:
        raise FileNotFoundError(2, "No such file or directory", "\ud800")

    submit(tmp_path / "submissions", "ada", "04")
    found = collect(tmp_path / "submissions")
    found.attempts[:] = [replace(attempt, read=gone) for attempt in found.attempts]
    monkeypatch.setattr(pool, "collect", lambda folder: found)
    store = Store(tmp_path / "grades.sqlite")
    assert not pool.grade_folder(tmp_path / "submissions", store, Policy(), 1, "", True, ())
    assert not store.attempts() and not list(store.grades())
    assert store.noted() == (
        {"ada": ""},
        {"ada/04_layers.ipynb": "cannot be read: No such file or directory"},
    )
    assert "left out: ada/04_layers.ipynb" in capsys.readouterr().err


def test_many_attempts_of_one_hold_up_nobody(tmp_path):
    for k in range(3):
        file = submit(tmp_path / "submissions", f"ada/{k}", "04")
        os.utime(file, (k, k))
    submit(tmp_path / "submissions", "bob", "04")
    collection = collect(tmp_path / "submissions")
    run = pool._Run(collection, Store(tmp_path / "grades.sqlite"), Policy(), True, ())
    order = [attempt.file.removesuffix("/04_layers.ipynb") for attempt in run._newest_first()]
    assert order == ["ada/2", "bob", "ada/1", "ada/0"]


def test_odd_characters_break_neither_terminal_nor_gradescope(tmp_path):
    odd = "def layer(x, W, b):\n    raise ValueError('\\ud800\\x1b[31m')\n"
    file = submit(tmp_path, "ada", "04", {"04.3": odd})
    results = tmp_path / "results.json"
    command = [NNLEARN, "grade", str(file), "--gradescope", str(results)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "ValueError: ��[31m" in done.stdout and not done.stderr, done
    tests = json.loads(results.read_text(encoding="utf-8"))["tests"]
    assert len(tests) == 10 and sum(test["score"] for test in tests) == 19


def test_a_corrected_notebook_counts_instead(submissions, undisturbed, tmp_path):
    store, folder = tmp_path / "grades.sqlite", tmp_path / "submissions"
    shutil.copy(undisturbed, store)
    submit(folder, "bob", "04")
    assert grade(folder, "--store", store).exit_code == 0
    (bobs,) = (line for line in table(store).splitlines() if line.startswith("bob,bob,04,04.3"))
    assert ",passed,2,2," in bobs
    assert table(store).count("\n") == 1 + 10 * len(STUDENTS)
    assert len(list(Store(store).grades())) == 10 * len(STUDENTS) + 10, "the attempt before is kept"


def a_run(submissions: Path, store: Path, *options: str) -> subprocess.Popen:
    command = [NNLEARN, "grade", str(submissions), "--store", str(store), *options]
    command += ["--seed-secret", str(submissions.parent / "secret")]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def struck(submissions: Path, store: Path, grades: int, with_signal: int) -> tuple[Path, list, int, str]:
    """Strike a run that goes on from a store when so many grades are in.

    The store that it left, the grades that were in, its exit code, and what it said. On a busy machine it may
    have ended before it was struck: then it is done again, on another copy.
    """
    for k in itertools.count():
        copy = store.parent.parent / f"{grades} grades, {k}" / store.name
        subprocess.run(["cp", "-r", store.parent, copy.parent], check=True)  # SQLite's locks are a process's
        run = a_run(submissions, copy, "--jobs", "1")
        wait_for_grades(run, copy, grades)
        kept = list(Store(copy).grades())
        os.killpg(run.pid, with_signal)
        said, _ = run.communicate()
        if run.returncode not in (0, 1):
            return copy, kept, run.returncode, said
    raise AssertionError("itertools.count() ends nowhere")


def test_killed_at_any_moment_nothing_is_lost(submissions, undisturbed, tmp_path):
    """The whole run by SIGKILL, and by Ctrl-C; then one of its processes, which changes nothing."""
    store = tmp_path / "begun" / "grades.sqlite"
    store.parent.mkdir()
    for grades, with_signal, code in (
        (0, signal.SIGKILL, -9),
        (1, signal.SIGKILL, -9),
        (11, signal.SIGINT, 130),
    ):
        store, kept, ended, said = struck(submissions, store, grades, with_signal)
        assert ended == code and "Traceback" not in said, said
        still = list(Store(store).grades())
        assert all(grade in still for grade in kept), "what was acknowledged"
    assert "the same command goes on" in said
    run = a_run(submissions, store, "--jobs", "2")
    wait_for_grades(run, store, 21)
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(run.pid)], capture_output=True, text=True)
    os.kill(int(children.stdout.split()[-1]), signal.SIGKILL)
    said, _ = run.communicate()
    assert run.returncode in (0, 1) and "could not be run" not in said, said
    assert table(store) == table(undisturbed)


def test_a_cluster_gives_the_same_grades_also_when_one_of_its_workers_is_killed(
    submissions, undisturbed, tmp_path
):
    from distributed import LocalCluster

    store = tmp_path / "grades.sqlite"
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        run = a_run(submissions, store, "--scheduler", cluster.scheduler_address)
        wait_for_grades(run, store, 1)
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
        said, _ = run.communicate()
    assert run.returncode == 1 and "rejected" in said, said
    assert table(store) == table(undisturbed)


def test_what_could_not_be_run_has_no_score_and_is_tried_again(submissions, tmp_path, monkeypatch):
    store, folder = tmp_path / "grades.sqlite", tmp_path / "submissions"
    shutil.copytree(submissions / "ada", folder / "ada")
    monkeypatch.setenv("PATH", "/nowhere")
    done = grade(folder, "--store", store)
    assert done.exit_code == 1 and "bubblewrap is not installed" in done.stderr
    tried = list(Store(store).grades())
    assert len(tried) == 10 and all(g.status == COULD_NOT_RUN and g.score is None for g in tried)
    assert lms_csv(Standing(Store(store))).splitlines()[1] == "ada,ada,,24,24,,24,24", "open, and no 0"
    done = grade(folder, "--store", store, "--unsafe-no-sandbox")
    assert done.exit_code == 0, done
    tried = [g for g in Store(store).grades() if g.status != "to read"]
    assert all(g.status == "passed" and not g.isolated for g in tried), "and each says that it was not safe"


def test_one_notebook_that_could_not_be_run_has_no_results(submissions, tmp_path, monkeypatch):
    monkeypatch.setattr(one.grading, "grade_notebook", lambda handed: _Run._no_grades(handed, "no sandbox"))
    done = grade(submissions / "ada" / "04_layers.ipynb", "--gradescope", tmp_path / "results.json")
    assert done.exit_code == 1 and "could not be run here: no sandbox" in done.stderr
    assert not done.stdout and not (tmp_path / "results.json").exists()


def test_bad_input_is_told_in_one_sentence(submissions, undisturbed, tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "REACHED", 1)
    empty = tmp_path / "empty"
    empty.mkdir()
    odd = tmp_path / "odd"
    submit(odd, "ada", "04")
    (odd / "ada" / "99_other.ipynb").write_text("{}")
    (odd / "..\\..\\x").mkdir()
    (odd / "link").symlink_to("/")
    (odd / "huge").mkdir()
    (odd / "huge" / "04_layers.ipynb").write_text("[" * 30_000_000)
    (odd / "deep").mkdir()
    (odd / "deep" / "04_layers.ipynb").write_text("[" * 100_000)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE meta (key, value)")
        db.execute("INSERT INTO meta VALUES ('version', 99), ('secret', 'x')")
    text = tmp_path / "text.sqlite"
    text.write_text("no database\n" * 100)
    for arguments, said in [
        ([], "name the folder"),
        (["--salvage", tmp_path / "none.sqlite"], "there is no store"),
        ([tmp_path / "nothing"], "is not a folder"),
        ([empty], "holds no submissions"),
        ([submissions, "--store", other], "made by version 99"),
        ([submissions, "--store", text], "cannot be used as a store"),
        ([submissions, "--store", tmp_path / "no" / "folder.sqlite"], "cannot be used as a store"),
        ([submissions, "--store", tmp_path / "a.sqlite", "--seed-secret", tmp_path / "none"], "none"),
        ([submissions, "--store", tmp_path / "a.sqlite", "--scheduler", "tcp://127.0.0.1:9"], "9"),
    ]:
        done = grade(*arguments)
        assert done.exit_code == 1 and said in done.stderr, done
    done = grade(odd, "--store", tmp_path / "odd.sqlite")
    assert done.exit_code == 1 and "99_other.ipynb" in done.stderr and "link: a link" in done.stderr
    assert "..\\..\\x/: an empty folder" in done.stderr
    found = {(g.student, g.status) for g in Store(tmp_path / "odd.sqlite").grades()}
    assert ("ada", "passed") in found and ("huge", "rejected") in found and ("deep", "rejected") in found


def test_report_writes_tables_and_pages(undisturbed, tmp_path):
    out = tmp_path / "report"
    done = CliRunner().invoke(app, ["report", "--store", str(undisturbed), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert (out / "grades.csv").read_text() == table(undisturbed)
    head = "ID,Name,Chapter 04,Chapter 04 out of,Chapter 04 pending,Total,Total out of,Total pending"
    assert (out / "lms.csv").read_text().splitlines()[0] == head
    assert {path.stem for path in (out / "students").iterdir()} == set(STUDENTS)
    assert "the absolute value" in (out / "index.html").read_text(), "bob's misconception, for the lecture"


@pytest.mark.filterwarnings("ignore:Object of type <Submitted")
def test_nbgrader_releases_and_grades_the_same_notebook_and_takes_our_scores(
    submissions, undisturbed, tmp_path
):
    """nbgrader's own commands on our files: its gradebook then holds our scores."""
    source = tmp_path / "source" / "04_layers"
    source.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / "04_layers.ipynb", source)
    shutil.copytree(submissions / "bob", tmp_path / "submitted" / "bob" / "04_layers")
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.ClearSolutions.code_stub = {'python': '# YOUR CODE HERE\\npass'}\n"
        "c.ExecutePreprocessor.kernel_name = 'python3'\n"
    )
    nbgrader = str(Path(sys.executable).with_name("nbgrader"))
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for command in (["generate_assignment"], ["autograde"]):
        done = subprocess.run(
            [nbgrader, *command, "04_layers"], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]
    from nbgrader.api import Gradebook

    def scores() -> dict[str, float]:
        with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as book:
            return {s.student.id: s.score for s in book.assignment_submissions("04_layers")}

    theirs = scores()
    assert theirs == {"bob": 19}, "nbgrader's own grade of the same notebook"
    done = grade("--store", undisturbed, "--export-nbgrader", tmp_path / "gradebook.db")
    assert done.exit_code == 0, done
    assert scores() == {"bob": 19, "cem": 0, **dict.fromkeys(set(STUDENTS) - {"bob", "cem"}, 21)}
    done = grade("--store", undisturbed, "--export-nbgrader", tmp_path / "other.db")
    assert done.exit_code == 1 and "no assignment 04_layers" in done.stderr
