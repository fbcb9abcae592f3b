"""What a check says: as HTML in a notebook, as text elsewhere, as points under nbgrader."""

import copy
import html
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from nnlearn.exercises.card import side_by_side
from nnlearn.exercises.spec import Exercise

_LOOKS = {  # sign and words carry the meaning; the colour (readable on light and dark) repeats it
    "passed": ("✓", "Passed", "#1b8a5a"),
    "not yet": ("✗", "Not yet", "#c8641b"),
    "not started": ("○", "Not started yet", "#7a7f87"),
    "to read": ("✎", "For a person to read", "#2f7fc1"),
    "unknown": ("?", "Unknown exercise", "#c8641b"),
}


class Label(NamedTuple):
    """What a result keeps of its exercise: not the right answer."""

    id: str
    title: str


@dataclass(frozen=True)
class Case:
    """The first input that an answer fails on: `case = check("07.6", f).case`, then `case.run(f)` again.

    `expected` is None where telling it would be telling the answer, `got` where the answer gave nothing.
    """

    name: str
    inputs: Mapping[str, Any]
    expected: Any
    got: Any
    how: Callable[..., Any]
    rtol: float = 1e-5
    atol: float = 1e-7

    def run(self, answer: Any) -> Any:
        """What an answer gives for it, errors and prints as they come."""
        return self.how(answer, **copy.deepcopy(dict(self.inputs)))

    def __repr__(self) -> str:
        given = "".join(f"\n{name} = {value!r}" for name, value in self.inputs.items())
        wanted = "" if self.expected is None else f"\nexpected: {self.expected!r}"
        return f"{self.name}{given}{wanted}\ngot: {self.got!r}"


@dataclass(frozen=True)
class Result:
    """The outcome of one check. It is true when the exercise is passed."""

    exercise: Exercise | Label | None
    status: str
    message: str = ""
    hint: str = ""
    misconception: str = ""
    details: tuple[str, ...] = ()
    score: float = 0.0
    brief: str = ""  # the message without what was expected
    case: Case | None = None
    standing: str = ""  # in the notebook: how far the chapter is, or the way to our answer

    def __post_init__(self) -> None:
        if isinstance(self.exercise, Exercise):
            object.__setattr__(self, "exercise", Label(self.exercise.id, self.exercise.title))

    def __bool__(self) -> bool:
        return self.status == "passed"

    def _head(self) -> tuple[str, str]:
        sign, words, _ = _LOOKS[self.status]
        return f"{sign} {words}", f"{self.exercise.id} {self.exercise.title}" if self.exercise else ""

    def __repr__(self) -> str:
        head = ": ".join(part for part in self._head() if part)
        hint = f"Hint: {self.hint}" if self.hint else ""
        return "\n".join(
            part for part in (head, self.message, hint, *(f"· {d}" for d in self.details)) if part
        )

    def _repr_html_(self) -> str:
        (status, title), colour = self._head(), _LOOKS[self.status][2]
        parts = [f"<strong>{markup(status)}</strong> {markup(title)}"]
        parts += [f"<div>{markup(self.message)}</div>"] if self.message else []
        if self.case is not None and self.case.expected is not None and self.case.got is not None:
            case = self.case
            parts += [side_by_side(case.expected, case.got, case.rtol, case.atol)]
        parts += [f"<div><strong>Hint:</strong> {markup(self.hint)}</div>"] if self.hint else []
        if self.details:
            details = "".join(f"<li>{markup(detail)}</li>" for detail in self.details)
            details = f"<ul style='margin:0;padding-left:1.4em'>{details}</ul>"
            parts.append(details)
        parts += [f"<div style='opacity:.8'>{markup(self.standing)}</div>"] if self.standing else []
        style = f"border-left:4px solid {colour};padding:.3em .9em;max-width:52em;white-space:pre-wrap"
        return f"<div role='status' style='{style}'>{''.join(parts)}</div>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # nbgrader takes a plain-text result as points when it is a number, and as full marks otherwise.
        grading = os.environ.get("NBGRADER_EXECUTION")
        return {"text/plain": f"{self.score:g}" if grading else repr(self), "text/html": self._repr_html_()}


def markup(text: str) -> str:
    """HTML of a sentence, with `code`."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
