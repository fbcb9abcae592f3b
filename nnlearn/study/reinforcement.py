"""Learning from rewards alone: bandits, policy gradients, Q-learning, and small worlds for them (chapter 24).

A world is batched: `reset(n)` begins n episodes, `step(state, action)` takes one action in each and returns
the next states, the rewards, and which episodes are `terminated`. It keeps no state itself, so that a search
may look ahead.
"""

from collections.abc import Callable

import numpy as np

from nnlearn.engine.primitive import no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import log_softmax, softmax
from nnlearn.layers.module import Module

Bonus = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of a step's states before and after

# -- bandits -------------------------------------------------------------------------------------------


def epsilon_greedy(Q: np.ndarray, epsilon: float, rng: RNG = None) -> np.ndarray:
    """The action of the highest estimate, or with probability ε any action.  (B, A) -> (B,)

    Equal estimates are chosen between by chance. Raises ValueError for an ε outside [0, 1].
    """
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon_greedy: epsilon is {epsilon}, expected a number from 0 to 1")
    rng = generator(rng)
    best = np.where(Q == Q.max(axis=1, keepdims=True), rng.random(Q.shape), -1).argmax(axis=1)
    return np.where(rng.random(len(Q)) < epsilon, rng.integers(0, Q.shape[1], len(Q)), best)


def upper_confidence(Q: np.ndarray, tried: np.ndarray, c: float = 1.0) -> np.ndarray:
    """argmax_a Q_a + c √(2 ln t / n_a), t = 1 + Σ n; the untried comes first.  (B, A), (B, A) -> (B,)

    Source: P. Auer, N. Cesa-Bianchi and P. Fischer (2002), UCB1, whose rewards lie in [0, 1] and c is 1.
    """
    t = 1 + tried.sum(axis=1, keepdims=True)
    bonus = np.sqrt(2 * np.log(t) / np.maximum(tried, 1))
    return np.where(tried > 0, Q + c * bonus, np.inf).argmax(axis=1)


def play_bandit(
    means: np.ndarray, choose: Callable[[np.ndarray, np.ndarray], np.ndarray], steps: int, rng: RNG = None
) -> np.ndarray:
    """The regret of each step, max μ − μ_a, of a batch of learners.  means (B, A) -> (B, steps)

    A pull of arm a pays 1 with probability μ_a, else 0; `choose(Q, tried)` sees the mean reward of each arm
    so far (0 before the first pull) and how often it was pulled. Raises ValueError for means outside [0, 1].
    """
    if means.ndim != 2 or means.min() < 0 or means.max() > 1:
        raise ValueError(
            f"play_bandit: means has shape {means.shape}, expected (B, A) of numbers from 0 to 1"
        )
    rng, rows = generator(rng), np.arange(len(means))
    Q, tried, regret = np.zeros(means.shape), np.zeros(means.shape), np.zeros((len(means), steps))
    for t in range(steps):
        a = choose(Q, tried)
        reward = rng.random(len(means)) < means[rows, a]
        tried[rows, a] += 1
        Q[rows, a] += (reward - Q[rows, a]) / tried[rows, a]
        regret[:, t] = means.max(axis=1) - means[rows, a]
    return regret


# -- worlds --------------------------------------------------------------------------------------------


