"""Grade one question: a student's cells and an exercise in, a grade out; on one core or on many."""

import base64
import hashlib
import hmac
import importlib
import inspect
import marshal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import nnlearn
from nnlearn.classroom.sandbox.host import NoSandbox, Reply, Sandbox, needed
from nnlearn.classroom.submissions import Answer
from nnlearn.exercises import Exercise, Function, Result, chapters
from nnlearn.exercises.ids import chapter_of
from nnlearn.exercises.judge import judge, measured
from nnlearn.exercises.runner import Outcome
from nnlearn.exercises.spec import Cases, find_exercise
from nnlearn.exercises.tasks import chapter_tasks, given_cells

LONGEST = 20_000  # letters of a written answer that are kept
COULD_NOT_RUN = "could not be run here"  # no grade: tried again the next time


@dataclass(frozen=True)
class Question:
    """One student's answer to one exercise; `submission` and `spec` are hashes of what is graded, by what."""

    student: str
    exercise: str
    submission: str
    spec: str
    answer: Answer
    seed: int
    isolated: bool = True


@dataclass(frozen=True)
class Grade:
    """What became of a question. Where the answer was not judged, there is no score."""

    student: str
    exercise: str
    submission: str
    spec: str
    status: str
    score: float | None
    points: float
    message: str = ""
    hint: str = ""
    misconception: str = ""
    details: tuple[str, ...] = ()
    isolated: bool = True


def student_seed(secret: bytes, student: str, exercise: str) -> int:
    """The seed of a student's inputs, HMAC(secret, student | exercise): another's numbers do not fit."""
    digest = hmac.digest(secret, f"{student}|{exercise}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big")


@cache
def specification(chapter: str) -> str:
    """A hash of what a chapter's grades depend on beside the answers: its specifications and its notebook."""
    module = importlib.import_module(f"{chapters.__name__}.ch{chapter}")
    text = (
        inspect.getsource(module) + repr((given_cells(chapter), chapter_tasks(chapter))) + nnlearn.__version__
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def grade_question(question: Question) -> Grade:
    """Run the answer in this process's sandbox and judge its output; nothing in the answer can break this."""
    exercise = find_exercise(question.exercise)
    try:
        result = _result(exercise, question)
    except NoSandbox as error:
        result = Result(exercise, COULD_NOT_RUN, str(error))
    except Exception as error:  # ours, not the student's: no zero for it
        result = Result(exercise, COULD_NOT_RUN, f"{type(error).__name__} in the grader: {error}")
    judged = exercise.graded and result.status != COULD_NOT_RUN
    return Grade(
        question.student, question.exercise, question.submission, question.spec,
        result.status, result.score if judged else None, exercise.points,
        result.message, result.hint, result.misconception, (*question.answer.notes, *result.details),
        question.isolated,
    )  # fmt: skip


def _result(exercise: Exercise, question: Question) -> Result:
    if question.answer.problem:
        return Result(exercise, question.answer.status, question.answer.problem)
    if not exercise.graded:
        return Result(exercise, "to read", question.answer.cells[0][1][:LONGEST])
    cases = exercise.make_cases(question.seed)
    reply = _sandbox(question.isolated).ask(_asked(exercise, question.answer, cases))
    for kind, *rest in _messages(reply):
        if kind == "not started":
            return Result(exercise, "not started", "The cell still holds what it was handed out with.")
        if kind == "unfit" and len(rest) == 1:
            return Result(exercise, "not yet", str(rest[0])[:1000])
        if kind == "failed" and len(rest) == 2:
            return Result(exercise, "not yet", f"It stops at {rest[0]}\n{rest[1]}"[:1000])
    given = _outcomes(reply, cases)
    answer = None if isinstance(exercise, Function) else next(iter(given.values())).value
    return judge(exercise, answer, cases, measured(exercise, cases, given))


def _asked(exercise: Exercise, answer: Answer, cases: Cases) -> dict[str, Any]:
    """All that goes into the sandbox: the student's cells and inputs."""
    chapter = chapter_of(exercise.id)
    run: Any = exercise.beside
    return {
        "cells": [
            *((f"given cell {k}", source) for k, source in enumerate(given_cells(chapter), 1)),
            *answer.cells,
        ],
        "expression": chapter_tasks(chapter)[exercise.id].checked,
        "signature": getattr(exercise, "signature", ""),
        "run": base64.b64encode(marshal.dumps(run.__code__)).decode(),
        "cases": {name: dict(inputs) for name, inputs in cases.items()},
        "modules": dict(offered(tuple(getattr(exercise, "allows", ())))),
    }


@cache
def offered(names: tuple[str, ...]) -> Mapping[str, str]:
    """{module: source} of what `import nnlearn` gives in the sandbox: what is allowed, and what it needs."""
    where = {name: inspect.getmodule(inspect.unwrap(getattr(nnlearn, name))) for name in names}
    facade = [f"from {module.__name__} import {name}" for name, module in where.items() if module]
    allowed = ", ".join(f"nn.{name}" for name in names) or "no part"
    refusal = f"this exercise is graded with {allowed} of nnlearn"
    facade += ["def __getattr__(name):", f"    raise AttributeError(f'nn.{{name}}: {refusal}')"]
    modules = needed(*filter(None, where.values()))
    return {
        **{module.__name__.rpartition(".")[0]: "" for module in modules},  # their folders
        **{module.__name__: inspect.getsource(module) for module in modules},
        "nnlearn": "\n".join(facade),
        "nnlearn.exercises": "def check(*answer): pass",
    }


def _messages(reply: Reply) -> Iterator[tuple]:
    """What came out that has the form of a message: its kind and its parts."""
    for entry in reply.messages:
        if isinstance(entry, tuple | list) and entry and isinstance(entry[0], str):
            yield tuple(entry)


def _outcomes(reply: Reply, cases: Cases) -> dict[str, Outcome]:
    """The outcome of each case; where none came, or nothing valid, it says why."""
    ended = reply.ended or "ended its process before it gave an answer"
    found = {name: Outcome(problem=f"gives nothing: the code {ended}.") for name in cases}
    for kind, *rest in _messages(reply):
        if kind == "case" and len(rest) == 2 and isinstance(rest[0], str) and rest[0] in cases:
            found[rest[0]] = _outcome(rest[1])
    return found


def _outcome(fields: Any) -> Outcome:
    """An outcome from what the other side of the wall says it is."""
    garbage = Outcome(problem="gives nothing: what the code sent is not an answer (bad protocol).")
    if not isinstance(fields, dict) or not fields.keys() <= vars(Outcome()).keys():
        return garbage
    texts = [fields.get(name, "") for name in ("problem", "line", "printed", "warned")]
    changed = fields.get("changed", ())
    if not isinstance(changed, tuple | list) or not all(isinstance(text, str) for text in (*texts, *changed)):
        return garbage
    problem, line, printed, warned = (text[:1000] for text in texts)
    value = fields.get("value")
    if value is None and not problem:
        return garbage
    return Outcome(value, problem, line, tuple(name[:100] for name in changed), printed, warned)


_own = threading.local()


def _sandbox(isolated: bool) -> Sandbox:
    """One for each thread that grades."""
    if getattr(_own, "sandbox", None) is None or _own.sandbox.isolated != isolated:
        _own.sandbox = Sandbox(isolated)
    return _own.sandbox
