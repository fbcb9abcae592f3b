"""Layers give PyTorch's values and gradients; modules keep, name and report their parameters."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.layers import init
from nnlearn.layers.module import watch
from nnlearn.layers.transformer import MultiHeadAttention, TransformerBlock
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
    "MaxPool2d": (lambda: nn.MaxPool2d(2), plain("MaxPool2d", 2), [IMAGES], None),
    "MaxPool2d stride": (lambda: nn.MaxPool2d(3, 2), plain("MaxPool2d", 3, 2), [IMAGES], None),
    "AvgPool2d": (lambda: nn.AvgPool2d(2), plain("AvgPool2d", 2), [IMAGES], None),
    "Flatten": (lambda: nn.Flatten(), plain("Flatten"), [IMAGES], None),
    "Embedding": (lambda: nn.Embedding(11, C, rng=0), embedding, [IDS], None),
    "LayerNorm": (lambda: nn.LayerNorm(C, eps=1e-3), norm("LayerNorm"), [SEQUENCE], None),
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
    twin = reference(_with_gradients_as_values(ours))
    for n, p in twin.named_parameters():
        if n != "bias_hh_l0":
            np.testing.assert_allclose(p.detach(), theirs_grads[n], rtol=1e-8, atol=1e-11, err_msg=n)


def _with_gradients_as_values(layer):
    for p in layer.parameters():
        p.data = np.array(p.grad)
    return layer


def test_every_layer_is_in_the_table():
    from nnlearn.layers import basic as layers
    from nnlearn.layers import transformer

    named = vars(layers) | vars(transformer)
    public = {n for n, v in named.items() if isinstance(v, type) and issubclass(v, nn.Module) and n[0] != "_"}
    not_compared = {"Module", "Sequential", "Activation", "Dropout"}
    assert public - not_compared == {name.split()[0] for name in CASES}


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


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_recurrent_layers_go_on_where_they_stopped(kind):
    layer = getattr(nn, kind)(C, 6, rng=0)
    x = SEQUENCE.astype(np.float32)
    whole, last = layer(x)
    start, state = layer(x[:, :2])
    rest, again = layer(x[:, 2:], state)
    np.testing.assert_allclose(whole.data, np.concatenate([start.data, rest.data], axis=1), atol=1e-6)
    for a, b in zip(*((s if isinstance(s, tuple) else (s,)) for s in (last, again)), strict=True):
        np.testing.assert_allclose(a.data, b.data, atol=1e-6)
        assert a.shape == (B, 6)


def test_attention_with_a_cache_sees_what_it_sees_without():
    layer = spoil(MultiHeadAttention(C, 2, causal=True, rng=0))
    with nn.no_grad():
        whole, cache = layer(SEQUENCE).data, layer.new_cache(B, T)
        parts = [layer(SEQUENCE[:, a:b], cache=cache).data for a, b in ((0, 2), (2, 4), (4, 5))]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=1e-10)


def test_dropout_drops_in_training_alone():
    layer, x = nn.Dropout(0.25, rng=0), np.ones((100, 100), np.float32)
    y = layer(x)
    assert set(np.unique(y)) == {0, np.float32(4 / 3)} and (y == 0).mean() == pytest.approx(0.25, abs=0.02)
    assert not np.array_equal(layer(x), y)
    assert layer.eval()(x) is x
    nn.seed(3)
    a = nn.Dropout(0.5)(x)
    nn.seed(3)
    np.testing.assert_array_equal(nn.Dropout(0.5)(x), a)


# -- modules ---------------------------------------------------------------------------------------


class Tied(nn.Module):
    """A parameter used twice, modules in a list and in a dictionary, state that is not trained."""

    def __init__(self):
        self.first = nn.Linear(3, 3, rng=0)
        self.many = [nn.Linear(3, 3, rng=1), nn.BatchNorm(3)]
        self.named = {"a": nn.Linear(3, 2, bias=False, rng=2)}
        self.again = self.first.W

    def forward(self, x):
        return self.named["a"](self.many[1](self.many[0](self.first(x)))) + (x @ self.again).sum()


NAMES = ["again", "first.b", "many.0.W", "many.0.b", "many.1.gamma", "many.1.beta", "named.a.W"]


def test_names_and_order():
    model = Tied()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert list(model.state_dict()) == [*NAMES, "many.1.mean", "many.1.var"]
    assert [name for name, _ in model.named_modules()] == ["", "first", "many.0", "many.1", "named.a"]
    assert len(model.parameters()) == len({id(p) for p in model.parameters()}) == len(NAMES)


def test_modes_and_gradients():
    model = Tied()
    assert model.eval() is model and not any(m.training for _, m in model.named_modules())
    assert all(m.training for _, m in model.train().named_modules())
    model(np.ones((4, 3), np.float32)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_state_goes_over_to_another_model(tmp_path):
    a, b, x = Tied(), Tied(), np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    a(x)  # moves the running averages
    nn.save(a.state_dict(), tmp_path / "a.safetensors")
    for p in a.parameters():
        p.data += 1
    b.load_state_dict(a.state_dict())
    np.testing.assert_array_equal(a.eval()(x).data, b.eval()(x).data)
    copy = a.state_dict()
    copy["again"] += 1  # a copy: the model does not feel it
    np.testing.assert_array_equal(a(x).data, b(x).data)
    b.load_state_dict(nn.load(tmp_path / "a.safetensors"))
    np.testing.assert_allclose(b.first.b.data, a.first.b.data - 1)


def test_loading_what_does_not_fit_changes_nothing():
    model = Tied()
    before = model.state_dict()
    state = {name: array + 1 for name, array in before.items() if name != "first.b"}
    state |= {"named.a.W": np.ones((2, 3)), "extra": np.ones(1)}
    expected = r"Tied.load_state_dict: first\.b is missing; extra is not in the model; "
    expected += r"named\.a\.W has shape \(2, 3\), the model's is \(3, 2\)"
    with pytest.raises(ValueError, match=expected):
        model.load_state_dict(state)
    assert all(np.array_equal(before[name], array) for name, array in model.state_dict().items())


def test_astype():
    model = Tied().astype(np.float64)
    assert {array.dtype.name for array in model.state_dict().values()} == {"float64"}
    assert model(np.ones((4, 3))).dtype == np.float64


def test_summary(capsys):
    model = nn.Sequential(nn.Linear(4, 8, rng=0), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3, rng=0))
    model.summary(np.ones((2, 4), np.float32))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["layer", "kind", "parameters'", "shapes", "output", "parameters"]
    assert lines[3].split() == ["layers.0", "Linear", "W", "(4,", "8),", "b", "(8,)", "(2,", "8)", "40"]
    assert lines[4].split() == ["layers.1", "ReLU", "(2,", "8)"]
    assert lines[-1] == "67 parameters" and model.training
    model.summary()
    assert "67 parameters" in capsys.readouterr().out
    assert repr(model[0]) == "Linear(W (4, 8), b (8,))" and "layers.3=Linear" in repr(model)


def test_watch_sees_each_output_and_leaves_no_trace():
    model, seen = nn.Sequential(nn.Linear(2, 2, rng=0), np.tanh), []
    x = np.ones((1, 2), np.float32)
    with watch(model, lambda name, module, output: seen.append((name, output.shape))):
        model(x)
    assert seen == [("layers.0", (1, 2)), ("", (1, 2))]
    model(x)
    assert len(seen) == 2 and "forward" not in vars(model[0])


def test_sequential_says_in_which_layer_it_failed():
    model = nn.Sequential(nn.Linear(4, 8, rng=0), nn.relu, nn.Linear(9, 3, rng=0))
    with pytest.raises(ValueError, match="x has 8 features") as caught:
        model(np.ones((2, 4), np.float32))
    assert caught.value.__notes__ == ["in layer 2 of Sequential: Linear(W (9, 3), b (3,))"]


# -- initialisation --------------------------------------------------------------------------------


@pytest.mark.parametrize("shape, fan_in, fan_out", [((300, 500), 300, 500), ((64, 32, 3, 5), 480, 960)])
def test_spread_of_initial_weights(shape, fan_in, fan_out):
    expected = {
        "xavier": 2 / (fan_in + fan_out),
        "he": 2 / fan_in,
        "lecun": 1 / fan_in,
    }
    for name, variance in expected.items():
        normal, uniform = (getattr(init, f"{name}_{kind}")(shape, rng=0) for kind in ("normal", "uniform"))
        assert normal.var() == pytest.approx(variance, rel=0.03) == uniform.var()
        assert abs(uniform).max() <= np.sqrt(3 * variance) * 1.0001
        assert normal.dtype == uniform.dtype == np.float32
        np.testing.assert_array_equal(normal, getattr(init, f"{name}_normal")(shape, rng=0))


@pytest.mark.parametrize("shape", [(20, 20), (30, 12), (12, 30)])
def test_orthogonal(shape):
    Q = init.orthogonal(shape, rng=0).astype(float)
    eye = Q.T @ Q if shape[0] >= shape[1] else Q @ Q.T
    np.testing.assert_allclose(eye, np.eye(min(shape)), atol=1e-6)
    assert Q.shape == shape


class NoForward(nn.Module):
    pass


BAD = [
    (lambda: nn.Linear(0, 3), "Linear: n_in is 0"),
    (lambda: nn.Linear(3, 2.5), "n_out is 2.5"),
    (lambda: nn.Conv2d(1, 0, 3), "Conv2d: c_out is 0"),
    (lambda: nn.Embedding(5, -1), "Embedding: width is -1"),
    (lambda: nn.LSTM(5, 0), "LSTM: n_hidden is 0"),
    (lambda: nn.Dropout(1.0), "Dropout: p is 1.0"),
    (lambda: MultiHeadAttention(10, 3), "width is 10, which 3 heads cannot share evenly"),
    (lambda: init.fans((3,)), r"shape is \(3,\)"),
    (lambda: init.orthogonal((3, 3, 3, 3)), "expected a matrix's"),
    (lambda: nn.Sequential(3), "layer 0 must be a module or a function, got int"),
    (lambda: NoForward()(1), "NoForward has no forward"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=message):
        call()
