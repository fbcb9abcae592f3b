"""Capsules: groups of units whose direction says what, and whose length says whether (chapter 21).

Source: S. Sabour, N. Frosst and G. Hinton (2017), "Dynamic routing between capsules".
"""

import numpy as np

from nnlearn.engine.arithmetic import sqrt, square
from nnlearn.engine.primitive import Array, Result
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.tensor import Parameter
from nnlearn.functions.activations import relu, softmax
from nnlearn.layers.basic import Conv2d
from nnlearn.layers.module import Module


def squash(s: Array) -> Result:
    """s |s| / (1 + |s|²): the same direction, a length between 0 and 1.  (..., d), same out"""
    length2 = (s * s).sum(axis=-1, keepdims=True)
    return s * (sqrt(length2 + 1e-8) / (1 + length2))


def dynamic_routing(votes: Array, iterations: int) -> Result:
    """What each output capsule becomes when its inputs vote.  (B, n_in, n_out, d) -> (B, n_out, d)

    c = softmax(b) over the outputs, v = squash(Σ c · vote) over the inputs; from b = 0, and after each
    iteration but the last b += vote · v. One iteration is a plain mean. Raises ValueError for fewer.
    """
    if iterations < 1:
        raise ValueError(f"dynamic_routing: iterations is {iterations}, expected at least 1")
    b = np.zeros((*votes.shape[:3], 1), votes.dtype)
    for _ in range(iterations - 1):
        v = squash((softmax(b, axis=2) * votes).sum(axis=1))
        b = b + (votes * v.reshape((len(v), 1, *v.shape[1:]))).sum(axis=-1, keepdims=True)
    return squash((softmax(b, axis=2) * votes).sum(axis=1))


def margin_loss(lengths: Array, labels: np.ndarray) -> Result:
    """Σ_k T max(0, 0.9 − |v|)² + ½ (1 − T) max(0, |v| − 0.1)², T = 1 for the label.  (B, K), (B,) -> ()"""
    T = (labels[:, None] == np.arange(lengths.shape[1])).astype(lengths.dtype)
    return (T * square(relu(0.9 - lengths)) + 0.5 * (1 - T) * square(relu(lengths - 0.1))).sum(axis=1).mean()


class CapsNet(Module):
    """Two convolutions, capsules of 8 units, routing to a capsule a class; its length is the score.

    For pictures of 8×8 pixels.  (B, 1, 8, 8) -> (B, classes)
    """

    def __init__(self, classes: int = 10, iterations: int = 3, rng: RNG = None) -> None:
        rng, self.iterations, self.classes = generator(rng), iterations, classes
        self.first = Conv2d(1, 16, 3, padding=1, rng=rng)
        self.second = Conv2d(16, 64, 3, stride=2, rng=rng)  # 8 kinds of capsules on 3×3 places
        self.W = Parameter(0.1 * rng.standard_normal((72, 8, 8 * classes), dtype=np.float32))

    def votes(self, x: Array) -> Result:
        """What each of the 72 capsules says about each class.  -> (B, 72, classes, 8)"""
        h = self.second(relu(self.first(x)))
        u = squash(h.reshape((len(x), 8, 8, 9)).swapaxes(2, 3).reshape((len(x), 72, 8)))
        return (u.swapaxes(0, 1) @ self.W).swapaxes(0, 1).reshape((len(x), 72, self.classes, 8))

    def forward(self, x: Array) -> Result:
        v = dynamic_routing(self.votes(x), self.iterations)
        return sqrt((v * v).sum(axis=-1) + 1e-8)
