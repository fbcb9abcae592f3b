"""The smallest program, or array, that is got wrong: one for each wrong idea, none for a right one."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import counterexample as module


class Value:
    """A number that remembers how it was made, as in chapter 08."""

    def __init__(self, data, parents=(), vjps=()):
        self.data, self.parents, self.vjps, self.grad = data, parents, vjps, 0.0


def add(a, b):
    return Value(a.data + b.data, (a, b), (lambda g: g, lambda g: g))


def multiply(a, b):
    return Value(a.data * b.data, (a, b), (lambda g: g * b.data, lambda g: g * a.data))


def by_path(node, g=1.0):
    node.grad += g
    for parent, vjp in zip(node.parents, node.vjps, strict=True):
        by_path(parent, vjp(g))


def overwritten(node, g=1.0):
    node.grad = g
    for parent, vjp in zip(node.parents, node.vjps, strict=True):
        overwritten(parent, vjp(g))


def once_each(node, g=1.0, seen=None):
    """A node that was seen is not visited again: its later shares are lost."""
    seen = set() if seen is None else seen
    if node not in seen:
        seen.add(node)
        node.grad += g
        for parent, vjp in zip(node.parents, node.vjps, strict=True):
            once_each(parent, vjp(g), seen)


def nearest_first(output):
    order = [output]
    for node in order:
        for parent in node.parents:
            if parent not in order:
                order.append(parent)
    send(order)


def send(order):
    order[0].grad = 1.0
    for node in order:
        for parent, vjp in zip(node.parents, node.vjps, strict=True):
            parent.grad += vjp(node.grad)


def no_chain(node, g=1.0):
    """The gradient is handed on as it is: slopes along the way are not multiplied."""
    node.grad += g
    for parent, vjp in zip(node.parents, node.vjps, strict=True):
        no_chain(parent, vjp(1.0))


def first_parent_alone(node, g=1.0):
    node.grad += g
    if node.parents:
        first_parent_alone(node.parents[0], node.vjps[0](g))


@pytest.mark.parametrize(
    ("backward", "written", "right", "wrong"),
    [
        (overwritten, "x = 3, y = x + x", (2,), (1,)),
        (once_each, "x = 3, y = x + x", (2,), (1,)),
        (first_parent_alone, "x = 3, y = x + x", (2,), (1,)),
        (no_chain, "x = 3, a = x + x, y = x · a", (12,), (8,)),
        (nearest_first, "x = 3, a = x + x, c = x + a, y = a + c", (5,), (3,)),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_wrong_idea_is_shrunk_to_the_smallest_program(backward, written, right, wrong):
    found = nn.counterexample(backward, Value, add, multiply)
    print(found)
    assert ", ".join(found.formulas.values()) == written
    assert (found.right, found.wrong) == (right, wrong)
    assert str(found).startswith(written + f"\ndy/dx is {right[0]}, it says {found.wrong[0]:g}")


def test_right_ones_are_not_accused():
    assert nn.counterexample(by_path, Value, add, multiply) is None
    package = {"leaf": lambda number: nn.Parameter(np.array(number)), "add": nn.add, "multiply": nn.multiply}
    assert nn.counterexample(lambda y: y.backward(), **package, most=4) is None


def test_errors_and_missing_gradients_are_counterexamples():
    def raises(node):
        raise RecursionError("too deep")

    found = nn.counterexample(raises, Value, add, multiply)
    assert str(found) == "x = 3, y = x + x\nit raises RecursionError: too deep"

    def silent(number):
        value = Value(number)
        value.grad = None
        return value

    found = nn.counterexample(lambda node: None, silent, add, multiply)
    assert str(found).endswith("dy/dx is 2, it says nothing")


def test_all_small_programs_are_tried_the_smallest_first_and_none_twice():
    tried = [*module._programs(4)]
    assert len(tried) == len(set(tried))
    sizes = [len(numbers) + len(steps) for numbers, steps in tried]
    assert sizes == sorted(sizes)
    # one input: 2, 2 · 6, 2 · 6 · 12 programs; two inputs: 6, 6 · 12; three inputs: 12
    assert len(tried) == 2 + 12 + 144 + 6 + 72 + 12


def test_derivatives_carried_forward_are_those_of_differences():
    rng = np.random.default_rng(0)
    programs = [*module._programs(5)]
    for k in rng.integers(len(programs), size=60):
        numbers, steps = programs[k]

        def run(x, steps=steps):
            nodes = [*x]
            for sign, i, j in steps:
                nodes.append(nodes[i] + nodes[j] if sign == "+" else nodes[i] * nodes[j])
            return nodes[-1]

        x, right = np.array(numbers, float), module._derivatives(numbers, steps)
        for i, unit in enumerate(np.eye(len(x))):
            rough = (run(x + 1e-4 * unit) - run(x - 1e-4 * unit)) / 2e-4
            assert right[i] == pytest.approx(rough, rel=1e-4, abs=1e-6)


def naive_softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def log_of_sum(x):
    largest = x.max(axis=-1, keepdims=True)
    return largest + np.log(np.exp(x - largest).sum(axis=-1, keepdims=True))


def naive_log_of_sum(x):
    return np.log(np.exp(x).sum(axis=-1, keepdims=True))


def mean_by_length(x):
    """The mean over the axis that is as long as the last: of a square, the first is, too."""
    return x.mean(axis=x.shape.index(x.shape[-1]))


def naive_variance(x):
    return (x**2).mean(axis=-1) - x.mean(axis=-1) ** 2


def relu_in_place(x):
    x[x < 0] = 0
    return x


def test_softmax_without_the_maximum_is_shrunk_to_where_it_overflows():
    found = nn.counterexample(naive_softmax, of=nn.softmax)
    print(found)
    assert found and found.x.tolist() == [[710.0]]  # exp(709) is the last whole one that float64 holds
    assert found.right.tolist() == [[1.0]] and np.isnan(found.wrong).all()
    assert str(found) == "x = [[710.0]] (float64, (1, 1))\nright: [[1.0]]\nit says [[nan]]"
    assert nn.counterexample(naive_softmax, of=nn.softmax, dtype=np.float32).x.tolist() == [[89.0]]


def test_log_of_a_sum_without_the_shift_is_shrunk_to_where_it_overflows():
    found = nn.counterexample(naive_log_of_sum, of=log_of_sum)
    assert found.x.tolist() == [[710.0]] and found.right.tolist() == [[710.0]] and np.isinf(found.wrong).all()


def test_mean_over_the_wrong_axis_of_a_square_is_shrunk_to_the_smallest_square():
    found = nn.counterexample(mean_by_length, of=lambda x: x.mean(axis=-1))
    assert found.x.tolist() == [[0.0, 0.0], [1.0, 0.0]]
    assert not np.array_equal(found.right, found.wrong)


def test_variance_as_a_difference_of_squares_is_caught_by_rounding():
    exact = lambda x: x.astype(float).var(axis=-1)  # noqa: E731
    found = nn.counterexample(naive_variance, of=exact, dtype=np.float32, tolerance=1e-2)
    assert found and found.x.dtype == np.float32 and np.abs(found.x).max() > 100
    assert abs(naive_variance(found.x) - exact(found.x)).max() > 1e-2
    assert not nn.counterexample(lambda x: x.var(axis=-1), of=exact, dtype=np.float32, tolerance=1e-2)


def test_argument_changed_in_place_is_a_counterexample():
    found = nn.counterexample(relu_in_place, of=nn.relu)
    assert found.x.tolist() == [[-1.0]] and found.right.tolist() == found.after.tolist() == [[0.0]]
    assert str(found).endswith("right: [[0.0]]\nit leaves x as [[0.0]]")


def test_right_functions_are_not_accused_and_it_says_of_how_many():
    found = nn.counterexample(log_of_sum, of=log_of_sum, tries=200)
    assert not found and found.tried == 200 and str(found) == "no counterexample among 200 arrays"
    layer = nn.Linear(3, 2, rng=np.random.default_rng(0))
    layer.b.data = np.array([0.5, -0.5], np.float32)
    known = {"of": layer, "shape": (None, 3), "dtype": np.float32, "tolerance": 1e-3}
    W, b = layer.W.data, layer.b.data
    assert not nn.counterexample(lambda x: x @ W + b, **known)
    assert nn.counterexample(lambda x: x @ W, **known).x.tolist() == [[0.0, 0.0, 0.0]]


def test_errors_and_other_shapes_are_counterexamples():
    found = nn.counterexample(lambda x: x[1], of=lambda x: x, shape=(None,))
    assert found.x.tolist() == [0.0] and "it raises IndexError" in str(found)
    found = nn.counterexample(lambda x: x.sum(), of=lambda x: x.sum(axis=0), shape=(2, None))
    assert found.x.tolist() == [[0.0], [0.0]] and str(found).endswith("right: [0.0]\nit says 0.0")


def test_bad_input_is_told():
    with pytest.raises(TypeError, match="of must be a function, got int"):
        nn.counterexample(nn.relu, of=3)
    with pytest.raises(ValueError, match=r"shape must be positive, got \(0, None\)"):
        nn.counterexample(nn.relu, of=nn.relu, shape=(0, None))
    with pytest.raises(ValueError, match="tries must be positive, got 0"):
        nn.counterexample(nn.relu, of=nn.relu, tries=0)
    with pytest.raises(TypeError, match="backward must be a function, got int"):
        nn.counterexample(3, Value, add, multiply)
    for most in (1, 7):
        with pytest.raises(ValueError, match=f"most must be from 2 to 6 nodes, got {most}"):
            nn.counterexample(by_path, Value, add, multiply, most=most)


def test_its_picture_shows_the_program_and_what_was_said():
    found = nn.counterexample(nearest_first, Value, add, multiply)
    texts = " ".join(text.get_text() for text in nn.drawings.wrong_backward(found).texts)
    assert all(formula in texts for formula in found.formulas.values())
    assert "slope 5, said: 3" in texts
