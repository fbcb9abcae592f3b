"""Sums in a ring, averages of clients, leaks and noise: by hand, against PyTorch, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnlearn as nn


@given(st.integers(1, 9), st.integers(0, 30), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_a_ring_adds_up_and_all_hold_the_same_bits(K, n, seed):
    arrays = list(np.random.default_rng(seed).normal(size=(K, n)))
    sums, sent = nn.ring_all_reduce(arrays)
    assert len(sums) == K
    for found in sums:
        np.testing.assert_allclose(found, np.sum(arrays, axis=0), atol=1e-12)
        assert found.tobytes() == sums[0].tobytes()
    assert sent <= 2 * (K - 1) * -(-n // K) * 8


def test_a_ring_keeps_shapes_types_and_what_it_was_given():
    arrays = [np.full((2, 3), k, np.float32) for k in range(3)]
    sums, sent = nn.ring_all_reduce(arrays)
    assert sums[0].shape == (2, 3) and sums[0].dtype == np.float32 and sent == 2 * 2 * 2 * 4
    assert (arrays[1] == 1).all() and (sums[2] == 3).all()


@pytest.mark.parametrize("arrays", [[], [np.ones(2), np.ones(3)]], ids=["none", "two shapes"])
def test_a_ring_refuses(arrays):
    with pytest.raises(ValueError, match="expected one shape"):
        nn.ring_all_reduce(arrays)


def two(**changes):
    return {"Ann": {"w": np.array([1.0, 2.0])}, "Ben": {"w": np.array([4.0, 8.0])} | changes}


def test_an_average_is_weighted_by_examples():
    np.testing.assert_allclose(nn.federated_average(two(), {"Ann": 2, "Ben": 1})["w"], [2, 4])
    np.testing.assert_allclose(nn.federated_average(two(), {"Ann": 0, "Ben": 1})["w"], [4, 8])
    single = {name: {"w": s["w"].astype(np.float32)} for name, s in two().items()}
    assert nn.federated_average(single, {"Ann": 2, "Ben": 1})["w"].dtype == np.float32


def test_a_median_ignores_one_of_three():
    clients = two() | {"Cem": {"w": np.array([-1e9, 3.0])}}
    np.testing.assert_allclose(nn.federated_median(clients)["w"], [1, 3])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"w": np.array([1.0, np.nan])}, "client 'Ben' sent NaN or infinity in w"),
        ({"w": np.array([np.inf, 1.0])}, "client 'Ben' sent NaN or infinity in w"),
        ({"w": np.ones(3)}, r"client 'Ben' sent w \(3,\), expected \(2,\)"),
        ({"b": np.ones(1)}, r"client 'Ben' sent \['b', 'w'\], expected \['w'\]"),
    ],
    ids=["NaN", "infinity", "another shape", "another parameter"],
)
@pytest.mark.parametrize("rule", ["average", "median"])
def test_nonsense_is_refused_by_name(changes, message, rule):
    sizes = ({"Ann": 1, "Ben": 1},) if rule == "average" else ()
    with pytest.raises(ValueError, match=f"federated_{rule}: {message}"):
        getattr(nn, f"federated_{rule}")(two(**changes), *sizes)


def test_the_average_refuses_sizes_that_are_none():
    with pytest.raises(ValueError, match="no clients, expected at least one"):
        nn.federated_average({}, {})
    with pytest.raises(ValueError, match="sizes has -1 for client 'Ben', expected a number from 0 on"):
        nn.federated_average(two(), {"Ann": 1, "Ben": -1})
    with pytest.raises(ValueError, match="sizes has None for client 'Ben'"):
        nn.federated_average(two(), {"Ann": 1})
    with pytest.raises(ValueError, match="0 examples together"):
        nn.federated_average(two(), {"Ann": 0, "Ben": 0})


def layer_gradients(B, seed):
    net, rng = nn.MLP((6, 5, 3), "tanh", rng=seed), np.random.default_rng(seed)
    x = rng.normal(size=(B, 6)).astype(np.float32)
    nn.cross_entropy(net(x), rng.integers(0, 3, B)).backward()
    return x, net.layers[0].W.grad, net.layers[0].b.grad


def test_one_example_is_read_from_every_unit():
    x, dW, db = layer_gradients(1, 0)
    rows = nn.leaked_inputs(dW, db)
    assert rows.shape == (5, 6)
    np.testing.assert_allclose(rows, np.tile(x, (5, 1)), atol=1e-4)


def test_silent_units_say_nothing_and_other_shapes_are_refused():
    assert nn.leaked_inputs(np.ones((2, 3)), np.array([0, 1.0, 0])).shape == (1, 2)
    with pytest.raises(ValueError, match=r"dW is \(2, 3\) and db \(2,\), expected"):
        nn.leaked_inputs(np.ones((2, 3)), np.ones(2))


def test_a_private_mean_by_hand():
    g = np.array([[3.0, 4.0], [0.0, 0.5], [0.0, 0.0]])
    np.testing.assert_allclose(nn.private_mean(g, 1, 0), [0.2, 1.3 / 3])
    z = np.random.default_rng(7).standard_normal(2)
    np.testing.assert_allclose(nn.private_mean(g, 2, 3, rng=7) - nn.private_mean(g, 2, 0), 2 * z)


@given(st.integers(1, 6), st.floats(0.1, 5), st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_one_example_moves_the_sum_by_at_most_C(n, C, seed):
    g = 3 * np.random.default_rng(seed).normal(size=(n + 1, 4))
    moved = (n + 1) * nn.private_mean(g, C, 0) - n * nn.private_mean(g[:-1], C, 0)
    assert np.linalg.norm(moved) <= C * (1 + 1e-9)


@pytest.mark.parametrize(
    ("g", "C", "sigma", "message"),
    [
        (np.ones(3), 1, 1, r"gradients are \(3,\)"),
        (np.ones((0, 3)), 1, 1, r"gradients are \(0, 3\)"),
        (np.array([[np.nan]]), 1, 1, "finite"),
        (np.ones((1, 2)), 0, 1, "max_grad_norm is 0"),
        (np.ones((1, 2)), 1, -1, "noise_multiplier -1"),
    ],
)
def test_a_private_mean_refuses(g, C, sigma, message):
    with pytest.raises(ValueError, match=message):
        nn.private_mean(g, C, sigma)


def test_epsilon():
    assert nn.gaussian_epsilon(10, 0, 1e-4) == 0
    assert nn.gaussian_epsilon(2, 8, np.exp(-1)) == pytest.approx(1 + 2)
    assert nn.gaussian_epsilon(10, 30, 1e-4) < nn.gaussian_epsilon(5, 30, 1e-4)


@pytest.mark.parametrize(("sigma", "steps", "delta"), [(0, 1, 0.1), (1, -1, 0.1), (1, 1, 0), (1, 1, 1)])
def test_epsilon_refuses(sigma, steps, delta):
    with pytest.raises(ValueError, match="gaussian_epsilon: noise_multiplier is"):
        nn.gaussian_epsilon(sigma, steps, delta)
