import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import GraphExplorer
from nnlearn.widgets.graph import EXAMPLES, LONGEST, MOST, operations, parse

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
