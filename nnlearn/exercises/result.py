"""What a check says: as HTML in a notebook, as text elsewhere, as points under nbgrader."""

import html
import os
import re
from dataclasses import dataclass
from typing import Any

from nnlearn.exercises.spec import Exercise

_LOOKS = {  # sign and words carry the meaning; the colour (readable on light and dark) repeats it
    "passed": ("✓", "Passed", "#1b8a5a"),
    "not yet": ("✗", "Not yet", "#c8641b"),
    "not started": ("○", "Not started yet", "#7a7f87"),
    "to read": ("✎", "For a person to read", "#2f7fc1"),
    "unknown": ("?", "Unknown exercise", "#c8641b"),
}


@dataclass(frozen=True)
class Result:
    """The outcome of one check. It is true when the exercise is passed."""

    exercise: Exercise | None
    status: str
    message: str = ""
    hint: str = ""
    misconception: str = ""
    details: tuple[str, ...] = ()
    score: float = 0.0
    brief: str = ""  # the message without what was expected

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
        parts += [f"<div><strong>Hint:</strong> {markup(self.hint)}</div>"] if self.hint else []
        if self.details:
            details = "".join(f"<li>{markup(detail)}</li>" for detail in self.details)
            details = f"<ul style='margin:0;padding-left:1.4em'>{details}</ul>"
            folded = self.status == "to read"  # not seen before the learner has written an answer
            parts.append(
                f"<details><summary>What a good answer says</summary>{details}</details>"
                if folded
                else details
            )
        style = f"border-left:4px solid {colour};padding:.3em .9em;max-width:52em;white-space:pre-wrap"
        return f"<div role='status' style='{style}'>{''.join(parts)}</div>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # nbgrader takes a plain-text result as points when it is a number, and as full marks otherwise.
        grading = os.environ.get("NBGRADER_EXECUTION")
        return {"text/plain": f"{self.score:g}" if grading else repr(self), "text/html": self._repr_html_()}


def markup(text: str) -> str:
    """HTML of a sentence, with `code`."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
