"""Grade a class, on this machine's cores or a cluster's; stopped at any moment, the same call goes on."""

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

import typer
from tqdm import tqdm

from nnlearn.classroom import grading
from nnlearn.classroom.grading import Grade, Question
from nnlearn.classroom.store import Store
from nnlearn.classroom.submissions import (
    LARGEST,
    Answer,
    Collection,
    Rejected,
    collect,
    find_answer,
    read_cells,
)
from nnlearn.exercises.spec import chapter_exercises

AHEAD = 16  # questions that wait at each process, so that none is idle
PATIENCE = 3  # broken pools in a row without a single grade between


def grade_folder(folder: Path, store: Store, jobs: int, scheduler: str, isolated: bool) -> bool:
    """Grade all submissions in a folder that have no grade yet; False where some were left out or rejected.

    Raises ValueError where some could not be run, which therefore have no grade yet.
    """
    run = _Run(collect(folder), store, isolated)
    for odd in run.collection.odd:
        typer.echo(f"nnlearn grade: left out {odd}", err=True)
    try:
        run.until_all_are_graded(jobs, scheduler)
    except KeyboardInterrupt:
        said = f"{run.counts['graded']} were graded now and are kept: the same command goes on"
        typer.echo(f"nnlearn grade: stopped; {said}", err=True)
        raise typer.Exit(130) from None
    done = [f"{number} {what}" for what, number in run.counts.items() if number]
    typer.echo(", ".join(done) or "nothing new to grade")
    if failed := run.counts["failed to run"]:
        raise ValueError(f"{failed} could not be run here ({run.why}): they have no grade yet")
    return not run.collection.odd and not run.counts["rejected"]


class _Run:
    """One call of the command: what is to be graded, and what has become of it."""

    def __init__(self, collection: Collection, store: Store, isolated: bool) -> None:
        self.collection, self.store, self.isolated = collection, store, isolated
        self.counts = {"graded": 0, "failed to run": 0, "rejected": 0}
        self.why = ""  # the last one failed to run

    def until_all_are_graded(self, jobs: int, scheduler: str) -> None:
        broken = 0
        while broken < PATIENCE:
            before = self.counts["graded"]
            try:
                with _executor(jobs, scheduler) as (executor, processes):
                    return self._once(executor, processes)
            except BrokenProcessPool:  # a process was killed: what it had is asked again
                broken = broken + 1 if self.counts["graded"] == before else 0
        raise ValueError(f"the processes that grade were killed {PATIENCE} times in a row")

    def _once(self, executor: Executor, processes: int) -> None:
        """Grade everything that has no grade yet."""
        with tqdm(total=self.collection.size, unit=" questions", desc="graded", disable=None) as bar:
            for grade in self._grades(executor, processes, bar):
                self.store.put(grade)
                failed = grade.status == grading.COULD_NOT_RUN
                kind = "failed to run" if failed else "rejected" if grade.status == "rejected" else "graded"
                self.counts[kind] += 1
                self.why = grade.message if failed else self.why
                bar.set_postfix_str(f"{self.counts['failed to run']} failed to run", refresh=False)
                bar.update()

    def _grades(self, executor: Executor, processes: int, bar: tqdm) -> Iterator[Grade]:
        """The grades as they come; a few questions more than there are processes are on their way."""
        waiting: set[Future[Grade]] = set()
        for question in self._questions(bar):
            waiting.add(executor.submit(grading.grade_question, question))
            if len(waiting) >= AHEAD * processes:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)

    def _questions(self, bar: tqdm) -> Iterator[Question]:
        """The questions that the store has no grade of."""
        store, secret = self.store, self.store.secret
        for student, chapter, file in self.collection.notebooks:
            submission, spec = _hash(file), grading.specification(chapter)
            store.hand_in(student, chapter, submission, spec)
            exercises = chapter_exercises(chapter)
            wanted = [name for name in exercises if not store.has(student, name, submission, spec)]
            bar.update(len(exercises) - len(wanted))
            try:
                cells = read_cells(file) if wanted else []
                answers = {name: find_answer(cells, exercises[name]) for name in wanted}
            except Rejected as problem:
                answers = dict.fromkeys(wanted, Answer(problem=str(problem), status="rejected"))
            for name, answer in answers.items():
                seed = grading.student_seed(secret, student, name)
                yield Question(student, name, submission, spec, answer, seed, self.isolated)


def _hash(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.sha256(data.read(LARGEST + 1)).hexdigest()[:32]


@contextmanager
def _executor(jobs: int, scheduler: str) -> Iterator[tuple[Executor, int]]:
    """Where questions are graded, and by how many at a time."""
    if scheduler:
        from distributed import Client

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
