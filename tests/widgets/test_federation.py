"""The federation explorer: what it shows is what `federate` gives, and inequality and noise cost."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.engine.tensor import Parameter
from nnlearn.study import federated
from nnlearn.widgets import FederationExplorer
from nnlearn.widgets.federation import RATES, servers_of
from tests.support.figures import Standing, functions


def test_the_curve_is_federate_s():
    state = FederationExplorer(clients=4, steps=5, skew=0.5).state
    train, _, new = federated.data(0)
    parts = federated.shares(train[1], 4, 0.5, 0)
    found = federated.federate(train, parts, new, federated.ROUNDS, 5, RATES[5])
    np.testing.assert_allclose(state.curve, found, atol=1e-12)


def test_shares_are_those_of_the_clients():
    state = FederationExplorer(clients=10, skew=1.0).state
    np.testing.assert_array_equal(state.shares, np.eye(10))


def test_two_clients_with_a_digit_each_know_two_digits():
    explorer = FederationExplorer(clients=2, skew=1.0)
    assert explorer.state.missing == 8 and "8 digits are with nobody" in explorer.sentence
    assert explorer.state.curve[-1] < 0.25


@pytest.mark.parametrize("worse", [{"skew": 1.0}, {"noise": 1.0}])
def test_inequality_and_noise_cost(worse):
    explorer = FederationExplorer()
    before = explorer.state.curve[-1]
    explorer.set(**worse)
    assert explorer.state.curve[-1] < before - 0.03


def test_one_step_without_noise_is_the_line_of_comparison():
    state = FederationExplorer(steps=1).state
    np.testing.assert_array_equal(state.curve, state.one_step)


# -- in a browser --------------------------------------------------------------------------------------------

TRAINED = """([page, clients, steps, skew, noise, rounds]) => {
    const data = nn.unpacked(page), parts = nn.dealt(data.y, clients, skew, page.start), found = [];
    for (const w of nn.training(data, parts, steps, data.rates[steps], noise, page.start)) {
        if (w) found.push([...w]);
        if (found.length === rounds) break;
    }
    return [parts, found, nn.judged(found.at(-1), data.newX, data.newY)];
}"""


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "federation", "unpacked", "dealt", "localSteps", "training", "judged")


def test_each_local_step_of_the_page_is_numpys(modules: Page):
    (X, y), _, _ = federated.data(0)
    rng = np.random.default_rng(1)
    server = [rng.normal(0, 0.3, shape) for shape in [(64, 32), 32, (32, 10), 10]]
    lists, rate = rng.integers(0, len(X), (3, 32)), 0.7
    params = [Parameter(w[None].copy()) for w in server]
    for rows in lists:
        for p in params:
            p.grad = None
        loss = nn.cross_entropy(federated.forward(params, X[rows].astype(np.float64)[None]), y[rows][None])
        loss.backward()
        for p in params:
            p.data -= rate * p.grad
    found = modules.evaluate(
        "([w, X, y, lists, rate]) => [...nn.localSteps(Float64Array.from(w), X, y, lists, rate)]",
        [
            np.concatenate([w.ravel() for w in server]).tolist(),
            X.ravel().tolist(),
            y.tolist(),
            lists.tolist(),
            rate,
        ],
    )
    changes = [(p.data[0] - w).ravel() for p, w in zip(params, server, strict=True)]
    np.testing.assert_allclose(found, np.concatenate(changes), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("clients", "steps", "skew", "noise"),
    [(10, 10, 0.8, 0.0), (2, 1, 1.0, 0.0), (20, 5, 0.3, 0.03), (7, 20, 0.5, 1.0), (10, 50, 0.0, 0.0)],
)
def test_the_page_deals_draws_and_averages_as_the_package(clients, steps, skew, noise, modules: Page):
    parts = federated.shares(federated.data(0)[0][1], clients, skew, 0)
    explorer = FederationExplorer(clients=clients, steps=steps, skew=skew, noise=noise)
    dealt, trained, (recall, accuracy) = modules.evaluate(
        TRAINED, [explorer.page(), clients, steps, skew, noise, 2]
    )
    assert dealt == [part.tolist() for part in parts]
    servers = islice(servers_of(clients, steps, skew, noise), 2)
    for found, w in zip(trained, servers, strict=True):
        np.testing.assert_allclose(found, np.concatenate([a.ravel() for a in w]), atol=2e-5)
    np.testing.assert_allclose(recall, explorer.state.recall[1], atol=0.04)
    assert abs(accuracy - explorer.state.curve[1]) < 0.01


def test_a_reader_trains_in_the_page_and_goes_through_the_rounds(browser: Browser, tmp_path: Path):
    reader = Standing(FederationExplorer(clients=2, skew=1.0), browser, tmp_path)
    reader.says("After round 20 of 20", "8 digits are with nobody")
    curves = reader.page.get_by_label("share of new digits that the network reads")
    box = curves.bounding_box()
    twentieth, third = ((box["x"] + 44 + (box["width"] - 54) * r / 21, box["y"] + 120) for r in (20, 3))
    reader.drag(twentieth, third)
    reader.says("After round 3 of 20")
    curves.press("ArrowRight")
    reader.says("After round 4 of 20")
    table = reader.page.get_by_label("which client has which digits")
    table.press("ArrowRight")
    expect(reader.page.locator(".hint.two")).to_have_text("Client 0: 100% of its digits are 0s.")
    reader.page.get_by_label("inequality").press("Home")
    reader.says("After round 4 of 20")
    expect(reader.status).not_to_contain_text("with nobody")
    assert not reader.complaints and "skew=0" in reader.page.url
