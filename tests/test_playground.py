"""The playground's run: the same numbers every time, also from the code it shows; at every extreme."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets.playground import Config, Run, code_of
from nnlearn.widgets.playground.problems import EDGE, FEATURES, PROBLEMS, features, inputs
from nnlearn.widgets.playground.run import ACTIVATIONS, INITS, NAMED, OPTIMIZERS

EVERYTHING = tuple(FEATURES)


def repeat(run: Run) -> tuple[float, float]:
    """The losses that the code shown for a run ends with."""
    names: dict = {}
    exec(code_of(run), names)
    assert names["trainer"].steps_done == run.steps
    return names["train_loss"], names["test_loss"]


CONFIGS = {
    "as it opens": Config(),
    **{f"data: {name}": Config(data=name, noise=0.2) for name in PROBLEMS},
    **{f"optimiser: {name}": Config(optimizer=name) for name in OPTIMIZERS},
    **{f"start: {name}": Config(init=name, data="xor") for name in INITS},
    **{f"activation: {name}": Config(activation=name) for name in ACTIVATIONS},
    "all features, deep": Config(features=EVERYTHING, widths=(8, 7, 6, 5, 4, 3)),
    "no feature, no layer": Config(features=(), widths=()),
    "priced": Config(l1=0.001, l2=0.01, data="three spirals"),
    "other numbers": Config(noise=0.3, test=0.2, seed=7, lr=0.3, batch_size=64),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_the_code_shown_gives_the_very_same_losses(config, capsys):
    run = Run(config)
    run.step(23)
    assert repeat(run) == run.losses()
    assert f"step {run.steps}: training loss {run.losses()[0]:.6g}" in capsys.readouterr().out


def test_the_code_shown_repeats_what_was_changed_on_the_way():
    run = Run(Config(data="moons"))
    run.set_weight(0, 1, 2, -3.0)
    run.step(20)
    run.change("lr", 0.1)
    run.change("lr", 0.003)
    run.change("l2", 0.01)
    run.step(13)
    run.set_weight(1, -1, 0, 0.5)
    run.set_weight(2, 0, 0, 2.0)
    run.step(5)
    run.change("l1", 0.001)
    assert "0.1\n" not in code_of(run), "what was taken back at once is not repeated"
    assert repeat(run) == run.losses()
    run.step(4)
    assert repeat(run) == run.losses()


def test_how_the_steps_are_cut_into_slices_changes_nothing():
    config = Config(data="two spirals", widths=(6, 5), l1=0.001)
    one, many = Run(config), Run(config)
    one.step(60)
    for n in (1, 2, 7, 20, 30):
        many.step(n)
        many.statistics()
        many.activations(many.train[0])
    assert one.losses() == many.losses() and many.steps == 60


def test_learns():
    for name in ("circles", "xor", "moons", "two clouds", "five clouds", "three spirals"):
        run = Run(Config(data=name, noise=0.05, widths=(8, 8)))
        run.step(800)
        assert run.accuracy() > 0.93, name
    run = Run(Config(data="hills (regression)", noise=0.0, widths=(8, 8)))
    before = run.losses()[1]
    run.step(1500)
    assert run.losses()[1] < 0.1 * before and run.accuracy() is None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_divergence_is_named_and_stops_the_run(name):
    config = Config(data="hills (regression)", activation="linear", optimizer=name, lr=10.0, widths=(8,) * 6)
    run = Run(replace(config, features=EVERYTHING))
    run.step(300)
    if name in ("SGD", "momentum", "Nesterov"):
        assert run.trouble == NAMED and run.steps < 300
    at = run.steps
    run.step(5)
    assert run.steps == at or not run.trouble
    assert np.isfinite([value for row in run.curve for value in row]).all()


def test_goes_on_after_trouble_with_a_smaller_learning_rate_and_the_code_still_agrees():
    run = Run(Config(data="plane (regression)", activation="linear", optimizer="SGD", lr=0.6, widths=(8,)))
    run.step(400)
    assert run.trouble
    for _ in range(40):  # the weights may have grown too far for any number to hold: set them back by hand
        run.change("lr", 0.001)
    for layer, linear in enumerate(run.model.layers):
        for i, j in np.ndindex(linear.W.shape):
            run.set_weight(layer, i, j, 0.1)
        for j in range(linear.W.shape[1]):
            run.set_weight(layer, -1, j, 0.0)
    assert not run.trouble
    run.step(50)
    with np.errstate(all="ignore"):
        assert repeat(run) == run.losses()
    assert run.losses()[0] < 1


EXTREMES = {
    "data": ("circles", "five clouds", "hills (regression)"),
    "noise": (0.0, 0.5),
    "test": (0.1, 0.9),
    "features": ((), ("x",), EVERYTHING),
    "widths": ((), (1,) * 6, (8,) * 6),
    "activation": ("relu", "sigmoid", "linear"),
    "optimizer": ("SGD", "Nesterov", "Adam"),
    "init": ("suits the activation", "zeros"),
    "lr": (1e-4, 10.0),
    "batch_size": (1, 200),
    "l1": (0.0, 1.0),
    "l2": (0.0, 1.0),
}


def test_survives_every_kind_of_extreme():
    combinations = list(itertools.product(*EXTREMES.values()))
    rng = np.random.default_rng(0)
    for k in rng.permutation(len(combinations))[:60]:
        run = Run(Config(**dict(zip(EXTREMES, combinations[k], strict=True))))
        run.step(20)
        for layer in run.statistics():
            assert 0 <= layer.idle <= 1
        assert run.curve and (run.trouble in ("", NAMED))


def test_statistics_are_those_of_the_model():
    run = Run(Config(widths=(5, 3)))
    run.step(10)
    layers = run.statistics()
    x, y = run.train
    output = run.model(x)
    nn.binary_cross_entropy(output, y).backward()
    np.testing.assert_allclose(layers[-1].outputs, output.data, rtol=1e-5, atol=1e-6)
    for layer, linear in zip(layers, run.model.layers, strict=True):
        assert layer.gradient == pytest.approx(np.sqrt(np.mean(linear.W.grad**2)), rel=1e-5)
    assert [layer.outputs.shape[1] for layer in layers] == [5, 3, 1]


def test_finds_idle_units():
    run = Run(Config(activation="relu", widths=(4,)))
    for unit in (0, 1, 2):
        run.set_weight(0, -1, unit, -100.0)
    assert run.statistics()[0].idle >= 0.75
    assert all(np.allclose(layer.outputs.std(axis=0), 0) for layer in Run(Config(init="zeros")).statistics())


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems_fit_the_plane_and_split_without_overlap(name):
    run = Run(Config(data=name, test=0.3))
    (X, _), (X_test, _) = run.points
    assert 0.25 < len(X_test) / (len(X) + len(X_test)) < 0.35
    assert not {x.tobytes() for x in X} & {x.tobytes() for x in X_test}
    assert np.mean(np.abs(X) < EDGE) > 0.97


def test_features_are_their_code():
    X = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    for names in (EVERYTHING, ()):
        columns = [
            eval(code, {"np": np}, {"x": X[:, 0], "y": X[:, 1]}) for _, code in features(names).values()
        ]
        np.testing.assert_array_equal(inputs(X, names), np.column_stack(columns))


def test_says_what_cannot_be_changed():
    with pytest.raises(ValueError, match="'seed' cannot change during a run"):
        Run().change("seed", 1)
    with pytest.raises(ValueError, match="value is nan, expected a number"):
        Run().set_weight(0, 0, 0, float("nan"))
