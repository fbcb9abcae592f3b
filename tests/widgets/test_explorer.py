"""Every widget, driven without a browser: at the minimum, the default and the maximum of every control."""

import io
import itertools
import math
import re

import ipywidgets
import numpy as np
import pytest
from allpairspy import AllPairs
from PIL import Image

from nnlearn import widgets
from nnlearn.figures import plot
from nnlearn.widgets.kit import line, slider

EXPLORERS = [getattr(widgets, name) for name in widgets.__all__ if name != "Explorer"]


def extremes(control: ipywidgets.ValueWidget) -> list:
    """The least, the given and the greatest value of a control, all of its choices, or texts good and bad."""
    if isinstance(control, ipywidgets.Text):
        return ["x * x + w", "", control.value, "x * (w +", "406 407", "M4 4L9 16"]
    if isinstance(control, ipywidgets.Checkbox | ipywidgets.ToggleButton):
        return [False, True]
    if hasattr(control, "options"):
        return [option[1] if isinstance(option, tuple) else option for option in control.options]
    return [control.min, control.value, control.max]


def assert_shows(explorer: widgets.Explorer) -> None:
    assert len(explorer.sentence.split()) >= 8, (
        f"says too little with {explorer.values}: {explorer.sentence!r}"
    )
    assert not re.search(r"\b(nan|inf)\b", explorer.sentence), (
        f"with {explorer.values} it says: {explorer.sentence}"
    )


@pytest.mark.parametrize("kind", EXPLORERS, ids=lambda kind: kind.__name__)
def test_every_control_at_its_extremes(kind, record_property):
    explorer = kind()
    assert_shows(explorer)
    for name, control in explorer.controls.items():
        assert control.description, f"{kind.__name__}: control {name!r} has no label"
        if control.disabled:  # it says itself that it changes nothing as things stand
            continue
        default, seen = control.value, set()
        for value in extremes(control):
            explorer.set(**{name: value})
            assert_shows(explorer)
            seen.add((explorer.sentence, explorer.picture.value))
        assert len(seen) > 1, (
            f"{kind.__name__}: moving {name!r} changes nothing; does it count only at times? disable it then"
        )
        explorer.set(**{name: default})
    record_property("checked", f"widget {kind.__name__}")


@pytest.mark.parametrize("kind", EXPLORERS, ids=lambda kind: kind.__name__)
def test_combinations_of_extremes(kind):
    explorer = kind()
    ends = [
        extremes(control)[:: max(1, len(extremes(control)) - 1)] for control in explorer.controls.values()
    ]
    few = math.prod(len(end) for end in ends) <= 16
    for combination in (
        itertools.product(*ends) if few else AllPairs(ends)
    ):  # each two controls at all their ends
        explorer.set(**dict(zip(explorer.controls, combination, strict=True)))
        assert_shows(explorer)


@pytest.mark.parametrize("kind", EXPLORERS, ids=lambda kind: kind.__name__)
def test_shows_a_picture_where_no_kernel_runs(kind):
    explorer = kind()
    data, metadata = explorer._repr_mimebundle_()
    assert data["image/png"].startswith("iVBORw0KGgo")
    assert data["text/plain"] == metadata["image/png"]["alt"] == explorer.sentence


def test_names_the_controls_there_are():
    with pytest.raises(ValueError, match=r"colour of the sky.*radius"):
        widgets.MemoryExplorer().set(**{"colour of the sky": 1})


def test_offers_the_widgets_and_nothing_else():
    assert dir(widgets) == widgets.__all__ and "Explorer" in dir(widgets)
    assert all(issubclass(getattr(widgets, name), widgets.Explorer) for name in dir(widgets))
    with pytest.raises(AttributeError, match="slider"):
        widgets.slider  # noqa: B018


class Square(widgets.Explorer):
    """The smallest widget there can be, with nothing animated."""

    def make_controls(self):
        return {"x": slider("x", 2, 0, 5)}

    def make_figure(self, figure):
        self.ax = figure.subplots()

    def compute(self, x):
        return x * x

    def draw(self, state):
        self.ax.set_title(str(state))
        return f"The square of {self.values['x']} is the number {state}."


def test_a_widget_needs_nothing_animated():
    explorer = Square(x=3)
    before = explorer.picture.value
    assert explorer.sentence == "The square of 3 is the number 9."
    explorer.set(x=4)
    assert explorer.picture.value != before
    explorer.set(x=3)
    assert explorer.picture.value == before


def test_controls_move_together_before_anything_is_drawn():
    drawn = []

    class Watched(Square):
        def draw(self, state):
            drawn.append(state)
            return super().draw(state)

    explorer = Watched()
    with explorer.held():
        explorer.controls["x"].value = 1
        with explorer.held():
            explorer.controls["x"].value = 5
        explorer.controls["x"].value = 4
    assert 1 not in drawn and 25 not in drawn
    explorer.controls["x"].value = 3
    assert drawn[-1] == 9


def test_what_stands_still_is_drawn_again_only_if_it_has_changed():
    class Titled(Square):
        def make_figure(self, figure):
            super().make_figure(figure)
            self.dot = line(self.ax, "o")
            self.ax.set(xlim=(0, 1), ylim=(0, 1))

        def draw(self, state):
            self.dot.set_data([state / 25], [0.5])
            self.set_still(self.ax, title="large" if state > 10 else "small")
            return "A dot that moves along below a title which seldom changes."

    explorer = Titled(x=1)
    small = explorer.picture.value
    explorer.set(x=4)
    assert explorer.ax.get_title("left") == "large"
    explorer.set(x=1)
    assert explorer.picture.value == small


@pytest.mark.parametrize("kind", EXPLORERS, ids=lambda kind: kind.__name__)
def test_same_controls_same_picture(kind):
    """State is a function of the controls: there and back gives what was there before."""
    explorer = kind()
    before = explorer.picture.value
    name, control = next(iter(explorer.controls.items()))
    default = control.value
    for value in [*extremes(control), default]:
        explorer.set(**{name: value})
    assert explorer.picture.value == before


@pytest.mark.parametrize("kind", EXPLORERS, ids=lambda kind: kind.__name__)
def test_quick_picture_is_the_whole_picture(kind):
    """What is shown while controls move differs from a full drawing at most where two artists cross."""
    explorer = kind()
    name, control = next(iter(explorer.controls.items()))
    explorer.set(**{name: extremes(control)[0]})
    quick, whole = (
        np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=int)
        for data in (explorer.picture.value, plot.png(explorer.figure, dpi=100))
    )
    assert quick.shape == whole.shape
    assert (abs(quick - whole) > 32).mean() < 0.01
