"""The few-shot explorer: its distances are those of the functions, and its letters those of the pictures."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import FewShotExplorer
from nnlearn.widgets.few_shot import EMBEDDINGS, SCRIPTS, WAYS


def test_the_distances_are_those_to_the_means():
    state = FewShotExplorer(embedding="pixels", way=4, shot=3).state
    means = state.support.mean(axis=1)
    expected = ((means - state.query) ** 2).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(state.distance, expected, rtol=1e-4, atol=1e-4)
    assert state.support.shape == (4, 3, 1, 20, 20) and abs(state.probability.sum() - 1) < 1e-5


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_letters_named_are_those_that_are_shown(script):
    state = FewShotExplorer(script=script, way=WAYS, shot=5).state
    pictures = nn.data.glyphs(script, 18, 23)
    for letter, examples in zip(state.letters, state.support, strict=True):
        own = pictures[nn.data.letters(script).index(letter)]
        for x in examples:
            assert (own == x).all(axis=(1, 2, 3)).any()
    assert len(set(state.letters)) == WAYS


def test_more_examples_keep_the_earlier_ones_and_the_question():
    one, five = FewShotExplorer(shot=1).state, FewShotExplorer(shot=5).state
    np.testing.assert_array_equal(one.support[:, 0], five.support[:, 0])
    np.testing.assert_array_equal(one.query, five.query)


def test_the_trained_embedding_is_right_more_often_than_pixels():
    right = dict.fromkeys(EMBEDDINGS, 0)
    for embedding in EMBEDDINGS:
        explorer = FewShotExplorer(embedding=embedding, way=WAYS)
        for asked in range(WAYS):
            explorer.set(asked=asked)
            state = explorer.state
            assert state.truth == asked
            right[embedding] += int(state.probability.argmax()) == asked
    assert right["trained on letters"] > right["pixels"]


def test_the_sentence_says_whether_the_right_one_is_nearest():
    explorer = FewShotExplorer()
    nearest = int(explorer.state.distance.argmin()) == explorer.state.truth
    assert ("is nearest" in explorer.sentence) == nearest
