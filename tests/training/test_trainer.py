"""The training loop: it learns, stops early, resumes to the very same weights, says where NaN came from."""

import signal
import subprocess
import sys

import numpy as np
import pytest

import nnlearn as nn
from nnlearn import data
from nnlearn.training.trainer import NotFiniteError, Trainer, accuracy, batches

(X, Y), (X_VAL, Y_VAL), _ = data.split(*data.digits(), validation=0.3, test=0.1, rng=0)


def build(rng=0, lr=3e-3):
    """Every kind of state: dropout's randomness, batch norm's averages, Adam's moments, a schedule."""
    rng = np.random.default_rng(rng)
    model = nn.Sequential(
        nn.Linear(64, 32, rng=rng),
        nn.BatchNorm(32),
        nn.ReLU(),
        nn.Dropout(0.3, rng=rng),
        nn.Linear(32, 10, rng=rng),
    )
    trainer = Trainer(
        model,
        nn.Adam(model.parameters(), lr),
        metrics={"accuracy": accuracy},
        schedule=nn.optim.cosine(lr, steps=200),
        clip=1.0,
    )
    return model, trainer


def same(a, b) -> bool:
    a, b = a.state_dict(), b.state_dict()
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def test_learns_digits_and_notes_how():
    model, trainer = build()
    history = trainer.fit((X, Y), epochs=8, batch_size=32, validation=(X_VAL, Y_VAL), rng=1, progress=False)
    assert history["epoch"] == list(range(1, 9)) and history["step"][0] == -(-len(X) // 32)
    assert history["val_accuracy"][-1] > 0.93 and history["loss"][-1] < history["loss"][0] / 2
    assert trainer.evaluate((X_VAL, Y_VAL))["accuracy"] == history["val_accuracy"][-1]
    assert accuracy(model.eval()(X_VAL), Y_VAL) == pytest.approx(history["val_accuracy"][-1])
    assert history["lr"][0] == pytest.approx(nn.optim.cosine(3e-3, 200)(history["step"][0] - 1))


def test_batches_visit_everything_once_an_epoch_in_a_new_order():
    source = batches(10, 4, seed=3)
    epochs = [np.concatenate([next(source) for _ in range(3)]) for _ in range(2)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs) and list(epochs[0]) != list(epochs[1])
    source, late = batches(10, 4, seed=3), batches(10, 4, seed=3, start=4)
    for _ in range(4):
        next(source)
    for _ in range(5):
        np.testing.assert_array_equal(next(source), next(late))


def test_the_same_seed_gives_the_same_weights_another_one_others():
    runs = []
    for rng in (5, 5, 6):
        model, trainer = build()
        trainer.fit((X, Y), steps=10, rng=rng, progress=False)
        runs.append(model)
    assert same(runs[0], runs[1]) and not same(runs[0], runs[2])


def test_fit_again_trains_on():
    _, trainer = build()
    trainer.fit((X, Y), steps=10, rng=0, progress=False)
    history = trainer.fit((X, Y), steps=5, rng=1, progress=False)
    assert trainer.steps_done == 15 and history["step"] == [10, 15]


def test_progress_bar_shows_the_numbers(capsys):
    _, trainer = build()
    trainer.fit((X, Y), steps=6, every=3, validation=(X_VAL, Y_VAL), rng=0)
    shown = capsys.readouterr().err
    assert "6/6" in shown and "val_accuracy=" in shown


def rows(history, without):
    """{step: what was noted there}"""
    columns = [name for name in history if name not in without]
    return {step: [history[name][k] for name in columns] for k, step in enumerate(history["step"])}


@pytest.mark.parametrize(
    ("every", "extra", "averaged"),
    [(None, set(), ()), (7, {33}, ("loss",))],  # a stop between notes is noted, and ends an average
    ids=["None", "7"],
)
def test_resumes_to_the_very_same_weights(tmp_path, every, extra, averaged):
    options = dict(batch_size=100, validation=(X_VAL, Y_VAL), every=every, progress=False)
    whole, trainer = build()
    expected = trainer.fit((X, Y), epochs=6, rng=2, **options)
    path = tmp_path / "run.safetensors"
    _, first = build()
    first.fit((X, Y), epochs=3, rng=2, checkpoint=path, **options)
    model, second = build(rng=99)  # other weights: all that counts is in the file
    history = second.fit((X, Y), epochs=6, checkpoint=path, resume=True, **options)
    assert same(whole, model) and set(history["step"]) == set(expected["step"]) | extra
    assert rows(expected, averaged).items() <= rows(history, averaged).items()
    third_model, third = build(rng=7)
    assert (
        third.fit((X, Y), epochs=6, checkpoint=path, resume=True, **options) == history
    )  # nothing left to do
    assert same(model, third_model)


RUN = """
import os, signal, sys
from tests.training.test_trainer import *
left = int(sys.argv[2])
model, trainer = build()
step = trainer.step
def step_or_die(x, y):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(x, y)
trainer.step = step_or_die
trainer.fit((X, Y), steps=60, every=5, batch_size=50, rng=4, progress=False, checkpoint=sys.argv[1],
resume=True, validation=(X_VAL, Y_VAL), patience=50)
nn.save(model.state_dict(), sys.argv[1] + ".done")
"""


def test_a_killed_run_goes_on_to_the_very_same_weights(tmp_path):
    def run(name, dies_at_step=0):
        command = [sys.executable, "-W", "error", "-c", RUN, str(tmp_path / name), str(dies_at_step)]
        return subprocess.run(command).returncode

    assert run("whole") == 0
    assert run("killed", dies_at_step=23) == -signal.SIGKILL  # goes on from 20
    assert run("killed", dies_at_step=16) == -signal.SIGKILL  # goes on from 35
    assert run("killed", dies_at_step=2) == -signal.SIGKILL  # no further than before
    assert not (tmp_path / "killed.done").exists()
    assert run("killed") == 0
    whole, killed = nn.load(tmp_path / "whole.done"), nn.load(tmp_path / "killed.done")
    assert all(np.array_equal(whole[name], killed[name]) for name in whole)


def test_early_stopping_brings_the_best_weights_back():
    _, trainer = build(lr=0.03)
    trainer.schedule = None
    history = trainer.fit(
        (X[:60], Y[:60]),
        epochs=200,
        batch_size=20,
        validation=(X_VAL, Y_VAL),
        patience=4,
        rng=0,
        progress=False,
    )
    losses = list(history["val_loss"])
    assert len(losses) < 200 and np.argmin(losses) == len(losses) - 5
    assert trainer.evaluate((X_VAL, Y_VAL))["loss"] == pytest.approx(min(losses))


def test_a_run_that_stopped_early_stays_stopped_when_resumed_and_fit_again_has_new_patience(tmp_path):
    options = dict(batch_size=20, validation=(X_VAL, Y_VAL), patience=2, progress=False)
    options |= dict(epochs=200, checkpoint=tmp_path / "run.safetensors")
    model, trainer = build(lr=0.03)
    trainer.schedule = None
    length = len(trainer.fit((X[:60], Y[:60]), rng=0, **options)["step"])
    again, other = build(rng=5)
    assert len(other.fit((X[:60], Y[:60]), resume=True, **options)["step"]) == length
    assert same(model, again)
    assert len(trainer.fit((X[:60], Y[:60]), rng=0, **options)["step"]) >= length + 2


def test_damaged_and_foreign_checkpoints(tmp_path):
    path = tmp_path / "run.safetensors"
    options = dict(steps=4, checkpoint=path, progress=False)
    _, trainer = build()
    trainer.fit((X, Y), rng=0, **options)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(ValueError, match=r"run\.safetensors is damaged"):
        trainer.fit((X, Y), resume=True, **options)
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="written with batch_size 32, but now it is 16"):
        trainer.fit((X, Y), resume=True, batch_size=16, **options)
    nn.save(trainer.model.state_dict(), path)
    with pytest.raises(ValueError, match="is a file of weights, not a checkpoint"):
        trainer.fit((X, Y), resume=True, **options)


