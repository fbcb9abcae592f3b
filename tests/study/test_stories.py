"""Stories: their answers follow from what is told, rules and networks point at sentences."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import stories

X, Y = stories.stories(300, rng=0)


def numbers(*told: str) -> np.ndarray:
    """Sentences of three words as the networks see them.  -> (1, T + 1, 3)"""
    return np.array([[[stories.NUMBER[word] for word in sentence.split()] for sentence in told]])


CARRIED = numbers("Ada went attic", "Ada took cup", "Ben went hall", "Ada went forge", "where is cup")


def retold(row):
    """Where everybody and everything is, as a clerk writes it down, and what cannot be in a story."""
    at, held, wrong = {}, {}, []
    for who, did, what in [[stories.WORDS[k] for k in s] for s in X[row, :-1] if s[1]]:
        if did == "went":
            wrong += ["where they are already"] * (at.get(who) == what)
            at[who] = what
            at.update({thing: what for thing, holder in held.items() if holder == who})
        elif did == "took":
            wrong += ["in somebody's hand"] * (what in held)
            wrong += ["elsewhere"] * (at.get(what, at[who]) != at[who])
            held[what], at[what] = who, at[who]
        else:
            wrong += ["not theirs"] * (held.pop(what) != who)
    return at, wrong


@pytest.mark.parametrize("row", range(0, 300, 7))
def test_an_answer_follows_from_the_story(row):
    at, wrong = retold(row)
    assert wrong == []
    asked = stories.WORDS[X[row, -1, 2]]
    assert at[asked] == stories.WORDS[X[row, Y[row], 2]]
    assert (asked in stories.THINGS) == (row % 2 == 0)


def test_stories_are_as_long_and_as_peopled_as_asked():
    told = (X[:, :-1, 1] > 0).sum(axis=1)
    assert X.shape == (300, 13, 3) and set(told) == set(range(6, 13))
    x, _ = stories.stories(20, 9, 9, stories.NEW_NAMES, stories.NEW_PLACES, rng=1)
    words = {stories.WORDS[k] for k in x.ravel()}
    assert (x[:, :-1, 1] > 0).all()
    assert not words & {*stories.NAMES, *stories.PLACES} and words & set(stories.NEW_NAMES)
    np.testing.assert_array_equal(
        x, stories.stories(20, 9, 9, stories.NEW_NAMES, stories.NEW_PLACES, rng=1)[0]
    )


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"shortest": 5}, "5 to 12 sentences, expected 6 or more"),
        ({"shortest": 9, "longest": 8}, "9 to 8 sentences"),
        ({"names": ("Ada", "Ben")}, "names has 2, expected at least 4"),
        ({"places": ("hall",)}, "places has 1, expected at least 4"),
    ],
)
def test_a_story_that_cannot_be_told_is_named(how, said):
    with pytest.raises(ValueError, match=said):
        stories.stories(1, **how)


def test_a_story_reads_as_english():
    assert stories.sentences(CARRIED[0]) == [
        "Ada went to the attic.",
        "Ada took the cup.",
        "Ben went to the hall.",
        "Ada went to the forge.",
        "Where is the cup?",
    ]
    person = numbers("Ada went attic", "where is Ada")[0]
    assert stories.sentences(np.concatenate([np.zeros((2, 3), int), person]))[-1] == "Where is Ada?"


def test_rules_point_where_they_say():
    assert stories.last_place(CARRIED) == 3
    assert stories.shared_word(CARRIED) == 0  # before "took the cup", not where it was carried
    asked = CARRIED.copy()
    asked[0, -1, 2] = stories.NUMBER["Ben"]
    assert stories.shared_word(asked) == 2
    people = np.arange(300) % 2 == 1
    assert stories.exact_match(stories.shared_word(X), X, Y)[people].all(), "for people the rule is right"


def test_the_right_word_counts_wherever_it_stands():
    x = numbers("Ada went hall", "Ben went attic", "Ben went hall", "where is Ben")
    assert [bool(stories.exact_match(np.array([k]), x, np.array([2]))[0]) for k in range(3)] == [
        True,
        False,
        True,
    ]


def test_a_reader_learns_through_all_of_its_parameters():
    net = stories.Reader(reads=3, rng=0)
    logits = net(X[:8])
    assert logits.shape == (8, 12)
    nn.cross_entropy(logits, Y[:8]).backward()
    assert all(np.abs(p.grad).max() > 0 for p in net.parameters())


def test_a_reader_points_at_sentences_only_and_counts_from_the_question():
    net = stories.Reader(reads=3, rng=0)
    with nn.no_grad():
        looks = [np.asarray(one) for one in net.looks(X)]
        assert len(looks) == 3 and all((X[np.arange(300), one.argmax(axis=1), 1] > 0).all() for one in looks)
        short = CARRIED.repeat(2, axis=0)
        padded = np.concatenate([np.zeros((2, 5, 3), int), short], axis=1)
        np.testing.assert_allclose(
            np.asarray(net(padded))[:, 5:], np.asarray(net(short)), rtol=1e-4, atol=1e-5
        )


def test_a_reader_has_so_much_room():
    with pytest.raises(ValueError, match="x has 12 sentences, expected at most 8"):
        stories.Reader(room=8, rng=0)(X)


def test_two_reads_find_what_one_cannot():
    data, held = stories.stories(1500, 6, 6, rng=5), stories.stories(300, 6, 6, rng=6)
    right = []
    for reads in (1, 2):
        net = nn.gallery.train(stories.Reader(reads, rng=0), data, 0.01, steps=300)
        with nn.no_grad():
            pointed = np.asarray(net(held[0])).argmax(axis=1)
        right.append(stories.exact_match(pointed, *held)[::2].mean())
    assert right[1] > right[0] + 0.15


def test_a_list_of_who_holds_what_answers_every_question():
    for kind in ({}, {"shortest": 18, "longest": 18}, {"names": stories.NEW_NAMES}):
        x, y = stories.stories(300, **kind, rng=11)
        for story, answer in zip(x, y, strict=True):
            told, holds = {}, {}
            for k, (who, did, what) in enumerate(story[:-1]):
                if did == stories.NUMBER["went"]:
                    told |= {one: k for one in (who, *(thing for thing, by in holds.items() if by == who))}
                elif did == stories.NUMBER["took"]:
                    holds[what], told[what] = who, told[who]
                elif did == stories.NUMBER["dropped"]:
                    del holds[what]
            assert story[told[story[-1, 2]], 2] == story[answer, 2]
