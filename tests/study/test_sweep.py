"""A sweep is the same in one process, in several, on a cluster, and when a worker is killed."""

import builtins
import os
import signal
import socket
import subprocess
import sys

import pytest

from nnlearn.study import sweep
from tests.support import ROOT

JOBS = sweep.grid(width=(4, 8), depth=(1, 2), lr=(0.02,), steps=(5,))


def times_ten(k):
    return 10 * k


def killed_once(k, marker):
    """Job 2 kills its process the first time."""
    if k == 2 and not os.path.exists(marker):
        with open(marker, "w") as file:
            file.write("here")
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * k


def always_killed(k):
    os.kill(os.getpid(), signal.SIGKILL)


def one_fails(k):
    if k == 1:
        raise OverflowError("job 1")
    return k


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with distributed.LocalCluster(host="127.0.0.1", **options) as cluster:
        yield cluster.scheduler_address


def test_a_grid_has_all_combinations():
    assert sweep.grid(a=(1, 2), b=(3, 4)) == [
        {"a": 1, "b": 3}, {"a": 1, "b": 4}, {"a": 2, "b": 3}, {"a": 2, "b": 4},
    ]  # fmt: skip
    assert sweep.grid() == [{}] and sweep.grid(a=()) == []


def test_processes_give_what_one_gives():
    assert sweep.run(JOBS, workers=2) == sweep.run(JOBS) == [sweep.train(**job) for job in JOBS]


def test_a_rate_that_is_too_high_is_an_answer():
    assert sweep.train(8, 2, 50.0, steps=20) < 0.3


def test_a_killed_process_loses_nothing(tmp_path):
    jobs = sweep.grid(k=range(6), marker=(str(tmp_path / "killed"),))
    assert sweep.run(jobs, workers=2, work=killed_once) == [0, 10, 20, 30, 40, 50]
    assert (tmp_path / "killed").exists()


def test_who_is_always_killed_is_given_up():
    with pytest.raises(RuntimeError, match="workers were killed 3 times: 0 of 1 are done"):
        sweep.run(sweep.grid(k=(1,)), workers=2, work=always_killed)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_job_raises_is_raised(workers):
    with pytest.raises(OverflowError, match="job 1"):
        sweep.run(sweep.grid(k=range(3)), workers=workers, work=one_fails)


def test_a_sweep_without_workers_is_refused():
    with pytest.raises(ValueError, match="workers is 0, expected at least 1"):
        sweep.run(JOBS, workers=0)


def test_a_cluster_gives_what_one_process_gives(cluster):
    assert sweep.run(JOBS, scheduler=cluster) == sweep.run(JOBS)


def test_a_killed_worker_of_a_cluster_loses_nothing(cluster, tmp_path):
    jobs = sweep.grid(k=range(6), marker=(str(tmp_path / "killed"),))
    assert sweep.run(jobs, scheduler=cluster, work=killed_once) == [0, 10, 20, 30, 40, 50]
    assert (tmp_path / "killed").exists()


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "nnlearn.study.sweep", *arguments],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
    )  # fmt: skip


def test_a_scheduler_that_does_not_answer_is_one_sentence():
    pytest.importorskip("distributed")
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        ended = command("--scheduler", address)
    assert ended.returncode == 1 and ended.stdout == ""
    assert ended.stderr.strip().splitlines()[-1].startswith(f"sweep: no scheduler answers at {address}")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("address", ["nonsense://x", "tcp://no-port"])
def test_an_address_that_is_none_is_one_sentence(address):
    pytest.importorskip("distributed")
    ended = command("--scheduler", address)
    assert ended.returncode == 1 and "sweep: no scheduler answers" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_dask_a_scheduler_is_refused_and_processes_do(monkeypatch, capsys):
    usual = builtins.__import__

    def without(name, *how, **more):
        if name == "distributed":
            raise ImportError(name)
        return usual(name, *how, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert sweep.main(["--scheduler", "tcp://127.0.0.1:1"]) == 1
    assert capsys.readouterr().err == 'sweep: a scheduler needs Dask: pip install "nnlearn[scale]"\n'
    assert sweep.run(sweep.grid(k=(1, 2)), workers=2, work=times_ten) == [10, 20]


def test_the_command_prints_a_table(monkeypatch, capsys):
    monkeypatch.setattr(sweep, "run", lambda jobs, workers, scheduler: [0.5] * len(jobs))
    assert sweep.main(["--seeds", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["width", "depth", "lr", "accuracy"] and len(lines) == 37
