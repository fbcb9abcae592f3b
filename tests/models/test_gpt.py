"""GPT: sees no future, generates with and without a cache, and explains bad input."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.models.gpt import GPT
from tests.support.by_heart import assert_learns_by_heart

IDS = np.random.default_rng(0).integers(0, 13, (4, 10))
X = IDS[:, :-1]


MODERN = dict(norm="rms", feed_forward="swiglu", kv_heads=1, rotary=True, bias=False)


def count(module):
    return sum(p.size for p in module.parameters())


def test_gpt2_small_has_its_published_size():
    """Counted from the shapes of two of its twelve blocks."""
    model = GPT(50257, 1024, 768, 2, 12, rng=0)
    assert count(model) + 10 * count(model.blocks[0]) == 124_439_808


def test_llama_has_its_published_size():
    """Llama 2's 7 billion without its output matrix, counted from narrow models of the same form."""
    model = GPT(320, 16, 64, 2, 4, hidden=172, norm="rms", feed_forward="swiglu", rotary=True, bias=False)
    assert count(model) == 320 * 64 + 2 * (4 * 64**2 + 3 * 64 * 172 + 2 * 64) + 64
    assert 32_000 * 4096 * 2 + 32 * (4 * 4096**2 + 3 * 4096 * 11_008 + 2 * 4096) + 4096 == 6_738_415_616


@pytest.mark.parametrize("blocks", [{}, MODERN], ids=["GPT-2", "Llama"])
def test_gpt_cannot_see_the_future(blocks):
    model = GPT(13, 9, 8, 2, 2, rng=0, **blocks).astype(np.float64)
    logits = model(X).data
    for t in range(1, X.shape[1]):
        changed = X.copy()
        changed[:, t:] = (changed[:, t:] + 5) % 13
        np.testing.assert_allclose(model(changed).data[:, :t], logits[:, :t], rtol=1e-10)
        assert not np.allclose(model(changed).data[:, t], logits[:, t])


@pytest.mark.parametrize("blocks", [{}, MODERN], ids=["GPT-2", "Llama"])
@pytest.mark.parametrize("options", [{"temperature": 0}, {"temperature": 0.8}, {"top_k": 3}, {"top_p": 0.7}])
def test_gpt_generates_the_same_with_and_without_cache_also_beyond_its_context(options, blocks):
    model = GPT(13, 9, 8, 2, 2, rng=0, **blocks).astype(np.float64)
    for start in (X[:, :3], X[:, :9], np.tile(X, 2), X[0, :4]):
        a = model.generate(start, 20, rng=1, **options)
        b = model.generate(start, 20, rng=1, cached=False, **options)
        np.testing.assert_array_equal(a, b)
        assert a.shape == (*start.shape[:-1], start.shape[-1] + 20) and model.training
        np.testing.assert_array_equal(a[..., : start.shape[-1]], start)


def test_gpt_tells_a_text_it_has_learned_by_heart():
    assert_learns_by_heart(GPT(13, 12, 16, 1, 2, rng=0))
    assert_learns_by_heart(GPT(13, 12, 16, 1, 2, rng=0, **MODERN))


def test_gpt_with_dropout_drops_in_training_alone():
    model = GPT(13, 9, 8, 2, 2, rng=0, dropout=0.3)
    assert not np.array_equal(model(X).data, model(X).data)
    assert np.array_equal(model.eval()(X).data, model(X).data)


BAD = [
    (lambda: GPT(13, 9, 8, 1, 3), "width is 8, which 3 heads cannot share evenly"),
    (lambda: GPT(13, 9, 8, 1, 4, kv_heads=3), "kv_heads is 3, expected a divisor of heads = 4"),
    (lambda: GPT(13, 9, 8, 1, 2, norm="batch"), "norm is 'batch', expected"),
    (lambda: GPT(13, 9, 8, 1, 2)(IDS), "ids reach to place 10, but the context is 9"),
    (lambda: GPT(13, 9, 8, 1, 2).generate([], 3), "ids is empty"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint64])
def test_learns_from_ids_of_any_whole_type_and_writes_beyond_them(dtype):
    model = nn.GPT(300, 8, 12, 1, 2, rng=0)  # more tokens than uint8 counts
    ids = np.frombuffer(b"attention!", np.uint8).astype(dtype)
    x, y = ids[None, :8], ids[None, 1:9]
    nn.cross_entropy(model(x), y).backward()
    first = model.tokens.W.grad.copy()
    model.zero_grad()
    nn.cross_entropy(model(x.astype(int)), y.astype(int)).backward()
    np.testing.assert_array_equal(model.tokens.W.grad, first)
    model.tokens.W.data[:256] = 0
    written = model.generate(ids, 20, temperature=1.0, rng=0)
    np.testing.assert_array_equal(written[:10], ids)
    assert written.max() > 255
