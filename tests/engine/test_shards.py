"""A batch in shards: the gradients of the whole, the same digits on any number of threads, clear refusals."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import nnlearn as nn
from tests.support import WAIT

THREADS = [1, 2, 4]
X = np.random.default_rng(0).standard_normal((11, 6))
Y = np.random.default_rng(1).integers(0, 3, 11)
IDS = np.random.default_rng(2).integers(0, 9, (6, 9))


def mlp(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8, rng=0), *layers, nn.ReLU(), nn.Linear(8, 3, rng=1)).astype(
        np.float64
    )


def gradients(model: nn.Module, shards: int, x: np.ndarray = X, y: np.ndarray = Y) -> tuple[float, list]:
    """The loss, and the gradients of all parameters; without shards those of the whole batch."""
    for p in model.parameters():
        p.grad = None
    if shards:
        value = nn.data_parallel(lambda x, y: nn.cross_entropy(model(x), y), x, y, shards=shards)
    else:
        loss = nn.cross_entropy(model(x), y)
        loss.backward()
        value = loss.item()
    return value, [p.grad for p in model.parameters()]


@pytest.mark.parametrize("shards", [1, 2, 3, 4, 11, 50])
def test_shards_have_the_loss_and_the_gradients_of_the_whole_batch(shards):
    model = mlp()
    (whole, expected), (value, got) = gradients(model, 0), gradients(model, shards)
    assert value == pytest.approx(whole, rel=1e-13)
    for g, e in zip(got, expected, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize(
    "make",
    [lambda: nn.GPT(9, 8, 16, depth=2, heads=2, dropout=0.1, rng=0), lambda: nn.CharRNN(9, 8, rng=0)],
    ids=["GPT with dropout", "LSTM"],
)
def test_the_number_of_threads_changes_no_digit(make):
    runs = []
    for threads in THREADS:
        with threadpool_limits(threads, "blas"):
            runs.append(gradients(make(), 4, IDS[:, :-1], IDS[:, 1:]))
    for value, grads in runs[1:]:
        assert value == runs[0][0]
        for g, e in zip(grads, runs[0][1], strict=True):
            np.testing.assert_array_equal(g, e)


def test_each_shard_drops_other_units_and_the_next_step_others_again():
    masks = []

    def loss(x):
        kept = nn.dropout(nn.Tensor(x, requires_grad=True), 0.5)
        masks.append(kept.data.tobytes())
        return kept.mean()

    nn.seed(3)
    for _ in range(2):
        nn.data_parallel(loss, np.ones((4, 64), np.float32), shards=4)
    assert len(set(masks)) == 8
    again, masks[:] = list(masks), []
    nn.seed(3)
    for _ in range(2):
        nn.data_parallel(loss, np.ones((4, 64), np.float32), shards=4)
    assert sorted(again[:4]) == sorted(masks[:4]) and sorted(again[4:]) == sorted(masks[4:])


def test_gradients_are_added_to_those_that_are_there():
    model = mlp()
    _, once = gradients(model, 4)
    nn.data_parallel(lambda x, y: nn.cross_entropy(model(x), y), X, Y)
    for p, g in zip(model.parameters(), once, strict=True):
        np.testing.assert_allclose(p.grad, 2 * g)


def test_batch_norm_is_refused_in_training_and_works_in_use():
    model = mlp(nn.BatchNorm(8))
    mean = model.state_dict()
    with pytest.raises(ValueError, match=r"batch_norm: .*whole batch; train it without shards"):
        gradients(model, 2)
    assert all(p.grad is None for p in model.parameters())
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, mean[name])
    gradients(model.eval(), 2)


@pytest.mark.parametrize("threads", THREADS)
def test_a_shard_that_fails_leaves_no_gradient_and_the_next_batch_is_computed(threads):
    w = nn.Parameter(np.ones(1))

    def loss(x):
        if x.max() > 5:
            raise ZeroDivisionError(f"at {x.max()}")
        return (w * x).mean()

    with threadpool_limits(threads, "blas"):
        with pytest.raises(ZeroDivisionError, match=r"at 6\.0"):
            nn.data_parallel(loss, np.arange(8.0), shards=8)
        assert w.grad is None
        assert nn.data_parallel(loss, np.arange(5.0), shards=4) == 2.0
    np.testing.assert_array_equal(w.grad, [2.0])


def test_what_is_decorated_with_no_grad_runs_in_several_shards_at_once():
    w = nn.Parameter(np.ones(1))

    @nn.no_grad()
    def scale(x, depth=20):
        return (w * x).data if depth == 0 else scale(x, depth - 1)

    def loss(x):
        return (w * scale(x)).mean()

    with threadpool_limits(4, "blas"):
        for _ in range(20):
            assert nn.data_parallel(loss, np.ones((8, 1)), shards=8) == 1.0
    np.testing.assert_allclose(w.grad, [20.0])


@pytest.mark.parametrize(
    ("batch", "shards", "says"),
    [
        ((), 2, r"one length, at least 1, but have \[\]"),
        ((X, Y[:5]), 2, r"have \[11, 5\]"),
        ((X[:0], Y[:0]), 2, r"have \[0, 0\]"),
        ((X, Y), 0, "shards is 0, expected a whole number from 1 on"),
        ((X, Y), 1.5, "shards is 1.5"),
    ],
)
def test_what_is_no_batch_is_refused(batch, shards, says):
    with pytest.raises(ValueError, match=says):
        nn.data_parallel(lambda *part: nn.Tensor(1.0, requires_grad=True), *batch, shards=shards)


@pytest.mark.parametrize("part", [1.0, None, np.array(3.0), {"x": 1}, {1, 2}])
def test_what_has_no_rows_is_refused(part):
    with pytest.raises(ValueError, match="the parts of a batch must be rows, but are"):
        nn.data_parallel(lambda x: nn.Tensor(1.0, requires_grad=True), part)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("shared", ["weights", "batch"])
def test_a_graph_from_outside_the_loss_is_refused(shared, threads):
    """The shards would walk back through the same nodes, and free them under each other's feet."""
    w = nn.Parameter(np.ones((6, 6)))
    before = nn.tanh(w @ w) if shared == "weights" else nn.tanh(X @ w)
    batch, loss = (X, lambda x: nn.mean((x @ before) ** 2)) if shared == "weights" else (before, nn.mean)
    with threadpool_limits(threads, "blas"), pytest.raises(ValueError, match="computed outside of it"):
        nn.data_parallel(loss, batch)
    assert w.grad is None
    nn.data_parallel(lambda x: nn.mean((x @ nn.tanh(w @ w)) ** 2), X)
    assert w.grad is not None


