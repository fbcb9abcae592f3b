"""Every layer gives PyTorch's values and gradients, with PyTorch's weights copied from ours."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.layers import basic, transformer
from nnlearn.layers.transformer import MultiHeadAttention, TransformerBlock
from tests.support.corners import TAME, in_every_corner, with_one
from tests.support.reference import torch

B, T, C = 3, 5, 8


def to_torch(a):
    return torch.from_numpy(np.ascontiguousarray(a))


def give(theirs, **arrays):
    """Copy our weights into PyTorch's module; a name without a parameter is an error."""
    parameters = dict(theirs.named_parameters())
    with torch.no_grad():
        for name, array in arrays.items():
            parameters[name.replace("__", ".")].copy_(to_torch(array.data))


def linear(ours):
    theirs = torch.nn.Linear(C, 6, bias=ours.b is not None).double()
    give(theirs, weight=ours.W.data.T, **({} if ours.b is None else {"bias": ours.b}))
    return theirs


def conv(ours):
    options = dict(stride=ours.stride, padding=ours.padding, dilation=ours.dilation, bias=ours.b is not None)
    theirs = torch.nn.Conv2d(4, 6, 3, **options).double()
    give(theirs, weight=ours.W, **({} if ours.b is None else {"bias": ours.b}))
    return theirs


def conv_transpose(ours):
    options = dict(stride=ours.stride, padding=ours.padding, output_padding=ours.output_padding)
    theirs = torch.nn.ConvTranspose2d(4, 6, 3, bias=ours.b is not None, **options).double()
    give(theirs, weight=ours.W, **({} if ours.b is None else {"bias": ours.b}))
    return theirs


def group(ours):
    theirs = torch.nn.GroupNorm(ours.groups, len(ours.gamma.data), eps=ours.eps).double()
    give(theirs, weight=ours.gamma, bias=ours.beta)
    return theirs


def embedding(ours):
    theirs = torch.nn.Embedding(11, C).double()
    give(theirs, weight=ours.W)
    return theirs


def norm(kind):
    def make(ours):
        theirs = getattr(torch.nn, kind)(len(ours.gamma.data), eps=ours.eps).double()
        give(theirs, weight=ours.gamma, bias=ours.beta)
        return theirs

    return make


def rms(ours):
    theirs = torch.nn.RMSNorm(len(ours.gamma.data), eps=ours.eps).double()
    give(theirs, weight=ours.gamma)
    return theirs


class Gated(torch.nn.Module):
    """Llama's mlp: gate, up and down."""

    def __init__(self, hidden):
        super().__init__()
        self.gate, self.up = (torch.nn.Linear(C, hidden, bias=False).double() for _ in range(2))
        self.down = torch.nn.Linear(hidden, C, bias=False).double()

    def forward(self, x):
        return self.down(torch.nn.functional.silu(self.gate(x)) * self.up(x))


def gated(ours):
    hidden = len(ours.contract.W.data)
    theirs = Gated(hidden)
    give(theirs, gate__weight=ours.expand.W.data.T[:hidden], up__weight=ours.expand.W.data.T[hidden:])
    give(theirs, down__weight=ours.contract.W.data.T)
    return theirs


