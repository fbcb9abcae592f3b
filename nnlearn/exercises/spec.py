"""What an exercise is: how inputs are made, what a right answer gives, which wrong answers teachers know.

A chapter's exercises are the `Exercise` objects in its module `chapters/chNN.py`; what they ask, for how many
points, stands in the notebook. The reference, the mistakes and the learner's answer are all answers: each
goes the same way, `make_cases` → `run` → `measure` → compare, and only arrays and JSON values go in and come
out of `run`, which may happen in a sandbox.
"""

import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cache, cached_property
from typing import Any

import numpy as np

from nnlearn.exercises import chapters
from nnlearn.exercises.ids import CHAPTER, numbers
from nnlearn.exercises.tasks import chapter_tasks

_ASKED = ("id", "title", "question", "points", "signature")  # what the notebook says of an exercise
Cases = Mapping[str, Mapping[str, Any]]  # what the input is, in a few words -> {argument: value}


def call(answer: Callable, **inputs: Any) -> Any:
    """The usual way to run a function: inputs by position, so that its arguments may have any names."""
    return answer(*inputs.values())


def itself(answer: Any, **inputs: Any) -> Any:
    """The usual way to run a value: it is what is compared."""
    return answer


def folded(answer: Any, **inputs: Any) -> Any:
    """A prediction, whatever its capitals and spaces, and without a stop at its end."""
    if not isinstance(answer, str):
        return answer
    return " ".join(" %".join(answer.lower().split("%")).split()).rstrip(" .")


