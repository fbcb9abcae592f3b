"""Living figures in a browser: what a page computes alone is NumPy's, and what a reader does there works."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn import widgets
from nnlearn.widgets import explorer, living
from nnlearn.widgets.playground import Config, Playground, Run
from nnlearn.widgets.playground.problems import FEATURES, inputs
from nnlearn.widgets.playground.run import ACTIVATIONS, INITS, OPTIMIZERS
from tests.support.browser import new_context
from tests.support.figures import Standing, functions


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "playground", "Network", "chance", "start", "statistics", "inputs")


# -- what it computes is NumPy's -----------------------------------------------------------------------------

CONFIGS = {
    **{f"activation {name}": Config(activation=name, widths=(5, 4)) for name in ACTIVATIONS},
    **{f"optimiser {name}": Config(optimizer=name, data="moons") for name in OPTIMIZERS},
    "squared error": Config(data="hills (regression)", widths=(6,)),
    "five classes": Config(data="five clouds", widths=(6,)),
    "three classes, priced": Config(data="three spirals", widths=(4, 4), l1=0.003, l2=0.02),
    "no hidden layer": Config(widths=()),
    "all inputs": Config(features=tuple(FEATURES), widths=(8, 7, 6, 5, 4, 3)),
    "no input": Config(features=()),
    "a batch of one": Config(batch_size=1, optimizer="SGD"),
}
STEP = """({ net, slots, steps, X, y }) => {
    const made = new nn.Network(net);
    made.steps = steps;
    made.slots.forEach((slot, k) => slot.set(slots[k]));
    const loss = made.step(Float64Array.from(X), y);
    return { loss, w: [...made.w], g: [...made.g], slots: made.slots.map((slot) => [...slot]) };
}"""


def in_float64(config: Config) -> Run:
    """A run whose numbers have sixteen digits, so that six of them can be compared."""
    run = Run(config)
    run.model.astype(np.float64)
    kind, options = OPTIMIZERS[config.optimizer]
    run.trainer.optimizer = getattr(nn, kind)(run.model.parameters(), config.lr, **options)
    run.train, run.test = (
        (X.astype(np.float64), y.astype(np.float64) if y.dtype.kind == "f" else y)
        for X, y in (run.train, run.test)
    )
    return run


def slots_of(run: Run) -> list[list[float]]:
    state = run.trainer.optimizer.state_dict()
    return [value.tolist() for name, value in state.items() if name not in ("steps", "lr")]


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_each_step_from_numpys_state_is_numpys(config: Config, modules: Page):
    run, c = in_float64(config), config
    rng = np.random.default_rng(0)
    for _ in range(6):
        rows = rng.choice(len(run.train[0]), c.batch_size, replace=False)
        X, y = run.train[0][rows], run.train[1][rows]
        net = {
            "sizes": run.sizes, "activation": c.activation, "loss": run.problem.loss,
            "optimizer": c.optimizer, "lr": c.lr, "l1": c.l1, "l2": c.l2, "weights": run.weights().tolist(),
        }  # fmt: skip
        state = {"net": net, "slots": slots_of(run), "steps": run.steps}
        found = modules.evaluate(STEP, state | {"X": X.ravel().tolist(), "y": y.ravel().tolist()})
        loss = float(run.trainer.step(X, y))
        np.testing.assert_allclose(found["loss"], loss, rtol=1e-9)
        np.testing.assert_allclose(found["w"], run.weights(), rtol=1e-6, atol=1e-9)
        for mine, theirs in zip(found["slots"], slots_of(run), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-12)


def test_a_step_that_is_no_number_leaves_the_weights(modules: Page):
    net = {"sizes": [1, 1], "activation": "linear", "loss": "mse_loss", "weights": [1e200, 0.0]}
    state = {"net": net, "slots": [], "steps": 0, "X": [1e200], "y": [0.0]}
    found = modules.evaluate(
        f"(state) => {{ const r = ({STEP})(state); return [isNaN(r.loss), r.w]; }}", state
    )
    assert found == [True, [1e200, 0.0]]


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "gelu"])
def test_statistics_are_the_runs(name: str, modules: Page):
    run = Run(Config(activation=name, widths=(5, 3), data="moons"))
    run.step(30)
    run.set_weight(0, -1, 1, -60.0)
    weights, (X, y) = run.weights().tolist(), run.train
    net = {"sizes": run.sizes, "activation": name, "loss": run.problem.loss, "weights": weights}
    found = modules.evaluate(
        """({ net, X, y, activation }) => nn.statistics(new nn.Network(net), Float64Array.from(X),
            { train: { y }, activation })""",
        {"net": net, "X": X.ravel().tolist(), "y": y.ravel().tolist(), "activation": name},
    )
    for mine, layer in zip(found, run.statistics(), strict=True):
        assert mine["gradient"] == pytest.approx(layer.gradient, rel=1e-4)
        assert mine["idle"] == layer.idle
        assert sum(mine["bars"]) == layer.outputs.size
        counts, _ = np.histogram(layer.outputs, 20, (layer.outputs.min(), layer.outputs.max()))
        assert np.abs(np.array(mine["bars"]) - counts).sum() <= 4, "but for values at the edge of a bar"


def test_inputs_are_the_runs(modules: Page):
    X = np.random.default_rng(0).normal(size=(9, 2))
    for names in (tuple(FEATURES), ("xy",), ()):
        found = modules.evaluate(
            "([X, names]) => [...nn.inputs(X, names)]", [X.ravel().tolist(), list(names)]
        )
        np.testing.assert_allclose(found, inputs(X, names).ravel(), rtol=1e-12)


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_first_weights_are_drawn_as_numpys_are(init: str, activation: str, modules: Page):
    """Other draws of the same distribution: mean, deviation and largest weight of 40 networks agree."""
    sizes = [6, 8, 4]
    found = np.array(
        modules.evaluate(
            "([sizes, activation, init]) => Array.from({ length: 40 },"
            " (_, seed) => [...nn.start(sizes, activation, init, nn.chance(seed))])",
            [sizes, activation, init],
        )
    )
    drawn = [nn.MLP(sizes, activation, rng=seed, init=INITS[init]) for seed in range(40)]
    ours = np.array(
        [np.concatenate([p.data.ravel() for layer in m.layers for p in (layer.W, layer.b)]) for m in drawn]
    )
    for part in (slice(0, 48), slice(56, 88)):  # the two W
        assert abs(found[:, part].mean()) <= 0.05
        assert found[:, part].std() == pytest.approx(ours[:, part].std(), rel=0.08, abs=1e-12)
    assert np.array_equal(found[:, 48:56], ours[:, 48:56]), "biases are 0"


def test_orthogonal_weights_are(modules: Page):
    for sizes in ([6, 8], [8, 6]):
        found = modules.evaluate("(sizes) => [...nn.start(sizes, 'tanh', 'orthogonal', nn.chance(3))]", sizes)
        W = np.array(found[:48]).reshape(sizes)
        small = W @ W.T if sizes[0] < sizes[1] else W.T @ W
        np.testing.assert_allclose(small, np.eye(6), atol=1e-9)


def test_points_move_with_the_noise_as_numpys_do():
    """A page has each problem at no noise and at the most, and goes straight from one to the other."""
    page = Playground().page()
    for name, problem in widgets.playground.problems.PROBLEMS.items():
        X, y = problem.make(0.2, 0)
        known = page["problems"][name]
        straight = np.array(known["X"]) + 0.2 / 0.5 * np.array(known["dX"])
        np.testing.assert_allclose(straight, X.ravel(), atol=2e-3)
        np.testing.assert_allclose(
            np.array(known["y"]) + 0.2 / 0.5 * np.array(known.get("dy", 0)), y.ravel(), atol=2e-3
        )


# -- a page without a kernel -----------------------------------------------------------------------------


class Reader(Standing):
    """The playground on such a page."""

    def __init__(
        self, browser: Browser, folder: Path, address: str = "", width: int = 1100, **values: Any
    ) -> None:
        super().__init__(Playground(**({"data": "circles"} | values)), browser, folder, address, width)

    @property
    def step(self) -> int:
        return int(re.search(r"[Ss]tep ([\d,]+) of", self.status.inner_text())[1].replace(",", ""))

    def drawn(self) -> str:
        return self.page.locator("canvas").evaluate("canvas => canvas.toDataURL()")


@pytest.fixture
def reader(browser: Browser, tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(browser, tmp_path)
    yield reader
    assert not reader.complaints
    reader.page.context.close()


def test_it_stands_as_it_was_stored_and_goes_on(browser: Browser, tmp_path: Path):
    """From step 200, with Adam's memory: the next step is the one that NumPy would make of the same batch."""
    reader = Reader(browser, tmp_path, data="moons", step=200)
    widget = Playground(data="moons", step=200)
    reader.says("Step 200 of moons", widget.sentence.partition(". Units")[0][:60], "Units 2-4-2-1")
    expect(reader.page.locator("img")).to_have_count(0)
    reader.press("Step")
    reader.says("Step 205 of moons")
    assert not reader.complaints


