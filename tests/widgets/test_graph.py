"""The graph explorer's gradients are the engine's; a page reads, computes and refuses as it does."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.figures.layout import layout
from nnlearn.widgets import GraphExplorer
from nnlearn.widgets.graph import EXAMPLES, LONGEST, MOST, operations, parse
from tests.support.figures import Standing, functions

AT = {"x": 1.3, "w": -0.7, "b": 0.4}


@pytest.mark.parametrize(
    "expression",
    [
        *EXAMPLES,
        "sqrt(x + 3) - sin(w) / cos(b)",
        "relu(-x) + softplus(w*x) * sigmoid(b)",
        "x ** w + 2",
        "-(x - -3)",
    ],
)
def test_gradients_are_the_engine_s(expression):
    explorer = GraphExplorer(expression=expression, **AT)
    leaves = {name: nn.Tensor(np.float64(value), requires_grad=True) for name, value in AT.items()}
    functions = {
        name: getattr(nn, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu")
    }
    output = eval(expression, functions | {"softplus": nn.softplus} | leaves)
    output.backward()
    assert explorer.state.values[-1] == pytest.approx(output.item(), rel=1e-12)
    steps = zip(explorer.state.tape, explorer.state.grads, strict=True)
    grads = {step.name: grad for step, grad in steps if step.name in leaves}
    assert grads and grads == pytest.approx({name: leaves[name].grad.item() for name in grads}, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "type an expression"),
        ("x +", "cannot be read"),
        ("x\0", "cannot be read"),
        ("(" * 50 + "x", "cannot be read"),
        ("x^2", "written \\*\\*"),
        ("y * 2", "“y” is not known"),
        ("f(x)", "function “f” is not known"),
        ("__import__('os')", "not known"),
        ("exp(x, w)", "one argument"),
        ("exp(*x)", "no arithmetic"),
        ("x.real", "no arithmetic"),
        ("(lambda: x)()", "no arithmetic"),
        ("'a' * x", "no arithmetic"),
        ("True * x", "no arithmetic"),
        ("x // 2", "no arithmetic"),
        ("1e999 * x", "Numbers from"),
        ("x - 2000", "Numbers from"),
        ("2 + 3", "no variable"),
        ("x", "nothing to compute"),
        ("x" + "+x" * (MOST + 1), f"{MOST} fit"),
        ("x" * (LONGEST + 1), f"{LONGEST} fit"),
    ],
)
def test_bad_expression_says_why_and_keeps_the_graph(text, said):
    with pytest.raises(ValueError, match=said):
        parse(text)
    explorer = GraphExplorer(expression="x * w")
    explorer.set(expression=text)
    assert explorer.expression == "x * w" and "still shows x * w" in explorer.sentence


def test_example_and_text_follow_each_other():
    explorer = GraphExplorer(example="x * x")
    assert explorer.values["expression"] == "x * x" and len(operations(explorer.state.tape)) == 1
    explorer.set(expression="x + w")
    assert explorer.values["example"] == "your own"
    explorer.set(expression="x * x")
    assert explorer.values["example"] == "x * x"


def test_overwriting_loses_a_gradient():
    explorer = GraphExplorer(example="x * x", x=3.0)
    assert explorer.state.grads[0] == 6
    explorer.set(overwrite=True)
    assert explorer.state.grads[0] == 3


@pytest.mark.parametrize(
    ("expression", "x", "said"),
    [("log(x)", -1, "no value"), ("exp(exp(x*x))", 3, "too large"), ("sqrt(x)", 0, "no slope")],
)
def test_where_there_is_no_value_or_slope(expression, x, said):
    assert said in GraphExplorer(expression=expression, x=x).sentence


def test_an_opened_figure_is_the_one_that_was_stored():
    stored = GraphExplorer(expression="x * x + w", x=3.0, step=1)
    again = GraphExplorer(**stored.moved())
    assert again.values == stored.values and again.sentence == stored.sentence
    assert stored.expression == "x * x + w"  # asking changed nothing


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "graph", "alone", "recorded", "passes", "arranged")


ALONE = """([page, values]) => {
    const state = { page, values }, heard = [];
    const set = (name, value) => { state[name] = value; if (name === "values") heard.forEach((f) => f()); };
    nn.alone({ get: (name) => state[name], set, on: (_, f) => heard.push(f) });
    return state;
}"""
PASSES = "([text, page, values]) => nn.passes(nn.recorded(text, page), values)"
WRITTEN = (
    *EXAMPLES,
    "sqrt(x + 3) - sin(w) / cos(b)", "relu(-x) + softplus(w*x) * sigmoid(b)", "x ** w + 2", "-(x - -3)",
    "-x**2", "x ** -w", "x**w**2", "- -3 * x", "+x*w", "x*1.5e-3 + x*.5 - x*3.",
    "1/(x-2)", "log(x*0)", "sqrt(x-2)", "exp(exp(x*x*x))", "relu(x-2)", "(x*w) * (x*w)",
)  # fmt: skip
REFUSED = (
    "", "x +", "x\0", "(" * 50 + "x", "x^2", "y * 2", "β*x", "f(x)", "(x*w)(b)", "__import__('os')", "exp()",
    "exp(x, w)", "exp(*x)", "x.real", "(lambda: x)()", "'a' * x", "True * x", "x // 2 + w", "(x) % 2",
    "x < 3", "[x]", "1e999 * x", "x - 2000", "x*-1000.5", "2 + 3", "x", "x w", "2 x", "exp", "x)*w",
    "x" + "+x" * (MOST + 1), "x" * (LONGEST + 1),
)  # fmt: skip
PLACES = [{}, AT, {"x": -3.0, "w": 2.5, "b": 0.0}]
FULL, FIRST, BUG = {"step": MOST, "overwrite": False}, {"step": 1}, {"step": 2, "overwrite": True}


@pytest.mark.parametrize("text", WRITTEN)
def test_the_page_computes_as_numpy_does(text: str, modules: Page):
    explorer = GraphExplorer(expression=text)
    for place in PLACES:
        for setting in (FULL, FIRST, BUG):
            explorer.set(**place, **setting)
            state, values = explorer.state, explorer.values
            found = modules.evaluate(PASSES, [text, explorer.page(), values])
            held = {"rtol": 1e-9, "atol": 1e-12}
            reached = [k for k, v in enumerate(state.values) if np.isfinite(v)]
            np.testing.assert_allclose(
                [found["values"][k] for k in reached], np.take(state.values, reached), **held
            )
            sent = {(k, slot): g for k, slot, g in found["sent"]}
            assert sent.keys() == state.sent.keys() and found["done"] == len(state.done)
            np.testing.assert_allclose(list(sent.values()), [state.sent[edge] for edge in sent], **held)
            page = modules.evaluate(ALONE, [explorer.page(), values])
            assert page["sentence"] == explorer.sentence and page["values"] == values
            assert page["scene"] == explorer.scene()


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:12])
def test_the_page_refuses_in_the_same_words(text: str, modules: Page):
    explorer = GraphExplorer()
    explorer.set(expression=text)
    page = modules.evaluate(ALONE, [explorer.page(), explorer.values])
    assert page["sentence"] == explorer.sentence
    assert page["scene"] == explorer.scene()


@pytest.mark.parametrize("text", WRITTEN)
def test_the_page_places_nodes_as_the_stored_picture_does(text: str, modules: Page):
    scene = GraphExplorer(expression=text).scene()
    places, bends = layout(scene["inputs"], set(scene["constants"]))
    found, edges = modules.evaluate("(a) => nn.arranged(...a)", [scene["inputs"], scene["constants"]])
    np.testing.assert_allclose(found, places, atol=1e-9)
    assert [(k, slot) for k, slot, _ in edges] == list(bends)
    for (_, _, path), expected in zip(edges, bends.values(), strict=True):
        np.testing.assert_allclose(path, expected, atol=1e-9)


def test_a_reader_types_drags_and_steps(browser: Browser, tmp_path: Path):
    widget = GraphExplorer()
    reader = Standing(widget, browser, tmp_path)
    page, status, now = reader.page, reader.status, {}
    expect(status).to_have_text(widget.sentence)
    places, _ = layout(widget.scene()["inputs"], set())
    graph, slider = page.get_by_label("the graph"), page.get_by_role("slider", name="backward step")

    def at(k: int) -> tuple[float, float]:
        box, (left, low), (right, high) = graph.bounding_box(), places.min(axis=0), places.max(axis=0)
        across = (places[k, 0] - left + 0.5) / (right - left + 1)
        down = 24 + (high - places[k, 1]) / (high - low) * (box["height"] - 74)
        return box["x"] + across * box["width"], box["y"] + down

    names = [step.name for step in widget.state.tape]
    page.mouse.click(*at(names.index("tanh")))
    now["step"] = 2
    expect(status).to_have_text(GraphExplorer(**now).sentence)
    expect(page.locator(".hint")).to_contain_text("∂v3/∂v2 = 0.786")
    graph.press("ArrowRight")
    now["step"] = 3
    expect(status).to_have_text(GraphExplorer(**now).sentence)
    expect(page.locator("tr.now")).to_contain_text("v2 = v1 + b")
    x, y = at(names.index("x"))
    reader.drag((x, y), (x + 40, y))
    now["x"] = 3.0
    expect(status).to_have_text(GraphExplorer(**now).sentence)
    page.get_by_role("row", name="v1 = ").click()
    page.get_by_label("overwrite instead").check()
    now |= {"step": 4, "overwrite": True}
    expect(status).to_have_text(GraphExplorer(**now).sentence)

    words = page.get_by_role("textbox")
    words.fill("x * x")
    words.press("Enter")
    assert page.get_by_label("example").input_value() == "x * x" and slider.get_attribute("max") == "1"
    now = {"expression": "x * x", "x": 3.0, "overwrite": True}  # a new expression moves the step to its end
    expect(status).to_have_text(GraphExplorer(**now).sentence)
    words.fill("x * (w +")
    words.press("Enter")
    reader.says("cannot be read", "still shows x * x.")
    page.get_by_label("example").select_option("exp(-x**2) / (1 + b*b)")
    text = "exp(-x**2) / (1 + b*b)"
    now["expression"] = text
    expect(status).to_have_text(GraphExplorer(**now).sentence)
    reader.press("▶ Play")
    reader.says("Step 1 of 6")
    reader.press("Step")
    reader.says("Step 2 of 6")
    reader.press("Back")
    now["step"] = 1
    expect(status).to_have_text(GraphExplorer(**now).sentence)
    page.reload()
    expect(status).to_have_text(GraphExplorer(**now).sentence)
    page.set_viewport_size({"width": 390, "height": 900})
    assert not reader.sideways() and not reader.complaints
