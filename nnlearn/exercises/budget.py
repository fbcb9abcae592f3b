"""Tasks that train within a budget: steps back are counted; what a reference without a network hands in."""

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
        made.append(loss)
        if len(made) > inputs["steps"]:
            raise RuntimeError(f"the budget of {inputs['steps']} backward passes is used up")
        loss.backward()

    return answer(*[*inputs.values()][:-1], counted)


def no_classes(given: np.ndarray, n: int, classes: int = 2) -> str:
    """What speaks against n classes from 0 on, "" if nothing does: scores would only seem all wrong."""
    if given.shape != (n,):
        return f"an array of shape {given.shape}"
    return "" if np.isin(given, range(classes)).all() else f"numbers other than 0 to {classes - 1}"


class NoLoss:
    """What a reference that trains nothing hands to `backward`."""

    def backward(self) -> None:
        """Nothing to be done."""