class Shared(torch.nn.Module):
    """Heads that share keys and values, turned by their places."""

    def __init__(self, heads, kv_heads, rotary):
        super().__init__()
        self.sizes, self.rotary = (heads, kv_heads, kv_heads), rotary
        self.qkv = torch.nn.Linear(C, sum(self.sizes) * (C // heads), bias=False).double()
        self.out = torch.nn.Linear(C, C, bias=False).double()

    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(-1, (sum(self.sizes), -1)).transpose(1, 2).split(self.sizes, 1)
        if self.rotary:
            D = q.shape[-1]
            angle = torch.arange(T)[:, None] / 10000 ** (torch.arange(0, D, 2).double() / D)
            angle = torch.cat([angle, angle], -1)
            q, k = (
                z * angle.cos() + torch.cat([-z[..., D // 2 :], z[..., : D // 2]], -1) * angle.sin()
                for z in (q, k)
            )
        y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return self.out(y.transpose(1, 2).flatten(2))


def shared(ours):
    theirs = Shared(ours.heads, ours.kv_heads, ours.rotary)
    give(theirs, qkv__weight=ours.qkv.W.data.T, out__weight=ours.out.W.data.T)
    return theirs


class Llama(torch.nn.Module):
    """The block of Llama."""

    def __init__(self, hidden, heads, kv_heads):
        super().__init__()
        self.norm1, self.norm2 = (torch.nn.RMSNorm(C, eps=1e-6).double() for _ in range(2))
        self.attention, self.mlp = Shared(heads, kv_heads, True), Gated(hidden)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


def llama(ours):
    a = ours.attention
    theirs = Llama(len(ours.contract.W.data), a.heads, a.kv_heads)
    theirs.attention, theirs.mlp = shared(a), gated(ours)
    give(theirs, norm1__weight=ours.norm1.gamma, norm2__weight=ours.norm2.gamma)
    return theirs


def attention(ours):
    theirs = torch.nn.MultiheadAttention(C, ours.heads, batch_first=True).double()
    give(theirs, in_proj_weight=ours.qkv.W.data.T, in_proj_bias=ours.qkv.b)
    give(theirs, out_proj__weight=ours.out.W.data.T, out_proj__bias=ours.out.b)
    return theirs


def attend(masked=False, context=False):
    def call(theirs, x, *rest):
        mask = torch.ones(T, T).triu(1).bool() if masked else None
        source = rest[0] if context else x
        return theirs(x, source, source, attn_mask=mask, need_weights=False)[0]

    return call


def block(ours):
    options = dict(dropout=0.0, activation="gelu", batch_first=True, norm_first=ours.norm_first)
    theirs = torch.nn.TransformerEncoderLayer(
        C, ours.attention.heads, ours.expand.W.shape[1], **options
    ).double()
    a = ours.attention
    give(theirs.self_attn, in_proj_weight=a.qkv.W.data.T, in_proj_bias=a.qkv.b)
    give(theirs.self_attn, out_proj__weight=a.out.W.data.T, out_proj__bias=a.out.b)
    give(theirs, linear1__weight=ours.expand.W.data.T, linear1__bias=ours.expand.b)
    give(theirs, linear2__weight=ours.contract.W.data.T, linear2__bias=ours.contract.b)
    give(theirs, norm1__weight=ours.norm1.gamma, norm1__bias=ours.norm1.beta)
    give(theirs, norm2__weight=ours.norm2.gamma, norm2__bias=ours.norm2.beta)
    return theirs


def recurrent(kind):
    def make(ours):
        theirs = getattr(torch.nn, kind)(C, 6, batch_first=True).double()
        give(theirs, weight_ih_l0=ours.W_x.data.T, weight_hh_l0=ours.W_h.data.T, bias_ih_l0=ours.b)
        give(theirs, bias_hh_l0=np.zeros_like(ours.b.data))  # PyTorch has the bias twice
        return theirs

    return make


def first(theirs, x):
    return theirs(x)[0]


def causal(theirs, x):
    return theirs(x, src_mask=torch.ones(T, T).triu(1).bool())


def plain(kind, *args):
    return lambda ours: getattr(torch.nn, kind)(*args)


R = np.random.default_rng(0)

ROWS, SEQUENCE, IMAGES = (
    R.standard_normal((B, C)),
    R.standard_normal((B, T, C)),
    R.standard_normal((B, 4, 7, 8)),
)

OTHER, IDS = R.standard_normal((B, 4, C)), R.integers(0, 11, (B, T))

# name: our layer, PyTorch's from ours, inputs, how to call PyTorch's (None: on the inputs)
CASES = {
    "Linear": (lambda: nn.Linear(C, 6, rng=0), linear, [SEQUENCE], None),
    "Linear no bias": (lambda: nn.Linear(C, 6, bias=False, rng=0), linear, [ROWS], None),
    "Conv2d": (lambda: nn.Conv2d(4, 6, 3, rng=0), conv, [IMAGES], None),
    "Conv2d options": (lambda: nn.Conv2d(4, 6, 3, 2, 2, 2, bias=False, rng=0), conv, [IMAGES], None),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 6, 3, rng=0), conv_transpose, [IMAGES], None),
    "ConvTranspose2d options": (
        lambda: nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, bias=False, rng=0),
        conv_transpose,
        [IMAGES],
        None,
    ),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4, eps=1e-3), group, [IMAGES], None),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), plain("MaxPool2d", 2), [IMAGES], None),
    "MaxPool2d stride": (lambda: nn.MaxPool2d(3, 2), plain("MaxPool2d", 3, 2), [IMAGES], None),
    "AvgPool2d": (lambda: nn.AvgPool2d(2), plain("AvgPool2d", 2), [IMAGES], None),
    "Flatten": (lambda: nn.Flatten(), plain("Flatten"), [IMAGES], None),
    "Embedding": (lambda: nn.Embedding(11, C, rng=0), embedding, [IDS], None),
    "LayerNorm": (lambda: nn.LayerNorm(C, eps=1e-3), norm("LayerNorm"), [SEQUENCE], None),
    "RMSNorm": (lambda: nn.RMSNorm(C, eps=1e-3), rms, [SEQUENCE], None),
    "SwiGLU": (lambda: nn.SwiGLU(C, 12, rng=0), gated, [SEQUENCE], None),
    "BatchNorm rows": (lambda: nn.BatchNorm(C), norm("BatchNorm1d"), [ROWS], None),
    "BatchNorm images": (lambda: nn.BatchNorm(4), norm("BatchNorm2d"), [IMAGES], None),
    "RNN": (lambda: nn.RNN(C, 6, rng=0), recurrent("RNN"), [SEQUENCE], first),
    "GRU": (lambda: nn.GRU(C, 6, rng=0), recurrent("GRU"), [SEQUENCE], first),
    "LSTM": (lambda: nn.LSTM(C, 6, rng=0), recurrent("LSTM"), [SEQUENCE], first),
    "MultiHeadAttention": (lambda: MultiHeadAttention(C, 2, rng=0), attention, [SEQUENCE], attend()),
    "MultiHeadAttention causal": (
        lambda: MultiHeadAttention(C, 4, True, rng=0),
        attention,
        [SEQUENCE],
        attend(True),
    ),
    "MultiHeadAttention shared": (
        lambda: MultiHeadAttention(C, 4, True, kv_heads=2, bias=False, rng=0),
        shared,
        [SEQUENCE],
        None,
    ),
    "MultiHeadAttention one head of keys, rotary": (
        lambda: MultiHeadAttention(C, 4, True, kv_heads=1, rotary=True, bias=False, rng=0),
        shared,
        [SEQUENCE],
        None,
    ),
    "TransformerBlock of Llama": (
        lambda: TransformerBlock(
            C, 2, True, norm="rms", feed_forward="swiglu", kv_heads=1, rotary=True, bias=False, rng=0
        ),
        llama,
        [SEQUENCE],
        None,
    ),
    "TransformerBlock": (lambda: TransformerBlock(C, 2, rng=0), block, [SEQUENCE], None),
    "TransformerBlock causal": (
        lambda: TransformerBlock(C, 2, True, hidden=12, rng=0),
        block,
        [SEQUENCE],
        causal,
    ),
    "TransformerBlock post": (
        lambda: TransformerBlock(C, 2, norm_first=False, rng=0),
        block,
        [SEQUENCE],
        None,
    ),
    "ReLU": (lambda: nn.ReLU(), plain("ReLU"), [ROWS], None),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.2), plain("LeakyReLU", 0.2), [ROWS], None),
    "ELU": (lambda: nn.ELU(0.7), plain("ELU", 0.7), [ROWS], None),
    "Sigmoid": (lambda: nn.Sigmoid(), plain("Sigmoid"), [ROWS], None),
    "Tanh": (lambda: nn.Tanh(), plain("Tanh"), [ROWS], None),
    "GELU": (lambda: nn.GELU(), plain("GELU"), [ROWS], None),
    "SiLU": (lambda: nn.SiLU(), plain("SiLU"), [ROWS], None),
    "Softplus": (lambda: nn.Softplus(), plain("Softplus"), [ROWS], None),
    "Softmax": (lambda: nn.Softmax(1), plain("Softmax", 1), [SEQUENCE], None),
}


