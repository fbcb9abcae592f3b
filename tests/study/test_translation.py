"""The study of the bottleneck: what is stored, and the measure it uses."""

import numpy as np
import pytest

import nnlearn as nn


def test_what_is_stored_is_what_was_planned():
    study, plan = nn.translation.load(), nn.translation
    runs = study["runs"]
    assert study["shift"] == 0 and len(runs) == 2 * len(plan.WIDTHS) * len(plan.SEEDS)
    for run in runs:
        curve = run["curve"]
        assert run["steps"] == (plan.EVERY * (len(curve) - 1) if curve[-1] >= plan.ENOUGH else None)
        assert run["steps"] is not None or len(curve) == plan.LONGEST / plan.EVERY + 1
        assert run["test"] == pytest.approx(curve[-1], abs=0.06) and run["rate"] in plan.RATES


def test_exact_is_what_greedy_decoding_gets_right():
    x, y, read = nn.translation.numbers(300)
    model = nn.Translator(len(read), 12, 16, rng=0)
    nn.translation.learn(
        model, np.tile(x, (8, 1)), np.tile(y, (8, 1)), range(60), lambda step: 0.03,
        nn.Adam(model.parameters()), np.random.default_rng(0),
    )  # fmt: skip
    alone = (model.translate(x, 10) == y[:, 1:]).all(axis=1).mean()
    assert nn.translation.exact(model, x, y) == pytest.approx(alone)


def test_a_run_tells_its_steps():
    x, y, read = nn.translation.numbers()
    run = nn.translation.run(x[:1600], y[:1600], len(read), 8, True, 0.01, 0, longest=25)
    assert len(run["curve"]) == 2 and run["steps"] is None and 0 <= run["test"] < 0.5


def test_the_small_translator_does_as_its_notes_say():
    model, signs, share = nn.translation.load_small()
    x, y, read = nn.translation.numbers()
    assert signs == read and share > 0.95
    assert nn.translation.exact(model, x[:1000], y[:1000]) == pytest.approx(share, abs=0.005)


def test_training_the_small_translator_writes_it(monkeypatch, tmp_path):
    monkeypatch.setattr(nn.translation, "WEIGHTS", tmp_path / "small.safetensors")
    monkeypatch.setattr(nn.translation, "learn", lambda *_: None)
    nn.translation.train_small()
    model, signs, share = nn.translation.load_small()
    assert share < 0.1 and len(signs) > 30 and model.output.W.shape[1] == len(nn.translation.WRITTEN)
