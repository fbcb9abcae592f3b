"""The writer: a GPT that has read Jane Austen goes on with your words, and shows what it doubts."""

import json
from typing import Any

import ipywidgets
import numpy as np

import nnlearn as nn
from nnlearn.models.gpt import GPT
from nnlearn.text.tokenizers import BPETokenizer
from nnlearn.widgets.kit import Controls, slider
from nnlearn.widgets.next_token import SEEDS, NextTokenExplorer, packed

WEIGHTS = "austen-weights.js"  # 4 MB, for pages without a kernel


class Writer(NextTokenExplorer):
    """A page of Austen that nobody wrote: turn the temperature, see every doubt, choose a word yourself."""

    module = "writer"
    files = (WEIGHTS,)
    token = "token"
    most, letters = (60, 180), (62, 14)

    def load(self) -> tuple[GPT, BPETokenizer]:
        return nn.austen.load()[:2]

    def encoded(self, prompt: str) -> np.ndarray:
        known = self.tokenizer.encode(prompt)[-self.most[0] :]
        return known if len(known) else self.tokenizer.encode("\n")

    def make_controls(self) -> Controls:
        self.gpt, self.tokenizer = self.load()
        return {
            "prompt": ipywidgets.Text("Emma", description="begin with"),
            "length": slider("tokens written", 120, 0, self.most[1]),
            "temperature": slider("temperature", 0.8, 0.0, 2.0, 0.05),
            "top_p": slider("top-p", 0.95, 0.05, 1.0, 0.05),
            "seed": slider("seed", 1, 0, SEEDS),
        }

    def weights(self) -> dict[str, Any]:
        """They come when they are asked for, from a file of the site."""
        return {"weights": WEIGHTS}

    @classmethod
    def assets(cls) -> dict[str, str]:
        weights = json.dumps(packed(*nn.austen.load()[:2]), separators=(",", ":"))
        return {WEIGHTS: f"window.nnWeights = {weights};\n"}
