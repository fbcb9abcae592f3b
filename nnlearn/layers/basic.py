"""The layers: each owns its parameters and calls the function of the same name.

Weights start from U(±√(3 / fan_in)), which keeps the size of a signal through linear layers; give `init=`
another function of `nn.init` to suit the activation. Biases start at 0. Sizes that are not whole numbers from
1 on raise ValueError.
"""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.primitive import Array, Result
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.tensor import Parameter
from nnlearn.functions import activations as A
from nnlearn.functions.convolution import avg_pool2d, conv2d, conv_transpose2d, max_pool2d
from nnlearn.functions.dropout import dropout
from nnlearn.functions.linear import embedding, linear
from nnlearn.functions.normalization import batch_norm, group_norm, layer_norm, rms_norm
from nnlearn.functions.recurrent import gru, lstm, rnn
from nnlearn.layers.init import Init, lecun_uniform, normal, ones, orthogonal, zeros
from nnlearn.layers.module import Module, require_positive


class Linear(Module):
    """y = x W + b.  x: (..., n_in), W: (n_in, n_out), b: (n_out,) -> (..., n_out)"""

    def __init__(
        self, n_in: int, n_out: int, bias: bool = True, init: Init = lecun_uniform, rng: RNG = None
    ) -> None:
        require_positive("Linear", n_in=n_in, n_out=n_out)
        self.W = Parameter(init((n_in, n_out), rng))
        self.b = Parameter(zeros((n_out,))) if bias else None

    def forward(self, x: Array) -> Result:
        return linear(x, self.W, self.b)


class Embedding(Module):
    """Row ids[i] of W for each id.  ids: (...), W: (n, width) -> (..., width)"""

    def __init__(self, n: int, width: int, init: Init = normal, rng: RNG = None) -> None:
        require_positive("Embedding", n=n, width=width)
        self.W = Parameter(init((n, width), rng))

    def forward(self, ids: Array | ArrayLike) -> Result:
        return embedding(ids, self.W)


class Conv2d(Module):
    """A kernel slid over images, see `conv2d`.  (B, C_in, H, W) -> (B, C_out, H', W')"""

    def __init__(
        self,
        c_in: int,
        c_out: int,
        size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        bias: bool = True,
        init: Init = lecun_uniform,
        rng: RNG = None,
    ) -> None:
        require_positive("Conv2d", c_in=c_in, c_out=c_out, size=size, stride=stride, dilation=dilation)
        self.W = Parameter(init((c_out, c_in, size, size), rng))
        self.b = Parameter(zeros((c_out,))) if bias else None
        self.stride, self.padding, self.dilation = stride, padding, dilation

    def forward(self, x: Array) -> Result:
        return conv2d(x, self.W, self.b, self.stride, self.padding, self.dilation)


