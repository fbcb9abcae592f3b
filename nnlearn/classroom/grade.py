"""`nnlearn grade`: grade a folder of submissions; stopped at any moment, the same command goes on."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from nnlearn.classroom.collect import Collection, collect, questions
from nnlearn.classroom.grading import COULD_NOT_RUN, Grade, grade_question
from nnlearn.classroom.store import Store, StoreError

AHEAD = 16  # questions that wait at each process, so that none is idle
PATIENCE = 3  # broken pools in a row without a single grade between


def grade(
    submissions: Annotated[Path | None, typer.Argument(help="a folder of <student>/NN_name.ipynb")] = None,
    store: Annotated[Path, typer.Option(help="where grades are kept")] = Path("grades.sqlite"),
    jobs: Annotated[int, typer.Option(help="processes; as many as there are cores if not given")] = 0,
    scheduler: Annotated[str, typer.Option(help="a Dask scheduler, tcp://…, instead of processes here")] = "",
    seed_secret: Annotated[
        Path | None, typer.Option(help="a file; each student's inputs come from it")
    ] = None,
    unsafe_no_sandbox: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="run strangers' code as you, with all you may do")
    ] = False,
    export_nbgrader: Annotated[
        str, typer.Option(help="write the scores into nbgrader's gradebook, such as gradebook.db")
    ] = "",
) -> None:
    """Grade submissions in a sandbox and keep the grades."""
    if submissions is None and not export_nbgrader:
        _stop("name the folder of submissions")
    try:
        kept = Store(store)
        if seed_secret:
            kept.use_secret(seed_secret.read_bytes())
        if submissions is not None:
            _grade_folder(collect(submissions), kept, jobs, scheduler, not unsafe_no_sandbox)
        if export_nbgrader:
            from nnlearn.classroom.nbgrader import export

            typer.echo(f"{export(kept, export_nbgrader)} scores written to {export_nbgrader}")
    except (StoreError, ValueError, OSError) as error:
        _stop(str(error))


def _stop(why: str, code: int = 1) -> None:
    typer.echo(f"nnlearn grade: {why}", err=True)
    raise typer.Exit(code)


def _grade_folder(collection: Collection, store: Store, jobs: int, scheduler: str, isolated: bool) -> None:
    for odd in collection.odd:
        typer.echo(f"nnlearn grade: left out {odd}", err=True)
    counts = {"graded": 0, "failed to run": 0, "rejected": 0}
    try:
        _until_all_are_graded(collection, store, jobs, scheduler, isolated, counts)
    except KeyboardInterrupt:
        _stop(f"stopped; {counts['graded']} were graded now and are kept: the same command goes on", 130)
    typer.echo(
        ", ".join(f"{number} {what}" for what, number in counts.items() if number) or "nothing new to grade"
    )
    if counts["failed to run"]:
        _stop(f"{counts['failed to run']} could not be run here ({counts['why']}): they have no grade yet")
    if collection.odd or counts["rejected"]:
        raise typer.Exit(1)


def _until_all_are_graded(
    collection: Collection, store: Store, jobs: int, scheduler: str, isolated: bool, counts: dict
) -> None:
    broken = 0
    while True:
        before = counts["graded"]
        try:
            with _executor(jobs, scheduler) as (executor, processes):
                _pass(collection, store, isolated, executor, processes, counts)
            return
        except BrokenProcessPool:  # a process was killed: what it had is asked again
            broken = broken + 1 if counts["graded"] == before else 0
            if broken == PATIENCE:
                raise ValueError(f"the processes that grade were killed {PATIENCE} times in a row") from None


def _pass(
    collection: Collection, store: Store, isolated: bool, executor: Executor, processes: int, counts: dict
) -> None:
    """Once over all that is not graded yet."""
    with tqdm(total=collection.size, unit=" questions", desc="graded", disable=None) as bar:
        for grade in _grades(questions(collection, store, store.secret, isolated), executor, processes, bar):
            store.put(grade)
            failed = grade.status == COULD_NOT_RUN
            counts["failed to run" if failed else "rejected" if grade.status == "rejected" else "graded"] += 1
            counts["why"] = grade.message if failed else counts.get("why", "")
            bar.set_postfix_str(f"{counts['failed to run']} failed to run", refresh=False)
            bar.update()


def _grades(asked: Iterator, executor: Executor, processes: int, bar: tqdm) -> Iterator[Grade]:
    """The grades as they come; a few questions more than there are processes are on their way."""
    waiting: set[Future[Grade]] = set()
    for question in asked:
        if question is None:
            bar.update()
        elif isinstance(question, Grade):
            yield question
        else:
            waiting.add(executor.submit(grade_question, question))
        if len(waiting) >= AHEAD * processes:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in done)


@contextmanager
def _executor(jobs: int, scheduler: str) -> Iterator[tuple[Executor, int]]:
    """Where questions are graded, and by how many at a time."""
    if scheduler:
        try:
            from distributed import Client
        except ImportError:
            raise ValueError("--scheduler needs Dask: pip install 'nnlearn[scale]'") from None
        with Client(scheduler, timeout=20) as client:
            yield client.get_executor(), max(1, sum(client.nthreads().values()))
        return
    jobs = jobs if jobs > 0 else len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _leave_interrupts_to_the_parent)
    try:
        yield pool, jobs
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
