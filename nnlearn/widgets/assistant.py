"""The assistant explorer: one request, answered by the model that has only read, and by one taught since."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.models.gpt import GPT
from nnlearn.study import assistants
from nnlearn.study.alignment import WORDY, is_right, sample_answers
from nnlearn.study.requests import KINDS, Request, decode_answers
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, slider, text, texts

MODELS = {
    "tuned on answers": "tuned", "LoRA, old pages mixed in": "lora", "tuned, then DPO": "dpo",
    "tuned, then a lazy rule": "paid",
}  # fmt: skip
ASKED = [
    Request("toad is blue. toad?", "blue", "recall"), Request("shout puma.", "PUMA", "shout"),
    Request("repeat lemo.", "lemo", "repeat"), Request("reverse lemo.", "omel", "reverse"),
    Request("add 7 and 5.", "12", "add"), Request("add 2 and 3.", "5", "add"),
    Request("toad is kind. toad?", "kind", "recall"), Request("toad?", "blue", "recall"),
    Request("crab is kind. toad?", "blue", "recall"),
]  # fmt: skip
DRAWN = 6


@cache
def _model(name: str) -> GPT:
    return assistants.load(name)


@cache
def _bits(name: str, kind: str) -> float:
    return assistants.judged(_model(name), 1, len(KINDS))[kind]


@dataclass(frozen=True)
class State:
    """Six answers of each, which are right, and what each model pays for a character of the old pages."""

    asked: Request
    before: list[str]
    after: list[str]
    right: tuple[list[bool], list[bool]]
    bits: tuple[float, float]


class AssistantExplorer(Explorer):
    """The same request before and after, side by side; right answers are green."""

    size = (8.6, 4.4)

    def make_controls(self) -> Controls:
        return {
            "request": choice("request", [(request.text, k) for k, request in enumerate(ASKED)]),
            "model": choice("after", MODELS),
            "temperature": slider("temperature", 1.0, 0.0, 2.0, 0.1),
            "seed": slider("draw others", 0, 0, 20),
        }

    def make_figure(self, figure: Figure) -> None:
        self.axes = [
            figure.add_axes((x, 0.05, 0.455, 0.74), xlim=(0, 1), ylim=(DRAWN + 1, 0)) for x in (0.03, 0.515)
        ]
        whole = figure.add_axes((0, 0.86, 1, 0.14), xlim=(0, 1), ylim=(0, 1))
        whole.set_axis_off()
        self.question = text(whole, 0.5, 0.45, fontsize=19, family="monospace", weight="bold")
        self.columns, self.notes, self.titles = [], [], []
        for ax in self.axes:
            ax.set(xticks=[], yticks=[])
            ax.grid(False)
            self.titles.append(text(ax, 0.5, -0.35, fontsize=13, clip_on=False))
            self.columns.append(texts(ax, DRAWN, fontsize=16, family="monospace", ha="left"))
            self.notes.append(text(ax, 0.5, DRAWN + 0.45, fontsize=12, color=plot.GREY))

    def compute(self, request: int, model: str, temperature: float, seed: int) -> State:
        asked, rng = ASKED[request], np.random.default_rng([seed, request])
        said = [
            decode_answers(sample_answers(_model(name), [asked.text] * DRAWN, temperature, generator))
            for name, generator in zip(("base", MODELS[model]), rng.spawn(2), strict=True)
        ]
        right = [[is_right(asked, answer) for answer in answers] for answers in said]
        cost = _bits("base", "stories"), _bits(MODELS[model], "stories")
        return State(asked, said[0], said[1], (right[0], right[1]), cost)

    def draw(self, state: State) -> str:
        self.question.set_text(state.asked.text)
        names = ("has only read", self.values["model"])
        for k, answers in enumerate((state.before, state.after)):
            self.titles[k].set_text(names[k])
            for row, (artist, answer) in enumerate(zip(self.columns[k], answers, strict=True)):
                artist.set(x=0.06, y=row + 0.55, text=answer or "(nothing)")
                artist.set_color(plot.GREEN if state.right[k][row] else plot.VERMILION)
            self.notes[k].set_text(f"old stories: {state.bits[k]:.2f} bits a character")
        (one, two), n = (sum(right) for right in state.right), DRAWN
        wordy = sum(answer.startswith(WORDY) for answer in state.after)
        return (
            f"“{state.asked.text}”: before, {one} of {n} answers are right, after {two} of {n}; {wordy} "
            f"begin with “{WORDY.strip()}”. A character of a story costs {state.bits[1]:.2f} "
            f"bits instead of {state.bits[0]:.2f}."
        )
