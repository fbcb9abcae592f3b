"""What chapter 16 loads: that it is complete, with rivals of equal size, and that a row comes out again."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import gpt_study
from nnlearn.study.manual_gpt import read_manual, small_gpt


def test_stored_study_is_complete():
    study = gpt_study.load()
    assert [row["block"] for row in study["blocks"]] == list(gpt_study.BLOCKS)
    assert [row["text"] for row in study["text"]] == list(gpt_study.SHARES)
    assert [row["width"] for row in study["width"]] == list(gpt_study.WIDTHS)
    for row in study["blocks"]:
        assert list(row["tried"]) == [str(rate) for rate in gpt_study.RATES]
        assert row["tried"][str(row["lr"])] == min(row["tried"].values())
    for rows in study.values():
        assert all(np.shape(row["bits"]) == (len(gpt_study.FRESH),) for row in rows)


@pytest.mark.parametrize("name", gpt_study.BLOCKS)
def test_blocks_are_of_equal_size(name):
    vocab_size = len(read_manual()[0])
    row = next(row for row in gpt_study.load()["blocks"] if row["block"] == name)
    model = gpt_study.of_equal_size(name, vocab_size, 64)
    assert gpt_study.size(model) == row["parameters"]
    assert model.blocks[0].contract.W.shape == (row["hidden"], 64)
    classic = nn.GPT(vocab_size, gpt_study.CONTEXT, 64, 1, gpt_study.HEADS)
    assert gpt_study.size(model) == pytest.approx(gpt_study.size(classic), rel=0.005)


def test_a_stored_row_comes_out_again():
    tokenizer, ids, judged = read_manual()
    row = gpt_study.load()["width"][0]
    cut = len(ids) * 9 // 10
    assert cut == pytest.approx(
        row["characters"], rel=0.01
    )  # the manual is a little different in each Python
    model = small_gpt(len(tokenizer), row["width"], 1, gpt_study.HEADS, rng=0, context=gpt_study.CONTEXT)
    again = gpt_study.learn(model, ids[:cut], ids[cut:], judged, gpt_study.RATE, 0, times=5)[1]
    assert again == pytest.approx(row["bits"][0], abs=0.03)
