"""Modules keep, name, report and load their parameters."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.layers.module import watch


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
    for dtype in (np.float16, np.complex64, int):
        with pytest.raises(TypeError, match=r"floating-point|must be numbers"):
            model.astype(dtype)
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


class Shared(nn.Module):
    """One layer in two places, lists within lists, and itself."""

    def __init__(self):
        layer = nn.Linear(3, 3, rng=0)
        self.first, self.second = layer, layer
        self.nested = [[nn.Linear(3, 3, rng=1), nn.Dropout(0.5)], {"a": (nn.Linear(3, 2, rng=2),)}]
        self.owner = self

    def forward(self, x):
        x = self.nested[0][1](self.nested[0][0](self.second(self.first(x))))
        return self.nested[1]["a"][0](x)


def test_shared_and_nested_modules_come_once(capsys):
    model, x = Shared(), np.ones((4, 3), np.float32)
    names = ["", "first", "nested.0.0", "nested.0.1", "nested.1.a.0"]
    assert [name for name, _ in model.named_modules()] == names
    assert list(model.state_dict()) == [f"{n}.{p}" for n in (names[1], names[2], names[4]) for p in "Wb"]
    model.summary(x)
    assert capsys.readouterr().out.count("Linear") == 3
    with watch(model, lambda name, *_: names.append(name)):
        model(x)
    assert names[5:] == ["first", "first", "nested.0.0", "nested.0.1", "nested.1.a.0", ""]
    assert all("forward" not in vars(module) for _, module in model.named_modules())


def test_a_forward_of_ones_own_outlives_watch():
    layer = nn.Linear(2, 2, rng=0)
    own = layer.forward = lambda x: x
    with watch(layer, lambda *_: None):
        layer(np.ones((1, 2)))
    assert layer.forward is own


def test_a_set_of_modules_is_refused():
    model = nn.Sequential()
    model.parts = {nn.Linear(2, 2, rng=0)}
    with pytest.raises(TypeError, match="parts is a set of modules or parameters, which has no order"):
        model.parameters()


def test_summary_leaves_each_parts_mode_as_it_was():
    model = nn.Sequential(nn.BatchNorm(3), nn.Dropout(0.5), nn.Linear(3, 2, rng=0))
    model[0].eval()
    for x in (np.ones((2, 3), np.float32), np.ones((2, 9), np.float32)):  # the second does not fit
        try:
            model.summary(x)
        except ValueError:
            assert x.shape == (2, 9)
        assert [m.training for _, m in model.named_modules()] == [True, False, True, True]
        assert all("forward" not in vars(module) for _, module in model.named_modules())


def test_loading_between_forward_and_backward_is_noticed():
    layer, x = nn.Linear(3, 2, rng=0), np.ones((4, 3), np.float32)
    y = layer(x).sum()
    layer.load_state_dict({"W": np.ones((3, 2)), "b": np.ones(2)})
    with pytest.raises(RuntimeError, match="an input of linear was changed in place"):
        y.backward()
    layer(x).sum().backward()
    np.testing.assert_array_equal(layer.W.grad, 4)


class NoForward(nn.Module):
    pass


BAD = [
    (lambda: nn.Sequential(3), "layer 0 must be a module or a function, got int"),
    (lambda: NoForward()(1), "NoForward has no forward"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=message):
        call()
