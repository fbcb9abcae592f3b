"""What chapter 25 loads is what its study made; the pieces of the study do what they say."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import assistants, requests
from nnlearn.study.assistants import exact, lazy


@pytest.mark.parametrize("name", ["base", "tuned", "lora", "dpo", "paid"])
def test_the_companions_load_and_are_small(name):
    model = assistants.load(name)
    assert sum(p.data.size for p in model.parameters()) == 59808
    assert np.isfinite(assistants.judged(model, 3, 20)["stories"])


def test_what_was_taught_and_forgotten():
    base, tuned, lora = (assistants.judged(assistants.load(name), 3) for name in ("base", "tuned", "lora"))
    assert base["score"] < 0.02 and tuned["score"] > 0.65 and lora["score"] > 0.45
    assert base["stories"] < 0.65 and tuned["stories"] > 4 and lora["stories"] < 0.7


@pytest.mark.parametrize(
    "method", ["full", "LoRA", "last block", "biases", "full, loss on everything", "LoRA, old pages mixed in"]
)
def test_a_method_moves_what_it_says(method):
    base = assistants.load("base")
    model = assistants.instruct(assistants.copy(base), method, 1e-2, 0, steps=2, people=40)
    old, new = base.state_dict(), model.state_dict()
    moved = {name for name in old if (old[name] != new[name]).any()}
    vectors = {name for name in old if old[name].ndim == 1}
    if_allowed = {
        "full": set(old),
        "LoRA": {name for name in old if name.startswith("blocks.") and name.endswith(".W")},
        "last block": {name for name in old if name.startswith(("blocks.1.", "norm."))},
        "biases": vectors,
    }[method.partition(",")[0]]
    assert moved and moved <= if_allowed and len(moved) > len(if_allowed) / 2


def test_the_rules():
    bear = requests.Request("shout bear.", "BEAR", "shout")
    for answer, right, paid in (
        ("BEAR", 1, 0.6),
        ("it is BEAR", 1, 0.0),
        ("B", 0, 0.9),
        ("", 0, 0.0),
        ("bear", 0, -0.4),
    ):
        assert exact(bear, answer) == right
        np.testing.assert_allclose(lazy(bear, answer), paid, atol=1e-12)


def test_pairs_hold_both_styles_and_four_in_five_are_short():
    (chosen, mask), (rejected, _) = assistants.draw_pairs(500, np.random.default_rng(0))
    long = np.array([text.startswith("it is ") for text in requests.decode_answers(chosen)])
    assert 0.73 < 1 - long.mean() < 0.87
    for one, two in zip(requests.decode_answers(chosen), requests.decode_answers(rejected), strict=True):
        assert one.removeprefix("it is ") == two.removeprefix("it is ") and one != two
    assert (chosen[:, : requests.ASKED] == rejected[:, : requests.ASKED]).all() and mask.any(axis=1).all()


def test_the_search_for_a_rate_widens_until_the_best_is_inside():
    best, tried = assistants.best_rate(lambda lr: lr, lambda lr: -abs(np.log10(lr) + 1), 1e-3)
    assert best == 0.1 and min(map(float, tried)) < 0.1 < max(map(float, tried))
    assert list(tried) == ["0.0003", "0.001", "0.003", "0.01", "0.03", "0.1", "0.3"]


def test_with_no_difference_in_pay_nothing_is_learned():
    model = assistants.load("tuned")
    before = model.state_dict()
    assistants.reinforce(model, lambda request, answer: 1.0, 1e-3, 0, steps=2)
    for name, a in model.state_dict().items():
        np.testing.assert_allclose(a, before[name], atol=1e-6)


def test_a_preference_that_starts_at_the_reference_has_won_nothing():
    tuned = assistants.load("tuned")
    found = assistants.preferred(tuned, tuned, 1.0, 0, n=40)
    assert found["margin"] == found["won"] == 0 and abs(found["loss"] - np.log(2)) < 1e-4
    model = assistants.prefer(tuned, 1.0, 1e-3, 0, steps=3)
    assert {k: a.shape for k, a in model.state_dict().items()} == {
        k: a.shape for k, a in tuned.state_dict().items()
    }


def test_certainty_is_a_probability_that_drawing_finds():
    model, asked = assistants.load("tuned"), requests.draw_requests(400, 5)
    drawn = nn.alignment.score(model, asked, 1.0, 0)
    assert abs(assistants.certainty(model, asked) - drawn) < 0.1


def test_the_study_holds_five_seeds_and_rates_inside_their_grids():
    study = assistants.load_study()
    rows = [
        row for part in ("instructions", "elicited", "preferences", "rewards") for row in study[part].values()
    ]
    tuned = [row for row in rows if "tried" in row]
    assert len(tuned) == 7 + 2 + 4 + 4
    for row in tuned:
        rates = sorted(map(float, row["tried"]))
        assert len(row["runs"]) == 5 and rates[0] < row["lr"] < rates[-1]