def spoil(layer):
    """Biases and scales away from their 0 and 1, so that a mistake shows."""
    rng = np.random.default_rng(1)
    for p in layer.astype(np.float64).parameters():
        p.data = p.data + 0.3 * rng.standard_normal(p.shape)
    return layer


def compare(ours, theirs, inputs, call=None):
    """Values, and gradients of the inputs for a random upstream gradient; parameters keep theirs."""
    call = call or (lambda module, *arrays: module(*arrays))
    x = [nn.Tensor(a, requires_grad=a.dtype.kind == "f") for a in inputs]
    y = [to_torch(a).requires_grad_(a.dtype.kind == "f") for a in inputs]
    a, b = ours(*x), call(theirs, *y)
    a = a[0] if isinstance(a, tuple) else a
    np.testing.assert_allclose(a.data, b.detach().numpy(), rtol=1e-10, atol=1e-12)
    upstream = np.random.default_rng(2).standard_normal(a.shape)
    a.backward(upstream)
    b.backward(to_torch(upstream))
    for mine, other in zip(x, y, strict=True):
        if other.requires_grad:
            np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_pytorchs(name):
    make, reference, inputs, call = CASES[name]
    ours = spoil(make())
    theirs = reference(ours)
    compare(ours, theirs, inputs, call)
    # each of our gradients against the gradient of the parameter it was copied into
    theirs_grads = {n: p.grad for n, p in theirs.named_parameters()}
    twin = dict(reference(_with_gradients_as_values(ours)).named_parameters())
    twin.pop("bias_hh_l0", None)  # PyTorch's second bias
    for n, p in twin.items():
        np.testing.assert_allclose(p.detach(), theirs_grads[n], rtol=1e-8, atol=1e-11, err_msg=n)


def _with_gradients_as_values(layer):
    for p in layer.parameters():
        p.data = np.array(p.grad)
    return layer


WITH_FLOATS = [name for name, (_, _, inputs, _) in CASES.items() if inputs[0].dtype.kind == "f"]