class Catch:
    """A ball falls; actions 0, 1, 2 move the paddle left, not, right. Reward 1 if it is caught, else 0.

    A state is (row of the ball, its column, column of the paddle): (B, 3). After the bsuite of I. Osband and
    others (2020).
    """

    actions = 3

    def __init__(self, height: int = 8, width: int = 7) -> None:
        self.height, self.width = height, width

    def reset(self, n: int, rng: RNG = None) -> np.ndarray:
        ball = generator(rng).integers(0, self.width, n)
        return np.stack([np.zeros(n, int), ball, np.full(n, self.width // 2)], axis=1)

    def step(self, state: np.ndarray, action: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(B, 3), (B,) -> states (B, 3), rewards (B,), terminated (B,)"""
        row, ball, paddle = state.T
        paddle = np.clip(paddle + action - 1, 0, self.width - 1)
        terminated = row + 1 == self.height - 1
        return np.stack([row + 1, ball, paddle], axis=1), terminated * (ball == paddle) * 1.0, terminated

    def observe(self, state: np.ndarray) -> np.ndarray:
        """The picture: 1 at the ball and at the paddle in the last row.  (B, 3) -> (B, height · width)"""
        seen, rows = np.zeros((len(state), self.height, self.width), np.float32), np.arange(len(state))
        seen[rows, state[:, 0], state[:, 1]] = 1
        seen[rows, -1, state[:, 2]] = 1
        return seen.reshape(len(state), -1)


class GridWorld:
    """A map of rows: "S" start, "G" a goal worth 1, "g" one worth 0.2, "#" wall, "." floor.

    Actions 0 to 3 go up, right, down, left. A state is the number of a cell. Reaching a goal pays its worth
    and ends the episode. Raises ValueError for a map without one start, or with rows of several lengths.
    """

    actions = 4

    def __init__(self, rows: list[str]) -> None:
        lengths = sorted({len(row) for row in rows})
        if len(lengths) != 1:
            words = ", ".join(map(str, lengths))
            raise ValueError(f"GridWorld: rows have the lengths {words}, expected one length")
        self.map = np.array([list(row) for row in rows])
        starts = np.flatnonzero(self.map == "S")
        if len(starts) != 1:
            raise ValueError(f"GridWorld: rows have {len(starts)} starts, expected one S")
        h, w = self.map.shape
        self.states, self.start = h * w, int(starts[0])
        self.worth = np.select([self.map == "G", self.map == "g"], [1.0, 0.2]).ravel()  # (states,)
        i, j = np.divmod(np.arange(self.states), w)
        moved = [(i - 1, j), (i, j + 1), (i + 1, j), (i, j - 1)]
        to = np.stack([np.clip(a, 0, h - 1) * w + np.clip(b, 0, w - 1) for a, b in moved], axis=1)
        blocked = self.map.ravel()[to] == "#"
        self.next = np.where(blocked, np.arange(self.states)[:, None], to)  # (states, 4): where each leads

    def reset(self, n: int) -> np.ndarray:
        return np.full(n, self.start)

    def step(self, state: np.ndarray, action: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(B,), (B,) -> states (B,), rewards (B,), terminated (B,)"""
        state = self.next[state, action]
        return state, self.worth[state], self.worth[state] > 0


# -- policy gradients ----------------------------------------------------------------------------------


def discounted_returns(rewards: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    """G_t = r_t + γ G_{t+1}, from the end back.  (T, B) -> (T, B)

    Raises ValueError for a γ outside [0, 1].
    """
    if not 0 <= gamma <= 1:
        raise ValueError(f"discounted_returns: gamma is {gamma}, expected a number from 0 to 1")
    found, later = np.zeros(rewards.shape), np.zeros(rewards.shape[1:])
    for t in reversed(range(len(rewards))):
        later = found[t] = rewards[t] + gamma * later
    return found


def rollout(
    world: Catch, policy: Module, n: int, rng: RNG = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """n episodes of one length, actions drawn from the softmax of the policy's logits.

    -> observations (T, n, d), actions (T, n), rewards (T, n)
    """
    rng = generator(rng)
    state, over, seen, done, paid = world.reset(n, rng), np.zeros(n, bool), [], [], []
    while not over.all():
        seen.append(world.observe(state))
        with no_grad():
            p = softmax(plain(policy(seen[-1])))
        done.append((p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(max=world.actions - 1))
        state, reward, over = world.step(state, done[-1])
        paid.append(reward)
    return np.array(seen), np.array(done), np.array(paid)


def policy_loss(policy: Module, seen: np.ndarray, actions: np.ndarray, advantage: np.ndarray):
    """−Σ_t A_t ln π(a_t | s_t), a mean over episodes: its gradient is −1 times REINFORCE's.

    seen (T, B, d), actions (T, B), advantage (T, B). Raises ValueError for other shapes.
    Source: R. Williams (1992).
    """
    if advantage.shape != actions.shape:
        raise ValueError(f"policy_loss: advantage is {advantage.shape}, expected actions' {actions.shape}")
    T, B = actions.shape
    log_p = log_softmax(policy(seen.reshape(T * B, -1)))[np.arange(T * B), actions.ravel()]
    return -(log_p * advantage.ravel().astype(np.float32)).sum() * (1 / B)


# -- Q-learning ----------------------------------------------------------------------------------------


def q_learning(
    world: GridWorld, steps: int, *, learners: int = 1, alpha: float = 0.5, gamma: float = 0.9,
    epsilon: float = 0.1, initial: float = 0.0, bonus: Bonus | None = None, limit: int = 200, rng: RNG = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Q(s, a) += α (r + γ max_a' Q(s', a') − Q(s, a)), the target r alone where the episode is terminated.

    -> Q (learners, states, actions), the reward of each step (learners, steps). Each learner walks by itself,
    and begins again at a goal, or after `limit` steps. `bonus(s, s')` is added to what it learns from, not to
    the rewards that are returned. Source: C. Watkins (1989).
    """
    rng, me = generator(rng), np.arange(learners)
    Q, paid = np.full((learners, world.states, world.actions), float(initial)), np.zeros((learners, steps))
    state, age = world.reset(learners), np.zeros(learners, int)
    for t in range(steps):
        action = epsilon_greedy(Q[me, state], epsilon, rng)
        after, reward, terminated = world.step(state, action)
        paid[:, t] = reward
        if bonus:
            reward = reward + bonus(state, after)
        target = reward + gamma * np.where(terminated, 0, Q[me, after].max(axis=1))
        Q[me, state, action] += alpha * (target - Q[me, state, action])
        age += 1
        again = terminated | (age == limit)
        state, age = np.where(again, world.start, after), np.where(again, 0, age)
    return Q, paid


def optimal_q(
    world: GridWorld, gamma: float = 0.9, bonus: Bonus | None = None, sweeps: int = 500
) -> np.ndarray:
    """Q* of a world whose map is known, by value iteration: Q = r + γ max Q, repeated.  -> (states, 4)"""
    Q = np.zeros((world.states, world.actions))
    reward, end = world.worth[world.next], world.worth[world.next] > 0
    if bonus:
        reward = reward + bonus(np.arange(world.states)[:, None], world.next)
    for _ in range(sweeps):
        Q = reward + gamma * np.where(end, 0, Q.max(axis=1)[world.next])
    return np.where(world.worth[:, None] > 0, 0, Q)  # nothing is done at a goal


def greedy_walk(world: GridWorld, Q: np.ndarray, steps: int = 50) -> list[int]:
    """The states that the best actions lead through, the start included, until a goal or so many steps."""
    path = [world.start]
    while len(path) <= steps and world.worth[path[-1]] == 0:
        path.append(int(world.next[path[-1], Q[path[-1]].argmax()]))
    return path
