"""The controls that describe a run, each with its label, its range and where it stands at first."""

from typing import Any

import ipywidgets

from nnlearn.widgets.playground.problems import FEATURES, PROBLEMS
from nnlearn.widgets.playground.run import ACTIVATIONS, INITS, OPTIMIZERS, Config

DEEPEST, WIDEST = 6, 8
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
PRICES = (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
BATCHES = (1, 2, 5, 10, 20, 50, 100, 200)
STRIDES = (1, 2, 5, 10, 20, 50, 100)


def make_controls() -> dict[str, ipywidgets.ValueWidget]:
    """A control for everything in a `Config`, and what is only looked at."""
    c = Config()
    first = dict(zip(range(1, DEEPEST + 1), (*c.widths, *(4,) * DEEPEST), strict=False))
    controls: dict[str, ipywidgets.ValueWidget] = {
        "data": choice("data set", PROBLEMS, c.data),
        "noise": ipywidgets.FloatSlider(c.noise, min=0, max=0.5, step=0.05, description="noise"),
        "test": ipywidgets.FloatSlider(
            c.test, min=0.1, max=0.9, step=0.1, description="test share", readout_format=".0%"
        ),
        "seed": ipywidgets.BoundedIntText(c.seed, min=0, max=9999, description="seed"),
        "depth": ipywidgets.IntSlider(len(c.widths), min=0, max=DEEPEST, description="hidden layers"),
    }
    for k, n in first.items():
        controls[f"width{k}"] = ipywidgets.IntSlider(
            n, min=1, max=WIDEST, description=f"units in layer {k}", disabled=k > len(c.widths)
        )
    controls |= {
        "activation": choice("activation", ACTIVATIONS, c.activation),
        "init": choice("weights start", INITS, c.init),
        "optimizer": choice("optimiser", OPTIMIZERS, c.optimizer),
        "lr": ladder("learning rate", RATES, c.lr),
        "batch_size": ladder("batch size", BATCHES, c.batch_size),
        "l1": ladder("L1", PRICES, c.l1),
        "l2": ladder("L2", PRICES, c.l2),
        "discrete": ipywidgets.Checkbox(False, description="only the decision", indent=False),
        "show_test": ipywidgets.Checkbox(False, description="show test points", indent=False),
    }
    for name in FEATURES:
        controls[f"use {name}"] = ipywidgets.ToggleButton(
            name in c.features, description=name, layout={"width": "auto", "min_width": "48px"}
        )
    return controls


def choice(label: str, options: Any, value: str) -> ipywidgets.Dropdown:
    return ipywidgets.Dropdown(options=list(options), value=value, description=label)


def ladder(label: str, options: tuple, value: float) -> ipywidgets.SelectionSlider:
    """A slider over numbers that lie a factor apart."""
    named = [(f"{option:g}", option) for option in options]
    return ipywidgets.SelectionSlider(options=named, value=value, description=label)


def offer(control: ipywidgets.Dropdown, options: list[tuple[str, Any]]) -> None:
    """Give a control other choices; the chosen one stays if it is still there."""
    if list(control.options) != options:
        value = control.value
        control.options = options
        if value in [option for _, option in options]:
            control.value = value
