"""Boxes against slow counting, scenes against their boxes, cells there and back, and the stored contest."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import detection

rng = np.random.default_rng(0)


def painted(box: np.ndarray) -> np.ndarray:
    picture = np.zeros((12, 12), bool)
    x0, y0, x1, y1 = box.astype(int)
    picture[y0:y1, x0:x1] = True
    return picture


def some(n: int) -> np.ndarray:
    low = rng.integers(0, 7, (n, 2))
    return np.concatenate([low, low + rng.integers(1, 6, (n, 2))], axis=1)


def test_iou_counts_pixels():
    a, b = some(6), some(5)
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            both, either = painted(one) & painted(other), painted(one) | painted(other)
            assert detection.iou(a, b)[i, j] == pytest.approx(both.sum() / either.sum())
    assert detection.iou(np.zeros((0, 4)), b).shape == (0, 5)


@pytest.mark.parametrize("wrong", [np.zeros(4), np.zeros((2, 3))])
def test_what_are_no_boxes_is_named(wrong):
    with pytest.raises(ValueError, match=r"iou: b has shape .* expected \(n, 4\)"):
        detection.iou(np.zeros((1, 4)), wrong)
    with pytest.raises(ValueError, match="non_max_suppression: boxes has shape"):
        detection.non_max_suppression(wrong, np.zeros(2))


def test_suppression_keeps_whom_no_better_kept_one_covers():
    chain = np.array([[0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4]])
    assert detection.non_max_suppression(chain, np.array([0.7, 0.9, 0.8]), 0.3).tolist() == [1]
    assert detection.non_max_suppression(chain, np.array([0.9, 0.7, 0.8]), 0.3).tolist() == [0, 2]
    boxes, scores = some(30), rng.permutation(30)
    kept = detection.non_max_suppression(boxes, scores, 0.2)
    overlap = detection.iou(boxes, boxes)
    assert (np.diff(scores[kept]) < 0).all()
    for i in range(30):
        better = [j for j in kept if scores[j] > scores[i]]
        assert (i in kept) == (not len(better) or overlap[i, better].max() <= 0.2)
    assert detection.non_max_suppression(np.zeros((0, 4)), np.zeros(0)).shape == (0,)


def test_average_precision_is_an_area():
    scores, hits = rng.permutation(20), rng.random(20) < 0.5
    order = np.argsort(-scores)
    precision, recall = hits[order].cumsum() / np.arange(1, 21), hits[order].cumsum() / 15
    area = (
        np.mean([precision[recall >= r].max(initial=0) for r in np.unique(recall[recall > 0])]) * recall[-1]
    )
    assert detection.average_precision(scores, hits, 15) == pytest.approx(area)
    assert detection.average_precision(np.zeros(0), np.zeros(0), 3) == 0
    assert detection.average_precision(np.array([0.1, 0.9]), np.array([False, True]), 1) == 1
    with pytest.raises(ValueError, match="truths is 0"):
        detection.average_precision(scores, hits, 0)


def test_scenes_hold_what_their_boxes_say():
    data = detection.scenes(20, "test", rng=0)
    for x, boxes, labels in zip(data.x[:, 0], data.boxes, data.labels, strict=True):
        assert 1 <= len(boxes) == len(labels) <= 4
        assert (detection.iou(boxes, boxes) - np.eye(len(boxes)) < 1e-9).all()
        for x0, y0, x1, y1 in boxes.astype(int):
            assert x[y0:y1, x0:x1].max() > 0.25 and 0 <= min(x0, y0) and max(x1, y1) <= detection.SIDE
    with pytest.raises(ValueError, match="part is 'all'"):
        detection.small_digits("all")


def test_parts_were_written_by_other_people():
    (train, _), (test, _) = detection.small_digits(), detection.small_digits("test")
    assert len(train) == 12_000 and len(test) == 2_000


def test_a_perfect_answer_is_decoded_and_scored_as_one():
    data = detection.scenes(30, rng=1)
    there, where, what = detection.to_cells(data.boxes, data.labels)
    answer = np.zeros((30, 10, 10, 15), np.float32)
    answer[..., 0], answer[..., 1:5] = 40 * there - 20, where
    answer[..., 5:] = 30 * np.eye(10)[what]

    class Oracle(nn.Module):
        def forward(self, x):
            return answer

    found = detection.detect(Oracle(), data.x)
    assert detection.mean_average_precision(found, data, 0.99) == pytest.approx(1)
    loss = detection.detection_loss(nn.Tensor(answer), there, where, what)
    assert float(loss.data) < 1e-3


def test_windows_show_what_lies_around_their_centre():
    x = np.arange(1600, dtype=float).reshape(1, 1, 40, 40)
    window = detection.cut(x, np.array([[0, 20, 10]]))[0, 0]
    np.testing.assert_array_equal(window, x[0, 0, 3:17, 13:27])
    assert detection.cut(x, np.array([[0, 0, 0]])).shape == (1, 1, 14, 14)


def test_the_rival_learns_from_digits_and_from_nothing():
    data = detection.scenes(40, rng=2)
    X, y = detection.windows_to_learn(data, rng=0)
    assert X.shape == (len(y), 1, 14, 14)
    assert (y < 10).sum() == len(np.concatenate(data.labels)) and (y == 10).sum() > (y < 10).sum()
    net = detection.train_classifier(data, 0.01, steps=5)
    found = detection.slide(net, data.x[:2], detection.mean_sizes(detection.scenes(300, rng=3)), step=8)
    assert all(answer.boxes.shape == (len(answer.scores), 4) for answer in found)


def test_answers_keep_their_centres_and_scores_and_take_other_sizes():
    data = detection.scenes(3, rng=6)
    found = [detection.Found(box + np.array([-1, -1, 3, 3]), label, np.ones(len(label)))
             for box, label in zip(data.boxes, data.labels, strict=True)]  # fmt: skip
    sizes = np.arange(20.0).reshape(10, 2) + 1
    for true, by_class, by_scene in zip(
        data.boxes, detection.resized(found, sizes), detection.resized(found, data), strict=True
    ):
        np.testing.assert_allclose(by_scene.boxes, true + 1)
        np.testing.assert_allclose(by_class.boxes[:, 2:] - by_class.boxes[:, :2], sizes[by_class.labels])
        np.testing.assert_allclose(
            by_class.boxes[:, :2] + by_class.boxes[:, 2:], (true + 1)[:, :2] + (true + 1)[:, 2:]
        )


def test_without_names_only_the_place_counts():
    data = detection.scenes(3, rng=7)
    wrong = [detection.Found(box, (label + 1) % 10, np.ones(len(label)))
             for box, label in zip(data.boxes, data.labels, strict=True)]  # fmt: skip
    assert detection.mean_average_precision(wrong, data) == 0
    assert detection.mean_average_precision(*detection.unnamed(wrong, data)) == 1


def test_a_detector_learns():
    data = detection.scenes(32, rng=4)
    targets = detection.to_cells(data.boxes, data.labels)
    net = detection.train_detector(data, 0.003, steps=25)
    fresh = detection.Detector(rng=0)
    with nn.no_grad():
        after, before = (
            float(np.asarray(detection.detection_loss(n(data.x), *targets))) for n in (net, fresh)
        )
    assert after < 0.8 * before


def test_the_stored_contest_chose_from_inside_and_its_detector_works():
    study = detection.load()
    for row in study["rows"]:
        best = int(np.argmax(row["tried"]))
        assert row["lr"] == detection.RATES[best] and 0 < best < len(detection.RATES) - 1
        for what in ("test", "class sizes", "true sizes", "unnamed"):
            assert np.shape(row[what]) == (5, len(study["overlaps"]))
    data = detection.scenes(100, "test", rng=5)
    found = detection.detect(detection.load_detector(), data.x)
    assert detection.mean_average_precision(found, data) == pytest.approx(
        study["rows"][0]["test"][0][1], abs=0.15
    )
