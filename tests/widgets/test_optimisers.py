"""The optimiser race: its rules are the package's, in NumPy and on a page; its start goes where it is put."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from nnlearn.engine.tensor import Parameter
from nnlearn.training import optim
from nnlearn.widgets import OptimiserRace
from nnlearn.widgets.optimisers import LANDSCAPES, OWN, RULES, heights, run
from tests.support.figures import Standing, functions

MAKE = {
    "SGD": lambda p: optim.SGD(p, 0.0003),
    "momentum": lambda p: optim.SGD(p, 0.0003, momentum=0.8),
    "Nesterov": lambda p: optim.SGD(p, 0.0003, momentum=0.8, nesterov=True),
    "Adagrad": lambda p: optim.Adagrad(p, 0.0003),
    "RMSProp": lambda p: optim.RMSProp(p, 0.0003),
    "Adam": lambda p: optim.Adam(p, 0.0003, betas=(0.8, 0.999)),
}


@pytest.mark.parametrize("name", LANDSCAPES)
def test_runs_are_those_of_the_package(name):
    landscape, start = LANDSCAPES[name], (-1.2, 0.7)
    paths, left = run(landscape, start, np.full((len(RULES), 1), 0.0003), momentum=0.8, noise=0.0)
    assert (left > 150).all()
    for k, rule in enumerate(RULES):
        p = Parameter(np.array(start))
        optimizer = MAKE[rule]([p])
        for t in range(1, 31):
            p.grad = np.array(landscape.gradient(*p.data))
            optimizer.step()
            np.testing.assert_allclose(paths[k, 0, t], p.data, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", LANDSCAPES)
def test_gradients_are_those_of_the_loss_and_the_lowest_point_is_zero(name):
    landscape, h = LANDSCAPES[name], 1e-6
    x, y = np.random.default_rng(0).uniform(-2, 2, (2, 50))
    dx, dy = landscape.gradient(x, y)
    np.testing.assert_allclose(
        (landscape.loss(x + h, y) - landscape.loss(x - h, y)) / (2 * h), dx, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        (landscape.loss(x, y + h) - landscape.loss(x, y - h)) / (2 * h), dy, rtol=1e-5, atol=1e-6
    )
    everywhere = landscape.loss(*np.meshgrid(np.linspace(-2, 2, 401), np.linspace(-2, 2, 401)))
    assert 0 <= everywhere.min() < 1e-3


def test_says_who_diverged_and_never_raises():
    race = OptimiserRace(lr=0.2, step=100)
    assert "too large for: SGD" in race.sentence
    race.set(landscape="Rosenbrock", lr=10.0, x=2.0, y=-2.0, noise=5.0, step=150)
    assert "nan" not in race.sentence


def test_own_rates_beat_one_for_all():
    def total(race):
        return np.log(np.maximum(np.nan_to_num(race.state.losses, nan=1e6), 1e-6)).mean(axis=1)

    own = OptimiserRace(rates=OWN)
    for lr in (0.01, 0.1, 1.0):
        assert (total(own) <= total(OptimiserRace(lr=lr)) + 1e-9).all()


def test_on_the_ridge_of_the_saddle_nobody_gets_away_without_noise():
    ridge = OptimiserRace(landscape="saddle", y=0.0, step=150)
    assert (ridge.state.paths[:, :, 1] == 0).all()
    ridge.set(noise=0.5)
    assert (abs(ridge.state.paths[:, -1, 1]) > 0.5).sum() >= 4


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LANDSCAPES)
@pytest.mark.parametrize(("lr", "momentum", "noise"), [(0.001, 0.9, 0.0), (0.03, 0.5, 2.0), (10.0, 0.0, 5.0)])
def test_the_pages_paths_are_numpys(name: str, lr: float, momentum: float, noise: float, browser: Browser):
    page = functions(browser, "optimisers", "path", "heights")
    start, kicks = (-1.9, 1.1), noise * np.random.default_rng(0).normal(size=(150, 2))
    paths, left = run(LANDSCAPES[name], start, np.full((len(RULES), 1), lr), momentum, noise)
    losses = heights(LANDSCAPES[name], paths, left)[:, 0]
    for k, rule in enumerate(RULES):
        one, high = page.evaluate(
            "(a) => { const one = nn.path(...a); return [one, nn.heights(a[1], one)]; }",
            [rule, name, start, lr, momentum, kicks.tolist()],
        )
        assert one["left"] == left[k, 0]
        stays = slice(0, min(int(left[k, 0]), 40))  # a chaotic path parts from itself by rounding
        np.testing.assert_allclose(np.array(one["path"])[stays], paths[k, 0][stays], rtol=1e-6, atol=1e-8)
        found = np.array([np.nan if v is None else v for v in high])
        np.testing.assert_allclose(found[stays], losses[k][stays], rtol=1e-5, atol=1e-10)


def test_a_reader_moves_the_start_and_plays(browser: Browser, tmp_path: Path):
    race = OptimiserRace()
    reader = Standing(race, browser, tmp_path)
    page, status = reader.page, reader.status
    expect(status).to_have_text(race.sentence)
    box = page.locator("canvas").bounding_box()
    reader.drag((box["x"] + 100, box["y"] + 100), (box["x"] + 34 + 155, box["y"] + 16 + 20))
    moved = OptimiserRace(x=0.0, y=1.9)
    expect(status).to_have_text(moved.sentence)
    page.get_by_label("learning rates").select_option(OWN)
    expect(status).to_have_text(OptimiserRace(x=0.0, y=1.9, rates=OWN).sentence)
    expect(page.get_by_label(re.compile("^learning rate(?!s)"))).to_be_disabled()
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_label("step")).to_have_value("150")
    expect(status).to_have_text(OptimiserRace(x=0.0, y=1.9, rates=OWN, step=150).sentence)
    page.get_by_role("button", name="SGD").click()
    expect(page.get_by_role("button", name="SGD")).to_have_attribute("aria-pressed", "false")
    assert not reader.complaints