class ConvTranspose2d(Module):
    """Each pixel lays down a kernel, see `conv_transpose2d`.  (B, C_in, H, W) -> (B, C_out, H', W')

    A pixel of the output adds up about c_in · size² / stride² products: where `init` is left out, W starts
    from U(±√(3 / that number)). An `init` is given the shape (c_out, c_in, size, size).
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        size: int,
        stride: int = 1,
        padding: int = 0,
        output_padding: int = 0,
        bias: bool = True,
        init: Init | None = None,
        rng: RNG = None,
    ) -> None:
        require_positive("ConvTranspose2d", c_in=c_in, c_out=c_out, size=size, stride=stride)
        shape = (c_out, c_in, size, size)
        W = lecun_uniform(shape, rng) * np.float32(stride) if init is None else init(shape, rng)
        self.W = Parameter(np.ascontiguousarray(W.swapaxes(0, 1)))
        self.b = Parameter(zeros((c_out,))) if bias else None
        self.stride, self.padding, self.output_padding = stride, padding, output_padding

    def forward(self, x: Array) -> Result:
        return conv_transpose2d(x, self.W, self.b, self.stride, self.padding, self.output_padding)


class MaxPool2d(Module):
    """The largest value of each size × size patch.  (B, C, H, W) -> (B, C, H', W')"""

    def __init__(self, size: int, stride: int | None = None) -> None:
        self.size, self.stride = size, stride

    def forward(self, x: Array) -> Result:
        return max_pool2d(x, self.size, self.stride)


class AvgPool2d(Module):
    """The mean of each size × size patch.  (B, C, H, W) -> (B, C, H', W')"""

    def __init__(self, size: int, stride: int | None = None) -> None:
        self.size, self.stride = size, stride

    def forward(self, x: Array) -> Result:
        return avg_pool2d(x, self.size, self.stride)


class Flatten(Module):
    """All axes but the first made one.  (B, ...) -> (B, n)"""

    def forward(self, x: Array) -> Result:
        return x.reshape(len(x), math.prod(x.shape[1:]))


class Dropout(Module):
    """While training, sets each value to 0 with probability p and scales the rest by 1 / (1 − p).

    Raises ValueError unless 0 ≤ p < 1.
    """

    def __init__(self, p: float = 0.5, rng: RNG = None) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"Dropout: p is {p}, expected a probability from 0 up to, not including, 1")
        self.p, self.rng = p, None if rng is None else generator(rng)

    def forward(self, x: Array) -> Result:
        return dropout(x, self.p, self.rng) if self.training and self.p else x


class LayerNorm(Module):
    """Mean 0 and variance 1 over the last axis, times gamma, plus beta.  (..., width), same out"""

    def __init__(self, width: int, eps: float = 1e-5) -> None:
        require_positive("LayerNorm", width=width)
        self.gamma, self.beta, self.eps = Parameter(ones((width,))), Parameter(zeros((width,))), eps

    def forward(self, x: Array) -> Result:
        return layer_norm(x, self.gamma, self.beta, self.eps)


class RMSNorm(Module):
    """Mean square 1 over the last axis, times gamma.  (..., width), same out

    Source: B. Zhang and R. Sennrich (2019).
    """

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        require_positive("RMSNorm", width=width)
        self.gamma, self.eps = Parameter(ones((width,))), eps

    def forward(self, x: Array) -> Result:
        return rms_norm(x, self.gamma, self.eps)


class GroupNorm(Module):
    """Mean 0 and variance 1 over each group of channels of an example.  (B, channels, ...), same out

    Unlike `BatchNorm`, the same in training and in use. Raises ValueError when `groups` does not divide
    `channels`. Source: Y. Wu and K. He (2018).
    """

    def __init__(self, groups: int, channels: int, eps: float = 1e-5) -> None:
        require_positive("GroupNorm", groups=groups, channels=channels)
        if channels % groups:
            raise ValueError(f"GroupNorm: channels is {channels}, which {groups} groups cannot share evenly")
        self.gamma, self.beta = Parameter(ones((channels,))), Parameter(zeros((channels,)))
        self.groups, self.eps = groups, eps

    def forward(self, x: Array) -> Result:
        return group_norm(x, self.groups, self.gamma, self.beta, self.eps)


class BatchNorm(Module):
    """Mean 0 and variance 1 for each channel.  (B, C) or (B, C, H, W), same out

    In training over the batch; in use by running averages:
    running ← (1 − momentum) running + momentum · batch.  Source: S. Ioffe and C. Szegedy (2015).
    """

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        require_positive("BatchNorm", channels=channels)
        self.gamma, self.beta = Parameter(ones((channels,))), Parameter(zeros((channels,)))
        self.mean, self.var = zeros((channels,)), ones((channels,))
        self.eps, self.momentum = eps, momentum

    def forward(self, x: Array) -> Result:
        return batch_norm(
            x, self.gamma, self.beta, self.mean, self.var, self.training, self.momentum, self.eps
        )


class _Recurrent(Module):
    """What the recurrent layers share: `gates` blocks of weights, those of the hidden state orthogonal."""

    gates: ClassVar[int] = 1

    def __init__(self, n_in: int, n_hidden: int, rng: RNG = None) -> None:
        require_positive(type(self).__name__, n_in=n_in, n_hidden=n_hidden)
        rng, blocks = generator(rng), range(self.gates)
        self.W_x = Parameter(np.concatenate([lecun_uniform((n_in, n_hidden), rng) for _ in blocks], axis=1))
        self.W_h = Parameter(np.concatenate([orthogonal((n_hidden, n_hidden), rng) for _ in blocks], axis=1))
        self.b = Parameter(zeros((self.gates * n_hidden,)))

    def _last(self, h: Array, h0: Array | None) -> Result:
        """The state after the last step; without any step, the one before it."""
        if h.shape[1]:
            return h[:, -1]
        return np.zeros((h.shape[0], h.shape[2]), h.dtype) if h0 is None else h0


class RNN(_Recurrent):
    """h_t = tanh(x_t W_x + h_{t−1} W_h + b).  (B, T, n_in) -> all h (B, T, n_hidden), and the last"""

    def forward(self, x: Array, h0: Array | None = None) -> tuple[Result, Result]:
        h = rnn(x, h0, self.W_x, self.W_h, self.b)
        return h, self._last(h, h0)


class GRU(_Recurrent):
    """Two gates, see `gru`.  (B, T, n_in) -> all h (B, T, n_hidden), and the last (B, n_hidden)"""

    gates = 3

    def forward(self, x: Array, h0: Array | None = None) -> tuple[Result, Result]:
        h = gru(x, h0, self.W_x, self.W_h, self.b)
        return h, self._last(h, h0)


class LSTM(_Recurrent):
    """Three gates and a cell, see `lstm`.  (B, T, n_in) -> all h (B, T, n_hidden), and the last (h, c)

    The forget gate's bias starts at `forget_bias`, so that memories last (R. Jozefowicz et al., 2015).
    """

    gates = 4

    def __init__(self, n_in: int, n_hidden: int, forget_bias: float = 1.0, rng: RNG = None) -> None:
        super().__init__(n_in, n_hidden, rng)
        self.b.data[n_hidden : 2 * n_hidden] = forget_bias

    def forward(
        self, x: Array, state: tuple[Array, Array] | None = None
    ) -> tuple[Result, tuple[Result, Result]]:
        h0, c0 = (None, None) if state is None else state
        h, c = lstm(x, h0, c0, self.W_x, self.W_h, self.b)
        return h, (self._last(h, h0), c)


class Activation(Module):
    """A function without parameters as a layer; what is given is passed on: `LeakyReLU(0.2)`."""

    function: ClassVar[Callable[..., Result]]

    def __init__(self, *options: Any) -> None:
        self.options = options

    def forward(self, x: Array) -> Result:
        return type(self).function(x, *self.options)


class ReLU(Activation):
    """max(0, x)."""

    function = staticmethod(A.relu)


class LeakyReLU(Activation):
    """x where it is positive, slope · x elsewhere: `LeakyReLU(0.2)`."""

    function = staticmethod(A.leaky_relu)


class ELU(Activation):
    """x where it is positive, alpha (eˣ − 1) elsewhere: `ELU(0.5)`."""

    function = staticmethod(A.elu)


class Sigmoid(Activation):
    """1 / (1 + e⁻ˣ)."""

    function = staticmethod(A.sigmoid)


class Tanh(Activation):
    """tanh x."""

    function = staticmethod(A.tanh)


class GELU(Activation):
    """x Φ(x)."""

    function = staticmethod(A.gelu)


class SiLU(Activation):
    """x · sigmoid(x)."""

    function = staticmethod(A.silu)


class Softplus(Activation):
    """log(1 + eˣ)."""

    function = staticmethod(A.softplus)


class Softmax(Activation):
    """eˣ / Σ eˣ along an axis: `Softmax(-1)`."""

    function = staticmethod(A.softmax)
