"""The multi-layer perceptron."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from nnlearn.engine.primitive import Array, Result
from nnlearn.engine.random import RNG, generator
from nnlearn.functions import activations
from nnlearn.layers import init
from nnlearn.layers.basic import Linear
from nnlearn.layers.init import Init
from nnlearn.layers.module import Module

RECTIFIERS = ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus")


def identity(x: Array) -> Result:
    """x as it is: what "linear" stands for, a network without activation."""
    return x


def activation_and_init(name: str) -> tuple[Callable[[Array], Result], Init]:
    """The function of that name, and the initialisation that suits it: He's for rectifiers, else Xavier's.

    Raises ValueError for an unknown name.
    """
    known = (*RECTIFIERS, "tanh", "sigmoid", "linear")
    if name not in known:
        raise ValueError(f"activation is {name!r}, expected one of {', '.join(known)}")
    function = identity if name == "linear" else getattr(activations, name)
    return function, init.he_uniform if name in RECTIFIERS else init.xavier_uniform


class MLP(Module):
    """x W₁ + b₁, activation, x W₂ + b₂, …, without an activation at the end.

    (B, sizes[0]) -> (B, sizes[-1]). `activation` is "relu", "leaky_relu", "elu", "gelu", "silu", "softplus",
    "tanh", "sigmoid" or "linear" (none). Weights start as suits it, or from `init`, a function of `nn.init`.
    Raises ValueError for an unknown activation, or fewer than two sizes.
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

    def forward(self, x: Array) -> Result:
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)
