"""The next-token explorer: its numbers are the model's, read in one go, and it draws what it says."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import NextTokenExplorer


@pytest.fixture(scope="module")
def explorer():
    return NextTokenExplorer()


def test_surprise_and_guess_are_those_of_one_reading(explorer):
    explorer.set(length=20, temperature=0.8, top_p=1.0)
    state = explorer.state
    ids = explorer.tokenizer.encode(state.text)
    with nn.no_grad():
        p = nn.softmax(explorer.gpt(np.array([ids])).data[0].astype(float))
    np.testing.assert_allclose(state.model, p[-1], rtol=1e-3, atol=1e-6)
    bits = -np.log2(p[np.arange(len(ids) - 1), ids[1:]])
    np.testing.assert_allclose(state.surprise, np.append(0, bits), rtol=1e-3, atol=1e-3)


def test_temperature_top_k_and_top_p_cut_as_they_say(explorer):
    explorer.set(length=5, temperature=0.5, top_k=4, top_p=1.0)
    state = explorer.state
    best = np.argsort(-state.model)[:4]
    kept = state.model[best] ** 2  # softmax(2 z)
    np.testing.assert_allclose(state.drawn[best], kept / kept.sum(), rtol=1e-4)
    assert (state.drawn > 0).sum() == 4
    explorer.set(temperature=1.0, top_k=len(state.model), top_p=0.6)
    state = explorer.state
    sums = np.cumsum(np.sort(state.model)[::-1])
    assert (state.drawn > 0).sum() == np.searchsorted(sums, 0.6) + 1


def test_without_temperature_the_likeliest_character_is_appended(explorer):
    explorer.set(length=1, temperature=0.0)
    before = explorer.state
    explorer.set(length=0)
    assert explorer.state.model.argmax() == explorer.tokenizer.encode(before.text)[-1]


def test_a_longer_text_begins_with_the_shorter_one(explorer):
    explorer.set(length=40, temperature=1.0, top_p=1.0, seed=5)
    long = explorer.state.text
    explorer.set(length=12)
    assert long.startswith(explorer.state.text) and len(explorer.state.text) == len(long) - 28
