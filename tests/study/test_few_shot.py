"""Episodes, prototypes: distances against PyTorch, the linear classifier they hide, the stored network."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import few_shot

rng = np.random.default_rng(0)
X = rng.normal(size=(7, 5, 3))


@pytest.mark.parametrize(("n", "m", "d"), [(4, 3, 5), (1, 1, 1), (0, 2, 3), (3, 1, 2)])
def test_squared_distances_and_their_slopes_are_pytorchs(n, m, d):
    torch = pytest.importorskip("torch")
    a, b, u = rng.normal(size=(n, d)), rng.normal(size=(m, d)), rng.normal(size=(n, m))
    ours = [nn.Tensor(z, requires_grad=True) for z in (a, b)]
    theirs = [torch.tensor(z, requires_grad=True) for z in (a, b)]
    found, expected = few_shot.squared_distances(*ours), torch.cdist(*theirs) ** 2
    np.testing.assert_allclose(found.data, expected.detach().numpy(), atol=1e-10)
    (found * u).sum().backward()
    ((theirs[0][:, None] - theirs[1]) ** 2).sum(dim=2).backward(torch.tensor(u))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.grad, other.grad.numpy(), atol=1e-10)


def test_distances_have_a_second_derivative_and_are_never_negative():
    a, b = rng.normal(size=(2, 3, 2))
    f = lambda a, b: nn.tanh(few_shot.squared_distances(a, b)).sum()  # noqa: E731
    x = nn.Tensor(a, requires_grad=True)
    (g,) = nn.grad(f(x, b), [x], create_graph=True)
    (h,) = nn.grad((g * g).sum(), [x])
    eps, at = 1e-5, (1, 0)
    moved = []
    for sign in (1, -1):
        z = a.copy()
        z[at] += sign * eps
        z = nn.Tensor(z, requires_grad=True)
        moved.append((nn.grad(f(z, b), [z])[0] ** 2).sum())
    np.testing.assert_allclose(h[at], (moved[0] - moved[1]) / (2 * eps), rtol=1e-4)
    same = 1e4 + rng.normal(size=(4, 6)).astype(np.float32)
    assert few_shot.squared_distances(same, same).min() >= 0


def test_an_episode_asks_about_other_pictures_of_the_same_classes():
    numbered = np.arange(7 * 5).reshape(7, 5, 1)
    support, query = few_shot.episode(numbered, 4, 2, 3, rng=1)
    assert support.shape == (4, 2, 1) and query.shape == (4, 3, 1)
    both = np.concatenate([support, query], axis=1)[..., 0]
    assert (both // 5 == both[:, :1] // 5).all() and len(np.unique(both)) == 20
    assert len(np.unique(both[:, 0] // 5)) == 4
    np.testing.assert_array_equal(few_shot.episode(numbered, 4, 2, 3, rng=1)[0], support)


def test_the_nearest_prototype_is_a_linear_classifier():
    support, query = rng.normal(size=(4, 3, 5)), rng.normal(size=(6, 5))
    c = support.mean(axis=1)
    linear = 2 * query @ c.T - (c**2).sum(axis=1)
    found = few_shot.prototype_logits(support, query)
    np.testing.assert_allclose(nn.softmax(found), nn.softmax(linear), atol=1e-10)
    np.testing.assert_allclose(found, -((query[:, None] - c) ** 2).sum(axis=2), atol=1e-10)


def test_a_perfect_embedding_is_always_right_and_chance_is_chance():
    classes = np.eye(7).repeat(5, axis=0).reshape(7, 5, 7)
    assert few_shot.few_shot_accuracy(few_shot.flat, classes, 5, 1, 20, rng=0) == 1
    noise = rng.normal(size=(30, 10, 4))
    assert abs(few_shot.few_shot_accuracy(few_shot.flat, noise, 5, 1, 200, rng=0) - 0.2) < 0.06


def test_training_on_episodes_finds_what_tells_classes_apart():
    hidden = np.concatenate(
        [rng.normal(size=(20, 1, 2)).repeat(12, axis=1), 5 * rng.normal(size=(20, 12, 6))], 2
    )
    hidden = hidden.astype(np.float32)
    net = nn.Linear(8, 4, bias=False, rng=0)
    before = few_shot.few_shot_accuracy(net, hidden, 5, 1, 100, rng=0)
    losses = few_shot.train_prototypes(net, hidden, steps=150, way=10, lr=0.03, rng=0)
    after = few_shot.few_shot_accuracy(net, hidden, 5, 1, 100, rng=0)
    assert after > before + 0.3 and np.mean(losses[-20:]) < np.mean(losses[:20])


def test_the_stored_embedding_knows_scripts_that_it_never_saw():
    new = few_shot.alphabet(("armenian", "georgian"), 12, rng=77)
    trained = few_shot.few_shot_accuracy(few_shot.load(), new, 20, 1, 40, rng=0)
    random = few_shot.few_shot_accuracy(few_shot.embedder(3), new, 20, 1, 40, rng=0)
    assert trained > 0.55 and random < 0.4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: few_shot.episode(X, 8, 1, 1), "way is 8, expected 1 to 7"),
        (lambda: few_shot.episode(X, 0, 1, 1), "way is 0, expected 1 to 7"),
        (lambda: few_shot.episode(X, 2, 3, 3), "shot 3 and queries 3 must be 1 or more, and at most 5"),
        (lambda: few_shot.prototype_logits(X, X[0][:, :2]), r"support is \(7, 5, 3\) and query \(5, 2\)"),
        (lambda: few_shot.squared_distances(X[0], X), r"a \(5, 3\) and b \(7, 5, 3\) need rows of the same"),
    ],
)  # fmt: skip
def test_errors_name_argument_got_and_expected(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
