"""The controls that describe a run, each with its label, its range and where it stands at first."""

import ipywidgets

from nnlearn.widgets.kit import Controls, choice, ladder, slider, toggle
from nnlearn.widgets.playground.problems import FEATURES, PROBLEMS
from nnlearn.widgets.playground.run import ACTIVATIONS, INITS, OPTIMIZERS, Config

DEEPEST, WIDEST = 6, 8
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
PRICES = (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
BATCHES = (1, 2, 5, 10, 20, 50, 100, 200)
STRIDE = 5  # steps a frame


def make_controls() -> Controls:
    """A control for everything in a `Config`, and for what is only looked at."""
    c = Config()
    widths = enumerate((*c.widths, *[4] * (DEEPEST - len(c.widths))), 1)
    wide = {"width": "auto", "min_width": "48px"}
    return {
        "data": choice("data set", PROBLEMS, value=c.data),
        "noise": slider("noise", c.noise, 0, 0.5, 0.05),
        "test": slider("test share", c.test, 0.1, 0.9, 0.1, readout_format=".0%"),
        "seed": ipywidgets.BoundedIntText(c.seed, min=0, max=9999, description="seed"),
        "depth": slider("hidden layers", len(c.widths), 0, DEEPEST),
        **{
            f"width{k}": ipywidgets.BoundedIntText(
                n, min=1, max=WIDEST, description=f"layer {k}", disabled=k > len(c.widths)
            )
            for k, n in widths
        },
        "activation": choice("activation", ACTIVATIONS, value=c.activation),
        "init": choice("weights start", INITS, value=c.init),
        "optimizer": choice("optimiser", OPTIMIZERS, value=c.optimizer),
        "lr": ladder("learning rate", RATES, c.lr),
        "batch_size": ladder("batch size", BATCHES, c.batch_size),
        "l1": ladder("L1", PRICES, c.l1),
        "l2": ladder("L2", PRICES, c.l2),
        "discrete": toggle("only the decision", indent=False),
        "show_test": toggle("show test points", indent=False),
        **{
            f"use {name}": ipywidgets.ToggleButton(name in c.features, description=name, layout=wide)
            for name in FEATURES
        },
    }