class Explodes(nn.Module):
    """exp(1000 x) in the middle."""

    def forward(self, x):
        return nn.exp(x * 1000)


class SharpEdge(nn.Module):
    """√(x − x): 0, with an infinite slope."""

    def forward(self, x):
        return nn.sqrt(x - x) + x


def explain(change, layer=None, lr=0.1):
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(64, 8, rng=rng), layer or nn.Tanh(), nn.Linear(8, 10, rng=rng))
    trainer = Trainer(model, nn.SGD(model.parameters(), lr))
    x = X.copy()
    change(model, x)
    with pytest.raises(NotFiniteError) as caught, np.errstate(all="ignore"):
        trainer.fit((x, Y), epochs=20, rng=0, progress=False)
    return model, str(caught.value)


def test_nan_stops_training_and_says_where_it_first_appeared():
    def spoil_x(model, x):
        x[:, 3] = np.nan

    def spoil_b(model, x):
        model[2].b.data[4] = np.inf

    def nothing(model, x):
        pass

    cases = [
        (spoil_x, {}, "first appears in the input x of the batch"),
        (spoil_b, {}, "first appears in the parameter layers.2.b, which held it before this step"),
        (nothing, {"layer": Explodes()}, r"first appears in the output of layers.1 (Explodes)"),
        (nothing, {"layer": SharpEdge()}, "first appears in the gradient of layers.0.b"),
    ]
    for change, options, expected in cases:
        model, message = explain(change, **options)
        assert "training stopped in step 1:" in message and expected in message, message
        assert "smaller learning rate" in message
        assert np.isfinite(model[0].W.data).all()


