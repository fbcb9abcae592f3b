"""The space of small networks, their table, and what each search pays and sees."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import architectures
from nnlearn.study.architectures import EPOCHS, STRATEGIES, Recipe, Search

SPACE, TABLE = architectures.recipes(), architectures.load()


def test_the_space_has_480_names_and_its_neighbours_are_mutual():
    assert len(SPACE) == len(set(SPACE)) == 480 == len(TABLE)
    for i in range(0, 480, 7):
        near = architectures.neighbours(i)
        assert (
            i not in near
            and len(near) == len(set(near))
            and all(i in architectures.neighbours(j) for j in near)
        )


@pytest.mark.parametrize("i", range(0, 480, 31))
def test_a_network_is_built_as_its_recipe_says(i):
    x = np.random.default_rng(0).normal(size=(2, 1, 14, 14)).astype(np.float32)
    net, recipe = architectures.Small(SPACE[i], 0), SPACE[i]
    assert net(x).shape == (2, 10) and len(net.steps) == len(recipe.steps)
    named = " ".join(recipe.steps) or "nothing"
    assert str(recipe).startswith(f"{named}, {recipe.width} wide")


def test_multiply_adds_are_those_of_the_layers():
    assert architectures.multiply_adds(Recipe((), 8, False)) == 1960
    assert architectures.multiply_adds(Recipe(("conv3", "pool"), 8, False)) == 9 * 8 * 196 + 10 * 8 * 49
    assert architectures.multiply_adds(Recipe(("pool", "conv1", "conv3"), 8, True)) == 49 * (8 + 9 * 64 + 80)


def test_shortcuts_add_the_input_where_shapes_agree():
    x = np.random.default_rng(0).normal(size=(1, 1, 14, 14)).astype(np.float32)
    for steps, differ in ((("conv3", "conv3"), True), (("conv3", "pool"), False)):
        a, b = (architectures.Small(Recipe(steps, 8, s), 0)(x).data for s in (False, True))
        assert (abs(a - b).max() > 1e-3) == differ


def test_the_table_is_what_training_gives():
    i = SPACE.index(Recipe(("pool", "conv1"), 8, False))
    np.testing.assert_allclose(
        architectures.learn(SPACE[i], 0).mean(axis=1), TABLE[i, 0].mean(axis=1), atol=0.02
    )


def test_networks_that_are_the_same_have_the_same_row():
    a, b = (SPACE.index(Recipe(("conv3", "pool"), 8, s)) for s in (False, True))
    np.testing.assert_array_equal(TABLE[a], TABLE[b])


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("budget", [8, 20, 160, 1200, 10_000])
def test_no_search_spends_more_than_its_budget(name, budget):
    search = Search(TABLE, 0)
    found = STRATEGIES[name](search, budget)
    assert search.spent <= budget and search.trained[found] == EPOCHS[-1]
    done = [i for _, i, epochs in search.log if epochs == 8]
    assert search.validation[found, -1] == search.validation[done, -1].max()
    assert search.spent == search.trained.sum()


def test_halving_of_64_costs_160_and_halves():
    search = Search(TABLE, 0)
    architectures.successive_halving(search, 160)
    assert np.bincount(search.trained)[[1, 2, 4, 8]].tolist() == [32, 16, 8, 8] and search.spent == 160


def test_evolution_tries_neighbours():
    search = Search(TABLE, 1)
    architectures.evolution(search, 400)
    rows = [i for _, i, _ in search.log]
    near = [any(j in architectures.neighbours(i) for i in rows[:k]) for k, j in enumerate(rows)]
    assert all(near[10:]) and len(set(rows)) == len(rows)


def test_epochs_are_charged_once():
    search = Search(TABLE, 0)
    for epochs in (2, 8, 4, 8):
        search.train(3, epochs)
    assert search.spent == 8


def test_the_three_kinds_of_pictures_share_none():
    marked = np.broadcast_to(np.arange(10.0), (480, 2, 4, 10))
    for seed in range(20):
        search = Search(marked, seed)
        used = search.validation[0, 0] + search.test[0, 0]
        assert search.fresh[0, 0] * 8 + used == 45 and search.validation[0, 0] != search.test[0, 0]


def test_training_and_held_out_pictures_are_different_ones():
    data = architectures.pictures()
    rows = np.concatenate([x.reshape(len(x), -1) for x, _ in data.values()])
    assert len(np.unique(rows, axis=0)) == len(rows) == 2800


def test_says_what_was_wrong():
    with pytest.raises(ValueError, match="epochs is 3, expected one of 1, 2, 4, 8"):
        Search(TABLE, 0).train(0, 3)


def test_the_persons_network_is_chapter_12s():
    x = np.random.default_rng(0).normal(size=(2, 1, 14, 14)).astype(np.float32)
    ours = architectures.Small(Recipe(("conv3", "pool", "conv3", "pool"), 16, False), 0)
    theirs = nn.ConvNet((1, 14, 14), 10, (16, 16), rng=0)
    for a, b in zip(theirs.parameters(), ours.parameters(), strict=True):
        a.data[...] = b.data
    np.testing.assert_allclose(ours(x).data, theirs(x).data, atol=1e-5)
