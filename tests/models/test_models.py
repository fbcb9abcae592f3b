"""Whole models: PyTorch, given the same weights and batches, has the same losses for 50 steps of training."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.models.bert import BERT
from nnlearn.models.convnet import ConvNet
from nnlearn.models.gpt import GPT
from nnlearn.models.language_rnn import CharRNN
from nnlearn.models.mlp import MLP
from nnlearn.models.translator import Translator
from tests.support.reference import torch

F = torch.nn.functional
R = np.random.default_rng(0)
ROWS, IMAGES, CLASSES = R.standard_normal((12, 6)), R.standard_normal((12, 2, 8, 9)), R.integers(0, 4, 12)
IDS = R.integers(0, 13, (4, 10))
X, Y = IDS[:, :-1], IDS[:, 1:]


def layers_of(P, name):
    return sorted({key.split(".")[1] for key in P if key.startswith(name + ".")}, key=int)


def mlp(activation):
    def forward(P, x):
        last = layers_of(P, "layers")[-1]
        for i in layers_of(P, "layers"):
            x = x @ P[f"layers.{i}.W"] + P[f"layers.{i}.b"]
            x = x if i == last else activation(x)
        return x

    return forward


def convnet(P, x):
    for i in layers_of(P, "convolutions"):
        x = F.conv2d(x, P[f"convolutions.{i}.W"], P[f"convolutions.{i}.b"], padding=1)
        x = F.max_pool2d(F.relu(x), 2)
    return x.flatten(1) @ P["classify.W"] + P["classify.b"]


def cell_of(P, name, kind, n, hidden=None):
    """PyTorch's own layer, fed with our parameters: gradients flow into ours."""
    theirs = getattr(torch.nn, kind)(n, hidden or n, batch_first=True).double()
    weights = {
        "weight_ih_l0": P[f"{name}.W_x"].T,
        "weight_hh_l0": P[f"{name}.W_h"].T,
        "bias_ih_l0": P[f"{name}.b"],
    }
    weights["bias_hh_l0"] = torch.zeros_like(P[f"{name}.b"])
    return lambda x, *start: torch.func.functional_call(theirs, weights, (x, *start))[0]


def charrnn(kind):
    def forward(P, ids):
        x = P["tokens.W"][ids]
        for i in layers_of(P, "cells"):
            x = cell_of(P, f"cells.{i}", kind, x.shape[-1])(x)
        return x @ P["output.W"] + P["output.b"]

    return forward


def normalize(P, name, x):
    return F.layer_norm(x, x.shape[-1:], P[f"{name}.gamma"], P[f"{name}.beta"])


