"""The playground's data sets and input features, each also as the code that makes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnlearn import data
from nnlearn.data.examples import Set

EXAMPLES = 400
EDGE = 3.5  # the plane that is shown is [−EDGE, EDGE]²


@dataclass(frozen=True)
class Problem:
    """A generator of `nnlearn.data`, how far its points are stretched, and what is asked about them."""

    generator: str
    scale: float
    classes: int  # 0: a number is asked for
    options: tuple[tuple[str, Any], ...] = ()
    noise: str = "noise"  # the generator's argument
    least: float = 0.0  # of that argument, at noise 0

    @property
    def loss(self) -> str:
        return {0: "mse_loss", 2: "binary_cross_entropy"}.get(self.classes, "cross_entropy")

    @property
    def outputs(self) -> int:
        return self.classes if self.classes > 2 else 1

    def arguments(self, noise: float) -> dict[str, Any]:
        return dict(self.options) | {self.noise: round(self.least + noise, 4)}

    def make(self, noise: float, seed: int) -> Set:
        """EXAMPLES points X (N, 2), and their labels (N,) or targets (N, 1)."""
        X, y = getattr(data, self.generator)(EXAMPLES, **self.arguments(noise), rng=seed)
        return self.scale * X, y.astype(np.float32)[:, None] if self.classes == 2 else y

    def code(self, noise: float, seed: int) -> list[str]:
        """The lines of Python that do the same as `make`."""
        arguments = "".join(f", {name}={value!r}" for name, value in self.arguments(noise).items())
        lines = [
            f"X, y = nn.data.{self.generator}({EXAMPLES}{arguments}, rng={seed})",
            f"X = {self.scale} * X",
        ]
        return lines + ["y = y.astype(np.float32)[:, None]"] * (self.classes == 2)


PROBLEMS = {
    "circles": Problem("circles", 2.8, 2, (("factor", 0.4),)),
    "xor": Problem("xor", 3.0, 2),
    "two clouds": Problem("mixture", 1.0, 2, (("modes", 2),), "spread", 0.5),
    "moons": Problem("moons", 2.0, 2),
    "two spirals": Problem("spirals", 3.0, 2, (("classes", 2), ("turns", 1.0))),
    "three spirals": Problem("spirals", 3.0, 3, (("classes", 3),)),
    "five clouds": Problem("mixture", 1.1, 5, (("modes", 5),), "spread", 0.3),
    "plane (regression)": Problem("plane", 3.0, 0),
    "hills (regression)": Problem("hills", 3.0, 0),
}

# name: (function of the two coordinates, the same as code)
FEATURES: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "x": (lambda x, y: x, "x"),
    "y": (lambda x, y: y, "y"),
    "x²": (lambda x, y: x**2, "x**2"),
    "y²": (lambda x, y: y**2, "y**2"),
    "xy": (lambda x, y: x * y, "x * y"),
    "sin x": (lambda x, y: np.sin(x), "np.sin(x)"),
    "sin y": (lambda x, y: np.sin(y), "np.sin(y)"),
}
NOTHING: tuple[Callable[[Any, Any], Any], str] = (lambda x, y: np.ones_like(x), "np.ones_like(x)")


def features(names: tuple[str, ...]) -> dict[str, tuple[Callable[[Any, Any], Any], str]]:
    """The chosen features; with none, the network sees the same 1 everywhere."""
    return {name: FEATURES[name] for name in names} or {"1": NOTHING}


def inputs(X: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """What the network sees of the points.  (N, 2) -> (N, features)"""
    return np.column_stack([f(*X.T) for f, _ in features(names).values()])
