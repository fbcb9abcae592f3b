"""Models that map one input to one output: the multi-layer perceptron and the convolutional network."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from .. import activations, init
from ..init import Init
from ..layers import Conv2d, Flatten, Linear, MaxPool2d, Module
from ..random import RNG, generator

RECTIFIERS = ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus")


def linear(x: Any) -> Any:
    """x: no activation, to see what a network is without."""
    return x


def activation_and_init(name: str) -> tuple[Any, Init]:
    """The function of that name, and the initialisation that suits it: He's for rectifiers, else Xavier's."""
    known = (*RECTIFIERS, "tanh", "sigmoid", "linear")
    if name == "linear":
        return linear, init.xavier_uniform
    if name not in known:
        raise ValueError(f"activation is {name!r}, expected one of {', '.join(known)}")
    return getattr(activations, name), init.he_uniform if name in RECTIFIERS else init.xavier_uniform


class MLP(Module):
    """x W₁ + b₁, activation, x W₂ + b₂, …, without an activation at the end.

    (B, sizes[0]) -> (B, sizes[-1])

    Weights start as suits the activation, or from `init`, a function of `nnlearn.init`.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str = "relu",
        rng: RNG = None,
        init: Init | None = None,
    ) -> None:
        if len(sizes) < 2:
            raise ValueError(f"MLP: sizes is {sizes}, expected at least (n_in, n_out)")
        rng, (self.activation, suited) = generator(rng), activation_and_init(activation)
        self.layers = [Linear(n_in, n_out, init=init or suited, rng=rng) for n_in, n_out in pairwise(sizes)]

    def forward(self, x: Any) -> Any:
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)


class ConvNet(Module):
    """3×3 convolution, 2×2 max pooling, activation, for each of `channels`; then one linear layer.

    Pooling first leaves a quarter of the work to the activation; a rising one, such as ReLU, gives the
    same either way.

    shape = (C, H, W) of one image.  (B, C, H, W) -> (B, classes)
    """

    def __init__(
        self,
        shape: Sequence[int],
        classes: int,
        channels: Sequence[int] = (16, 32),
        activation: str = "relu",
        rng: RNG = None,
    ) -> None:
        rng, (self.activation, weights) = generator(rng), activation_and_init(activation)
        c, h, w = shape
        shrink = 2 ** len(channels)
        if h < shrink or w < shrink:
            raise ValueError(
                f"ConvNet: {h}×{w} pixels cannot be halved {len(channels)} times; give fewer channels"
            )
        pairs = pairwise((c, *channels))
        self.convolutions = [Conv2d(a, b, 3, padding=1, init=weights, rng=rng) for a, b in pairs]
        self.pool, self.flatten = MaxPool2d(2), Flatten()
        self.classify = Linear(channels[-1] * (h // shrink) * (w // shrink), classes, rng=rng)

    def forward(self, x: Any) -> Any:
        for convolution in self.convolutions:
            x = self.activation(self.pool(convolution(x)))
        return self.classify(self.flatten(x))
