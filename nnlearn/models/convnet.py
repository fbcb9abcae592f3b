"""The convolutional network: 3×3 convolutions, pooling, one linear layer."""

from collections.abc import Sequence
from itertools import pairwise

from nnlearn.engine.primitive import Array, Result
from nnlearn.engine.random import RNG, generator
from nnlearn.layers.basic import Conv2d, Flatten, Linear, MaxPool2d
from nnlearn.layers.module import Module
from nnlearn.models.mlp import activation_and_init


class ConvNet(Module):
    """3×3 convolution, 2×2 max pooling, activation, for each of `channels`; then one linear layer.

    Pooling first leaves a quarter of the work to the activation; a rising one, such as ReLU, gives the
    same either way.

    shape = (C, H, W) of one image.  (B, C, H, W) -> (B, classes). Raises ValueError for images too small to
    be halved by each pooling.
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

    def features(self, x: Array) -> Result:
        """The last maps, before the linear layer.  (B, C, H, W) -> (B, channels[-1], h, w)"""
        for convolution in self.convolutions:
            x = self.activation(self.pool(convolution(x)))
        return x

    def forward(self, x: Array) -> Result:
        return self.classify(self.flatten(self.features(x)))
