"""A simulation that is learned from films: two substances that react and spread, and rules that step them.

Gray and Scott's equations, on a square whose left edge is joined to its right and its top to its bottom:

    ∂u/∂t = 0.16 Δu − u v² + F (1 − u),    ∂v/∂t = 0.08 Δv + u v² − (F + k) v

A state is u and v in every cell, (2, H, W), the side of a cell being the unit of length; a film is a row of
states, a PERIOD apart. Sources: P. Gray and S. Scott (1984); J. Pearson, *Complex patterns in a simple
system* (1993).
"""

from collections.abc import Callable, Sequence

import numpy as np

from nnlearn.engine.arithmetic import mean
from nnlearn.engine.primitive import Array, no_grad
from nnlearn.engine.random import RNG, generator
from nnlearn.models.mlp import MLP
from nnlearn.training.optim import AdamW, clip_grad_norm, cosine, warm_up

FEED, KILL = 0.037, 0.06
SPREAD = np.array([0.16, 0.08], np.float32)[:, None, None]
PERIOD, SIZE = 10.0, 5  # time from a frame to the next; a rule sees SIZE × SIZE cells
USUAL = np.array([0.03, 0.02], np.float32)  # about how much u and v change in a PERIOD
Step = Callable[[np.ndarray], np.ndarray]  # a state (B, 2, H, W) -> the state a PERIOD later


def change(x: np.ndarray, feed: float = FEED, kill: float = KILL) -> np.ndarray:
    """∂x/∂t; Δ is the sum of the four neighbours less four times the cell.  (..., 2, H, W) -> the same"""
    near = np.roll(x, 1, -1) + np.roll(x, -1, -1) + np.roll(x, 1, -2) + np.roll(x, -1, -2)
    u, v = x[..., 0, :, :], x[..., 1, :, :]
    rate, made = SPREAD * (near - 4 * x), u * v * v
    rate[..., 0, :, :] += feed * (1 - u) - made
    rate[..., 1, :, :] += made - (feed + kill) * v
    return rate


def solve(x: np.ndarray, steps: int = 20, feed: float = FEED, kill: float = KILL) -> np.ndarray:
    """The state a PERIOD later, in so many steps of Euler's method.  (..., 2, H, W) -> the same

    Raises ValueError for fewer than one step.
    """
    if steps < 1:
        raise ValueError(f"solve: steps is {steps}, expected at least 1")
    for _ in range(steps):
        x = x + np.float32(PERIOD / steps) * change(x, feed, kill)
    return x


def roll_out(step: Step, x: np.ndarray, frames: int) -> np.ndarray:
    """`step` applied to what it gave, again and again.  (B, 2, H, W) -> (B, frames + 1, 2, H, W), x first

    What leaves 0 to 1 is moved to the nearer end: there is no less than nothing of a substance.
    """
    film = [x]
    for _ in range(frames):
        film.append(np.clip(step(film[-1]), 0, 1).astype(np.float32))
    return np.stack(film, axis=1)


def starts(n: int, size: int = 32, rng: RNG = None) -> np.ndarray:
    """u = 1 and v = 0, but for three to six squares with about u = 1/2 and v = 1/4.  -> (n, 2, size, size)

    Raises ValueError for a size below 8.
    """
    if size < 8:
        raise ValueError(f"starts: size is {size}, expected at least 8")
    rng, x = generator(rng), np.zeros((n, 2, size, size), np.float32)
    x[:, 0] = 1
    for one in x:
        for _ in range(rng.integers(3, 7)):
            side = int(rng.integers(3, 8))
            rows, columns = ((rng.integers(size) + np.arange(side)) % size for _ in range(2))
            one[0, rows[:, None], columns] = 0.5 * rng.uniform(0.8, 1.2, (side, side))
            one[1, rows[:, None], columns] = 0.25 * rng.uniform(0.8, 1.2, (side, side))
    return x


def drawn(rows: Sequence[str]) -> np.ndarray:
    """A start that is drawn: u = 1/2 and v = 1/4 where a row has no space.  -> (1, 2, H, W)

    Raises ValueError for rows of several lengths.
    """
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"drawn: rows have {[len(row) for row in rows]} letters, expected all alike")
    ink = np.array([[letter != " " for letter in row] for row in rows], np.float32)
    return np.stack([1 - ink / 2, ink / 4])[None]


def films(x: np.ndarray, frames: int = 50, feed: float = FEED) -> np.ndarray:
    """What the solver makes of starts x, from the fifth PERIOD on.  (n, 2, H, W) -> (n, frames + 1, 2, H, W)

    By then the noise of the squares is gone and their edges have become soft.
    """
    return roll_out(lambda state: solve(state, feed=feed), x, frames + 5)[:, 5:]