def test_it_plays_pauses_and_goes_back(reader: Reader):
    reader.says("Step 0 of circles")
    first = reader.drawn()
    reader.press("▶ Play")
    reader.page.wait_for_function("document.querySelector('.nn-living').dataset.step > 300")
    reader.press("❚❚ Pause")
    stands = reader.step
    assert stands > 300 and reader.drawn() != first
    loss = float(re.search(r"training loss ([\d.e-]+)", reader.status.inner_text())[1])
    assert loss < 0.3, "it learns"
    reader.press("Reset")
    reader.says("Step 0 of circles")
    reader.page.mouse.move(5, 5)
    assert reader.drawn() == first, "the very first weights again"


@pytest.mark.parametrize(
    ("label", "key", "said"),
    [
        ("hidden layers", "ArrowRight", "Units 2-4-2-4-1"),
        ("learning rate", "ArrowRight", "learning rate 0.1"),
        ("layer 1", "ArrowUp", "Units 2-5-2-1"),
        ("data set", "ArrowDown", "of xor"),
        ("activation", "ArrowDown", "relu"),
        ("optimiser", "ArrowDown", "RMSProp"),
    ],
)
def test_the_keyboard_moves_every_control(label: str, key: str, said: str, reader: Reader):
    control = reader.page.get_by_label(label, exact=False).first
    control.focus()
    control.press("ArrowUp" if label == "optimiser" else key)
    if label == "layer 1":
        control.press("Enter")
    reader.says(said)


