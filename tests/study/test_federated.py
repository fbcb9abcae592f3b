"""Federated averaging: all clients at once as one by one; who gets which rows; what is stored."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import federated


@pytest.fixture(scope="module")
def data():
    return federated.data(0)


@pytest.mark.parametrize("clients", [1, 2, 3, 10, 20, 25])
@pytest.mark.parametrize("skew", [0, 0.5, 1])
def test_shares_are_equal_disjoint_and_as_skewed_as_asked(data, clients, skew):
    labels = data[0][1]
    parts = federated.shares(labels, clients, skew, 3)
    assert len(parts) == clients and len({len(part) for part in parts}) == 1
    assert len(np.unique(np.concatenate(parts))) == sum(map(len, parts))
    for k, part in enumerate(parts):
        assert (labels[part] == k % 10).sum() >= round(skew * len(part))


def test_shares_refuse():
    labels = np.repeat(np.arange(3), 4)
    with pytest.raises(ValueError, match=r"skew is 1\.5, expected 0 to 1"):
        federated.shares(labels, 2, 1.5, 0)
    with pytest.raises(ValueError, match="clients is 0, expected 1 to 12"):
        federated.shares(labels, 0, 0, 0)
    with pytest.raises(ValueError, match="clients is 13"):
        federated.shares(labels, 13, 0, 0)


def state(net):
    return {name: w.copy() for name, w in net.state_dict().items()}


def by_hand(train, parts, judge, rounds, lr, prox=0.0, steps=1):
    server = nn.MLP(federated.SIZES, rng=0)
    for _ in range(rounds):
        clients = {}
        for k, part in enumerate(parts):
            net = nn.MLP(federated.SIZES, rng=0)
            net.load_state_dict(state(server))
            for _ in range(steps):
                for p in net.parameters():
                    p.grad = None
                nn.cross_entropy(net(train[0][part]), train[1][part]).backward()
                for p, w in zip(net.parameters(), server.parameters(), strict=True):
                    p.data -= lr * (p.grad + prox * (p.data - w.data))
            clients[str(k)] = state(net)
        sizes = {str(k): len(part) for k, part in enumerate(parts)}
        server.load_state_dict(nn.federated_average(clients, sizes))
    with nn.no_grad():
        return nn.accuracy(server(judge[0]), judge[1])


@pytest.mark.parametrize(("steps", "prox"), [(1, 0.0), (3, 0.0), (3, 1.0)], ids=["one", "three", "FedProx"])
def test_all_clients_at_once_are_the_clients_one_by_one(data, steps, prox):
    parts = federated.shares(data[0][1], 3, 0.5, 0)
    found = federated.federate(data[0], parts, data[1], 4, steps, 0.3, batch=None, prox=prox)
    assert abs(found[-1] - by_hand(data[0], parts, data[1], 4, 0.3, prox, steps)) <= 0.006


def test_one_step_does_not_care_who_owns_what(data):
    whole = federated.shares(data[0][1], 10, 1.0, 0)
    mixed = np.array_split(np.random.default_rng(0).permutation(np.concatenate(whole)), 10)
    curves = [federated.federate(data[0], p, data[1], 8, 1, 0.4, batch=None) for p in (whole, mixed)]
    np.testing.assert_allclose(*curves, atol=0.01)


def test_unequal_clients_count_by_their_rows(data):
    rows = np.concatenate(federated.shares(data[0][1], 10, 0.0, 0))
    seen = []
    federated.federate(
        data[0], [rows[:900], rows[900:]], data[1], 1, combine=lambda c: seen.append(c) or c[0]
    )
    usual = federated.federate(data[0], [rows[:900], rows[900:]], data[1], 1)
    weights = np.array([900, len(rows) - 900]) / len(rows)
    same = federated.federate(data[0], [rows[:900], rows[900:]], data[1], 1, combine=lambda c: weights @ c)
    np.testing.assert_array_equal(usual, same)
    assert seen[0].shape == (2, 64 * 32 + 32 + 32 * 10 + 10)


def test_whole_data_of_unequal_clients_are_refused(data):
    with pytest.raises(
        ValueError, match=r"clients have \[2, 3\] rows, expected as many each where batch is None"
    ):
        federated.federate(data[0], [np.arange(2), np.arange(3)], data[1], batch=None)


def test_combine_replaces_the_mean(data):
    parts = federated.shares(data[0][1], 4, 0.0, 0)
    usual = federated.federate(data[0], parts, data[1], 3)
    same = federated.federate(data[0], parts, data[1], 3, combine=lambda changes: changes.mean(axis=0))
    still = federated.federate(data[0], parts, data[1], 3, combine=lambda changes: 0 * changes[0])
    np.testing.assert_allclose(usual, same, atol=0.006)
    assert len(set(still)) == 1


def test_private_training_learns_and_noise_costs():
    accuracies = [federated.train_privately(noise, 2.0, 0, 1) for noise in (0.0, 1000.0)]
    assert accuracies[0] > 0.8 > 0.5 > accuracies[1]


def test_every_rival_was_tried_and_no_rate_is_the_first_or_last():
    study = federated.load()
    assert study["shift"] == 0
    asked = {(row["skew"], row["rival"]) for row in study["rows"]}
    assert asked == {(skew, name) for skew in federated.SKEWS for name in federated.RIVALS}
    for row in study["rows"]:
        assert row["setting"] in list(federated.settings(row["rival"]))
        assert federated.RATES[0] < row["setting"]["lr"] < federated.RATES[-1]
        assert len(row["test"]) == len(federated.FRESH)
    rates = [row["setting"]["lr"] for row in study["private"]]
    assert all(federated.PRIVATE_RATES[0] < rate < federated.PRIVATE_RATES[-1] for rate in rates)


@pytest.mark.parametrize(("skew", "rival"), [(0.5, "1 step"), (1.0, "10 steps")])
def test_a_stored_row_comes_again(skew, rival):
    row = next(r for r in federated.load()["rows"] if (r["skew"], r["rival"]) == (skew, rival))
    assert abs(federated.last(row["setting"], 3, 2, skew) - row["test"][3]) < 0.03
