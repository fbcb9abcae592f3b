"""Companion networks come back as they were kept, to half precision; studies as they were found."""

import json

import numpy as np

import nnlearn as nn
from nnlearn.study import companions


def test_a_network_comes_back_to_half_precision(tmp_path, monkeypatch):
    monkeypatch.setattr(companions, "_FOLDER", tmp_path)
    net = nn.MLP([3, 4, 2], rng=0)
    companions.keep(net, "small")
    again = companions.restore(nn.MLP([3, 4, 2], rng=1), "small")
    for p, q in zip(net.parameters(), again.parameters(), strict=True):
        assert q.data.dtype == np.float32
        np.testing.assert_array_equal(q.data, p.data.astype(np.float16))
    assert not again.training


def test_a_study_is_stored_but_one_with_other_seeds_only_printed(tmp_path, capsys):
    path, study = tmp_path / "study.json", {"shift": 0, "rows": [{"test": [0.5]}]}
    companions.keep_study(study, path)
    assert json.loads(path.read_text()) == study and not capsys.readouterr().out
    companions.keep_study(study | {"shift": 1000}, path)
    assert json.loads(path.read_text()) == study
    assert json.loads(capsys.readouterr().out) == study | {"shift": 1000}