def test_a_weight_is_dragged_and_moved_by_keys(reader: Reader):
    canvas = reader.page.locator("canvas")
    canvas.focus()
    hint = reader.page.locator(".hint")
    canvas.press("ArrowRight")
    expect(hint).to_contain_text("weight from input x to layer 1, unit 1")
    before = float(re.search(r": (-?[\d.]+)\.", hint.inner_text())[1])
    for _ in range(3):
        canvas.press("ArrowUp")
    expect(hint).to_contain_text(f": {before + 0.3:.3f}")
    for _ in range(8):
        canvas.press("ArrowRight")
    expect(hint).to_contain_text("bias of layer 1, unit 1")
    box = canvas.bounding_box()
    for dx in range(80, 400, 8):  # across the first connections, until one is under the pointer
        reader.page.mouse.move(box["x"] + dx, box["y"] + 150)
        if "weight from" in hint.inner_text():
            break
    before = float(re.search(r": (-?[\d.]+)\.", hint.inner_text())[1])
    reader.page.mouse.down()
    reader.page.mouse.move(box["x"] + dx, box["y"] + 110, steps=5)
    reader.page.mouse.up()
    moved = float(re.search(r": (-?[\d.]+)\.", hint.inner_text())[1])
    assert moved == pytest.approx(before + 1, abs=0.05)


def test_a_point_of_ones_own_and_a_run_that_is_kept(reader: Reader):
    reader.press("Step")
    reader.press("Keep this run")
    expect(reader.page.locator(".hint")).to_contain_text("Kept: Step 5 of circles")
    reader.page.get_by_label("a click adds").select_option("class 2")
    box = reader.page.locator("canvas").bounding_box()
    kept = reader.drawn()
    reader.page.mouse.click(box["x"] + box["width"] - 40, box["y"] + 60)
    reader.says("Step 0 of circles")
    reader.page.mouse.move(5, 5)
    assert reader.drawn() != kept
    reader.press("Step")
    reader.says("Step 5 of circles")


def test_the_code_opens_this_very_playground(reader: Reader):
    reader.page.get_by_label("hidden layers").press("ArrowRight")
    reader.press("Step")
    reader.page.locator("summary").click()
    reader.page.get_by_label("sin x").check()
    reader.press("Step")
    reader.press("Show me the code")
    code = reader.page.get_by_label("code of this run")
    expect(code).to_be_visible()
    names: dict[str, Any] = {}
    exec(code.input_value().replace("nn.widgets", "widget = nn.widgets"), names)
    widget = names["widget"]
    assert widget.run.steps == 5 and widget.values["depth"] == 3 and widget.values["use sin x"]


def test_the_address_holds_the_state_and_nonsense_is_named(browser: Browser, tmp_path: Path):
    address = "#playground?data=xor&depth=3&width1=7&lr=0.1&use+sin+x=true"
    reader = Reader(browser, tmp_path, address)
    reader.says("of xor", "Units 3-7-2-4-1", "learning rate 0.1")
    reader.page.get_by_label("hidden layers").press("ArrowRight")
    reader.says("Units 3-7-2-4-4-1")
    assert "depth=4" in reader.page.url and "data=xor" in reader.page.url
    wrong = Reader(browser, tmp_path, "#playground?data=cats&depth=99&lr=fast&colour=red&width1=6")
    wrong.says("of circles", "Units 2-6-2-1", "data=cats, depth=99, lr=fast, colour=red, which there is not")
    other = Reader(browser, tmp_path, "#section-3")
    other.says("Step 0 of circles")
    assert not [*reader.complaints, *wrong.complaints, *other.complaints]