def attend(P, name, x, heads, causal):
    B, T, C = x.shape
    q, k, v = (x @ P[f"{name}.qkv.W"] + P[f"{name}.qkv.b"]).split(C, dim=-1)
    q, k, v = (a.view(B, T, heads, C // heads).transpose(1, 2) for a in (q, k, v))
    y = F.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2).reshape(B, T, C)
    return y @ P[f"{name}.out.W"] + P[f"{name}.out.b"]


def feed(P, name, x, approximate="none"):
    x = F.gelu(x @ P[f"{name}.expand.W"] + P[f"{name}.expand.b"], approximate=approximate)
    return x @ P[f"{name}.contract.W"] + P[f"{name}.contract.b"]


def gpt(P, ids):
    x = P["tokens.W"][ids] + P["positions.W"][: ids.shape[1]]
    for i in layers_of(P, "blocks"):
        name = f"blocks.{i}"
        x = x + attend(P, f"{name}.attention", normalize(P, f"{name}.norm1", x), 2, True)
        x = x + feed(P, name, normalize(P, f"{name}.norm2", x), "tanh")
    return normalize(P, "norm", x) @ P["tokens.W"].T


def bert(P, ids):
    x = P["tokens.W"][ids] + P["positions.W"][: ids.shape[1]] + P["types.W"][0]
    x = normalize(P, "norm", x)
    for i in layers_of(P, "blocks"):
        name = f"blocks.{i}"
        x = normalize(P, f"{name}.norm1", x + attend(P, f"{name}.attention", x, 2, False))
        x = normalize(P, f"{name}.norm2", x + feed(P, name, x))
    x = normalize(P, "transform_norm", F.gelu(x @ P["transform.W"] + P["transform.b"]))
    return x @ P["tokens.W"].T + P["bias"]


def translator(P, x):
    """x and y side by side: six signs to read, then four to go on from."""
    n, m = P["source.W"].shape[1], P["forwards.W_h"].shape[0]
    read, y = x[:, :6], x[:, 6:]
    there = cell_of(P, "forwards", "GRU", n, m)(P["source.W"][read])
    back = cell_of(P, "backwards", "GRU", n, m)(P["source.W"][read.flip(1)])
    start = torch.tanh(torch.cat([there[:, -1], back[:, -1]], 1) @ P["start.W"] + P["start.b"])
    s = cell_of(P, "writer", "GRU", n, m)(P["target.W"][y], start[None].contiguous())
    if "query.W" in P:
        h = torch.cat([there, back.flip(1)], 2)
        q, k = s @ P["query.W"] + P["query.b"], h @ P["key.W"] + P["key.b"]
        s = torch.cat([s, F.scaled_dot_product_attention(q, k, h, (read > 0)[:, None])], 2)
    return s @ P["output.W"] + P["output.b"]


CASES = {
    "MLP relu": (lambda: MLP([6, 16, 16, 4], rng=0), mlp(torch.relu), ROWS, CLASSES),
    "MLP tanh": (lambda: MLP((6, 8, 4), "tanh", rng=0), mlp(torch.tanh), ROWS, CLASSES),
    "ConvNet": (lambda: ConvNet((2, 8, 9), 4, channels=(3, 5), rng=0), convnet, IMAGES, CLASSES),
    "CharRNN rnn": (lambda: CharRNN(13, 8, depth=2, cell="rnn", rng=0), charrnn("RNN"), X, Y),
    "CharRNN gru": (lambda: CharRNN(13, 8, depth=2, cell="gru", rng=0), charrnn("GRU"), X, Y),
    "CharRNN lstm": (lambda: CharRNN(13, 8, depth=2, cell="lstm", rng=0), charrnn("LSTM"), X, Y),
    "GPT": (lambda: GPT(13, 9, 8, 2, 2, rng=0), gpt, X, Y),
    "Translator bottleneck": (
        lambda: Translator(13, 13, 8, attention=False, rng=0),
        translator,
        IDS,
        IDS[:, 6:],
    ),
    "Translator attention": (lambda: Translator(13, 13, 8, rng=0), translator, IDS, IDS[:, 6:]),
    "BERT": (lambda: BERT(13, 12, 8, 2, 2, rng=0), bert, X, X),
}


def called(model):
    """The model as a function of one array: the translator's x and y lie side by side."""
    return (lambda x: model(x[:, :6], x[:, 6:])) if isinstance(model, Translator) else model


@pytest.mark.parametrize("name", CASES)
def test_training_follows_pytorch(name):
    make, forward, x, y = CASES[name]
    model = make().astype(np.float64)
    run = model.fill if name == "BERT" else called(model)
    P = {key: torch.tensor(array, requires_grad=True) for key, array in model.state_dict().items()}
    ours = nn.AdamW(model.parameters(), lr=3e-3)
    theirs = torch.optim.AdamW([p for key, p in P.items() if "pooler" not in key], lr=3e-3)
    tx, ty = torch.from_numpy(np.ascontiguousarray(x)), torch.from_numpy(np.ascontiguousarray(y))
    losses = []
    for _ in range(50):
        ours.zero_grad()
        theirs.zero_grad()
        a = nn.cross_entropy(run(x), y)
        b = F.cross_entropy(forward(P, tx).flatten(0, -2), ty.flatten())
        a.backward()
        b.backward()
        ours.step()
        theirs.step()
        losses.append((a.item(), b.item()))
    a, b = np.array(losses).T
    np.testing.assert_allclose(a, b, atol=1e-6)
    assert a[-1] < 0.9 * a[0]


def test_every_model_is_in_the_table():
    public = {
        name for name in dir(nn) if getattr(getattr(nn, name), "__module__", "").startswith("nnlearn.models.")
    }
    assert {name.split()[0] for name in CASES} == public


@pytest.mark.parametrize("name", CASES)
def test_the_same_seed_the_same_weights_and_float32_all_through(name):
    make, _, x, _ = CASES[name]
    a, b = make(), make()
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
        assert p.data.dtype == np.float32
    x = x.astype(np.float32) if x.dtype.kind == "f" else x
    y = called(a)(x)
    assert y.dtype == np.float32
    y.sum().backward()
    assert {p.grad.dtype.name for p in a.parameters() if p.grad is not None} == {"float32"}


def test_sizes_of_published_models():
    """GPT-2 small and BERT base, counted from their shapes."""
    small, base = GPT(50257, 1024, 768, 2, 12, rng=0), BERT(30522, 512, 768, 2, 12, rng=0)
    count = lambda module: sum(p.size for p in module.parameters())  # noqa: E731
    assert count(small) + 10 * count(small.blocks[0]) == 124_439_808
    heads = count(base.transform) + count(base.transform_norm) + base.bias.size
    assert count(base) + 10 * count(base.blocks[0]) - heads == 109_482_240


def overfit(model, x, y, steps=150):
    optimizer = nn.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model


def test_gpt_cannot_see_the_future():
    model = GPT(13, 9, 8, 2, 2, rng=0).astype(np.float64)
    logits = model(X).data
    for t in range(1, X.shape[1]):
        changed = X.copy()
        changed[:, t:] = (changed[:, t:] + 5) % 13
        np.testing.assert_allclose(model(changed).data[:, :t], logits[:, :t], rtol=1e-10)
        assert not np.allclose(model(changed).data[:, t], logits[:, t])


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


@pytest.mark.parametrize("options", [{"temperature": 0}, {"temperature": 0.8}, {"top_k": 3}, {"top_p": 0.7}])
def test_gpt_generates_the_same_with_and_without_cache_also_beyond_its_context(options):
    model = GPT(13, 9, 8, 2, 2, rng=0).astype(np.float64)
    for start in (X[:, :3], X[:, :9], np.tile(X, 2), X[0, :4]):
        a = model.generate(start, 20, rng=1, **options)
        b = model.generate(start, 20, rng=1, cached=False, **options)
        np.testing.assert_array_equal(a, b)
        assert a.shape == (*start.shape[:-1], start.shape[-1] + 20) and model.training
        np.testing.assert_array_equal(a[..., : start.shape[-1]], start)


@pytest.mark.parametrize("kind", ["GPT", "CharRNN"])
def test_a_text_learned_by_heart_is_told_again(kind):
    text = np.array([1, 2, 3, 4, 5, 1, 2, 6, 7, 3, 8])
    model = GPT(13, 12, 16, 1, 2, rng=0) if kind == "GPT" else CharRNN(13, 16, rng=0)
    overfit(model, text[None, :-1], text[None, 1:])
    np.testing.assert_array_equal(model.generate(text[:1], 10, temperature=0), text)
    assert model.generate(text[None, :1], 4, rng=0).shape == (1, 5)


def test_gpt_with_dropout_drops_in_training_alone():
    model = GPT(13, 9, 8, 2, 2, rng=0, dropout=0.3)
    assert not np.array_equal(model(X).data, model(X).data)
    assert np.array_equal(model.eval()(X).data, model(X).data)


BAD = [
    (lambda: MLP([5]), "sizes is .5., expected at least"),
    (lambda: MLP([5, 3], "swish9"), "activation is 'swish9', expected one of relu, leaky_relu"),
    (lambda: ConvNet((1, 8, 3), 10), "8×3 pixels cannot be halved 2 times"),
    (lambda: CharRNN(13, 8, cell="LSTM9"), "cell is 'LSTM9', expected one of rnn, gru, lstm"),
    (lambda: GPT(13, 9, 8, 1, 3), "width is 8, which 3 heads cannot share evenly"),
    (lambda: GPT(13, 9, 8, 1, 2)(IDS), "ids reach to place 10, but the context is 9"),
    (lambda: BERT(13, 9, 8, 1, 2)(IDS), "ids has 10 tokens, but the context is 9"),
    (lambda: GPT(13, 9, 8, 1, 2).generate([], 3), "ids is empty"),
    (lambda: CharRNN(13, 8).generate([], 3), "ids is empty"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_mlp_without_bends_is_one_line_and_starts_from_what_is_given():
    model = MLP([3, 5, 2], "linear", rng=0)
    first, last = model.layers
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_allclose(model(x).data, x @ first.W.data @ last.W.data, rtol=1e-5, atol=1e-6)
    assert not any(p.data.any() for p in MLP([3, 5, 2], init=nn.init.zeros).parameters())


def test_translator_looks_at_no_blank_and_says_where_it_looks():
    model = Translator(13, 13, 8, rng=0)
    x = np.array([[0, 0, 0, 4, 5, 6], [1, 2, 3, 4, 5, 6]])
    y = np.zeros((2, 3), int)
    weights = model.alignment(x, y)
    assert weights.shape == (2, 3, 6)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)
    assert (weights[0, :, :3] == 0).all() and (weights[1] > 0).all()
    assert model.translate(x, 5).shape == (2, 5)
    with pytest.raises(ValueError, match="attention=False"):
        Translator(13, 13, 8, attention=False, rng=0).alignment(x, y)


def test_translator_feeds_back_what_it_has_written():
    model = Translator(13, 13, 8, rng=0)
    x = np.array([[0, 3, 4, 5], [1, 2, 3, 4]])
    out = model.translate(x, 4)
    y = np.pad(out, ((0, 0), (1, 0)))[:, :-1]
    assert (model(x, y).data.argmax(-1) == out).all()
