"""The assistant explorer: one request, answered by the model that has only read, and by one taught since."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.models.gpt import GPT
from nnlearn.study import assistants
from nnlearn.study.alignment import WORDY, is_right, sample_answers
from nnlearn.study.requests import ASKED as PLACES
from nnlearn.study.requests import KINDS, ROOM, Request, decode_answers, tokenizer
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, slider, text, texts
from nnlearn.widgets.next_token import packed

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
DRAWN, SEEDS = 6, 20


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
    """The same request before and after, side by side, from the same draws; right answers are green."""

    size = (8.6, 4.4)
    module = "assistant"

    def make_controls(self) -> Controls:
        return {
            "request": choice("request", [(request.text, k) for k, request in enumerate(ASKED)]),
            "model": choice("after", MODELS),
            "temperature": slider("temperature", 1.0, 0.0, 2.0, 0.1),
            "seed": slider("draw others", 0, 0, SEEDS),
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
        asked = ASKED[request]
        said = [
            decode_answers(sample_answers(_model(name), [asked.text] * DRAWN, temperature, rng=seed))
            for name in ("base", MODELS[model])
        ]
        right = [[is_right(asked, answer) for answer in answers] for answers in said]
        cost = _bits("base", "stories"), _bits(MODELS[model], "stories")
        return State(asked, said[0], said[1], (right[0], right[1]), cost)

    def draw(self, state: State) -> None:
        self.question.set_text(state.asked.text)
        names = ("has only read", self.values["model"])
        for k, answers in enumerate((state.before, state.after)):
            self.titles[k].set_text(names[k])
            for row, (artist, answer) in enumerate(zip(self.columns[k], answers, strict=True)):
                mark, colour = ("✓", plot.GREEN) if state.right[k][row] else ("✗", plot.VERMILION)
                artist.set(x=0.06, y=row + 0.55, text=f"{mark} {answer or '(nothing)'}", color=colour)
            self.notes[k].set_text(f"old stories: {state.bits[k]:.2f} bits a character")

    def describe(self, state: State) -> str:
        (one, two), n = (sum(right) for right in state.right), DRAWN
        wordy = sum(answer.startswith(WORDY) for answer in state.after)
        return (
            f"“{state.asked.text}”: before, {one} of {n} answers are right, after {two} of {n}; {wordy} "
            f"begin with “{WORDY.strip()}”. A character of a story costs {state.bits[1]:.2f} "
            f"bits instead of {state.bits[0]:.2f}."
        )

    def scene(self) -> dict[str, Any]:
        state = self.state
        return {
            "text": state.asked.text,
            "answers": [state.before, state.after],
            "right": list(state.right),
            "bits": list(state.bits),
        }

    def page(self) -> dict[str, Any]:
        """The answers as they stand, and all models: they answer what is asked next."""
        names = ["base", *MODELS.values()]
        return {
            "scene": self.scene(),
            "sentence": self.sentence,
            "models": {name: packed(_model(name), tokenizer) for name in names},
            "after": MODELS,
            "bits": {name: _bits(name, "stories") for name in names},
            "asked": [[request.text, request.answer] for request in ASKED],
            "room": [PLACES, ROOM, DRAWN],
            "wordy": WORDY,
            "draws": [numpys(seed) for seed in range(SEEDS + 1)],
        }