def test_a_run_that_diverges_stops_and_says_why(browser: Browser, tmp_path: Path):
    values = {"data": "hills (regression)", "optimizer": "SGD", "activation": "linear", "lr": 10.0}
    reader = Reader(browser, tmp_path, **values)
    reader.press("▶ Play")
    reader.says("the loss is no longer a number: try a smaller learning rate")
    expect(reader.page.get_by_role("button", name="▶ Play")).to_be_visible()
    assert not reader.complaints


def test_the_picture_stays_where_the_figure_cannot_come_to_life(browser: Browser, tmp_path: Path):
    page = new_context(browser).new_page()
    said: list[str] = []
    page.on("console", lambda m: said.append(m.type))
    figure = Playground().as_html('<img alt="as it was stored">')
    broken = re.sub(r'"scene":|"problems":', '"gone":', figure)
    page.set_content(f"{broken}<script>{living.script('playground')}</script>")
    expect(page.get_by_alt_text("as it was stored")).to_be_visible()
    assert said == ["warning"], "what went wrong is in the console"


@pytest.mark.parametrize("width", [390, 700, 1366])
def test_it_fits_every_width(width: int, browser: Browser, tmp_path: Path):
    reader = Reader(browser, tmp_path, width=width, depth=6)
    reader.says("Step 0")
    assert reader.sideways() == 0


@pytest.mark.parametrize("name", [name for name, kind in living.kinds().items() if not kind.files])
def test_every_figure_fits_a_phone(name: str, browser: Browser, tmp_path: Path):
    widget = living.kinds()[name]()
    reader = Standing(widget, browser, tmp_path, width=390)
    expect(reader.figure).to_be_visible()
    assert reader.sideways() == 0 and not reader.complaints
    reader.page.context.close()


def test_controls_and_picture_fit_jupyterlabs_cell(browser: Browser, tmp_path: Path):
    reader = Reader(browser, tmp_path, width=1000, depth=6)
    reader.says("Step 0")
    bottom = reader.page.locator("canvas").evaluate("c => c.getBoundingClientRect().bottom")
    assert bottom - reader.figure.bounding_box()["y"] < 600, "of the 647 pixels there are at 1366 × 768"


# -- the kernel's half ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", living.modules())
def test_a_bundle_imports_nothing_and_repeats_nothing(name: str):
    """It is one scope: with a name twice the lab's figure does not start, and a page takes the later one."""
    text = explorer.bundle(name, "host")
    assert not re.search(r"^(import|export) ", text, re.M)
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.M)
    assert len(names) == len(set(names)) > 15


def test_controls_are_described_for_the_page():
    known = {c["name"]: c for c in Playground().view.controls}
    assert known["lr"]["kind"] == "ladder" and known["lr"]["options"][0] == ["0.0001", 0.0001]
    assert known["noise"] == {
        "name": "noise", "label": "noise", "disabled": False,
        "min": 0.0, "max": 0.5, "kind": "slider", "step": 0.05, "percent": False,
    }  # fmt: skip
    assert known["test"]["percent"] and known["discrete"]["kind"] == known["use x"]["kind"] == "toggle"
    assert known["width3"]["disabled"] and known["data"]["kind"] == "choice"
    json.dumps(list(known.values()))


def test_the_page_moves_a_control_and_nonsense_is_put_back():
    playground = Playground()
    playground.view.values = playground.values | {"depth": 3}
    assert playground.values["depth"] == 3 and playground.run.sizes == (2, 4, 2, 4, 1)
    playground.view.values = playground.values | {"data": "cats", "colour": "red"}
    assert playground.view.values == playground.values and playground.values["data"] == "circles"


def test_a_stored_figure_opens_as_it_was():
    data, _ = Playground(data="xor", width1=7, step=30)._repr_mimebundle_()
    assert data[explorer.MIME] == {"widget": "Playground", "values": {"data": "xor", "width1": 7, "step": 30}}
    again = living.stored({"data": data})
    assert again.sentence == data["text/plain"]
    assert living.stored({"data": data}, files=False) is not None
    writer = {"data": {explorer.MIME: {"widget": "Writer", "values": {}}}}
    assert living.stored(writer, files=False) is None, "a deck is one file"
    assert living.stored({"data": {"image/png": ""}}) is None and living.stored({}) is None
