"""The transfer explorer: what is reused, what is trained, whether it helps; and the same in a page alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.engine.primitive import plain
from nnlearn.widgets import TransferExplorer
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.transfer import (
    SHOWN,
    SIZES,
    SOURCE_SEED,
    TASKS,
    TRAINED,
    arms,
    labelled,
    source,
    through,
    world,
)
from tests.support.figures import Standing, functions


@pytest.fixture(scope="module")
def explorer():
    return TransferExplorer()


def test_the_source_knows_the_arms():
    X, arm = nn.data.spirals(400, classes=4, noise=0.03, turns=0.75, rng=5)
    assert (source()(X).data.argmax(axis=-1) == arm).mean() > 0.95


def test_layers_one_after_the_other_are_the_network():
    X = np.random.default_rng(0).normal(size=(7, 2))
    halfway = through(source(), X, 0, 2)
    np.testing.assert_allclose(through(source(), halfway, 2).data, source()(X).data, rtol=1e-9)


def test_training_only_the_head_is_logistic_regression_on_fixed_features(explorer):
    """The same start and steps on the source's last hidden layer give the same share of right answers."""
    explorer.set(trained=TRAINED[0], task=TASKS[0], labels=10, lr=0.01, seed=7)
    X, y = labelled(10, TASKS[0], 7)
    new, answers = world(TASKS[0], 400, 1000)
    head = nn.MLP([*SIZES, 2], "tanh", rng=7).layers[-1].astype(np.float64)
    with nn.no_grad():
        X, new = (through(source(), x.astype(np.float64), 0, len(SIZES) - 1) for x in (X, new))
    optimizer = nn.Adam(head.parameters(), lr=0.01)
    for _ in range(80):
        optimizer.zero_grad()
        nn.cross_entropy(head(X), y).backward()
        optimizer.step()
    right = (head(new).data.argmax(axis=-1) == answers).mean()
    assert explorer.state.reused.accuracy[-1] == pytest.approx(right, abs=0.01)


def test_more_labels_keep_those_that_were_there():
    few, many = (labelled(n, TASKS[1], 2) for n in (3, 30))
    assert {tuple(x) for x in few[0]} <= {tuple(x) for x in many[0]}
    assert np.bincount(few[1]).tolist() == [3, 3] and np.bincount(many[1]).tolist() == [30, 30]


def test_reuse_helps_most_where_the_tasks_share_their_arms(explorer):
    explorer.set(task=TASKS[0], labels=10, trained=TRAINED[0])
    state = explorer.state
    assert state.reused.accuracy[-1] > state.scratch.accuracy[-1] + 0.1


def test_a_step_shows_the_training_so_far(explorer):
    explorer.set(step=0, trained=TRAINED[2], lr=0.1, labels=40)
    assert explorer.moment == 0 and "After 0 steps" in explorer.sentence
    first = explorer.state.reused.surfaces
    explorer.set(step=80)
    assert explorer.moment == 8 and (first[0] != first[8]).any()
    explorer.set(**TransferExplorer().values)


# -- in a browser --------------------------------------------------------------------------------------------

SETTINGS: list[dict[str, Any]] = [
    {},
    {"task": TASKS[1], "labels": 40, "seed": 0},
    {"trained": TRAINED[1], "labels": 1, "seed": 9},
    {"trained": TRAINED[2], "lr": 0.1, "labels": 4},
    {"trained": TRAINED[2], "lr": 0.0003, "task": TASKS[1]},
]


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "transfer", "Lesson", "task", "bytes", "spirals", "Pcg64")


@pytest.mark.parametrize("values", SETTINGS, ids=str)
def test_the_pages_trainings_are_numpys(values: dict[str, Any], modules: Page):
    """Data, first weights and all steps; where a class is nearly undecided, the last digit may decide."""
    explorer = TransferExplorer(**values)
    for reuse, run in ((True, explorer.state.reused), (False, explorer.state.scratch)):
        found = modules.evaluate(
            """([values, reuse, packed]) => {
                const source = Array.from(new Float32Array(nn.bytes(packed.source).buffer));
                const given = nn.task(values, reuse, { ...packed, source }), lesson = new nn.Lesson(given);
                while (lesson.reached < 8) lesson.go();
                const surfaces = lesson.moments.map((_, k) => lesson.surface(k));
                return { X: given.X, y: given.y, accuracy: lesson.accuracy, surfaces };
            }""",
            [explorer.values, reuse, explorer.page()],
        )
        assert found["X"] == explorer.state.points.ravel().tolist()
        assert found["y"] == explorer.state.labels.tolist()
        np.testing.assert_allclose(found["accuracy"], run.accuracy, atol=0.0051)
        assert (np.array(found["surfaces"]) != run.surfaces).mean() < 0.002


