"""What an exercise is: how inputs are made, what a right answer gives, which wrong answers teachers know.

A chapter's exercises are the `Exercise` objects in its module `chNN.py`. The reference, the misconceptions
and the learner's answer are all answers: each goes the same way, `make_cases` → `run` → `measure` → compare,
and only arrays and JSON values go in and come out of `run`, which may happen in a sandbox.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from nnlearn.exercises.ids import chapter_of, place

PACKAGE = "nnlearn.exercises.chapters"
Cases = Mapping[str, Mapping[str, Any]]  # what the input is, in a few words -> {argument: value}


def call(answer: Callable, **inputs: Any) -> Any:
    """The usual way to run a function: inputs by position, so that its arguments may have any names."""
    return answer(*inputs.values())


def itself(answer: Any, **inputs: Any) -> Any:
    """The usual way to run a value: it is what is compared."""
    return answer


def folded(answer: Any, **inputs: Any) -> Any:
    """A prediction, whatever its capitals and spaces."""
    return answer.strip().lower() if isinstance(answer, str) else answer


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that learners give: `answer` does what they do, `hint` is what a teacher would say."""

    name: str
    answer: Any
    hint: str


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise. Use one of its four kinds: `Function`, `Value`, `Predict`, `Explain`."""

    id: str  # "01.2": chapter and number
    title: str
    points: float = 1
    reference: Any = None  # a right answer, usually the package's own function
    cases: Callable[[np.random.Generator], Cases] = field(default=lambda rng: {"your answer": {}})
    run: Callable[..., Any] = itself  # run(answer, **inputs) -> what it gives; uses NumPy and nothing else
    rtol: float = 1e-5
    atol: float = 1e-7
    weights: Mapping[str, float] = field(
        default_factory=dict
    )  # case -> its part of the points; {}: all or nothing
    misconceptions: Sequence[Misconception] = ()
    after: str = ""  # said when it is solved: the reason, or what to take away
    equivalent: Mapping[str, str] = field(default_factory=dict)  # mutated line -> why it is no different

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d\d\.[1-9]\d*", self.id):
            raise ValueError(f"exercise: id is {self.id!r}, expected chapter and number as in '01.2'")
        if not self.points > 0:
            raise ValueError(f"exercise {self.id}: points is {self.points}, expected more than 0")
        if self.weights and abs(sum(self.weights.values()) - 1) > 1e-9:
            raise ValueError(f"exercise {self.id}: weights sum to {sum(self.weights.values())}, expected 1")

    @property
    def kind(self) -> str:
        return type(self).__name__.lower()

    @property
    def graded(self) -> bool:
        """True when the computer can grade it."""
        return not isinstance(self, Explain)

    @property
    def reveals(self) -> bool:
        """False where telling the expected value would be telling the answer."""
        return self.run not in (itself, folded)

    @property
    def beside(self) -> Callable[..., Any]:
        """beside(answer, **inputs) -> plain data: what is run beside the learner's code."""
        return itself

    @property
    def after_run(self) -> Callable[..., Any]:
        """after_run(data, **inputs) -> what is compared: no learner's code has a say in it."""
        return self.run

    @property
    def grade_id(self) -> str:
        """The name of the answer's cell in nbgrader's format; the cell that checks it adds "-check"."""
        return self.id.replace(".", "-")

    def make_cases(self, seed: int = 0) -> Cases:
        """The inputs that belong to a seed: {what it is: {argument: value}}."""
        chapter, number = place(self.id)
        return self.cases(np.random.default_rng([seed, int(chapter), number]))


@dataclass(frozen=True, kw_only=True)
class Function(Exercise):
    """The answer is a function: it is run on every case and its results are compared with the reference's."""

    signature: str  # "neuron(x, w, b)"
    run: Callable[..., Any] = call
    measure: Callable[..., Any] = itself  # measure(what run gave, **inputs) -> what is compared
    allows: Sequence[str] = ()  # the names of `nn` that the answer may use

    @property
    def beside(self) -> Callable[..., Any]:
        return self.run

    @property
    def after_run(self) -> Callable[..., Any]:
        return self.measure


@dataclass(frozen=True, kw_only=True)
class Value(Exercise):
    """The answer is a number, an array or several. With a `run` of its own, what it does is what counts."""


@dataclass(frozen=True, kw_only=True)
class Predict(Exercise):
    """A question answered before anything is run: one of `choices`, or a number when there are none."""

    choices: Sequence[str] = ()
    run: Callable[..., Any] = folded
    after: str  # the reason, told once the prediction is right


@dataclass(frozen=True, kw_only=True)
class Explain(Exercise):
    """A question answered in words, read by a person; `rubric` lists what a good answer says."""

    rubric: Sequence[str]


def chapter_modules() -> list[str]:
    """The chapters that have exercises: ["01", "02", …], from the modules in `chapters/`."""
    names = (module.name for module in pkgutil.iter_modules(importlib.import_module(PACKAGE).__path__))
    return sorted(name[2:] for name in names if re.fullmatch(r"ch\d\d", name))


@cache
def chapter_exercises(chapter: str) -> dict[str, Exercise]:
    """The exercises of one chapter ("01") by id, in their order."""
    module = importlib.import_module(f"{PACKAGE}.ch{chapter}")
    found = [value for value in vars(module).values() if isinstance(value, Exercise)]
    for exercise in found:
        if chapter_of(exercise.id) != chapter:
            raise ValueError(
                f"exercise {exercise.id} is in {module.__name__}, which holds those of chapter {chapter}"
            )
    ids = [exercise.id for exercise in found]
    if len(set(ids)) < len(ids):
        raise ValueError(f"{module.__name__}: two exercises have the same id: {', '.join(ids)}")
    return {e.id: e for e in sorted(found, key=lambda e: place(e.id))}


def chapter_title(chapter: str) -> str:
    """ "The neuron": the first line of the chapter's module of exercises, without its full stop."""
    module = importlib.import_module(f"{PACKAGE}.ch{chapter}")
    return (module.__doc__ or "").strip().split("\n")[0].rstrip(".")


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise with this id. Raises LookupError, naming the ids there are, for any other."""
    chapters = chapter_modules()
    chapter, _, number = str(exercise_id).strip().partition(".")
    wanted = f"{chapter.zfill(2)}.{number}"
    if wanted[:2] in chapters:
        exercises = chapter_exercises(wanted[:2])
        if wanted in exercises:
            return exercises[wanted]
        raise LookupError(
            f"There is no exercise {exercise_id!r}. Chapter {wanted[:2]} has {', '.join(exercises)}."
        )
    known = [exercise_id for chapter in chapters for exercise_id in chapter_exercises(chapter)]
    raise LookupError(f"There is no exercise {exercise_id!r}. There are {', '.join(known) or 'none yet'}.")
