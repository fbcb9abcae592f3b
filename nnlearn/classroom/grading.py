"""Grade one notebook: what a student handed in goes in, a grade for each exercise comes out."""

import base64
import hashlib
import hmac
import importlib
import inspect
import marshal
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import nnlearn
from nnlearn.classroom.judging import Judge, Verdict
from nnlearn.classroom.sandbox.host import NoSandbox, Sandbox, needed
from nnlearn.exercises import Exercise, chapters
from nnlearn.exercises.limit import SECONDS
from nnlearn.exercises.spec import chapter_exercises
from nnlearn.exercises.tasks import chapter_tasks, given_cells

COULD_NOT_RUN = "could not be run here"  # no grade: tried again the next time


@dataclass(frozen=True)
class Handed:
    """A notebook that was handed in; `submission` and `spec` are hashes of what is graded, by what."""

    student: str
    chapter: str
    submission: str
    spec: str
    data: bytes
    secret: bytes
    wanted: tuple[str, ...]  # the exercises to grade
    former: bool = False  # it has the numbers that chapters had before
    isolated: bool = True
    seconds: int = SECONDS  # for a cell
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grade:
    """What became of a question. Where the answer was not judged, there is no score.

    `brief` is the message without what was expected, `source` the answer's cell.
    """

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
    brief: str = ""
    source: str = ""


def student_seed(secret: bytes, student: str, exercise: str, submission: str) -> int:
    """The seed of an attempt's inputs, HMAC(secret, student | exercise | submission).

    Another's numbers do not fit, nor those of an attempt before; the same submission has the same score.
    """
    digest = hmac.digest(secret, "|".join((student, exercise, submission)).encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big")


@cache
def specification(chapter: str) -> str:
    """A hash of what a chapter's grades depend on beside the answers.

    That is its specifications, its notebook, and the modules of this package that these use.
    """
    module = importlib.import_module(f"{chapters.__name__}.ch{chapter}")
    texts = sorted(inspect.getsource(used) for used in needed(module))
    asked = repr((given_cells(chapter), chapter_tasks(chapter))) + nnlearn.__version__
    return hashlib.sha256("\0".join([*texts, asked]).encode()).hexdigest()[:16]


def grade_notebook(handed: Handed) -> list[Grade]:
    """Run the notebook in this thread's sandbox and judge what it gave; nothing in it can break this."""
    exercises = {name: chapter_exercises(handed.chapter)[name] for name in handed.wanted}
    try:
        verdicts = _verdicts(handed, exercises)
    except NoSandbox as error:
        verdicts = dict.fromkeys(exercises, Verdict(COULD_NOT_RUN, str(error)))
    except Exception as error:  # ours, not the student's: no zero for it
        why = f"{type(error).__name__} in the grader: {error}"
        verdicts = dict.fromkeys(exercises, Verdict(COULD_NOT_RUN, why))
    return [as_grade(handed, exercise, verdicts[name]) for name, exercise in exercises.items()]


def as_grade(handed: Handed, exercise: Exercise, verdict: Verdict) -> Grade:
    judged = exercise.graded and verdict.status != COULD_NOT_RUN
    return Grade(
        handed.student, exercise.id, handed.submission, handed.spec,
        verdict.status, verdict.score if judged else None, exercise.points,
        _clean(verdict.message), verdict.hint, verdict.misconception, tuple(map(_clean, verdict.details)),
        handed.isolated, _clean(verdict.brief or verdict.message), _clean(verdict.source),
    )  # fmt: skip


def _clean(text: str) -> str:
    """What a stranger wrote, without what a terminal obeys and what is half a character."""
    lines = text.replace("\r\n", "\n")
    return "".join("�" if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" else c for c in lines)


def _verdicts(handed: Handed, exercises: Mapping[str, Exercise]) -> dict[str, Verdict]:
    """Run as its author ran it; where that does not pass, its own cells alone: the better counts."""
    seeds = {n: student_seed(handed.secret, handed.student, n, handed.submission) for n in exercises}
    sandbox = _own("sandbox", Sandbox, handed.isolated, handed.seconds, handed.packages)
    judge = _own("judge", Judge)
    question = _question(handed, exercises, seeds)
    found = judge.verdicts(seeds, sandbox.ask(question, handed.data))
    until = time.monotonic() + sandbox.wall  # for all that are run again
    for name, verdict in found.items():
        if verdict.again and time.monotonic() < until:
            alone = sandbox.ask(question | {"wanted": name}, handed.data)
            second = judge.verdicts({name: seeds[name]}, alone)[name]
            if second.score > verdict.score:
                said = "Its own cells alone were run: in the notebook as a whole it does not pass."
                second = replace(second, details=(*second.details, said), source=verdict.source)
                found[name] = second
    return found


def _question(handed: Handed, exercises: Mapping[str, Exercise], seeds: Mapping[str, int]) -> dict[str, Any]:
    """All that goes into the sandbox beside the notebook: inputs, and how an answer is run on them."""
    tasks = chapter_tasks(handed.chapter)
    questions = {}
    for name, exercise in exercises.items():
        run: Any = exercise.beside
        cases = exercise.make_cases(seeds[name]) if exercise.graded else {}
        questions[name] = {
            "grade_id": exercise.grade_id,
            "graded": exercise.graded,
            "expression": tasks[name].checked,
            "signature": exercise.signature,
            "allows": list(exercise.allows),
            "run": base64.b64encode(marshal.dumps(run.__code__)).decode(),
            "cases": {case: dict(inputs) for case, inputs in cases.items()},
        }
    given = list(given_cells(handed.chapter))
    return {"questions": questions, "given": given, "former": handed.former, "seconds": handed.seconds}


_boxes = threading.local()


def _own(name: str, make: Callable[..., Any], *options: Any) -> Any:
    """One for each thread that grades, made anew when its options change."""
    held = getattr(_boxes, name, None)
    if held is None or held[0] != options:
        if held:
            held[1].close()
        held = options, make(*options)
        setattr(_boxes, name, held)
    return held[1]