def wrong(film: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Root mean square error of each frame, in standard deviations of the truth.  (B, T, 2, H, W) -> (T,)

    0 is right; to say the mean of the truth everywhere and always would be 1.
    """
    error = ((film - truth) ** 2).mean(axis=(0, 3, 4))
    return np.sqrt((error / truth.var(axis=(0, 1, 3, 4))).mean(axis=1))


def books(film: np.ndarray, feed: float = FEED, kill: float = KILL) -> np.ndarray:
    """The change of the mean of u + v for which no flow accounts.  (B, T, 2, H, W) -> (B, T)

    What spreads or reacts stays in the square, so that u + v changes by F (1 − u) − (F + k) v alone; its
    integral over time is taken by trapezoids.
    """
    u, v = np.moveaxis(film.mean(axis=(3, 4), dtype=float), 2, 0)
    flow = feed * (1 - u) - (feed + kill) * v
    came = np.cumsum((flow[:, 1:] + flow[:, :-1]) / 2 * PERIOD, axis=1)
    total = u + v
    return total - total[:, :1] - np.pad(came, ((0, 0), (1, 0)))


def around(x: np.ndarray) -> np.ndarray:
    """The SIZE × SIZE cells around each cell, over the edge from the other side.

    (B, 2, H, W) -> (B · H · W, 2, SIZE²). Raises ValueError where x is no batch of states.
    """
    if x.ndim != 4 or x.shape[1] != 2:
        raise ValueError(f"around: x has shape {x.shape}, expected (B, 2, H, W)")
    reach = SIZE // 2
    wide = np.pad(x, ((0, 0), (0, 0), (reach, reach), (reach, reach)), mode="wrap")
    seen = np.lib.stride_tricks.sliding_window_view(wide, (SIZE, SIZE), axis=(2, 3))
    return seen.transpose(0, 2, 3, 1, 4, 5).reshape(-1, 2, SIZE**2)


def cells(data: np.ndarray, n: int = 20_000, rng: RNG = None) -> tuple[np.ndarray, np.ndarray]:
    """`n` cells drawn from films: what is around each, and its u and v a frame later.

    (B, T, 2, H, W) -> (n, 2, SIZE²), (n, 2)
    """
    before = around(data[:, :-1].reshape(-1, *data.shape[2:]))
    after = data[:, 1:].transpose(0, 1, 3, 4, 2).reshape(-1, 2)
    chosen = generator(rng).integers(len(before), size=n)
    return before[chosen], after[chosen]


def _blurred(
    data: tuple[np.ndarray, np.ndarray], noise: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What is around each cell with normal noise, and the change that leads to the true state."""
    x, y = data
    x = x + np.float32(noise) * rng.standard_normal(x.shape, dtype=np.float32)
    return x, (y - x[:, :, SIZE**2 // 2]) / USUAL


def everywhere(rule: Callable[[np.ndarray], Array]) -> Step:
    """A rule for one cell, (n, 2, SIZE²) -> its change (n, 2) in units of USUAL, applied in every cell."""

    def step(x: np.ndarray) -> np.ndarray:
        B, _, H, W = x.shape
        with no_grad():
            moved = np.asarray(rule(around(x))) * USUAL
        return x + moved.reshape(B, H, W, 2).transpose(0, 3, 1, 2)

    return step


def learned(
    data: tuple[np.ndarray, np.ndarray],
    lr: float,
    noise: float = 0.0,
    steps: int = 1200,
    batch: int = 256,
    width: int = 32,
    rng: RNG = None,
) -> Step:
    """A dense network on what is around a cell, slid over the square: a convolution.  data: from `cells`

    It learns with AdamW from squared errors, gradients clipped to a norm of 1. With `noise` on what it sees,
    and none on where it is to go, it learns to come back when it has left the way. Source: A.
    Sanchez-Gonzalez and others (2020).
    """
    rng = generator(rng)
    net = MLP((2 * SIZE**2, width, width, 2), "silu", rng=rng)
    optimizer, schedule = AdamW(net.parameters(), lr), warm_up(50, cosine(lr, steps - 50))
    middle, reach = np.array([[[0.6], [0.15]], [[0.25], [0.125]]], np.float32)

    def rule(x: np.ndarray) -> Array:
        z = (x - middle) / reach
        return net(z.reshape(len(z), -1))

    for k in range(steps):
        some = rng.integers(len(data[0]), size=batch)
        x, target = _blurred((data[0][some], data[1][some]), noise, rng)
        optimizer.lr = schedule(k)
        optimizer.zero_grad()
        mean((rule(x) - target) ** 2).backward()
        clip_grad_norm(net.parameters(), 1.0)  # or a large rate bursts on some processors alone
        optimizer.step()
    return everywhere(rule)


def fitted(
    data: tuple[np.ndarray, np.ndarray], degree: int, noise: float = 0.0, ridge: float = 1.0, rng: RNG = None
) -> Step:
    """A weighted sum of all u^i v^j, 1 ≤ i + j ≤ degree, around a cell; weights by least squares.

    Degree 1 is a linear stencil. `ridge` · ‖weights‖² is added to the squared error. data: from `cells`
    """

    def powers(x: np.ndarray) -> np.ndarray:
        u, v = 2 * x[:, 0] - 1, 4 * x[:, 1] - 0.5
        last, every = [np.ones_like(u)], [np.ones_like(u[:, :1])]
        for _ in range(degree):  # of degree d: u times each of degree d − 1, and v^d
            last = [u * one for one in last] + [v * last[-1]]
            every += last
        return np.concatenate(every, axis=1)

    x, target = _blurred(data, noise, generator(rng))
    seen = powers(x).astype(float)
    weights = np.linalg.solve(seen.T @ seen + ridge * np.eye(seen.shape[1]), seen.T @ target)
    return everywhere(lambda x: powers(x) @ weights)
