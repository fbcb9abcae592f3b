"""The reference: docstrings and signatures as its pages show them."""

import nnlearn as nn
from nnlearn.course import reference


def test_docstrings_formulas_are_not_taken_for_markup():
    text = (
        "y = a * b * c, x_1 and x_2, <B, T> [0]; see `relu`, `nn.relu` and `x * y`.\n    y = 2 * x\nThe end."
    )
    assert reference._markdown(text, {"relu": "nn.relu"}).splitlines() == [
        r"y = a \* b \* c, x\_1 and x\_2, \<B, T\> \[0\]; see {py:obj}`relu <nn.relu>`, "
        r"{py:obj}`nn.relu <nn.relu>` and `x * y`.",
        "",
        "    y = 2 * x",
        "The end.",
    ]


def test_signatures_show_names_and_defaults_alone():
    assert reference._signature(nn.conv2d) == "(x, W, b=None, stride=1, padding=0, dilation=1)"
    assert "init=lecun_uniform" in reference._signature(nn.Linear)
