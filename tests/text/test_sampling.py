"""The next token is drawn as asked; bits per character."""

import numpy as np
import pytest

from nnlearn.text.sampling import bits_per_character, next_token_probabilities, sample
from tests.support.reference import library


def test_bits_per_character_of_known_guesses():
    seen = []

    def model(x):
        seen.append(x.shape)
        return np.broadcast_to(np.log([0.5, 0.25, 0.25]), (*x.shape, 3))

    ids = np.tile([0, 1], 500)  # half the next characters cost one bit, half two
    assert bits_per_character(model, ids, length=10) == pytest.approx(1.5)
    assert seen == [(64, 10), (35, 10)]  # the last ten characters have no successor for a full window
    with pytest.raises(ValueError, match="too few for a window of 128"):
        bits_per_character(model, ids[:100])


def test_probabilities():
    logits = np.log([0.5, 0.1, 0.3, 0.1])
    for options, expected in [
        ({}, [0.5, 0.1, 0.3, 0.1]),
        ({"temperature": 0}, [1, 0, 0, 0]),
        ({"temperature": 0.5}, np.array([25, 1, 9, 1]) / 36),
        ({"top_k": 2}, [5 / 8, 0, 3 / 8, 0]),
        ({"top_k": 99}, [0.5, 0.1, 0.3, 0.1]),
        ({"top_p": 0.79}, [5 / 8, 0, 3 / 8, 0]),
        ({"top_p": 0.4}, [1, 0, 0, 0]),
        ({"top_p": 1.0}, [0.5, 0.1, 0.3, 0.1]),
        ({"top_k": 2, "top_p": 0.9}, [5 / 8, 0, 3 / 8, 0]),
    ]:
        p = next_token_probabilities(np.stack([logits, logits + 1000]), **options)
        np.testing.assert_allclose(p, [expected, expected], atol=1e-12, err_msg=str(options))


def test_probabilities_are_those_of_transformers():
    torch, transformers = library("torch"), library("transformers")
    logits = np.random.default_rng(0).normal(scale=3, size=(5, 50))
    warp = transformers.generation.logits_process
    for top_k, top_p, temperature in [(10, None, 1.0), (None, 0.8, 0.7), (20, 0.5, 2.0)]:
        t = warp.TemperatureLogitsWarper(temperature)(None, torch.from_numpy(logits))
        t = t if top_k is None else warp.TopKLogitsWarper(top_k)(None, t)
        t = t if top_p is None else warp.TopPLogitsWarper(top_p)(None, t)
        ours = next_token_probabilities(logits, temperature, top_k, top_p)
        np.testing.assert_allclose(ours, t.softmax(-1).numpy(), atol=1e-9)


def test_sample():
    logits = np.log([[0.5, 0.1, 0.3, 0.1]])
    drawn = sample(np.repeat(logits, 20_000, axis=0), top_k=2, rng=0)
    counts = np.bincount(drawn, minlength=4) / 20_000
    np.testing.assert_allclose(counts, [5 / 8, 0, 3 / 8, 0], atol=0.015)  # 4 standard errors
    assert sample(logits[0], rng=1) == sample(logits[0], rng=1) and sample(logits[0], rng=1).shape == ()


BAD = [
    (lambda: sample([0.0, 1.0], temperature=-1), "temperature is -1"),
    (lambda: sample([0.0, 1.0], top_k=0), "top_k is 0"),
    (lambda: sample([0.0, 1.0], top_p=1.5), "top_p is 1.5"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