@pytest.mark.parametrize("first", [0, 2, 3])
def test_each_step_from_numpys_state_is_numpys(first: int, modules: Page):
    """With the layers before `first` held still: what is trained, after each of ten steps."""
    X, y = (part[::7] for part in world(TASKS[0], 400, 3))
    model = nn.MLP([*SIZES, 2], "tanh", rng=3).astype(np.float64)
    weights = np.concatenate([p.data.ravel() for p in model.parameters()]).tolist()
    given = {"weights": weights, "frozen": first, "lr": 0.03, "X": X.ravel().tolist(), "y": y.tolist()}
    found = modules.evaluate(
        """(given) => {
            const lesson = new nn.Lesson({ ...given, fresh: given.X, answers: given.y });
            return Array.from({ length: 10 }, () => { lesson.go(); return [...lesson.net.w]; });
        }""",
        given,
    )
    params = [p for layer in model.layers[first:] for p in layer.parameters()]
    optimizer, x = nn.Adam(params, lr=0.03), through(model, X.astype(np.float64), 0, first)
    for mine in found:
        optimizer.zero_grad()
        nn.cross_entropy(through(model, plain(x), first), y).backward()
        optimizer.step()
        np.testing.assert_allclose(mine, np.concatenate([p.data.ravel() for p in params]), rtol=1e-6)


def test_the_arms_shown_are_numpys(modules: Page):
    X, arm = arms(SHOWN)
    found = modules.evaluate(
        "([n, start]) => { const { X, label } = nn.spirals(n, new nn.Pcg64(start)); return [X, label]; }",
        [SHOWN, numpys(SOURCE_SEED)],
    )
    assert found == [X.ravel().tolist(), arm.tolist()]


def test_a_reader_trains_steps_and_plays(browser: Browser, tmp_path: Path):
    reader = Standing(TransferExplorer(), browser, tmp_path)
    page = reader.page
    expect(reader.status).to_have_text(TransferExplorer().sentence, timeout=20_000)
    expect(page.get_by_alt_text("as it was stored")).to_have_count(0)
    page.get_by_role("combobox", name="trained").select_option(TRAINED[2])
    page.get_by_role("combobox", name="new task").select_option(TASKS[1])
    page.get_by_label("labels per class").press("ArrowRight")
    page.get_by_label("learning rate").press("ArrowLeft")
    page.get_by_label("other points").press("End")
    now = {"trained": TRAINED[2], "task": TASKS[1], "labels": 11, "lr": 0.003, "seed": 9}
    expect(reader.status).to_have_text(TransferExplorer(**now).sentence, timeout=20_000)
    curve = page.get_by_label("the share of new points that each network is right on")
    curve.press("ArrowLeft")
    expect(reader.status).to_have_text(TransferExplorer(**now, step=70).sentence)
    box = curve.bounding_box()
    across = box["x"] + 44, box["x"] + box["width"] - 10
    reader.drag((across[1] - 5, box["y"] + 60), ((across[0] + across[1]) / 2, box["y"] + 60))
    expect(reader.status).to_have_text(TransferExplorer(**now, step=40).sentence)
    assert "step=40" in page.url and "seed=9" in page.url
    reader.press("▶ Play")
    expect(reader.status).to_have_attribute("aria-live", "off")
    expect(reader.status).to_have_text(TransferExplorer(**now).sentence)
    expect(reader.status).to_have_attribute("aria-live", "polite")
    assert not reader.complaints


def test_it_fits_a_narrow_window_and_names_nonsense(browser: Browser, tmp_path: Path):
    address = "#transfer?step=90&labels=0&trained=nothing&lr=0.1&seed=1e9"
    wrong = Standing(TransferExplorer(), browser, tmp_path, address, width=390)
    wrong.says("step=90, labels=0, trained=nothing, seed=1e9, which there is not", "After 80 steps")
    assert wrong.sideways() == 0 and not wrong.complaints
