"""A state-space layer: a memory that fades at several speeds, run as a recurrence or as a convolution."""

import numpy as np

from nnlearn.engine.arithmetic import exp
from nnlearn.engine.primitive import Array, Result
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.shapes import broadcast_to
from nnlearn.engine.tensor import Parameter
from nnlearn.functions.scan import causal_convolution, linear_scan
from nnlearn.layers.init import normal, ones
from nnlearn.layers.module import Module, require_positive


class StateSpace(Module):
    """h_t = a h_{t−1} + (1 − a) x_t, y_t = Σ_n c_n h_{t,n} + d x_t.  (B, T, width), same out

    Every channel alone has `states` memories, a = exp(−exp(rate)) between 0 and 1; at first they fade in 1 to
    1,000 steps. Computed as one convolution; with `recurrent=True` step by step, to the same numbers.
    Source: A. Gu, A. Gupta and others (2022), the real form of S4D, started otherwise.
    """

    def __init__(self, width: int, states: int = 8, rng: RNG = None) -> None:
        require_positive("StateSpace", width=width, states=states)
        spread = -np.linspace(0, np.log(1000), states, dtype=np.float32)
        self.rate = Parameter(np.tile(spread, (width, 1)))
        self.c = Parameter(normal((width, states), generator(rng), std=states**-0.5))
        self.d = Parameter(ones((width,)))

    def forward(self, x: Array, recurrent: bool = False) -> Result:
        if not recurrent:
            return causal_convolution(x, self.kernel(x.shape[1])) + self.d * x
        a = exp(-exp(self.rate))
        put_in = (1 - a) * x.reshape((*x.shape, 1))  # (B, T, width, states)
        h = linear_scan(broadcast_to(a, put_in.shape), put_in)
        return (self.c * h).sum(axis=-1) + self.d * x

    def kernel(self, T: int) -> Result:
        """k_t = Σ_n c_n (1 − a_n) a_n^t, the answer to a single 1, without d.  -> (T, width)"""
        speed = exp(self.rate)
        faded = exp(-speed * np.arange(T, dtype=np.float32)[:, None, None])  # a^t
        return (self.c * (1 - exp(-speed)) * faded).sum(axis=-1)
