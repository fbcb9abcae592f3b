"""Grade a class, on this machine's cores or a cluster's; stopped at any moment, the same call goes on."""

import hashlib
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Collection as Names
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import typer
from tqdm import tqdm

from nnlearn.classroom import grading
from nnlearn.classroom.grading import COULD_NOT_RUN, Grade, Handed
from nnlearn.classroom.judging import Verdict
from nnlearn.classroom.policy import Policy
from nnlearn.classroom.store import HandedIn, Store
from nnlearn.classroom.submissions import LARGEST, Attempt, Collection, collect
from nnlearn.exercises.spec import chapter_exercises

AHEAD = 3  # notebooks that wait at each process, so that none is idle
REACHED = 20  # seconds in which a cluster has to answer
PATIENCE = 2  # times that the process which had a notebook may be killed
_Waiting = dict[Future[list[Grade]], tuple[Attempt, Handed, HandedIn]]


def grade_folder(
    folder: Path, store: Store, policy: Policy, jobs: int, scheduler: str, isolated: bool, again: Names[str]
) -> bool:
    """Grade all notebooks in a folder that have no grade yet; False where some were left out or rejected.

    `again` names students and exercises to grade whether they have a grade or not. Raises ValueError where
    some could not be run, which therefore have no grade yet.
    """
    run = _Run(collect(folder), store, policy, isolated, again)
    store.rename(run.names)
    store.note(run.students, run.collection.left_out)
    for entry, why in run.collection.left_out.items():
        typer.echo(f"nnlearn grade: left out: {entry}: {why}", err=True)
    try:
        run.until_all_are_graded(jobs, scheduler)
    except KeyboardInterrupt:
        said = f"{run.counts['graded']} were graded now and are kept: the same command goes on"
        typer.echo(f"nnlearn grade: stopped; {said}", err=True)
        raise typer.Exit(130) from None
    done = [f"{number} {what}" for what, number in run.counts.items() if number]
    typer.echo(", ".join(done) or "nothing new to grade")
    for line in run.rejected:
        typer.echo(f"nnlearn grade: rejected: {line}", err=True)
    if failed := run.counts["failed to run"]:
        raise ValueError(f"{failed} could not be run here ({run.why}): they have no grade yet")
    return not run.collection.left_out and not run.rejected


