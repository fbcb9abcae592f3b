# ruff: noqa: E501 (programs)
"""Answers that are alike: a copy with other names is found among many who solve alone, and shown side by side."""

import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nnlearn.classroom.grading import Grade
from nnlearn.classroom.similarity import likest
from nnlearn.classroom.store import HandedIn, Store
from nnlearn.course.cli import app
from tests.support.classroom import answer_cell, solution

SHARED = answer_cell(solution("04"), "04.3").source
CLEVER = """
def {f}({x}, {w}, {b}):
    {t} = []
    for {i} in range(len({x})):
        {t}.append([max(sum({x}[{i}][{j}] * {w}[{j}][{k}] for {j} in range(len({w}))) + {b}[{k}], 0) for {k} in range(3)])
    if len({t}) == 0:
        return np.zeros((0, len({b})))
    return np.stack([np.array({r}) for {r} in {t}], axis=0)  # {said} </script><b>
"""
NAMES = ("f", "x", "w", "b", "t", "i", "j", "k", "r")


def clever(seed: int) -> str:
    letters = random.Random(seed).sample("acdeghlmnopqsuvyz", len(NAMES))
    return CLEVER.format(**dict(zip(NAMES, letters, strict=True)), said=f"of {seed}")


def alone(seed: int) -> str:
    """An answer of one's own: lines in an order and number that nobody else has."""
    rng = random.Random(seed)
    parts = [
        f"value = [{rng.random()}, {rng.randrange(9)}]",
        f"for _ in range({rng.randrange(9)}): step(value)",
    ]
    parts += [f"while check_it(value) < {rng.randrange(99)}: value += {rng.randrange(9)} * [{rng.random()}]"]
    rng.shuffle(parts)
    return "\n".join(parts[: rng.randrange(2, 4)])


def a_class() -> dict[str, str]:
    answers = {f"s{k:02}": f"{SHARED}\n{alone(k)}" for k in range(30)}
    return answers | {"s07": f"{SHARED}\n{clever(1)}", "s21": f"{SHARED}\n{clever(2)}"}


def test_a_copy_with_other_names_is_found_among_all():
    first, *others = likest(a_class())
    assert first.students == ("s07", "s21") and min(first.shares) > 0.9
    assert all(min(pair.shares) < 0.8 for pair in others)
    assert "<mark>" in first.marked[0] and "&lt;/script&gt;" in first.marked[0]


def test_what_all_have_written_says_nothing():
    answers = {name: SHARED for name in a_class()}
    assert likest(answers) == []


def test_a_page_for_people(tmp_path: Path):
    store = Store(tmp_path / "grades.sqlite")
    for student, source in a_class().items():
        grade = Grade(student, "04.3", "h", "s", "passed", 2.0, 2.0, source=source)
        store.put(HandedIn(student, "04", "h", "s"), [grade])
    out = tmp_path / "similar.html"
    done = CliRunner().invoke(app, ["similar", "--store", str(store.path), "--out", str(out)])
    assert done.exit_code == 0, done.output
    page = out.read_text(encoding="utf-8")
    assert "s07 (" in page and "<mark>" in page and "</script>" not in page


@pytest.mark.parametrize("students", [0, 1])
def test_nobody_to_compare_with(students, tmp_path: Path):
    store = Store(tmp_path / "grades.sqlite")
    for k in range(students):
        store.put(
            HandedIn(f"{k}", "04", "h", "s"), [Grade(f"{k}", "04.3", "h", "s", "passed", 2, 2, source="x")]
        )
    out = tmp_path / "similar.html"
    done = CliRunner().invoke(app, ["similar", "--store", str(store.path), "--out", str(out)])
    assert done.exit_code == 1 and "no two students' answers" in done.output and not out.exists()
