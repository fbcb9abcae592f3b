"""The assistant explorer: its answers are the models', and marked as the rule marks them."""

import numpy as np

from nnlearn.study import alignment, assistants
from nnlearn.study.requests import decode_answers
from nnlearn.widgets import AssistantExplorer
from nnlearn.widgets.assistant import ASKED, DRAWN, MODELS


def test_without_temperature_all_six_answers_are_the_likeliest():
    explorer = AssistantExplorer(temperature=0.0, model="tuned on answers")
    for k, asked in enumerate(ASKED):
        explorer.set(request=k)
        ids = alignment.sample_answers(assistants.load("tuned"), [asked.text])
        assert explorer.state.after == decode_answers(ids) * DRAWN
        assert explorer.state.right[1] == [
            alignment.is_right(asked, answer) for answer in explorer.state.after
        ]


def test_the_model_that_has_only_read_is_the_same_whatever_stands_beside_it():
    explorer = AssistantExplorer(seed=3)
    before = [explorer.state.before for model in MODELS for _ in [explorer.set(model=model)]]
    assert all(answers == before[0] for answers in before)


def test_numbers_are_those_of_the_models():
    state = AssistantExplorer(model="LoRA, old pages mixed in").state
    for name, bits in zip(("base", "lora"), state.bits, strict=True):
        np.testing.assert_allclose(bits, assistants.judged(assistants.load(name), 1, 5)["stories"], rtol=1e-3)


def test_the_sentence_counts_right_answers():
    explorer = AssistantExplorer(request=0, temperature=0.0)
    assert "after 6 of 6" in explorer.sentence and "before, 0 of 6" in explorer.sentence
    explorer.set(model="tuned, then a lazy rule")
    assert "after 0 of 6" in explorer.sentence