@pytest.mark.parametrize("name", WITH_FLOATS)
@in_every_corner(examples=3)
def test_zeros_and_denormals_are_pytorchs(name, data):
    """NaN and infinity are compared function by function, in tests/functions."""
    make, reference, inputs, call = CASES[name]
    ours = spoil(make())
    compare(ours, reference(ours), data.draw(with_one(TAME, inputs)), call)


@pytest.mark.parametrize("name", [name for name in WITH_FLOATS if not name.startswith("BatchNorm")])
@in_every_corner(examples=3)
def test_what_is_not_finite_stays_in_its_row(name, data):
    make, _, (x,), _ = CASES[name]
    (row,) = data.draw(with_one([np.nan, np.inf, -np.inf], [x[0]]))
    results = []
    for rows in (x, np.concatenate([row[None], x[1:]])):
        leaf = nn.Tensor(rows, requires_grad=True)
        with np.errstate(all="ignore"):
            y = spoil(make())(leaf)
            y = y[0] if isinstance(y, tuple) else y
            y.backward(np.random.default_rng(2).standard_normal(y.shape))
        results.append((y.data[1:], leaf.grad[1:]))
    for got, expected in zip(*results, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


def test_every_layer_is_in_the_table():
    named = vars(basic) | vars(transformer)
    public = {n for n, v in named.items() if isinstance(v, type) and issubclass(v, nn.Module) and n[0] != "_"}
    not_compared = {"Module", "Sequential", "Activation", "Dropout"}
    assert public - not_compared == {name.split()[0] for name in CASES}


@pytest.mark.parametrize("masked", [False, True])
def test_weights_of_shared_heads_are_those_that_attention_uses(masked):
    ours = spoil(MultiHeadAttention(C, 4, True, kv_heads=2, rotary=True, rng=0))
    mask = R.random((B, 4, T, T)) > 0.3 if masked else None
    w = ours.weights(SEQUENCE, mask).data
    v = ours.qkv(SEQUENCE).data[..., 12:].reshape(B, T, 2, 2).transpose(0, 2, 1, 3)
    y = (w @ np.repeat(v, 2, axis=1)).transpose(0, 2, 1, 3).reshape(B, T, C)
    np.testing.assert_allclose(ours.out(y).data, ours(SEQUENCE, mask).data, rtol=1e-10)


def test_cross_attention_of_shared_heads():
    ours = spoil(MultiHeadAttention(C, 4, kv_heads=2, rng=0))
    whole = spoil(MultiHeadAttention(C, 4, rng=0))  # the same with keys and values written twice
    for of, to in ((ours.qkv.W.data, whole.qkv.W.data), (ours.qkv.b.data, whole.qkv.b.data)):
        to[..., :C] = of[..., :C]
        kv = of[..., C:].reshape(*of.shape[:-1], 2, 2, 2)  # keys and values, heads, width
        to[..., C:] = np.repeat(kv, 2, axis=-2).reshape(to[..., C:].shape)
    whole.out.load_state_dict(ours.out.state_dict())
    np.testing.assert_allclose(
        ours(SEQUENCE, context=OTHER).data, whole(SEQUENCE, context=OTHER).data, rtol=1e-10
    )


def test_cross_attention():
    ours = spoil(MultiHeadAttention(C, 2, rng=0))
    theirs = attention(ours)
    x, other = nn.Tensor(SEQUENCE, requires_grad=True), nn.Tensor(OTHER, requires_grad=True)
    y, source = to_torch(SEQUENCE).requires_grad_(), to_torch(OTHER).requires_grad_()
    a, b = ours(x, context=other), theirs(y, source, source, need_weights=False)[0]
    np.testing.assert_allclose(a.data, b.detach(), rtol=1e-10)
    upstream = R.standard_normal(a.shape)
    a.backward(upstream)
    b.backward(to_torch(upstream))
    np.testing.assert_allclose(x.grad, y.grad, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(other.grad, source.grad, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(ours.qkv.W.grad.T, theirs.in_proj_weight.grad, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("kind, shape", [("BatchNorm1d", (6, 4)), ("BatchNorm2d", (6, 4, 3, 5))])
def test_batch_norm_keeps_pytorchs_running_averages(kind, shape):
    ours = spoil(nn.BatchNorm(4))
    theirs = norm(kind)(ours)
    for _ in range(5):
        x = R.normal(2, 3, shape)
        np.testing.assert_allclose(ours(x).data, theirs(to_torch(x)).detach(), rtol=1e-9)
    np.testing.assert_allclose(ours.mean, theirs.running_mean, rtol=1e-10)
    np.testing.assert_allclose(ours.var, theirs.running_var, rtol=1e-10)
    compare(ours.eval(), theirs.eval(), [R.standard_normal(shape)])
