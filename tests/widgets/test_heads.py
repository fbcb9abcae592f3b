"""The head explorer: what it shows is the GPT's, and a cut is undone."""

import numpy as np

import nnlearn as nn
from nnlearn.widgets import HeadExplorer
from nnlearn.widgets.heads import CUTS, LONGEST


def test_it_shows_the_pattern_and_the_lens_of_the_shipped_gpt():
    explorer = HeadExplorer(block=3, head=2, place=4)
    model, tokenizer, _, _ = nn.austen.load()
    ids = np.array([tokenizer.encode(explorer.values["text"])[:LONGEST]])
    expected = nn.circuits.attention_patterns(model, ids)[2, 0, 1]
    np.testing.assert_allclose(explorer.state.pattern, expected, atol=1e-5)
    chance = nn.softmax(model(ids).data)[0, 4]
    word, p = explorer.state.guesses[-1]
    assert word == tokenizer.decode([int(chance.argmax())]) and abs(p - chance.max()) < 1e-4
    assert explorer.state.bits == explorer.state.without


def test_a_cut_is_felt_and_undone():
    explorer = HeadExplorer()
    whole = explorer.state.bits
    explorer.set(cut=CUTS[2])
    assert explorer.state.without != whole and explorer.state.bits == whole
    explorer.set(cut=CUTS[0])
    assert explorer.state.without == whole


def test_no_text_and_a_long_text_do_no_harm():
    explorer = HeadExplorer(text="")
    assert explorer.state.pattern.shape == (1, 1) and explorer.state.bits == 0
    explorer.set(text="word " * 100, place=LONGEST - 1)
    assert explorer.state.pattern.shape == (LONGEST, LONGEST)