def test_nan_is_found_in_a_layer_used_twice():
    class Twice(nn.Module):
        def __init__(self):
            self.inner = nn.Linear(64, 64, rng=0)
            self.same = self.inner
            self.explodes = Explodes()

        def forward(self, x):
            return self.explodes(self.same(self.inner(x)))

    layer = nn.Sequential(nn.Linear(8, 64, rng=0), Twice(), nn.Linear(64, 8, rng=0))
    _, message = explain(lambda model, x: None, layer)
    assert "the output of layers.1.layers.1.explodes (Explodes)" in message


def test_frozen_parts_stay_in_use():
    model, trainer = build()
    model[1].eval()
    modes = [m.training for _, m in model.named_modules()]
    trainer.fit((X, Y), steps=2, validation=(X_VAL, Y_VAL), progress=False)
    assert [m.training for _, m in model.named_modules()] == modes and model[1].mean.max() == 0
    with pytest.raises(ValueError, match=r"evaluate: data must be .* lengths 3 and 2"):
        trainer.evaluate((X[:3], Y[:2]))
    with pytest.raises(ValueError, match="in its last axis"):
        trainer.evaluate((X[:2, :3], Y[:2]))
    assert [m.training for _, m in model.named_modules()] == modes
    trainer.model.eval()
    trainer.fit((X, Y), steps=1, progress=False)
    assert all(m.training for _, m in model.named_modules())


def test_accuracy_takes_labels_of_its_own_shape_alone():
    output = np.eye(3, dtype=np.float32)
    for dtype in "bBhHiIqQ":
        assert accuracy(nn.Tensor(output), np.arange(3, dtype=dtype)) == 1
    for labels in ([[0], [1], [2]], 0, [0, 1], np.arange(3.0), np.zeros(0, int)):
        with pytest.raises(ValueError, match=r"accuracy: output \(3, 3\) needs labels \(3,\)"):
            accuracy(output, labels)


def test_a_learning_rate_far_too_large_is_noticed():
    _, message = explain(lambda model, x: None, layer=nn.ReLU(), lr=1e30)
    assert "training stopped in step" in message and "lr is 1e+30" in message


BAD = [
    (dict(), "either epochs= .* or steps="),
    (dict(epochs=1, steps=1), "either epochs= .* or steps="),
    (dict(epochs=0), "epochs is 0"),
    (dict(steps=1, batch_size=2.5), "batch_size is 2.5"),
    (dict(steps=1, patience=3), "give validation="),
    (dict(steps=1, resume=True), "give its file as checkpoint="),
    (dict(steps=1, data=(X, Y[:-1])), "as many labels as examples, got lengths"),
    (dict(steps=1, data=(X[:0], Y[:0])), "got lengths 0 and 0"),
    (dict(steps=1, validation=(X, Y[:3])), "validation must be"),
]


@pytest.mark.parametrize("options, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(options, message):
    _, trainer = build()
    with pytest.raises(ValueError, match=message):
        trainer.fit(options.pop("data", (X, Y)), progress=False, **options)


def test_shards_train_as_the_whole_batch_does_and_resume_to_the_same_weights(tmp_path):
    def trainer(shards: int) -> Trainer:
        nn.seed(0)
        model = nn.GPT(9, 8, 16, depth=1, heads=2, dropout=0.1 if shards > 1 else 0.0, rng=0)
        return Trainer(model, nn.Adam(model.parameters()), shards=shards)

    ids = np.random.default_rng(0).integers(0, 9, (30, 9))
    X, y = ids[:, :-1], ids[:, 1:]
    straight = trainer(4)
    straight.fit((X, y), steps=12, batch_size=8, rng=0, progress=False)
    broken = trainer(4)
    broken.fit((X, y), steps=5, batch_size=8, rng=0, checkpoint=tmp_path / "c", every=5, progress=False)
    resumed = trainer(4)
    resumed.fit(
        (X, y), steps=12, batch_size=8, checkpoint=tmp_path / "c", resume=True, every=5, progress=False
    )
    for name, array in straight.model.state_dict().items():
        np.testing.assert_array_equal(array, resumed.model.state_dict()[name])

    whole, cut = trainer(1), trainer(1)
    cut.shards = 3
    for _ in range(3):
        assert cut.step(X, y) == pytest.approx(whole.step(X, y), rel=1e-5)


def test_a_loss_that_is_not_finite_stops_shards_too_and_says_where():
    model = nn.MLP([2, 4, 2], rng=0)
    before = model.state_dict()
    X, y = np.ones((8, 2), np.float32), np.zeros(8, int)
    X[5] = np.nan
    with pytest.raises(NotFiniteError, match="the input x of the batch"):
        Trainer(model, nn.SGD(model.parameters(), 0.1), shards=4).step(X, y)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
