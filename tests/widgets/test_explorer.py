"""Every widget, driven without a browser: at the minimum, the default and the maximum of every control."""

import itertools
import math
import re

import ipywidgets
import pytest
from allpairspy import AllPairs

from nnlearn import widgets
from nnlearn.figures import plot
from nnlearn.widgets.kit import slider

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


def shown(explorer: widgets.Explorer) -> str:
    """What the page is told, without what the controls say."""
    return repr((explorer.sentence, explorer.scene()))


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
            explorer.picture().draw_without_rendering()
            seen.add(explorer.sentence)
        if len(seen) == 1:  # then the picture depends on it
            seen.clear()
            for value in extremes(control):
                explorer.set(**{name: value})
                seen.add(plot.png(explorer.picture()))
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
    """The smallest widget there can be."""

    module = "memory"

    def make_controls(self):
        return {"x": slider("x", 2, 0, 5)}

    def compute(self, x):
        return x * x

    def describe(self, state):
        return f"The square of {self.values['x']} is the number {state}."

    def scene(self):
        return {"square": self.state}

    def make_figure(self, figure):
        self.ax = figure.subplots()

    def draw(self, state):
        self.ax.set_title(str(state))


def test_a_widget_says_tells_the_page_and_draws_what_its_controls_make_of_it():
    explorer = Square(x=3)
    for x, square in ((3, 9), (4, 16), (3, 9)):
        explorer.set(x=x)
        assert explorer.sentence == explorer.view.sentence == f"The square of {x} is the number {square}."
        assert explorer.view.scene == {"square": square} and explorer.view.values == {"x": x}
        (ax,) = explorer.picture().axes
        assert ax.get_title("left") == str(square)


@pytest.mark.parametrize("missing", ["make_controls", "compute", "describe", "scene", "page", "draw"])
def test_a_widget_that_lacks_a_part_is_told_which(missing):
    kind = type("Unfinished", (Square,), {missing: getattr(widgets.Explorer, missing)})
    with pytest.raises(NotImplementedError, match=rf"Unfinished needs {missing}\("):
        kind().as_html(kind().picture())


def test_controls_move_together_before_anything_is_told():
    told = []

    class Watched(Square):
        def describe(self, state):
            told.append(state)
            return super().describe(state)

    explorer = Watched()
    with explorer.held():
        explorer.controls["x"].value = 1
        with explorer.held():
            explorer.controls["x"].value = 5
        explorer.controls["x"].value = 4
    assert 1 not in told and 25 not in told
    explorer.controls["x"].value = 3
    assert told[-1] == 9


@pytest.mark.parametrize("kind", EXPLORERS, ids=lambda kind: kind.__name__)
def test_same_controls_same_figure(kind):
    """State is a function of the controls: there and back gives what was there before."""
    explorer = kind()
    before, picture = shown(explorer), plot.png(explorer.picture())
    name, control = next(iter(explorer.controls.items()))
    default = control.value
    for value in [*extremes(control), default]:
        explorer.set(**{name: value})
    assert shown(explorer) == before and plot.png(explorer.picture()) == picture