class _Run:
    """One call of the command: what is to be graded, and what has become of it."""

    def __init__(
        self, collection: Collection, store: Store, policy: Policy, isolated: bool, again: Names[str]
    ) -> None:
        self.collection, self.store, self.policy, self.isolated = collection, store, policy, isolated
        self.again = set(again)
        self.secret = policy.secret or store.secret
        self.counts = {"graded": 0, "failed to run": 0, "rejected": 0}
        self.why = ""  # the last one failed to run
        self.rejected: list[str] = []
        self.struck: Counter[str] = Counter()  # by file: how often the process that had it was killed
        self.names = {student: self._name(student) for student in collection.students}
        self.students = {name: collection.students[student] for student, name in self.names.items()}

    def _name(self, student: str) -> str:
        person = self.policy.person(student, self.collection.students[student])
        return person.id if person else student

    def until_all_are_graded(self, jobs: int, scheduler: str) -> None:
        with tqdm(total=len(self.collection.attempts), unit=" notebooks", desc="graded", disable=None) as bar:
            while True:
                try:
                    with _executor(jobs, scheduler) as (executor, processes):
                        return self._once(executor, processes, bar)
                except BrokenProcessPool:  # a process was killed: what it had is asked again, by itself
                    bar.reset()

    def _once(self, executor: Executor, processes: int, bar: tqdm) -> None:
        """Grade everything that has no grade yet; what once had its process killed comes last, one by one."""
        waiting: _Waiting = {}
        order = sorted(self._newest_first(), key=lambda attempt: self.struck[attempt.file] > 0)
        for attempt in order:
            alone = self.struck[attempt.file] > 0
            most = 1 if alone else AHEAD * processes
            while len(waiting) >= most:
                self._keep(waiting, bar)
            read = self._handed(attempt)
            if read is None:
                bar.update()
                continue
            handed, row = read
            if not handed.wanted:
                self.store.put(row)
                bar.update()
            elif self.struck[attempt.file] > PATIENCE:
                self._put(row, self._no_grades(handed, "the process that graded it was killed"))
                bar.update()
            else:
                future = executor.submit(grading.grade_notebook, handed)
                waiting[future] = attempt, replace(handed, data=b""), row
        while waiting:
            self._keep(waiting, bar)

    def _newest_first(self) -> list[Attempt]:
        """Everybody's newest of each chapter, then the ones before: many attempts hold up nobody else."""
        places: Counter[tuple[str, str]] = Counter()
        turns = []
        for attempt in reversed(self.collection.attempts):
            places[attempt.student, attempt.chapter] += 1
            turns.append((places[attempt.student, attempt.chapter], attempt))
        return [attempt for _, attempt in sorted(reversed(turns), key=lambda turn: turn[0])]

    def _keep(self, waiting: _Waiting, bar: tqdm) -> None:
        """Keep the grades of those that are done."""
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            try:
                grades = future.result()
            except BrokenProcessPool:
                for attempt, *_ in waiting.values():
                    self.struck[attempt.file] += 1
                raise
            except Exception as error:  # a cluster's, which has given up
                grades = self._no_grades(waiting[future][1], f"{type(error).__name__}: {error}")
            *_, row = waiting.pop(future)
            self._put(row, grades)
            bar.update()

    def _put(self, row: HandedIn, grades: list[Grade]) -> None:
        self.store.put(row, grades)
        failed = [grade for grade in grades if grade.status == COULD_NOT_RUN]
        rejected = [grade for grade in grades if grade.status == "rejected"]
        self.counts["failed to run"] += len(failed)
        self.counts["rejected"] += len(rejected)
        self.counts["graded"] += len(grades) - len(failed) - len(rejected)
        self.why = failed[0].message if failed else self.why
        self.rejected += [f"{row.file}: {rejected[0].message}"] if rejected else []

    def _handed(self, attempt: Attempt) -> tuple[Handed, HandedIn] | None:
        """What is to be graded of an attempt, and the row that tells of it; None where this disk fails."""
        student, chapter = self.names[attempt.student], attempt.chapter
        try:
            data, problem = attempt.read(), ""
        except OSError as error:  # it has gone, or is not to be read: nobody's attempt, and nobody's 0
            why = self.collection.left_out[attempt.file] = f"cannot be read: {error.strerror or error}"
            self.store.note(self.students, self.collection.left_out)
            typer.echo(f"nnlearn grade: left out: {attempt.file}: {why}", err=True)
            return None
        except Exception as error:  # a damaged zip
            data, problem = b"", f"{attempt.file} cannot be read: {error}"
        if len(data) > LARGEST:
            data, problem = b"", f"{attempt.file} has more than {LARGEST // 2**20} MiB"
        submission = hashlib.sha256(data).hexdigest()[:32]
        spec, exercises = grading.specification(chapter), chapter_exercises(chapter)
        known = self.store.graded(student, submission, spec)
        every = {student, attempt.student, chapter} & self.again
        wanted = tuple(name for name in exercises if every or name in self.again or name not in known)
        handed = Handed(
            student, chapter, submission, spec, data, self.secret, wanted, attempt.former,
            self.isolated, self.policy.seconds, self.policy.packages,
        )  # fmt: skip
        row = HandedIn(student, chapter, submission, spec, attempt.file, attempt.written, attempt.exact)
        if problem and wanted:
            self._put(row, self._no_grades(handed, problem, "rejected"))
            handed = Handed(student, chapter, submission, spec, b"", b"", ())
        return handed, row

    @staticmethod
    def _no_grades(handed: Handed, why: str, status: str = COULD_NOT_RUN) -> list[Grade]:
        exercises = chapter_exercises(handed.chapter)
        return [grading.as_grade(handed, exercises[name], Verdict(status, why)) for name in handed.wanted]


@contextmanager
def _executor(jobs: int, scheduler: str) -> Iterator[tuple[Executor, int]]:
    """Where notebooks are graded, and by how many at a time."""
    if scheduler:
        from distributed import Client

        with Client(scheduler, timeout=REACHED) as client:
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
