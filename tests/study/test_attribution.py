"""Attributions against PyTorch's slopes and against cases that can be worked out by hand."""

import numpy as np
import pytest

import nnlearn as nn

rng = np.random.default_rng(0)
W, V = rng.normal(size=(6, 5)), rng.normal(size=(5, 3))
X, TARGET = rng.normal(size=(4, 6)), np.array([2, 0, 1, 2])


def bent(x):
    return nn.tanh(x @ W) @ V


def pixels(x):  # a linear score of pictures (B, 1, 4, 5), two classes
    return x.reshape(len(x), -1) @ np.column_stack([np.arange(20.0), np.ones(20)])


def test_slopes_are_pytorchs():
    torch = pytest.importorskip("torch")
    x = torch.tensor(X, requires_grad=True)
    scores = torch.tanh(x @ torch.tensor(W)) @ torch.tensor(V)
    scores[torch.arange(4), torch.tensor(TARGET)].sum().backward()
    np.testing.assert_allclose(nn.input_gradient(bent, X, TARGET), x.grad.numpy(), rtol=1e-6)
    np.testing.assert_allclose(nn.saliency(bent, X, TARGET), np.abs(x.grad.numpy()), rtol=1e-6)


def test_one_target_serves_a_whole_batch_and_parameters_get_no_gradient():
    net = nn.MLP([6, 4, 3], rng=0)
    x = X.astype(np.float32)
    np.testing.assert_array_equal(nn.input_gradient(net, x, 1), nn.input_gradient(net, x, np.ones(4, int)))
    assert all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize("baseline", [0.0, rng.normal(size=6), rng.normal(size=(4, 6))])
def test_integrated_gradients_add_up(baseline):
    found = nn.integrated_gradients(bent, X, TARGET, baseline, steps=400)
    start = np.broadcast_to(baseline, X.shape)
    gain = nn.target_score(bent, X, TARGET) - nn.target_score(bent, start, TARGET)
    np.testing.assert_allclose(found.sum(axis=1), gain, atol=1e-4)
    np.testing.assert_array_equal(nn.integrated_gradients(bent, X, TARGET, X), np.zeros_like(X))


def test_integrated_gradients_of_a_product_are_known():
    def score(x):
        return (x[:, :1] ** 2) * x[:, 1:]

    found = nn.integrated_gradients(score, np.array([[2.0, 3.0]]), 0, steps=1000)
    np.testing.assert_allclose(found, [[8, 4]], rtol=1e-5)


def test_occlusion_of_a_linear_score_is_what_the_window_held():
    x = rng.random((2, 1, 4, 5))
    np.testing.assert_allclose(nn.occlusion(pixels, x, 0, window=1)[:, 0, 0], np.zeros(2), atol=1e-12)
    held = x[:, 0] * np.arange(20.0).reshape(4, 5)
    np.testing.assert_allclose(nn.occlusion(pixels, x, 0, window=1), held, atol=1e-9)
    everything = nn.occlusion(pixels, x, 1, window=4, stride=3)  # windows begin at columns 0 and 1
    left, right = x[..., :4].sum(axis=(1, 2, 3)), x[..., 1:].sum(axis=(1, 2, 3))
    np.testing.assert_allclose(everything[:, 0, 0], left)
    np.testing.assert_allclose(everything[:, 3, 4], right)
    np.testing.assert_allclose(everything[:, 1, 2], (left + right) / 2)


def test_occlusion_fills_with_what_it_is_told_and_leaves_the_picture_alone():
    x = np.full((1, 1, 4, 5), 0.3)
    np.testing.assert_allclose(nn.occlusion(pixels, x, 1, window=2, fill=0.3), 0, atol=1e-12)
    assert (x == 0.3).all()


def test_grad_cam_is_pytorchs():
    torch = pytest.importorskip("torch")
    net = nn.ConvNet((1, 8, 8), 3, (4, 5), rng=0)
    x = rng.random((2, 1, 8, 8)).astype(np.float32)
    maps = torch.tensor(net.features(x).numpy(), requires_grad=True)
    weight, bias = (torch.tensor(p.data) for p in net.classify.parameters())
    (maps.flatten(1) @ weight + bias)[:, 2].sum().backward()
    slopes = maps.grad.mean(dim=(2, 3), keepdim=True)
    expected = torch.relu((slopes * maps).sum(dim=1)).detach().numpy()
    found = nn.grad_cam(net.features, lambda a: net.classify(net.flatten(a)), x, 2)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_features_of_a_convnet_lead_to_its_scores():
    net, x = nn.ConvNet((1, 8, 8), 3, (4, 5), rng=0), rng.random((2, 1, 8, 8)).astype(np.float32)
    assert net.features(x).shape == (2, 5, 2, 2)
    np.testing.assert_array_equal(net.classify(net.flatten(net.features(x))).data, net(x).data)


def test_guided_relu_lets_rising_slopes_through_alone():
    x = nn.Tensor(np.array([-1.0, 0.0, 2.0, 2.0]), requires_grad=True)
    y = nn.guided_relu(x)
    np.testing.assert_array_equal(y.data, [0, 0, 2, 2])
    (g,) = nn.grad((y * np.array([1.0, 1.0, 3.0, -3.0])).sum(), [x])
    np.testing.assert_array_equal(g, [0, 0, 3, 0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: nn.target_score(bent, X, np.array([0, 1])), r"target is \(2,\) of int64, expected"),
        (lambda: nn.target_score(bent, X, 0.5), "expected one whole number"),
        (lambda: nn.target_score(bent, X, 3), "target is 3, expected classes from 0 to 2"),
        (lambda: nn.integrated_gradients(bent, X, 0, steps=0), "steps is 0, expected at least 1"),
        (lambda: nn.integrated_gradients(bent, X, 0, np.zeros((2, 4, 6))), r"baseline is \(2, 4, 6\)"),
        (lambda: nn.integrated_gradients(bent, X, 0, np.zeros(5)), r"baseline is \(5,\), expected x's"),
        (lambda: nn.occlusion(pixels, np.ones((1, 1, 4, 5)), 0, window=5), "a window of 5 does not fit"),
        (lambda: nn.occlusion(pixels, np.ones((4, 5)), 0, window=2), r"does not fit x \(4, 5\)"),
        (lambda: nn.occlusion(pixels, np.ones((1, 1, 4, 5)), 0, 2, 3), "stride is 3, expected 1 to"),
        (lambda: nn.grad_cam(lambda x: x, bent, X, 0), r"features gives \(4, 6\), expected maps"),
    ],
)  # fmt: skip
def test_errors_name_argument_got_and_expected(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
