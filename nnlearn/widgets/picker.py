"""The picker: from what comes in and what goes out to a network, its rival, and the page that does it."""

from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.study.exhibits import EXHIBITS, INPUTS, OUTPUTS, Exhibit, pick
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, segments, slider, texts, write

PLACES = tuple(dict.fromkeys(one.network for one in EXHIBITS))
MOST = max(len(pick(comes_in, goes_out)) for comes_in in INPUTS for goes_out in OUTPUTS)


@dataclass(frozen=True)
class State:
    """What was asked, what fits, and which of those is shown."""

    comes_in: str
    goes_out: str
    fits: tuple[Exhibit, ...]
    shown: Exhibit

    @property
    def exact(self) -> bool:
        return (self.shown.comes_in, self.shown.goes_out) == (self.comes_in, self.goes_out)


def _heights(names: tuple[str, ...]) -> dict[str, float]:
    return {name: 1 - (k + 0.5) / len(names) for k, name in enumerate(names)}


class Picker(Explorer):
    """Say what comes in and what goes out; see which network, which rival, and where."""

    size = (9.6, 4.6)
    module = "picker"

    def make_controls(self) -> Controls:
        return {
            "comes_in": choice("what comes in", INPUTS, value="words"),
            "goes_out": choice("what goes out", OUTPUTS, value="a class"),
            "fit": slider("which of those that fit", 1, 1, MOST),
        }

    def make_figure(self, figure: Figure) -> None:
        ax = figure.subplots()
        figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.9)
        ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        ax.grid(False)
        for side in ax.spines.values():
            side.set_visible(False)
        for x, title in ((0.1, "comes in"), (0.36, "goes out"), (0.77, "network")):
            ax.text(x, 1.04, title, ha="center", fontsize=12, color=plot.GREY)
        self.all = segments(ax, colors=plot.GREY, linewidths=0.8, alpha=0.5)
        self.chosen = segments(ax, colors=plot.VERMILION, linewidths=3)
        self.places = (_heights(INPUTS), _heights(OUTPUTS), _heights(PLACES))
        self.labels = [texts(ax, len(names), fontsize=11) for names in self.places]
        inputs, outputs, networks = self.places
        lines = []
        for one in EXHIBITS:
            lines += self._path(one, inputs, outputs, networks)
        self.all.set_segments(lines)

    @staticmethod
    def _path(one: Exhibit, inputs: dict, outputs: dict, networks: dict) -> list[list[tuple[float, float]]]:
        a, b, c = inputs[one.comes_in], outputs[one.goes_out], networks[one.network]
        return [[(0.19, a), (0.29, b)], [(0.43, b), (0.55, c)]]

    def compute(self, comes_in: str, goes_out: str, fit: int) -> State:
        fits = tuple(pick(comes_in, goes_out))
        return State(comes_in, goes_out, fits, fits[fit - 1])

    def set(self, **values: Any) -> None:
        """A question may come with the place of its answer, then as always."""
        with self.held():
            self.controls["fit"].max = MOST
        super().set(**values)

    def refresh(self) -> None:
        """The slider has as many positions as exhibits fit, then as always."""
        fit, count = self.controls["fit"], len(pick(self.values["comes_in"], self.values["goes_out"]))
        with self.held():
            fit.max, fit.disabled = count, count == 1
        super().refresh()

    def draw(self, state: State) -> None:
        one, (inputs, outputs, networks) = state.shown, self.places
        self.chosen.set_segments(self._path(one, inputs, outputs, networks))
        lit = ({one.comes_in}, {one.goes_out}, {one.network})
        for x, names, artists, bright in zip((0.1, 0.36, 0.77), self.places, self.labels, lit, strict=True):
            write(artists, [(x, y, name) for name, y in names.items()])
            for artist, name in zip(artists, names, strict=True):
                artist.set_color(plot.VERMILION if name in bright else plot.BLACK)
                artist.set_fontweight("bold" if name in bright else "normal")

    def describe(self, state: State) -> str:
        one = state.shown
        opening = f"{one.problem[0].upper()}{one.problem[1:]}: {one.network}."
        if not state.exact:
            opening = f"Nothing here leads from {state.comes_in} to {state.goes_out}. The nearest: {opening}"
        rest = f"{len(state.fits)} fit equally well" if len(state.fits) > 1 else "nothing else fits as well"
        return (
            f"{opening} First try {one.rival}. Keep apart: {one.apart}. "
            f"It is done in chapters/{one.where}; {rest}."
        )

    def scene(self) -> dict[str, Any]:
        fits, shown = [EXHIBITS.index(one) for one in self.state.fits], EXHIBITS.index(self.state.shown)
        return self.page() | {"fits": fits, "shown": shown}

    def page(self) -> dict[str, Any]:
        return {"exhibits": [list(one) for one in EXHIBITS]}