class edit:
    """A mistake as a change of the reference's source: `edit("r**2 / 2", "r**2")`, or several pairs.

    With `of=helper` it is a function that the reference calls whose source is changed.
    """

    def __init__(self, *changes: str, of: Callable | None = None) -> None:
        self.changes, self.of = changes, of

    def applied_to(self, reference: Callable) -> Callable:
        """The reference with the mistake in it. Raises ValueError where the source does not hold the text."""
        wrong = self.of or reference
        source = textwrap.dedent(inspect.getsource(wrong))
        for old, new in zip(self.changes[::2], self.changes[1::2], strict=True):
            if old not in source:
                raise ValueError(f"edit: {old!r} does not stand in {wrong.__name__}:\n{source}")
            source = source.replace(old, new)
        scope = dict(reference.__globals__)
        exec(source, scope)
        if self.of:
            exec(textwrap.dedent(inspect.getsource(reference)), scope)
        return scope[reference.__name__]


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that learners give: `answer` does what they do, `hint` is what a teacher would say."""

    name: str
    answer: Any
    hint: str


@dataclass(frozen=True, eq=False)  # it is itself, and a key to what is kept of it
class Exercise:
    """One exercise. Use one of its four kinds: `Function`, `Value`, `Predict`, `Explain`.

    `number` counts within the chapter; `id`, `title`, `question`, `points` and `signature` come from the
    notebook.
    `cases(rng)` gives one row for each input: what it is in a few words, then the arguments in their order
    (a list of numbers becomes an array). A row of `mistakes` is its name, the wrong answer (or an `edit` of
    the reference's source) and the hint; a prediction is its own name.
    """

    number: int
    reference: Any = None  # a right answer
    cases: Callable[[np.random.Generator], Iterable[Sequence]] = lambda rng: [("your answer",)]
    _: KW_ONLY
    mistakes: Sequence[tuple] = ()
    run: Callable[..., Any] = itself  # run(answer, **inputs) -> what it gives; uses NumPy and nothing else
    outputs: str = ""  # the names of what a function returns, if it is several values: "dX dW db"
    lists: bool = False  # True: lists of numbers in the cases stay lists
    rtol: float = 1e-5
    atol: float = 1e-7
    allows: Sequence[str] = ()  # the names of `nn` that a function may use; beside them NumPy alone
    weights: Mapping[str, float] = field(default_factory=dict)  # case -> its share of the points
    after: str = ""  # said when it is solved: the reason, or what to take away
    id: str = ""
    title: str = ""
    question: str = ""
    points: float = 1
    signature: str = ""

    def __post_init__(self) -> None:
        if not self.points > 0:
            raise ValueError(f"exercise {self.id}: points is {self.points}, expected more than 0")
        if self.weights and abs(sum(self.weights.values()) - 1) > 1e-9:
            raise ValueError(f"exercise {self.id}: weights sum to {sum(self.weights.values())}, expected 1")

    @cached_property
    def misconceptions(self) -> tuple[Misconception, ...]:
        """The mistakes, each with an answer that makes it."""
        return tuple(self._misconception(*row) for row in self.mistakes)

    def _misconception(self, *row: Any) -> Misconception:
        name, answer, hint = row if len(row) == 3 else (str(row[0]), *row)
        if isinstance(answer, edit):
            answer = answer.applied_to(self.reference)
        return Misconception(name, answer, hint)

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

    def named(self, value: Any) -> Any:
        """Several outputs by their names, where they have some."""
        names = self.outputs.split()
        fits = isinstance(value, tuple | list) and len(value) == len(names) > 0
        return dict(zip(names, value, strict=True)) if fits else value

    @property
    def grade_id(self) -> str:
        """The name of the answer's cell in nbgrader's format; the cell that checks it adds "-check"."""
        return self.id.replace(".", "-")

    @property
    def arguments(self) -> list[str]:
        """The names of the inputs."""
        if self.signature:
            return self.signature.rstrip(")").partition("(")[2].split(", ")
        return [name for name in inspect.signature(self.run).parameters if name != "inputs"][1:]

    def make_cases(self, seed: int = 0) -> Cases:
        """The inputs that belong to a seed: {what it is: {argument: value}}."""
        rng = np.random.default_rng([seed, *numbers(self.id)])
        return {name: self._named(name, inputs) for name, *inputs in self.cases(rng)}

    def _named(self, case: str, inputs: list) -> dict[str, Any]:
        if len(inputs) != len(self.arguments):
            takes = ", ".join(self.arguments) or "none"
            raise ValueError(f"exercise {self.id}, case {case!r}: {len(inputs)} inputs, expected {takes}")
        values = inputs if self.lists else map(_array, inputs)
        return dict(zip(self.arguments, values, strict=True))


def _array(value: Any) -> Any:
    """A list of numbers, or of lists of them, as an array; anything else as it is."""

    def numbers(part: Any) -> bool:
        return all(map(numbers, part)) if type(part) is list else isinstance(part, int | float)

    return np.array(value) if type(value) is list and numbers(value) else value


@dataclass(frozen=True, eq=False)
class Function(Exercise):
    """The answer is a function: it is run on every case and its results are compared with the reference's."""

    _: KW_ONLY
    run: Callable[..., Any] = call
    measure: Callable[..., Any] = itself  # measure(what run gave, **inputs) -> what is compared

    @property
    def beside(self) -> Callable[..., Any]:
        return self.run

    @property
    def after_run(self) -> Callable[..., Any]:
        return self.measure


@dataclass(frozen=True, eq=False)
class Value(Exercise):
    """The answer is a number, an array or several. With a `run` of its own, what it does is what counts."""


@dataclass(frozen=True, eq=False)
class Predict(Exercise):
    """A question answered before anything is run: one of `choices`, or a number when there are none."""

    _: KW_ONLY
    run: Callable[..., Any] = folded

    @property
    def choices(self) -> list[str]:
        """The right answer and the wrong ones, in the order in which the question names them."""
        if not isinstance(self.reference, str):
            return []
        words = sorted([self.reference, *(wrong.answer for wrong in self.misconceptions)])
        return sorted(words, key=lambda word: self.question.lower().find(f'"{word}"'))


@dataclass(frozen=True, eq=False)
class Explain(Exercise):
    """A question answered in words, read by a person; `rubric` lists what a good answer says."""

    _: KW_ONLY
    rubric: Sequence[str] = ()


def chapter_modules() -> list[str]:
    """The chapters that have exercises, then the projects: ["01", "02", …, "P1"], from `chapters/`."""
    names = (module.name for module in pkgutil.iter_modules(chapters.__path__))
    return sorted(name[2:] for name in names if re.fullmatch(f"ch{CHAPTER}", name))


@cache
def chapter_exercises(chapter: str) -> dict[str, Exercise]:
    """The exercises of one chapter ("01") by id, in their order.

    Raises ValueError where the notebook and the module do not have the same ones.
    """
    module = importlib.import_module(f"{chapters.__name__}.ch{chapter}")
    found = [value for value in vars(module).values() if isinstance(value, Exercise)]
    tasks = chapter_tasks(chapter)
    ids = [f"{chapter}.{exercise.number}" for exercise in found]
    if sorted(ids) != sorted(tasks):
        raise ValueError(f"{module.__name__} specifies {', '.join(ids)}; the notebook has {', '.join(tasks)}")
    exercises = dict(zip(ids, found, strict=True))
    asked = {i: {name: getattr(task, name) for name in _ASKED} for i, task in tasks.items()}
    return {i: replace(exercises[i], **asked[i]) for i in tasks}


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise with this id. Raises LookupError, naming the ids there are, for any other."""
    chapter, _, number = str(exercise_id).strip().partition(".")
    wanted = f"{chapter.zfill(2)}.{number}"
    if wanted[:2] in chapter_modules():
        exercises = chapter_exercises(wanted[:2])
        if wanted in exercises:
            return exercises[wanted]
        raise LookupError(f"There is no exercise {exercise_id!r}. {wanted[:2]} has {', '.join(exercises)}.")
    known = [i for name in chapter_modules() for i in chapter_exercises(name)]
    raise LookupError(f"There is no exercise {exercise_id!r}. There are {', '.join(known) or 'none yet'}.")
