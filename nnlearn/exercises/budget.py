"""Tasks that train within a budget: steps back are counted; what a reference without a network hands in.

What runs an answer is carried into the sandbox alone: it calls nothing else from here.
"""

from __future__ import annotations  # in the sandbox, where this runs, there is NumPy alone

from collections.abc import Callable
from typing import Any

import numpy as np


def within_budget(answer: Callable[..., Any], **inputs: Any) -> Any:
    """What `answer` returns when its steps back are counted: `steps`, an input, says how many there may be.

    The last input holds the place of `backward`, and the seed from which the measure draws again, outside the
    sandbox, what no answer is to see. Raises RuntimeError, within the answer, for one step too many.
    """
    made = []

    def counted(loss: Any) -> None:
        made.append(0)  # not the loss: it would hold all that led to it
        if len(made) > inputs["steps"]:
            raise RuntimeError(f"the budget of {inputs['steps']} backward passes is used up")
        loss.backward()

    return answer(*[*inputs.values()][:-1], counted)


def losses_within_budget(answer: Callable[..., Any], **inputs: Any) -> Any:
    """What `answer` returns within the budget, and the losses, as numbers, from which it stepped back."""
    losses: list[float] = []

    def counted(loss: Any) -> None:
        losses.append(float(np.mean(getattr(loss, "data", np.nan))))
        if len(losses) > inputs["steps"]:
            raise RuntimeError(f"the budget of {inputs['steps']} backward passes is used up")
        loss.backward()

    found = answer(*[*inputs.values()][:-1], counted)
    return None if found is None else (found, np.array(losses))


def asked_again(answer: Callable[..., Any], **inputs: Any) -> Any:
    """The answer within the budget, that beside others, and the first again: what leaks or is left to chance.

    The third last input holds the new examples. In the second call their second half is a thousand times as
    large or, where they are whole numbers such as words, one number throughout; where the others' answers
    differ by that, a third call says whether the same call repeats itself.
    """

    *seen, new, steps, _ = inputs.values()

    def once(examples: np.ndarray) -> Any:
        made = []

        def counted(loss: Any) -> None:
            made.append(0)  # not the loss: it would hold all that led to it
            if len(made) > steps:
                raise RuntimeError(f"the budget of {steps} backward passes is used up")
            loss.backward()

        return answer(*seen, examples, steps, counted)

    half, others = len(new) // 2, new.copy()
    others[half:] = new.flat[0] if new.dtype.kind in "iu" else 1000 * new[half:]
    if (first := once(new)) is None:
        return None
    first, beside = np.array(first), np.array(once(others))
    same = first.shape == beside.shape and np.array_equal(first[:half], beside[:half])
    return [first, beside, first if same else np.array(once(new))]


def leaks(found: list[np.ndarray]) -> str:
    """What speaks against an answer by what `asked_again` returns; "" if nothing does."""
    first, beside, again = found
    if not np.array_equal(first, again):
        return "the same call, another answer"
    half = len(first) // 2
    return "" if np.array_equal(first[:half], beside[:half]) else "an answer depends on who else waits"


def no_classes(given: np.ndarray, n: int, classes: int = 2) -> str:
    """What speaks against n classes from 0 on, "" if nothing does: scores would only seem all wrong."""
    if given.shape != (n,):
        return f"an array of shape {given.shape}"
    return "" if np.isin(given, range(classes)).all() else f"numbers other than 0 to {classes - 1}"


class NoLoss:
    """What a reference that trains nothing hands to `backward`."""

    def backward(self) -> None:
        """Nothing to be done."""


class Loss(NoLoss):
    """The same where losses are looked at: one of that value."""

    def __init__(self, value: float) -> None:
        self.data = value