@pytest.mark.parametrize("threads", THREADS)
def test_one_within_another_is_refused(threads):
    w = nn.Parameter(np.ones(1))

    def outer(x):
        nn.data_parallel(lambda y: (w * y).mean(), x)
        return (w * x).mean()

    with threadpool_limits(threads, "blas"), pytest.raises(ValueError, match="within a shard of another"):
        nn.data_parallel(outer, np.arange(4.0))
    assert w.grad is None


def test_two_threads_take_turns_and_leave_blas_its_threads():
    def gradient(k):
        w = nn.Parameter(np.ones(3))
        for _ in range(20):
            nn.data_parallel(lambda x: (w * x * k).mean(), X[:, :3])
        return w.grad

    with threadpool_limits(2, "blas"):
        with ThreadPoolExecutor(2) as pool:
            one, two = pool.map(gradient, (1, 2))
        assert {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"} == {
            2
        }
    np.testing.assert_allclose(2 * one, two)


AFTER_CTRL_C = """
import os, signal, threading, time
import numpy as np
from threadpoolctl import threadpool_limits
import nnlearn as nn

w, both, end = nn.Parameter(np.ones(1)), threading.Barrier(2), threading.Event()
pressed = []

def once(*_):
    if not pressed:
        pressed.append(0)
        raise KeyboardInterrupt

signal.signal(signal.SIGINT, once)

def waits(x):
    if both.wait() == 0:
        while not pressed:  # Python misses it where it comes just before a thread begins to wait
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
    end.wait()
    return (w * x).mean()

with threadpool_limits(2, "blas"):
    try:
        nn.data_parallel(waits, np.ones(4))
    except KeyboardInterrupt:
        print("interrupted", w.grad)
    print(nn.data_parallel(lambda x: (w * x).mean(), np.ones(4)))
    child = os.fork()
    if not child:
        print(nn.data_parallel(lambda x: (w * x).mean(), np.ones(4)), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
end.set()
"""


BETWEEN = """
import itertools, time
from concurrent.futures import ThreadPoolExecutor
submit, nth = ThreadPoolExecutor.submit, itertools.count(1)
def slowly(self, *task):  # Ctrl-C comes while both threads are at work and more is to be handed in
    future = submit(self, *task)
    time.sleep(0.5 * (next(nth) == 2))
    return future
ThreadPoolExecutor.submit = slowly
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
@pytest.mark.parametrize("before", ["", BETWEEN], ids=["all handed in", "half of them"])
def test_after_ctrl_c_and_in_a_forked_process_there_are_new_threads(before: str):
    command = [sys.executable, "-W", "ignore", "-c", before + AFTER_CTRL_C]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT)
    assert done.stdout.split("\n") == ["interrupted None", "1.0", "1.0", ""], done.stderr


@pytest.mark.parametrize("value", [1.0, nn.Tensor([1.0, 2.0], requires_grad=True)])
def test_a_loss_that_is_not_one_number_on_the_tape_is_refused(value):
    with pytest.raises(ValueError, match="must be one number on the tape"):
        nn.data_parallel(lambda x: value, X, shards=2)
