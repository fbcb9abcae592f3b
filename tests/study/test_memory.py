"""What is stored for chapters 13 and 14 is what the command makes, and its tasks are what they say."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import memory


def test_stored_rows_are_the_cases_of_the_command():
    study = nn.memory.load()
    assert [(r["task"], r["lag"], r["layer"], r["bias"]) for r in study["recall"]] == list(memory.cases())
    assert [row["layer"] for row in study["reading"]] == list(memory.LAYERS)
    for row in study["recall"]:
        tried = {
            lr: np.mean(row["tried"][str(lr)]) for lr in memory.RATES
        }  # rounded: at chance all are level
        assert tried[row["lr"]] == pytest.approx(min(tried.values()), rel=0.01)
        assert len(row["scores"]) == len(memory.FRESH)
    for row in study["reading"]:
        assert row["lr"] == min(memory.RATES, key=lambda lr: row["tried"][str(lr)])


def test_a_stored_score_comes_again():
    row = next(r for r in nn.memory.load()["recall"] if r["lag"] == 20 and r["bias"] == 3.0)
    score, loss = memory.learn(row["layer"], row["bias"], "copying", 20, row["lr"], 0)
    assert score == pytest.approx(row["scores"][0], abs=0.05) and loss < 0.1


def test_tasks_ask_for_what_they_say():
    x, y = memory.copying(6, np.random.default_rng(0), 5)
    np.testing.assert_array_equal(x[:, 0].argmax(-1), y)
    assert x.shape == (5, 7, 8) and (x[:, 1:].argmax(-1) >= 4).all()
    for draw in (memory.adding, memory.adding_early):
        x, y = draw(16, np.random.default_rng(0), 5)
        np.testing.assert_allclose((x[..., 0] * x[..., 1]).sum(axis=1), y[:, 0], rtol=1e-6)
        assert (x[..., 1].sum(axis=1) == 2).all()
    assert (x[:, 4:, 1] == 0).all()  # both marks early
