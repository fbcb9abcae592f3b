"""The small GPT that comes with the package: what is stored, and what it says of itself."""

import numpy as np
import pytest

import nnlearn as nn


@pytest.fixture(scope="module")
def loaded():
    return nn.manual_gpt.load()


def test_is_as_good_as_its_notes_say(loaded):
    model, tokenizer, notes = loaded
    held_out = nn.data.manual_split()[1]
    known = "".join(character for character in held_out if character in tokenizer.ids)
    assert len(known) > 0.99 * len(held_out)
    bits = nn.text.bits_per_character(model, tokenizer.encode(known))
    same = notes["characters"] == "".join(nn.manual_gpt.read_manual()[0].tokens)
    # another Python's manual is another text, of which some has been learned
    assert bits == pytest.approx(notes["curve"]["bits"][-1], abs=0.02 if same else 0.5) and bits < 2


def test_curves_belong_to_the_models_they_name(loaded):
    model, _, notes = loaded
    study = nn.manual_gpt.load_study()
    assert notes["curve"]["parameters"] == sum(p.data.size for p in model.parameters())
    for name, curve in study.items():
        assert len(curve["characters"]) == len(curve["bits"]) > 3, name
        assert all(np.diff(curve["characters"]) > 0), name
    assert len(study["gru"]["train"]) == len(study["gru"]["bits"])
    assert abs(study["gru"]["parameters"] / notes["curve"]["parameters"] - 1) < 0.02


def test_small_gpt_starts_at_the_width_it_has():
    model = nn.manual_gpt.small_gpt(20, 64, 2, 4, rng=0)
    assert model.blocks[0].expand.W.data.std() == pytest.approx(1 / 8, rel=0.05)
    assert model.tokens.W.dtype == model.positions.W.dtype == np.float32


def test_training_writes_a_curve():
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 5, 700)
    model = nn.manual_gpt.small_gpt(5, 8, 1, 2, rng=0)
    curve = nn.manual_gpt.run(model, ids[:400], ids[400:], steps=4, lr=1e-3, batch=2, every=2)
    assert curve["characters"] == [512, 1024] and len(curve["bits"]) == 2
    assert curve["bits"][0] == pytest.approx(np.log2(5), abs=1)
