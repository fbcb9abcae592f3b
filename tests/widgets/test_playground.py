"""The playground's run: the same numbers every time, also from the code it shows; at every extreme."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.figures import plot
from nnlearn.widgets.playground import Config, Playground, Run, code_of
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
    diverged = run.trouble == NAMED and run.steps < 300
    assert diverged or name not in ("SGD", "momentum", "Nesterov")
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


# -- the widget, driven without a browser --------------------------------------------------------------


def settle(playground: Playground, frames: int = 3) -> None:
    for _ in range(frames):
        playground.tick()


def code_agrees(playground: Playground) -> bool:
    names: dict = {}
    exec(playground.code, names)
    return (names["train_loss"], names["test_loss"]) == playground.run.losses()


def test_trains_while_its_settings_change(capsys):
    playground = Playground(step=40)
    settle(playground)
    run, steps = playground.run, playground.run.steps
    assert steps > 40
    playground.set(lr=0.1, l2=0.001)
    assert playground.run is run and run.lr == 0.1 and run.l2 == 0.001, "these change a run on its way"
    settle(playground)
    assert playground.run.steps > steps and code_agrees(playground)
    for change in (
        {"width1": 7},
        {"depth": 4},
        {"use sin x": True},
        {"optimizer": "SGD"},
        {"batch_size": 50},
    ):
        playground.set(**change)
        assert playground.run.steps == 0, f"{change} starts the run anew"
        settle(playground)
        assert playground.run.steps > 0 and code_agrees(playground)
    sizes = [layer.W.shape for layer in playground.run.model.layers]
    assert sizes == [(3, 7), (7, 2), (2, 4), (4, 4), (4, 1)]


def test_reset_gives_the_first_picture_again():
    playground = Playground()
    before = plot.png(playground.picture())
    settle(playground)
    playground.receive({"type": "weight", "layer": 0, "source": 0, "unit": 0, "value": 3.0})
    playground.receive({"type": "point", "x": 1.0, "y": -1.0, "label": 1})
    playground.set(lr=1.0)
    settle(playground)
    assert plot.png(playground.picture()) != before
    playground.set(lr=0.03)
    playground.receive({"type": "reset"})
    assert plot.png(playground.picture()) == before and playground.run.changes == [] and not playground.points


def test_a_weight_set_by_hand_is_in_the_model_the_picture_and_the_code(capsys):
    playground = Playground(step=20)
    before = plot.png(playground.picture())
    playground.receive({"type": "weight", "layer": 1, "source": 3, "unit": 1, "value": 7.5})
    assert playground.run.model.layers[1].W.data[3, 1] == 7.5
    assert plot.png(playground.picture()) != before
    assert "model.layers[1].W.data[3, 1] = 7.5" in playground.code and code_agrees(playground)
    playground.receive({"type": "weight", "layer": 1, "source": -1, "unit": 1, "value": -1e9})
    assert playground.run.model.layers[1].b.data[1] == -100, "held within reason"


def test_points_of_ones_own_are_trained_on_and_are_in_the_code(capsys):
    for data, label in (("circles", 1), ("three spirals", 2)):
        playground = Playground(data=data, step=20)
        alone = len(playground.run.train[0])
        playground.receive({"type": "point", "x": 2.5, "y": -0.5, "label": 0})
        playground.receive({"type": "point", "x": 0.25, "y": 1.0, "label": label})
        run = playground.run
        assert run.steps == 0 and len(run.train[0]) == alone + 2
        np.testing.assert_array_equal(run.train[0][-2:], np.float32([[2.5, -0.5], [0.25, 1.0]]))
        assert run.train[1][-1] == label and run.train[1].dtype == run.test[1].dtype
        settle(playground)
        assert code_agrees(playground)
    playground.set(data="moons")
    assert not playground.points and len(playground.run.train[0]) == 200, "they were among other points"


def test_divergence_is_said_and_the_run_stands():
    playground = Playground(data="hills (regression)", optimizer="SGD", activation="linear", lr=10.0)
    settle(playground, 60)
    assert "the loss is no longer a number: try a smaller learning rate" in playground.sentence
    steps = playground.run.steps
    settle(playground)
    assert playground.run.trouble and playground.run.steps == steps
    playground.set(lr=0.003)
    playground.reset()
    settle(playground)
    assert not playground.run.trouble and "no longer" not in playground.sentence


def test_the_page_is_told_of_every_frame(monkeypatch):
    playground, told = Playground(), []
    monkeypatch.setattr(playground.view, "send", lambda message, buffers=(): told.append((message, buffers)))
    playground.receive({"type": "hello"})
    playground.receive({"type": "tick", "n": 5})
    ((message, (weights,)),) = told
    assert message["type"] == "frame" and message["step"] == playground.run.steps > 0
    np.testing.assert_array_equal(np.frombuffer(weights, np.float32), playground.run.weights())
    assert message["points"] == [list(playground.run.curve[-1])]
    playground.receive({"type": "code"})
    assert told[-1][0] == {"type": "code", "code": playground.code}


def test_the_kernels_stop_button_pauses(monkeypatch):
    playground, told = Playground(), []

    def interrupted(n: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(playground, "tick", interrupted)
    monkeypatch.setattr(playground.view, "send", told.append)
    playground.receive({"type": "tick", "n": 5})
    assert told == [{"type": "stopped"}]


def test_a_frame_ends_in_time_however_many_steps_were_asked_for(monkeypatch):
    playground = Playground(depth=6, width1=8, **{"use sin x": True}, data="three spirals")
    monkeypatch.setattr("nnlearn.widgets.playground.playground.PATIENCE", 0.0)
    playground.tick(100)
    assert playground.run.steps == 1


def test_exports_the_picture(tmp_path):
    playground = Playground(step=20)
    shown = plot.png(playground.picture())
    for ending, start in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        playground.export(tmp_path / f"p{ending}")
        assert (tmp_path / f"p{ending}").read_bytes().startswith(start)
    assert plot.png(playground.picture()) == shown


def test_says_its_state():
    playground = Playground(step=25)
    assert "Step 25 of circles" in playground.sentence and "Units 2-4-2-1, tanh" in playground.sentence
    playground.go_to(10)
    assert playground.run.steps == 10
    with pytest.raises(ValueError, match="no control 'speed'"):
        playground.set(speed=3)
