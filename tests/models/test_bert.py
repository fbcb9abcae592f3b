"""BERT: sees both sides but no padding, and explains bad input."""

import numpy as np
import pytest

from nnlearn.models.bert import BERT

IDS = np.random.default_rng(0).integers(0, 13, (4, 10))
X = IDS[:, :-1]


def count(module):
    return sum(p.size for p in module.parameters())


def test_bert_base_has_its_published_size():
    """Counted from the shapes of two of its twelve blocks."""
    model = BERT(30522, 512, 768, 2, 12, rng=0)
    heads = count(model.transform) + count(model.transform_norm) + model.bias.size
    assert count(model) + 10 * count(model.blocks[0]) - heads == 109_482_240


def test_bert_sees_both_sides_but_no_padding():
    model = BERT(13, 9, 8, 2, 2, rng=0).astype(np.float64)
    mask = np.ones(X.shape, bool)
    mask[:, 6:] = False
    changed = X.copy()
    changed[:, 6:] = 0
    a, b = model(X, mask=mask).data[:, :6], model(changed, mask=mask).data[:, :6]
    np.testing.assert_allclose(a, b, rtol=1e-10)
    assert not np.allclose(model(X).data[:, 0], model(changed).data[:, 0])
    assert model.pool(X).shape == (4, 8)


def test_more_tokens_than_the_context_holds():
    with pytest.raises(ValueError, match="ids has 10 tokens, but the context is 9"):
        BERT(13, 9, 8, 1, 2)(IDS)
