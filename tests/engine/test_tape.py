"""The tape: recording, backward, memory, second derivatives, and what it says when misused."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import nnlearn as nn
from nnlearn import Tensor


def leaf(*shape: int, seed: int = 0, dtype: type = np.float64) -> Tensor:
    return Tensor(np.random.default_rng(seed).standard_normal(shape).astype(dtype), requires_grad=True)


def test_gradients_add_up_over_reuse() -> None:
    x = Tensor(3.0, requires_grad=True)
    (x * x).backward()
    assert x.grad == 6
    y = x * x
    (y + y * x).backward()
    assert x.grad == 6 + 6 + 27


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)], ids=str)
def test_no_small_program_is_differentiated_wrongly(shape) -> None:
    """Every program of up to five nodes; of arrays without axes, NumPy makes numbers."""
    made: list[Tensor] = []

    def leaf(number: float) -> Tensor:
        made.append(nn.Parameter(np.full(shape, number)))
        return made[-1]

    def backward(output: Tensor) -> None:
        output.backward(np.ones(shape))
        for x in made:
            assert x.grad is None or (type(x.grad) is np.ndarray and np.ptp(x.grad) == 0)
            x.grad = None if x.grad is None else x.grad.flat[0]
        made.clear()

    assert nn.counterexample(backward, leaf, nn.add, nn.multiply) is None


def test_two_leaves_never_share_a_gradient() -> None:
    a, b = leaf(3), leaf(3)
    (a + b).backward(np.ones(3))
    a.grad *= 5
    np.testing.assert_array_equal(b.grad, np.ones(3))
    g = np.ones(3)
    a.grad = None
    a.backward(g)
    a.grad *= 5
    np.testing.assert_array_equal(g, np.ones(3))


def test_only_what_is_needed_is_computed() -> None:
    asked = []

    @nn.primitive
    def product(a, b):
        return a * b, lambda g: asked.append("a") or g * b, lambda g: asked.append("b") or g * a

    x = leaf(3)
    product(x, np.ones(3)).backward(np.ones(3))
    assert asked == ["a"]
    asked.clear()
    (g,) = nn.grad(product(product(x, x), leaf(3)), [x], np.ones(3))
    assert asked.count("b") == 1 and asked.count("a") == 2
    np.testing.assert_allclose(g.shape, x.shape)


def test_a_chain_of_100_000_operations() -> None:
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.grad == 1


def test_a_dropped_chain_of_100_000_operations() -> None:
    y = x = Tensor(1.0, requires_grad=True)
    for _ in range(100_000):
        y = y * 1.0
    del y
    assert x.grad is None


def test_nothing_is_left_for_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        W, x = leaf(4, 4), leaf(3, 4)
        y = nn.layer_norm(nn.relu(nn.linear(x, W)), np.ones(4), np.zeros(4))
        node, value = weakref.ref(y), y.sum()
        del y
        assert node() is None  # the node keeps no tensor alive
        value.backward()
        loss = (nn.tanh(x @ W) ** 2).sum()
        nn.grad(loss, [W], create_graph=True)[0].sum().backward()
        del value, loss
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_activations_are_freed_as_backward_goes() -> None:
    x = leaf(1000, 1000)
    tracemalloc.start()
    try:
        y = x
        for _ in range(10):
            y = nn.tanh(y)
        before = tracemalloc.get_traced_memory()[0]
        loss = y.sum()
        del y
        tracemalloc.reset_peak()
        loss.backward()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert before > 75e6
    assert peak < before + 35e6  # a few gradients, not ten
    assert after < 10e6  # x.grad alone


def test_memory_does_not_grow() -> None:
    W, x = leaf(20, 20), np.ones((5, 20))

    def step() -> None:
        W.grad = None
        nn.cross_entropy(nn.relu(nn.linear(x, W)), np.zeros(5, int)).backward()

    step()
    tracemalloc.start()
    try:
        step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            step()
        assert tracemalloc.get_traced_memory()[0] - before < 2000
    finally:
        tracemalloc.stop()


def test_a_second_backward_says_so() -> None:
    x = leaf(3)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    first = x.grad.copy()
    y.backward()
    np.testing.assert_allclose(x.grad, 2 * first)
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


FUSED = {
    "layer_norm": (lambda x: nn.layer_norm(x, np.ones(4), np.zeros(4)), (3, 4)),
    "lstm": (lambda x: nn.lstm(x, None, None, np.ones((4, 8)), np.ones((2, 8)), np.ones(8))[0], (2, 3, 4)),
    "gru": (lambda x: nn.gru(x, None, np.ones((4, 6)), np.ones((2, 6)), np.ones(6)), (2, 3, 4)),
    "rnn": (lambda x: nn.rnn(x, None, np.ones((4, 2)), np.ones((2, 2)), np.ones(2)), (2, 3, 4)),
    "conv2d": (lambda x: nn.conv2d(x, np.ones((2, 4, 2, 2))), (1, 4, 3, 3)),
    "max_pool2d": (lambda x: nn.max_pool2d(x, 2), (1, 2, 4, 4)),
    "multi_head_attention": (lambda x: nn.multi_head_attention(x, 2, causal=True), (2, 3, 12)),
}


@pytest.mark.parametrize("name", FUSED)
def test_fused_steps_may_run_backward_twice(name: str) -> None:
    f, shape = FUSED[name]
    x = leaf(*shape)
    y = f(x)
    g = np.random.default_rng(1).standard_normal(y.shape)
    y.backward(g, retain_graph=True)
    first = x.grad.copy()
    y.backward(g)
    np.testing.assert_allclose(x.grad, 2 * first)


def test_second_and_third_derivatives() -> None:
    x = Tensor(np.array([0.5, -1.5]), requires_grad=True)
    (first,) = nn.grad((x**4).sum(), [x], create_graph=True)
    (second,) = nn.grad(first.sum(), [x], create_graph=True)
    (third,) = nn.grad(second.sum(), [x])
    for got, expected in ((first.data, 4 * x.data**3), (second.data, 12 * x.data**2), (third, 24 * x.data)):
        np.testing.assert_allclose(got, expected)
    first.sum().backward()
    np.testing.assert_allclose(x.grad, 12 * x.data**2)


def test_with_create_graph_a_constant_gradient_is_a_tensor_too() -> None:
    x = leaf(3)
    for f, slope in ((lambda x: 3 * x, 3.0), (nn.relu, x.data > 0)):
        (g,) = nn.grad(f(x).sum(), [x], create_graph=True)
        assert isinstance(g, Tensor) and not g.requires_grad
        np.testing.assert_array_equal(g.data, np.broadcast_to(slope, 3))
        with pytest.raises(RuntimeError, match="not computed from anything that requires gradients"):
            nn.grad(g.sum(), [x])


def test_a_gradient_penalty_reaches_the_weights() -> None:
    x, y, W1, W2 = leaf(5, 3), np.array([0, 1, 1, 0, 1]), leaf(3, 8, seed=1), leaf(8, 2, seed=2)

    def penalty(W1, W2):
        loss = nn.cross_entropy(nn.linear(nn.softplus(nn.linear(x, W1)), W2), y)
        (g,) = nn.grad(loss, [x], create_graph=True)
        return ((nn.sqrt((g * g).sum(axis=1)) - 1) ** 2).mean()

    assert (
        nn.gradcheck(lambda *W: penalty(*(w if isinstance(w, Tensor) else Tensor(w) for w in W)), W1, W2)
        < 1e-6
    )


def test_second_derivatives_through_part_of_a_graph() -> None:
    x, h = leaf(2, 4), leaf(2, 4, seed=3)
    fixed = nn.layer_norm(x, np.ones(4), np.zeros(4))  # fused, but not on the way to h
    (g,) = nn.grad((fixed * h**3).sum(), [h], create_graph=True)
    with pytest.raises(NotImplementedError, match="layer_norm is fused"):
        nn.grad((fixed * h**3).sum(), [x], create_graph=True)
    np.testing.assert_allclose(g.data, 3 * fixed.data * h.data**2)


def test_grad_of_intermediate_results() -> None:
    x = leaf(3)
    h = nn.tanh(x)
    (gh, gx) = nn.grad((h * h).sum(), [h, x])
    np.testing.assert_allclose(gh, 2 * h.data)
    np.testing.assert_allclose(gx, 2 * h.data * (1 - h.data**2))
    assert x.grad is None
    with pytest.raises(ValueError, match=r"does not depend on inputs\[1\]"):
        nn.grad((x * x).sum(), [x, leaf(2)])


MISUSES = {
    "no graph": (lambda: Tensor([1.0]).backward(), RuntimeError, "requires_grad=True"),
    "many outputs": (lambda: leaf(3).backward(), ValueError, r"shape \(3,\).*grad="),
    "wrong upstream": (lambda: leaf(3).backward(np.ones(2)), ValueError, r"\(2,\).*\(3,\)"),
    "unknown argument": (
        lambda: nn.leaky_relu(leaf(3), slop=1),
        TypeError,
        "slop is unknown; it takes x, slope",
    ),
    "argument twice": (lambda: nn.leaky_relu(leaf(3), 1, slope=1), TypeError, "slope is given twice"),
    "argument missing": (lambda: nn.linear(x=leaf(3)), TypeError, "W is missing"),
}


@pytest.mark.parametrize("name", MISUSES)
def test_misuse_is_explained(name: str) -> None:
    call, error, message = MISUSES[name]
    with pytest.raises(error, match=message):
        call()
