"""Optimisers: how the weights follow the gradient. Schedules, and clipping of gradients.

An optimiser moves all its parameters into one flat array, of which each `p.data` becomes a view. A step is
then a handful of array operations however many layers there are, done a cache-sized piece at a time.
"""

import math
from collections.abc import Callable, Iterable

import numpy as np

from nnlearn.engine.primitive import plain
from nnlearn.engine.tensor import Parameter

# Weights updated at a time: 128 kB in float32, so that all passes of a step find them in the cache.
_PIECE = 1 << 15


class Optimizer:
    """Base: `step()` calls `update(w, g, t, …)` on flat pieces of weights, gradients, slots.

    `slots` names what is remembered for each weight. Raises TypeError unless params are parameters of one
    dtype, ValueError when one comes twice, or for a negative rate or decay.
    """

    slots: tuple[str, ...] = ()

    def __init__(self, params: Iterable[Parameter], lr: float, weight_decay: float = 0.0) -> None:
        name, self.params = type(self).__name__, list(params)
        if not self.params or not all(isinstance(p, Parameter) for p in self.params):
            raise TypeError(
                f"{name}: params must be parameters, for example model.parameters(); got {self.params!r:.80}"
            )
        if len({id(p) for p in self.params}) < len(self.params):
            raise ValueError(f"{name}: params holds the same parameter twice")
        dtypes = sorted({p.data.dtype.name for p in self.params})
        if len(dtypes) > 1:
            raise TypeError(
                f"{name}: params must have one dtype, got {' and '.join(dtypes)}; see model.astype"
            )
        for argument, value in (("lr", lr), ("weight_decay", weight_decay)):
            if not (value >= 0 and math.isfinite(value)):
                raise ValueError(f"{name}: {argument} is {value}, expected a number that is not negative")
        self.lr, self.weight_decay = lr, weight_decay
        ends = np.cumsum([p.data.size for p in self.params]).tolist()
        self._bounds = list(zip([0, *ends[:-1]], ends, strict=True))
        self._weights, self._grads = (np.empty(ends[-1], dtypes[0]) for _ in range(2))
        self._scratch = np.empty(min(ends[-1], _PIECE), dtypes[0])
        self._slots = {slot: np.zeros(ends[-1], dtypes[0]) for slot in self.slots}
        self._w, self._g = (
            [flat[a:b].reshape(p.data.shape) for p, (a, b) in zip(self.params, self._bounds, strict=True)]
            for flat in (self._weights, self._grads)
        )
        self._steps = [0] * len(self.params)
        for p, w in zip(self.params, self._w, strict=True):
            w[...] = p.data
            p.data = w

    def zero_grad(self) -> None:
        """Forget the gradients; `backward` adds to what is there."""
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient.

        Only the gradient's values count: after `backward(create_graph=True)` nothing is recorded here. Raises
        ValueError when a parameter has changed its shape or dtype since the optimiser was made, or a gradient
        has not its parameter's shape.
        """
        state = self._slots.values()
        for start, end, t in self._gather():
            for a in range(start, end, _PIECE):
                b = min(a + _PIECE, end)
                self.update(self._weights[a:b], self._grads[a:b], t, *[s[a:b] for s in state])

    def _gather(self) -> list[list[int]]:
        """Copy the gradients side by side. Returns [start, end, steps taken] of runs of them."""
        runs: list[list[int]] = []
        for i, (p, w, g, (start, end)) in enumerate(
            zip(self.params, self._w, self._g, self._bounds, strict=True)
        ):
            if p.grad is None:
                continue
            grad = plain(p.grad)  # after `backward(create_graph=True)` it is a tensor
            if grad.shape != w.shape:
                raise ValueError(
                    f"{type(self).__name__}: a gradient is {grad.shape}, its parameter {w.shape}"
                )
            g[...] = grad
            if p.data is not w:  # somebody gave the parameter another array: take it over
                if p.data.shape != w.shape or p.data.dtype != w.dtype:
                    change = f"{w.shape} {w.dtype} has become {p.data.shape} {p.data.dtype}"
                    raise ValueError(f"a parameter of {change}; make the optimiser after changing the model")
                w[...] = p.data
            p.data = w  # also tells the tape that the values change
            self._steps[i] = t = self._steps[i] + 1
            if runs and runs[-1][1:] == [start, t]:
                runs[-1][1] = end
            else:
                runs.append([start, end, t])
        return runs

    def update(self, w: np.ndarray, g: np.ndarray, t: int, *state: np.ndarray) -> None:
        """Change w, in place, in its t-th step; g may be overwritten.

        Raises NotImplementedError where a subclass does not say.
        """
        raise NotImplementedError

    def _decay(self, w: np.ndarray, g: np.ndarray) -> None:
        """g ← g + weight_decay · w: the gradient of weight_decay/2 · ‖w‖² on top of the loss's."""
        if self.weight_decay:
            s = self._scratch[: w.size]
            g += np.multiply(w, float(self.weight_decay), out=s)

    def state_dict(self) -> dict[str, np.ndarray]:
        """What the optimiser remembers, to go on from later."""
        slots = {slot: flat.copy() for slot, flat in self._slots.items()}
        return slots | {"steps": np.array(self._steps), "lr": np.array(float(self.lr))}

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state_dict` gave. Raises ValueError when it does not fit."""
        mine, name = self.state_dict(), type(self).__name__
        if mine.keys() != state.keys():
            raise ValueError(f"{name}: the state holds {', '.join(state)}; expected {', '.join(mine)}")
        for key, value in mine.items():
            if value.shape != state[key].shape:
                raise ValueError(
                    f"{name}: {key} has shape {state[key].shape}, expected {value.shape}: another model's?"
                )
        for slot, flat in self._slots.items():
            flat[...] = state[slot]
        self._steps, self.lr = state["steps"].tolist(), state["lr"].item()


class SGD(Optimizer):
    """v ← μ v + g,  w ← w − lr v;  with Nesterov's look ahead  w ← w − lr (g + μ v).

    Without momentum (μ = 0) v is the gradient itself. Raises ValueError for Nesterov without momentum.
    Source: B. Polyak (1964); I. Sutskever et al. (2013).
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        if nesterov and not momentum:
            raise ValueError("SGD: nesterov=True needs a momentum above 0, for example 0.9")
        self.momentum, self.nesterov = _fraction("SGD", "momentum", momentum), nesterov
        self.slots = ("velocity",) if momentum else ()
        super().__init__(params, lr, weight_decay)

    def update(self, w: np.ndarray, g: np.ndarray, t: int, *state: np.ndarray) -> None:
        self._decay(w, g)
        if state:
            (v,) = state
            v *= self.momentum
            v += g
            if self.nesterov:
                g += np.multiply(v, self.momentum, out=self._scratch[: w.size])
            else:
                g[...] = v
        g *= float(self.lr)
        w -= g


class Adagrad(Optimizer):
    """s ← s + g²,  w ← w − lr g / (√s + ε): directions seldom used keep large steps.

    Source: J. Duchi et al. (2011).
    """

    slots = ("squares",)

    def __init__(
        self, params: Iterable[Parameter], lr: float = 0.01, eps: float = 1e-10, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr, weight_decay)
        self.eps = eps

    def update(self, w: np.ndarray, g: np.ndarray, t: int, *state: np.ndarray) -> None:
        (squares,), s = state, self._scratch[: w.size]
        self._decay(w, g)
        squares += np.multiply(g, g, out=s)
        self._move(w, g, squares)

    def _move(self, w: np.ndarray, g: np.ndarray, squares: np.ndarray) -> None:
        s = np.sqrt(squares, out=self._scratch[: w.size])
        s += self.eps
        g /= s
        g *= float(self.lr)
        w -= g


class RMSProp(Adagrad):
    """s ← α s + (1 − α) g²,  w ← w − lr g / (√s + ε): Adagrad that forgets.

    Source: G. Hinton, lecture 6e (2012).
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr, eps, weight_decay)
        self.alpha = _fraction("RMSProp", "alpha", alpha)

    def update(self, w: np.ndarray, g: np.ndarray, t: int, *state: np.ndarray) -> None:
        (squares,), s = state, self._scratch[: w.size]
        self._decay(w, g)
        squares *= self.alpha
        np.multiply(g, g, out=s)
        s *= 1 - self.alpha
        squares += s
        self._move(w, g, squares)


class Adam(Optimizer):
    """m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  w ← w − lr m̂ / (√v̂ + ε).

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) undo the start from zero.  Source: D. Kingma and J. Ba (2015).
    """

    slots = ("mean", "square")

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay)
        name = type(self).__name__
        self.betas = _fraction(name, "betas[0]", betas[0]), _fraction(name, "betas[1]", betas[1])
        self.eps = eps

    def update(self, w: np.ndarray, g: np.ndarray, t: int, *state: np.ndarray) -> None:
        (m, v), (beta1, beta2), s = state, self.betas, self._scratch[: w.size]
        self._decay(w, g)
        m *= beta1
        m += np.multiply(g, 1 - beta1, out=s)
        v *= beta2
        g *= g
        g *= 1 - beta2
        v += g
        # lr m̂ / (√v̂ + ε), with both corrections drawn out of the arrays
        correction = math.sqrt(1 - beta2**t)
        np.sqrt(v, out=s)
        s += self.eps * correction
        np.divide(m, s, out=s)
        s *= float(self.lr) * correction / (1 - beta1**t)
        w -= s


class AdamW(Adam):
    """Adam, and w ← w − lr · weight_decay · w apart from it.  Source: I. Loshchilov and F. Hutter (2019)."""

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def _decay(self, w: np.ndarray, g: np.ndarray) -> None:
        w *= 1 - float(self.lr) * self.weight_decay


def _fraction(name: str, argument: str, value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f"{name}: {argument} is {value}, expected at least 0 and below 1")
    return float(value)


def clip_grad_norm(params: Iterable[Parameter], max_norm: float) -> float:
    """g ← g · min(1, max_norm / ‖g‖), g all gradients as one vector. Returns ‖g‖ as it was.

    Source: R. Pascanu et al. (2013).
    """
    with_grad = [p for p in params if p.grad is not None]
    norm = math.sqrt(sum(float(np.vdot(plain(p.grad), plain(p.grad))) for p in with_grad))
    if norm > max_norm:
        for p in with_grad:
            p.grad = p.grad * (max_norm / norm)
    return norm


Schedule = Callable[[int], float]


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """step ↦ lr · factor^⌊step / every⌋.  A schedule is a function: `optimizer.lr = schedule(step)`."""
    return lambda step: lr * factor ** (step // every)


def cosine(lr: float, steps: int, end: float = 0.0) -> Schedule:
    """step ↦ end + (lr − end) (1 + cos(π step / steps)) / 2, and `end` from there on.

    Source: I. Loshchilov and F. Hutter (2017).
    """
    return lambda step: end + (lr - end) * (1 + math.cos(math.pi * min(step / steps, 1))) / 2


def warm_up(steps: int, schedule: Schedule) -> Schedule:
    """Rise evenly to the schedule's start within `steps`, then follow it.  Source: P. Goyal et al. (2017)."""
    return lambda step: schedule(0) * (step + 1) / steps if step < steps else schedule(step - steps)
