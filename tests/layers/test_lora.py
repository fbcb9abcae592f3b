"""LoRA: nothing changes at first, only the thin factors learn, and merged it is one layer again."""

import numpy as np
import pytest

import nnlearn as nn
from tests.support.reference import torch


def with_update(bias=True, rank=3, alpha=6.0):
    lora = nn.LoRALinear(nn.Linear(5, 4, bias=bias, rng=0).astype(np.float64), rank, alpha, rng=1)
    lora.B.data = np.random.default_rng(2).normal(size=(rank, 4))
    return lora


@pytest.mark.parametrize("bias", [True, False])
def test_values_and_gradients_are_those_of_pytorch(bias):
    lora, x = with_update(bias), np.random.default_rng(3).normal(size=(2, 3, 5))
    g = np.random.default_rng(4).normal(size=(2, 3, 4))
    ours = nn.Tensor(x, requires_grad=True)
    y = lora(ours)
    y.backward(g)
    tx, tA, tB = (torch.tensor(a, requires_grad=True) for a in (x, lora.A.data, lora.B.data))
    theirs = torch.nn.functional.linear(tx, torch.tensor(lora.W.T), torch.tensor(lora.b) if bias else None)
    theirs = theirs + 6 / 3 * (tx @ tA) @ tB
    theirs.backward(torch.tensor(g))
    np.testing.assert_allclose(y.data, theirs.detach(), rtol=1e-12)
    for mine, other in ((ours, tx), (lora.A, tA), (lora.B, tB)):
        np.testing.assert_allclose(mine.grad, other.grad, rtol=1e-11)


def test_at_first_nothing_changes_and_only_b_has_a_slope():
    layer, x = nn.Linear(6, 3, rng=0), np.ones((2, 6), np.float32)
    lora = nn.LoRALinear(layer, 2, rng=0)
    np.testing.assert_array_equal(lora(x).data, layer(x).data)
    lora(x).sum().backward()
    assert np.abs(lora.A.grad).max() == 0 < np.abs(lora.B.grad).min()
    assert lora.parameters() == [lora.A, lora.B] and lora.A.data.dtype == np.float32


@pytest.mark.parametrize("bias", [True, False])
def test_merged_it_is_one_layer_that_computes_the_same(bias):
    lora, x = with_update(bias), np.random.default_rng(5).normal(size=(7, 5))
    np.testing.assert_allclose(lora.merged()(x).data, lora(x).data, rtol=1e-12)
    assert (lora.merged().b is None) != bias


@pytest.mark.parametrize("rank", [0, -1, 1.5])
def test_a_rank_that_is_no_whole_number_from_one_on_is_refused(rank):
    with pytest.raises(ValueError, match="LoRALinear: rank is"):
        nn.LoRALinear(nn.Linear(4, 3), rank)


def test_a_rank_above_the_matrix_is_refused():
    with pytest.raises(ValueError, match=r"rank is 4, expected at most 3: W is \(5, 3\)"):
        nn.LoRALinear(nn.Linear(5, 3), 4)


def test_adapters_in_a_gpt_learn_alone_and_merge():
    gpt, ids = nn.GPT(11, 8, 12, 2, 3, rng=0, rotary=True), np.arange(8)[None]
    names = set(gpt.state_dict())
    before = gpt(ids).data
    adapters = nn.add_lora(gpt, 2, rng=1)
    assert len(adapters) == 2 * 4 * 2
    np.testing.assert_array_equal(gpt(ids).data, before)
    whole = {name: a for name, a in gpt.state_dict().items() if name.endswith(".W")}
    optimizer = nn.Adam(adapters, 0.01)
    for _ in range(3):
        optimizer.zero_grad()
        nn.cross_entropy(gpt(ids), ids).backward()
        optimizer.step()
    for name, a in gpt.state_dict().items():
        assert name not in whole or (a == whole[name]).all(), name
    after = gpt(ids).data
    assert np.abs(after - before).max() > 1e-3
    assert nn.merge_lora(gpt) is gpt and set(gpt.state_dict()) == names
    np.testing.assert_allclose(gpt(ids).data, after, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(
        gpt.generate(ids[0, :3], 4, 0.0), gpt.generate(ids[0, :3], 4, 0.0, cached=False)
    )


def test_a_model_without_such_layers_is_refused():
    with pytest.raises(ValueError, match="no linear layer called query or key"):
        nn.add_lora(nn.GPT(5, 4, 4, 1, 1), 1, names=("query", "key"))
