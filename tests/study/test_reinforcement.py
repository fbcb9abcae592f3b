"""Learning from rewards: choices, worlds, gradients and values against what is known of them."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study.reinforcement import (
    Catch,
    GridWorld,
    discounted_returns,
    epsilon_greedy,
    greedy_walk,
    optimal_q,
    play_bandit,
    policy_loss,
    q_learning,
    rollout,
    upper_confidence,
)


def test_epsilon_greedy_takes_the_best_and_sometimes_any():
    Q = np.tile([1.0, 3.0, 2.0, 0.0], (40_000, 1))
    assert (epsilon_greedy(Q, 0, 0) == 1).all()
    share = np.bincount(epsilon_greedy(Q, 0.4, 0), minlength=4) / len(Q)
    np.testing.assert_allclose(share, [0.1, 0.7, 0.1, 0.1], atol=0.01)


def test_epsilon_greedy_chooses_between_equals_by_chance():
    share = np.bincount(epsilon_greedy(np.zeros((30_000, 3)), 0, 0)) / 30_000
    np.testing.assert_allclose(share, 1 / 3, atol=0.015)


def test_upper_confidence_is_the_formula_and_tries_everything_first():
    Q, tried = np.array([[0.5, 0.4]]), np.array([[30, 2]])
    bonus = np.sqrt(2 * np.log(33) / tried)
    assert upper_confidence(Q, tried, 1.0)[0] == (Q + bonus).argmax() == 1
    assert upper_confidence(Q, tried, 0.01)[0] == 0
    assert upper_confidence(np.array([[9.0, 0.0]]), np.array([[5, 0]]))[0] == 1


def test_regret_of_one_who_knows_is_nothing():
    means = np.array([[0.2, 0.9], [0.7, 0.1]])
    best = lambda Q, tried: means.argmax(axis=1)  # noqa: E731
    worst = lambda Q, tried: means.argmin(axis=1)  # noqa: E731
    assert not play_bandit(means, best, 20, 0).any()
    np.testing.assert_allclose(play_bandit(means, worst, 5, 0), np.tile([[0.7], [0.6]], 5))


def test_bandit_learners_see_the_mean_of_their_rewards():
    seen = []

    def watch(Q: np.ndarray, tried: np.ndarray) -> np.ndarray:
        seen.append((Q.copy(), tried.copy()))
        return np.zeros(len(Q), int)

    play_bandit(np.full((3, 2), 0.5), watch, 400, 0)
    Q, tried = seen[-1]
    assert tried.tolist() == [[399, 0]] * 3
    total = Q[:, 0] * 399
    np.testing.assert_allclose(total, total.round(), atol=1e-9)
    np.testing.assert_allclose(Q[:, 0], 0.5, atol=0.1)


def test_catch_pays_once_at_the_end_for_a_paddle_below_the_ball():
    catch = Catch(height=4, width=3)
    state = np.array([[0, 0, 1], [0, 2, 1], [0, 1, 1]])
    rewards = []
    for actions in ([0, 1, 1], [0, 1, 1], [1, 1, 1]):
        state, reward, terminated = catch.step(state, np.array(actions))
        rewards.append(reward.tolist())
    assert rewards == [[0, 0, 0], [0, 0, 0], [1, 0, 1]] and terminated.all()
    assert (state[:, 2] >= 0).all(), "a paddle stays on the board"
    picture = catch.observe(np.array([[1, 2, 0]])).reshape(4, 3)
    assert np.argwhere(picture).tolist() == [[1, 2], [3, 0]]


def test_returns_are_the_discounted_sums_of_what_comes():
    rewards = np.random.default_rng(0).normal(size=(6, 3))
    found = discounted_returns(rewards, 0.8)
    for t in range(6):
        np.testing.assert_allclose(found[t], sum(0.8**k * rewards[t + k] for k in range(6 - t)))
    np.testing.assert_array_equal(discounted_returns(rewards, 0.0), rewards)
    assert discounted_returns(np.zeros((0, 2))).shape == (0, 2)


def test_rollout_draws_from_the_policy():
    class Mostly(nn.Module):
        def forward(self, x: np.ndarray) -> np.ndarray:
            return np.tile(np.log([0.2, 0.7, 0.1]), (len(x), 1))

    seen, actions, rewards = rollout(Catch(), Mostly(), 4000, 0)
    assert seen.shape == (7, 4000, 56) and actions.shape == rewards.shape == (7, 4000)
    np.testing.assert_allclose(np.bincount(actions.ravel()) / actions.size, [0.2, 0.7, 0.1], atol=0.01)
    assert not rewards[:-1].any()


def test_policy_loss_has_the_policy_gradient():
    """Over all actions of one step, weighed by their probabilities, it is the slope of the mean reward."""
    layer = nn.Linear(4, 3, rng=0)
    layer.W.data, layer.b.data = layer.W.data.astype(np.float64), layer.b.data.astype(np.float64)
    x, r = np.random.default_rng(1).normal(size=(1, 1, 4)), np.array([1.0, -2.0, 3.0])
    p = nn.softmax(layer(x[0]).data)[0]
    total = np.zeros((4, 3))
    for action in range(3):
        layer.W.grad = None
        policy_loss(layer, x, np.array([[action]]), np.array([[r[action] - 0.7]])).backward()
        total += p[action] * layer.W.grad
    layer.W.grad = None
    (nn.softmax(layer(x[0])) * r).sum().backward()
    np.testing.assert_allclose(-total, layer.W.grad, atol=1e-6)


def test_optimal_q_is_the_discount_to_the_power_of_the_way():
    world = GridWorld(["S...", "##.#", "G..."])
    Q = optimal_q(world, 0.9)
    assert Q[world.start].max() == pytest.approx(0.9**5)
    assert [world.map.flat[s] for s in greedy_walk(world, Q)] == list("S.....G")
    assert (world.next[world.map.ravel() == "#"] >= 0).all() and world.next[0, 0] == 0, "walls and edges hold"


def test_q_learning_finds_what_value_iteration_knows():
    world = GridWorld(["S..", ".#.", "..G"])
    Q, paid = q_learning(world, 6000, learners=8, epsilon=1.0, rng=0)
    free = (world.map.ravel() != "#") & (world.worth == 0)
    for learner in Q:
        np.testing.assert_allclose(learner[free], optimal_q(world)[free], atol=1e-3)
    assert set(np.unique(paid)) == {0.0, 1.0} and not Q[:, world.worth > 0].any()


def test_one_learner_is_the_rule_step_by_step():
    world = GridWorld(["S.G"])
    Q, paid = q_learning(world, 40, alpha=0.25, gamma=0.5, epsilon=0.0, initial=1.0, rng=3)
    slow, rng, s = np.full((3, 4), 1.0), np.random.default_rng(3), 0
    for t in range(40):
        a = int(epsilon_greedy(slow[[s]], 0.0, rng)[0])
        after = int(world.next[s, a])
        later = 0.0 if after == 2 else 0.5 * slow[after].max()
        slow[s, a] += 0.25 * ((after == 2) + later - slow[s, a])
        assert paid[0, t] == (after == 2)
        s = 0 if after == 2 else after
    np.testing.assert_allclose(Q[0], slow)


def test_a_potential_leaves_the_best_walk_as_it_is():
    world = GridWorld(["S..g", "...#", "...G"])
    phi = np.where(world.worth > 0, 0, np.random.default_rng(0).normal(size=world.states))
    shaped = optimal_q(world, bonus=lambda s, after: 0.9 * phi[after] - phi[s])
    free = (world.map.ravel() != "#") & (world.worth == 0)
    np.testing.assert_allclose(shaped[free] + phi[free][:, None], optimal_q(world)[free], atol=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: epsilon_greedy(np.zeros((1, 2)), 1.5), "epsilon is 1.5, expected a number from 0 to 1"),
        (lambda: play_bandit(np.array([[0.5, 1.5]]), lambda Q, n: Q, 1), "expected .* from 0 to 1"),
        (lambda: play_bandit(np.zeros(3), lambda Q, n: Q, 1), r"means has shape \(3,\), expected \(B, A\)"),
        (lambda: discounted_returns(np.zeros((1, 1)), 2), "gamma is 2, expected a number from 0 to 1"),
        (lambda: GridWorld(["..G"]), "rows have 0 starts, expected one S"),
        (lambda: GridWorld(["S.", "..."]), "rows have the lengths 2, 3, expected one length"),
        (
            lambda: policy_loss(nn.Linear(2, 3), np.zeros((4, 1, 2)), np.zeros((4, 1), int), np.zeros(4)),
            r"advantage is \(4,\), expected actions' \(4, 1\)",
        ),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
