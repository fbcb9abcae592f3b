"""The GPT that has read Jane Austen: what is stored, and what it says of itself."""

import math

import numpy as np
import pytest

import nnlearn as nn


@pytest.fixture(scope="module")
def loaded():
    return nn.austen.load()


def test_is_as_good_as_its_notes_say(loaded):
    model, tokenizer, held_out, notes = loaded
    windows = held_out[: 24 * 257].reshape(24, 257)
    nats = nn.cross_entropy(model(windows[:, :-1]), windows[:, 1:])
    characters = len(tokenizer.decode(windows[:, 1:].ravel())) / windows[:, 1:].size
    assert float(nats.data) / math.log(2) / characters == pytest.approx(notes["bits_per_character"], abs=0.1)


def test_notes_belong_to_the_model(loaded):
    model, tokenizer, held_out, notes = loaded
    assert notes["parameters"] == sum(p.data.size for p in model.parameters())
    assert notes["bits_per_character"] == pytest.approx(
        min(bits for _, bits in notes["tokens_read"]), abs=1e-4
    )
    assert held_out.shape == (16384,) and 0 <= held_out.min() and held_out.max() < len(tokenizer)


def test_its_tokens_are_those_of_the_held_out_text(loaded):
    _, tokenizer, held_out, _ = loaded
    np.testing.assert_array_equal(tokenizer.encode(tokenizer.decode(held_out[:2000])), held_out[:2000])
