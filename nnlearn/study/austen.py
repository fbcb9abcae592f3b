"""A GPT that has read Jane Austen: 3.1 million weights in GPT-2's layout, and how it was made (chapter 16).

    model, tokenizer, held_out, notes = nn.austen.load()

Text: her six novels, 4.0 million characters, public domain, from Debian's `r-cran-janeaustenr`; paragraphs
unwrapped, headings and underscores dropped. Every twentieth block of 40 paragraphs was held out; a byte-pair
vocabulary of 2,048 tokens was learned from the rest. Training (PyTorch, one H100, 89 seconds): 98 million
tokens in batches of 64 windows of 256, dropout 0.2, AdamW at 1e-3 with warm-up and cosine, weight decay 0.1.
Of the 13 evaluations on the held-out text the last was the best, 1.339 bits per character, and is kept.
Stored in half precision. Of three pages that it wrote (160 tokens after "Emma", temperature 0.8, top-p 0.95,
rng 1 to 3; spaces and line ends alike) the longest runs that stand in the novels have 41, 39 and 26
characters; of their runs of five words one in 12 stands there, of the held-out text's one in 66 stands there
once more.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.models.gpt import GPT
from nnlearn.text.tokenizers import BPETokenizer

FOLDER = Path(__file__).parent / "weights" / "austen"


def load() -> tuple[GPT, BPETokenizer, np.ndarray, dict[str, Any]]:
    """The trained model, its tokenizer, the first 16,384 held-out token ids, and the notes of training.

    The notes' `tokens_read` is the curve: (tokens read, bits per character of all 56,574 held-out tokens).
    """
    model, tokenizer = GPT.from_pretrained(FOLDER), BPETokenizer.load(FOLDER)
    notes = json.loads((FOLDER / "notes.json").read_text(encoding="utf-8"))
    return model.eval(), tokenizer, np.load(FOLDER / "held_out.npy").astype(np.int64), notes
