"""`check`: what it says to right answers, to wrong ones, and to those that would deceive or break it."""

import asyncio
import concurrent.futures
import contextlib
import copy
import cProfile
import functools
import os
import re
import runpy
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
import warnings
import weakref
from pathlib import Path

import jupytext
import nbformat
import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from typer.testing import CliRunner

import nnlearn as nn
from nnlearn import exercises
from nnlearn.course.cli import app
from nnlearn.course.notebooks import student_version
from nnlearn.exercises import Function, Predict, Value, chapters, check, grade, tasks
from nnlearn.exercises.comparison import difference
from nnlearn.exercises.limit import time_limit
from nnlearn.exercises.runner import STUB, run_case
from nnlearn.exercises.spec import chapter_exercises, chapter_modules, edit
from nnlearn.exercises.values import Unfit, describe, plain
from tests.exercises.test_graders import Answer, hold_to_account, mutate, read_answers
from tests.support import WAIT

EXAMPLE = Path(__file__).parent / "example"
FIRES = "90.1"


@pytest.fixture(autouse=True)
def example(monkeypatch, tmp_path):
    """Chapter 90 is there, and progress goes to a folder of the test's own."""
    monkeypatch.setattr(chapters, "__path__", [*chapters.__path__, str(EXAMPLE)])
    monkeypatch.setenv("NNLEARN_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def solution(tmp_path_factory):
    """The example's notebook with its solutions, as a file."""
    notebook = jupytext.read(EXAMPLE / "90_example.py")
    notebook.metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    for k, cell in enumerate(notebook.cells):
        cell.id, _ = f"cell-{k}", cell.metadata.pop("lines_to_next_cell", None)
    path = tmp_path_factory.mktemp("solutions") / "90_example.ipynb"
    nbformat.write(notebook, path)
    return path


def fires(x, w, b):
    return (x @ w + b >= 0).astype(float)


# --- what learners give ---------------------------------------------------------------------------


def prints(x, w, b):
    print("z =", x @ w + b)
    return fires(x, w, b)


def warns(x, w, b):
    np.log(np.zeros(1))
    warnings.warn("careful", stacklevel=1)
    return fires(x, w, b)


class Sub(np.ndarray):
    """An array that claims to equal everything."""

    __array_priority__ = 1000

    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __array_ufunc__(self, *args, **kwargs):
        return np.zeros(1)

    def __array_function__(self, *args, **kwargs):
        return True

    __hash__ = None


class Equal:
    """An object that claims to equal everything."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    __ne__ = __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: False


class Pretends:
    """Becomes an array only by lying about it."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no array")


PASS = {
    "the reference": fires,
    "bools where numbers are wanted": lambda x, w, b: x @ w + b >= 0,
    "integers": lambda x, w, b: (x @ w + b >= 0).astype(np.int8),
    "half precision": lambda x, w, b: fires(x, w, b).astype(np.float16),
    "lists": lambda x, w, b: fires(x, w, b).tolist(),
    "a tuple": lambda x, w, b: tuple(fires(x, w, b)) if x.ndim > 1 else fires(x, w, b),
    "other names for the arguments": lambda inputs, weights, bias: fires(inputs, weights, bias),
    "more arguments, with defaults": lambda x, w, b, verbose=False: fires(x, w, b),
    "any arguments": lambda *args: fires(*args),
    "a method": type("Unit", (), {"fires": lambda self, x, w, b: fires(x, w, b)})().fires,
    "an object that can be called": type("Unit", (), {"__call__": lambda self, x, w, b: fires(x, w, b)})(),
    "an honest subclass": lambda x, w, b: np.ma.masked_array(fires(x, w, b)),
    "it prints": prints,
    "it warns": warns,
    "read-only views": lambda x, w, b: np.broadcast_to(fires(x, w, b), x.shape[:-1]),
}


@pytest.mark.parametrize("answer", PASS.values(), ids=PASS)
def test_right_answers_pass(answer, capsys):
    result = check(FIRES, answer)
    assert result and result.score == 3, result
    assert "✓ Passed" in repr(result) and "no loop needed" in repr(result)
    assert capsys.readouterr() == ("", "")  # anything on stderr would cost the points under nbgrader


def test_what_an_answer_prints_and_warns_of_is_told():
    assert "It printed:\nz = " in repr(check(FIRES, prints))
    assert "divide by zero encountered in log; careful" in repr(check(FIRES, warns))


def stops(x, w, b):
    z = x @ w + b
    return undefined_name * z  # noqa: F821


def helper(x):
    return x[99]


def stops_in_a_helper(x, w, b):
    return helper(x)


class Hostile:
    """Every question to it fails."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    __len__ = __iter__ = __float__ = __array__ = lambda self, *args: self.no


def unprintable(x, w, b):
    class Bad(Exception):
        def __str__(self):
            raise RuntimeError

    raise Bad


def changes_its_input(x, w, b):
    x *= 2
    return fires(x / 2, w, b)


def leaves(x, w, b):
    sys.exit(3)


def recurses(x, w, b):
    return recurses(x, w, b)


def nests(x, w, b):
    loop: list = []
    loop.append(loop)
    return loop


def stub(x, w, b):
    """Says what it should do."""
    # YOUR CODE HERE
    pass


def scaffold(x, w, b):
    z = x @ w + b  # noqa: F841
    # YOUR CODE HERE
    pass
    return answer  # noqa: F821


def empty(x, w, b):
    """Says what it should do."""


def not_implemented(x, w, b):
    raise NotImplementedError()


NOT_YET = {
    "nothing returned": (lambda x, w, b: print(end=""), "gives `None`. Did you forget `return`?"),
    "a number for an array": (lambda x, w, b: 0.0, "expected an array of shape (5,), got a single number"),
    "an array for a number": (lambda x, w, b: fires(np.atleast_2d(x), w, b), "expected a single number, got"),
    "an extra axis": (lambda x, w, b: fires(x, w, b)[..., None], "got an array of shape (1,)"),
    "wrong shape": (lambda x, w, b: fires(x, w, b).repeat(2), "a single number, got an array of shape (2,)"),
    "NaN": (lambda x, w, b: fires(x, w, b) * np.nan, "the value is nan, expected"),
    "infinity": (lambda x, w, b: fires(x, w, b) + np.inf, "the value is inf, expected"),
    "complex": (lambda x, w, b: fires(x, w, b) + 1j, "expected real numbers, got complex ones"),
    "text": (lambda x, w, b: "1", "expected a single number, got the text '1'"),
    "objects": (lambda x, w, b: np.array([object()]), "gives an array of type object instead of numbers"),
    "dates": (lambda x, w, b: np.datetime64("2026-01-01"), "gives an array of type datetime64[D] instead"),
    "a huge number": (lambda x, w, b: 10**400, "gives an array of type object"),
    "a generator": (lambda x, w, b: (v for v in x), "gives a generator instead of the numbers: collect them"),
    "a map": (lambda x, w, b: map(abs, x), "gives a map instead"),
    "a function": (lambda x, w, b: fires, "gives a function instead of its result"),
    "a set": (lambda x, w, b: {1.0}, "gives an object of type `set`"),
    "a dictionary": (lambda x, w, b: {"y": 1.0}, "got a dictionary with y"),
    "ragged lists": (lambda x, w, b: [[1.0], [1.0, 2.0]], "got 2 values (an array of shape (1,), an"),
    "a list in itself": (nests, "RecursionError"),
    "always equal": (lambda x, w, b: Equal(), "gives an object of type `Equal`"),
    "an always equal array": (lambda x, w, b: np.full(x.shape[:-1], 7.0).view(Sub), "is 7 (largest"),
    "an object that fails at everything": (lambda x, w, b: Hostile(), "gives something that does not"),
    "a lying array": (lambda x, w, b: Pretends(), "gives something that does not become an array"),
    "far too much": (lambda x, w, b: np.zeros((3000, 1000)), "got an array of shape (3000, 1000)"),
    "an error": (stops, "line 3: return undefined_name * z  # noqa: F821\nNameError: name"),
    "an error in a helper": (stops_in_a_helper, ": return x[99]\nIndexError: index 99 is out of bounds"),
    "an error in NumPy": (lambda x, w, b: np.linalg.inv(x), "LinAlgError"),
    "an error that cannot be told": (unprintable, "Bad"),
    "it leaves": (leaves, "sys.exit(3)\nSystemExit: 3"),
    "endless recursion": (recurses, "RecursionError: maximum recursion depth exceeded"),
    "changed input": (changes_its_input, "your function changes its input `x`. Work on a copy: `x.copy()`"),
    "a value for the function": (np.ones(5), "without parentheses: `fires`. This is an array of shape (5,)"),
    "text for the function": ("fires", "This is the text 'fires'"),
    "an object for the function": (Equal(), "This is an object of type `Equal`"),
    "a hostile object for the function": (Hostile(), "This is something that does not become an array"),
    "too few arguments": (lambda x, w: 0, "called as `fires(x, w, b)`, but the arguments it takes are: x"),
    "no arguments": (lambda: 0, "but the arguments it takes are: none."),
    "too many arguments": (lambda x, w, b, c: 0, "but the arguments it takes are: x, w, b, c."),
    "keyword-only arguments": (lambda *, x, w, b: 0, "but the arguments it takes are"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "told"), NOT_YET.values(), ids=NOT_YET)
def test_wrong_answers_are_told_what_is_wrong(answer, told, capsys):
    result = check(FIRES, answer)
    assert result.status == "not yet" and not result and result.score == 0, result
    first_line = re.sub(r"line \d+", "line 3", repr(result))
    assert told in first_line, result
    assert "Traceback" not in repr(result) and "/nnlearn/" not in repr(result)
    assert len(repr(result)) < 1500
    assert capsys.readouterr() == ("", "")


STUBS = {
    "the stub": stub,
    "a stub amid given lines": scaffold,
    "an empty body": empty,
    "nbgrader's own stub": not_implemented,
    "Ellipsis": ...,
    "None": None,
}


@pytest.mark.parametrize("answer", STUBS.values(), ids=STUBS)
def test_what_is_not_started_is_called_so(answer):
    result = check(FIRES, answer)
    assert result.status == "not started" and repr(result).startswith(
        "○ Not started yet: 90.1 A unit that fires"
    )


def loops(x, w, b):
    while True:
        pass


def loops_whatever_comes(x, w, b):
    for _ in range(2):
        try:
            loops(x, w, b)
        except KeyboardInterrupt:
            pass
    return fires(x, w, b)


def waits(x, w, b):
    threading.Event().wait()


@pytest.mark.parametrize("answer", [loops, loops_whatever_comes, waits])
def test_an_answer_that_never_ends_is_stopped(answer, monkeypatch):
    monkeypatch.setattr(exercises, "time_limit", functools.partial(time_limit, 0.2, 0.5))
    result = check(FIRES, answer)
    assert result.status == "not yet" and "Look for a loop that never stops" in repr(result)
    assert check(FIRES, fires), "and the next one is checked as ever"


def test_the_limit_holds_where_ctrl_c_is_switched_off_and_in_an_event_loop(monkeypatch):
    monkeypatch.setattr(exercises, "time_limit", functools.partial(time_limit, 0.2, 0.5))

    async def cell():
        said = repr(check(FIRES, loops))
        await asyncio.sleep(0)
        return said

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert "It was stopped" in repr(check(FIRES, loops))
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert "It was stopped" in asyncio.run(cell())


def test_a_thread_that_an_answer_left_behind_uses_up_nobodys_time(monkeypatch):
    monkeypatch.setattr(exercises, "time_limit", functools.partial(time_limit, 0.5))
    over, used = threading.Event(), time.process_time()

    def computes():
        while not over.is_set():
            pass

    def waits_for_it(x, w, b):
        while time.process_time() - used < 1:
            over.wait(0.05)
        return fires(x, w, b)

    thread = threading.Thread(target=computes, daemon=True)
    thread.start()
    assert check(FIRES, waits_for_it), "it waited, the other thread computed"
    over.set()
    thread.join()


def test_checks_in_two_threads_leave_each_its_output(capsys):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert all(pool.map(lambda _: bool(check(FIRES, prints)), range(20)))
    print("still here")
    assert capsys.readouterr().out == "still here\n"


class Exits:
    def __repr__(self):
        raise SystemExit

    __str__ = __array__ = __repr__


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [("90.2", (Exits(), 1)), ("90.4", Exits()), (Exits(), 1), (FIRES, lambda x, w, b: sys.stdout.close())],
)
def test_what_cannot_be_looked_at_ends_no_session(exercise_id, answer):
    assert not check(exercise_id, answer)
    assert check(FIRES, fires)


def test_a_file_that_is_unfinished_by_now_is_no_trouble(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def fires(x, w, b):\n    return missing\n")
    scope = runpy.run_path(str(path))
    path.write_text("def fires(x, w, b):\n    return (((\n")
    assert "NameError" in repr(check(FIRES, scope["fires"]))


def test_in_another_thread_there_is_no_limit():
    with concurrent.futures.ThreadPoolExecutor() as pool:
        assert pool.submit(check, FIRES, fires).result()


def test_a_result_does_not_hand_out_the_right_answer():
    result = check(FIRES, stops)
    assert result.exercise == (FIRES, "A unit that fires")
    assert not check(FIRES, getattr(result.exercise, "reference", 0))


def test_a_failing_case_can_be_looked_at_and_run_again():
    result = check(FIRES, lambda x, w, b: fires(x, w, 0))
    case = result.case
    assert case.name in repr(result) and set(case.inputs) == {"x", "w", "b"}
    np.testing.assert_array_equal(case.run(fires), case.expected)
    np.testing.assert_array_equal(case.run(lambda x, w, b: fires(x, w, 0)), case.got)
    with pytest.raises(ZeroDivisionError):
        case.run(lambda x, w, b: 1 / 0)
    before = copy.deepcopy(dict(case.inputs))
    case.run(lambda x, w, b: x.fill(7))
    np.testing.assert_equal(dict(case.inputs), before)
    assert "expected: array" in repr(case)
    assert 'case = check("90.1", fires).case' in repr(
        check(FIRES, lambda x, w, b: fires(x, w, b) + (x.size > 8))
    )
    assert check(FIRES, fires).case is None
    value = check("90.4", 6).case
    assert value.expected is None and "5.0" not in repr(value)


def shorten(g, most):
    n = np.linalg.norm(g)
    return g * most / n if n > most else g * 1.0


SHORTEN = Function(
    9, shorten,
    lambda rng: [("long", rng.normal(size=3) * 9, 2.0), ("short", [0.3, 0.4], 2.0), ("zero", [0.0], 1.0)],
    mistakes=[
        ("always", lambda g, most: g * most / max(np.linalg.norm(g), 1e-9), "ALWAYS"),
        ("largest", lambda g, most: g * min(1, most / max(abs(g).max(), 1e-9)), "LARGEST"),
        ("turned", lambda g, most: -shorten(g, most), "TURNED"),
        ("fails", lambda g, most: g.lenght, "FAILS"),
    ],
    id="90.9", signature="shorten(g, most)",
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda g, most: g * most / np.linalg.norm(g), "ALWAYS"),  # NaN for the gradient of zeros
        (lambda g, most: -shorten(g, most) if g.any() else None, "TURNED"),
        (lambda g, most: g * most / abs(g).max(), "LARGEST And that may not be all."),
        (
            lambda g, most: -shorten(g, most) if g.size > 2 else g * most / max(np.linalg.norm(g), 1e-9),
            "TURNED And that may not be all.",  # of two, the one on the input that is shown
        ),
        (
            lambda g, most: -g if g.size < 3 else g / 0,
            "With short: TURNED And that may not be all.",
        ),
        (lambda g, most: shorten(g, most) + 1.5 * g**2, ""),
        (lambda g, most: shorten(g, most) * np.nan, ""),
        (lambda g, most: np.full(g.shape, 0.5), ""),
        (lambda g, most: g.no_such_thing, ""),
    ],
)
def test_a_mistake_is_seen_where_it_tells_also_beside_another(answer, hint):
    assert grade(SHORTEN, answer).hint == hint


@pytest.mark.parametrize("said", ["80 %", "80%", " 80  % ", "80 %."])
def test_a_prediction_may_be_written_in_several_ways(said):
    share = Predict(11, "80 %", mistakes=[("all", "100 %", "ALL")], id="90.11", question='"80 %" or "100 %"?')
    assert grade(share, said)
    assert grade(share, said.replace("80", "100")).hint == "ALL"
    assert not grade(share, said.replace("80", "8 0"))


def standard(z):
    return (z - z.max()) * np.array([1.0, 2.0])


RELATED = Function(
    10, standard, lambda rng: [(f"{n} rows", rng.normal(size=(n, 2)) * 3) for n in (4, 3)],
    mistakes=[(str(k), lambda z, k=k: standard(z) + z ** (k + 2), str(k)) for k in range(3)],
    id="90.10", signature="standard(z)",
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda z: -standard(z), "Every number has the wrong sign."),
        (lambda z: standard(z) / np.log(2), "Every number is 1/ln 2 times what it should be."),
        (lambda z: standard(z) / z.mean(), "wrong by one factor"),
        (lambda z: standard(z) + 1, "Every number is too large by 1."),
        (lambda z: np.exp(standard(z)), "the exponential of what it should be"),
        (lambda z: 1 - standard(z), "1 minus what it should be"),
        (lambda z: standard(z).T, "Rows and columns have changed places."),
        (lambda z: standard(z)[::-1], "in the opposite order"),
        (lambda z: standard(z)[[1, 2, 0, *range(3, len(z))]], "their order is not"),
        (lambda z: np.roll(standard(z), 1, axis=0), "one place too late (axis 0)"),
        (lambda z: standard(z)[:, None], "the shape is not: (4, 1, 2) where (4, 2) is wanted"),
        (lambda z: standard(z)[:-1], "The last one is missing"),
        (lambda z: np.concatenate([standard(z), z[:1]]), "One too many at the end"),
        (lambda z: np.stack([standard(z) / 2, standard(z) / 2]), "add up along axis 0"),
        (lambda z: np.stack([standard(z) + 1, standard(z) - 1], axis=2), "take the mean along axis 2"),
        (lambda z: z, "What you give is `z` as it came in."),
        (lambda z: standard(z) + 1e-3 * np.sin(z), "Nearly: is a constant rounded"),
        (lambda z: np.log(np.exp(1000 * z)), "e to a large number overflows"),
        (lambda z: np.log(z * 0 - np.abs(np.sign(z)) * 0), "The logarithm of 0"),
        (lambda z: z * 0 / (z * 0), "0 / 0 is no number"),
        (lambda z: z if z > 0 else -z, "needs one yes or no"),
        (lambda z: z.sum(axis=2), "fewer axes"),
        (lambda z: z - z.mean(axis=1), "`keepdims=True` keeps the axis"),
        (lambda z: z @ z, "is one to be transposed"),
        (lambda z: z.reshape(5, 5), "A reshape keeps how many numbers there are"),
        (lambda z: 1 / (len(z) // 9), "That line divides by 0"),
        (lambda z: np.dot(z, z), "the last axis of the first is as long as the last but one of the second"),
        (lambda z: np.max(0, z), "`np.maximum` compares element by element"),
        (lambda z: z.sum(axis=(0, 0)), "That line sums over one axis twice"),
        (lambda z: -standard(z) if len(z) > 3 else z.reshape(5, 5), "Every number has the wrong sign."),
        (lambda z: standard(z) * np.where(z > z[0], 1.01, 0.99), "or something drawn?"),
    ],
)
def test_what_no_misconception_knows_is_told_by_its_relation_to_the_right_numbers(answer, hint):
    assert hint in grade(RELATED, answer).hint


COUNTED = Function(
    18, lambda x, most: np.flatnonzero(x <= most).sum(),
    lambda rng: [("six", rng.integers(0, 9, 6), 1), ("edge", [0, 1, 1, 2, 1], 1), ("none", [0][:0], 1)],
    mistakes=[
        ("edge", lambda x, most: np.flatnonzero(x < most).sum() + len(x), "EDGE"),
        ("all", lambda x, most: np.arange(len(x)).sum() + 99, "ALL"),
        ("how many", lambda x, most: (x <= most).sum() + 50, "HOW MANY"),
    ],
    id="90.18", signature="counted(x, most)",
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (
            lambda x, most: 0 * x.max() + np.flatnonzero(x < most).sum() + len(x),
            "EDGE And that may not be all.",  # it stops where there is no largest
        ),
        (lambda x, most: np.flatnonzero(x <= most).sum() if len(x) == 0 else 1, ""),  # not `most` as it came
    ],
)
def test_whole_numbers_tell_where_all_of_them_agree_and_one_number_for_all_does_not(answer, hint):
    assert grade(COUNTED, answer).hint == hint


def told_as_text(found, X, X_new):
    """What a measure says of classes: of other shapes than one a row no more than the shape."""
    return "right" if found.shape == X_new[:, 0].shape else f"an array of shape {found.shape}"


# Whether a training reaches its bar on each of two problems is said in words.
TWO_PROBLEMS = Function(
    19, lambda k: "reached", lambda rng: [("the first", 0), ("the second", 1)],
    mistakes=[
        ("uphill", lambda k: "the loss rises", "UPHILL"),
        ("short", lambda k: "the loss still falls", "SHORT"),
        ("one of two", lambda k: ("units that are all alike", "far")[k], "ALIKE"),
        ("another of two", lambda k: ("far", "far")[k], "FAR"),
    ],
    id="90.19", signature="trained(k)",
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        (("reached", "the loss rises"), "UPHILL"),
        (("the loss still falls", "reached"), "SHORT"),
        (("the loss still falls", "the loss rises"), "SHORT And that may not be all."),
        (("the loss rises", "something else"), "UPHILL And that may not be all."),
        (("reached", "far"), ""),
        (("something else", "reached"), ""),
    ],
)
def test_a_hint_to_what_is_said_in_words_of_one_case(said, hint):
    assert grade(TWO_PROBLEMS, lambda k: said[k]).hint == hint


CLASSES = Function(
    16, lambda X, X_new: X_new[:, 0] > 0,
    lambda rng: [("rows", rng.normal(size=(5, 3)), rng.normal(size=(7, 3)))],
    measure=told_as_text, mistakes=[(str(k), lambda X, X_new, k=k: X[:k], str(k)) for k in range(3)],
    id="90.16", signature="classes(X, X_new)",
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda X, X_new: X[:, 0], "You answer for each row of `X`. Asked for are those of `X_new`."),
        (lambda X, X_new: X_new[:, :2], "You return 2 numbers for each row of `X_new`. Asked for is one."),
        (lambda X, X_new: X_new[:4, 0], ""),
    ],
)
def test_answers_for_other_rows_are_told_by_their_shape(answer, hint):
    assert grade(CLASSES, answer).hint == hint


def of_several_shapes(values, k):
    return values[0].sum() * k + np.arange(4.0)


SHAPES = Function(
    17, of_several_shapes,
    lambda rng: [(f"times {k}", [rng.normal(size=2), rng.normal(size=(2, 3))], k) for k in (2, 3)],
    mistakes=[(str(k), lambda values, times, k=k: values[0][:k], str(k)) for k in range(3)],
    id="90.17", signature="of_several_shapes(values, k)",
)  # fmt: skip


def test_inputs_that_are_lists_of_arrays_are_no_obstacle():
    assert "values" in repr(result := grade(SHAPES, lambda values, k: np.sin(np.arange(4.0) * k)))
    assert result.status == "not yet" and not result.hint


@pytest.mark.parametrize(
    "answer", [lambda z: z**2, lambda z: standard(z) + (z > 0), lambda z: z[:, :1], lambda z: z.no_such_thing]
)
def test_where_there_is_no_relation_nothing_is_said(answer):
    assert not grade(RELATED, answer).hint


@pytest.mark.parametrize(
    "answer",
    [
        lambda z: np.zeros((0, 2)),
        lambda z: np.full(z.shape, 2**64 - 1, np.uint64),
        lambda z: -1e308 * np.ones_like(z),
        lambda z: z * 1e307,
        lambda z: z * 1e-320,
        lambda z: np.array([["a", "b"]] * len(z)),
        lambda z: z + 1j,
        lambda z: np.ones((1,) * 30),
        lambda z: nn.matmul(z, z),  # not allowed, and no matter of shapes
    ],
)
def test_odd_numbers_get_no_hint_that_is_untrue_and_python_does_not_warn(answer):
    result = grade(RELATED, answer)  # a warning would be an error here
    assert result.status == "not yet" and result.hint == ""


def test_outputs_that_changed_places_are_told_by_name():
    halves = Function(
        11, lambda z: (z.sum(), z.max()), lambda rng: [("three", rng.normal(size=3))],
        mistakes=[(str(k), lambda z, k=k: (k, k), str(k)) for k in range(3)], outputs="total largest",
        id="90.11", signature="halves(z)",
    )  # fmt: skip
    assert "`total` and `largest` have changed places" in grade(halves, lambda z: (z.max(), z.sum())).hint
    assert grade(halves, lambda z: (-z.sum(), z.max())).hint == ""  # of one number nothing is certain


def test_of_several_outputs_that_are_wrong_the_relation_or_the_right_ones_are_named():
    parts = Function(
        12, lambda z: (z + 1, 2 * z, z**2), lambda rng: [(f"{n}", rng.normal(size=n)) for n in (4, 6)],
        mistakes=[(str(k), lambda z, k=k: (z * k, z, z), str(k)) for k in range(3)], outputs="a b c",
        id="90.12", signature="parts(z)",
    )  # fmt: skip
    assert grade(parts, lambda z: (-z - 1, -2 * z, z**2)).hint == "`a`, `b`: Every number has the wrong sign."
    assert grade(parts, lambda z: (-z - 1, z**3, z**2)).hint == "Right: `c`. Wrong: `a`, `b`."
    assert grade(parts, lambda z: (-z - 1, z**3, z**4)).hint == ""


def test_right_numbers_of_a_wrong_kind_have_no_relation_to_tell():
    result = grade(RELATED, lambda z: RELATED.reference(z).astype(complex))
    assert result.status == "not yet" and result.hint == "" and "complex" in result.message


@pytest.mark.parametrize("odd", [[{"x": 1.0}, {"x": 2.0}], [np.eye(2), np.ones(3)], ["one", "two"]])
def test_an_input_that_is_no_array_does_not_spoil_the_message(odd):
    counted = Function(
        13, lambda z, rows: z * len(rows), lambda rng: [(f"{n} rows", np.ones(n) + n, odd) for n in (2, 3)],
        mistakes=[(str(k), lambda z, rows, k=k: z + k, str(k)) for k in range(3)],
        id="90.13", signature="counted(z, rows)",
    )  # fmt: skip
    result = grade(counted, lambda z, rows: z**3)
    assert "With 2 rows" in result.message and "2 of 2 elements are wrong" in result.message


def shift_all(parts):
    for part in parts:
        part += 1
    return parts


def test_an_answer_that_changes_arrays_in_a_list_is_told_how_to_copy_them():
    shifted = Function(
        14, lambda parts: [part + 1 for part in parts], lambda rng: [("two", [np.ones(2), np.ones(3)])],
        mistakes=[(str(k), lambda parts, k=k: k, str(k)) for k in range(3)],
        id="90.14", signature="shifted(parts)",
    )  # fmt: skip
    assert "Work on a copy: `[part.copy() for part in parts]`." in grade(shifted, shift_all).message


def test_a_step_back_past_the_budget_is_not_accepted():
    def train(X, y, X_new, steps, backward):
        net = nn.Sequential(nn.Linear(2, 2, rng=np.random.default_rng(0)))
        loss = nn.cross_entropy(net(X), y)
        backward(loss)
        nn.cross_entropy(net(X), y).backward()
        return np.zeros(len(X_new), dtype=int)

    said = check("08.11", train).message
    assert "uses `loss.backward`: here the `backward` that is handed in is meant" in said
    assert "nn.cross_entropy(net(X), y).backward()" in said


def high(z, marks):
    return np.flatnonzero(z.sum(axis=0) > 0)


COLUMNS = {
    "places": high,
    "yes or no": lambda z, marks: z.sum(axis=0) > 0,
    "sums": lambda z, marks: z.sum(axis=0),
    "empty rows": lambda z, marks: np.zeros((0, 4)),
}


def of_columns(kind):
    return Function(
        15, COLUMNS[kind],
        lambda rng: [(f"{n} rows", np.array([[1.0, -1, 2, -1, -2]] * n) * rng.uniform(1, 2, 5), [(1, [2])])
                     for n in (6, 4)],
        mistakes=[(str(k), lambda z, marks, k=k: k, str(k)) for k in range(3)],
        id="90.15", signature="columns(z, marks)",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "answer", "hint"),
    [
        ("places", lambda z, marks: z.sum(axis=0) > 0, "a yes or no for each. Asked are the places"),
        ("yes or no", high, "the places. Asked is a yes or no for each"),
        ("yes or no", lambda z, marks: [False, True, True, False, False], ""),  # as many is no order
        ("sums", lambda z, marks: z.sum(axis=1), "each row of `z`. Asked is one for each column."),
        ("sums", lambda z, marks: np.full(len(z), np.nan), "one number for each row of `z`"),
        ("sums", lambda z, marks: z.sum(axis=0) ** 2, ""),  # where an input is no array, nothing is compared
    ],
)
def test_of_yes_and_no_places_rows_and_columns_it_is_told_which_is_asked(kind, answer, hint):
    said = grade(of_columns(kind), answer).hint
    assert hint in said if hint else not said


def test_an_empty_list_is_an_empty_array_of_rows():
    assert grade(of_columns("empty rows"), lambda z, marks: [])
    assert not grade(of_columns("empty rows"), lambda z, marks: np.zeros((0, 3)))


def test_an_interrupted_answer_says_so():
    def endless(x, w, b):
        raise KeyboardInterrupt  # what Ctrl-C does

    assert "a loop that never stops" in repr(check(FIRES, endless))


@pytest.mark.parametrize(
    "exercise_id", ["90.99", "91.1", "x", "", 97, None, 99.5, "90.", "../90.1", "90.1.2"]
)
def test_an_unknown_exercise_lists_those_there_are(exercise_id):
    result = check(exercise_id, fires)
    assert result.status == "unknown" and "90.1, 90.2, 90.3, 90.4, 90.5" in repr(result)


@pytest.mark.parametrize("exercise_id", ["90.1", " 90.1 ", 90.1])
def test_an_id_may_be_written_in_other_ways(exercise_id):
    assert check(exercise_id, fires)


def test_the_message_tells_case_element_and_errors_in_full():
    def off_by_a_quarter(x, w, b):
        y = fires(x, w, b)
        return np.append(y[:-1], y[-1] + 0.25) if len(y.shape) and len(y) == 5 and x.shape[1] == 3 else y

    result = check(FIRES, off_by_a_quarter)
    assert "With a batch of five (x = an array of shape (5, 3), w = [" in result.message
    assert "1 of 5 elements is wrong; the worst, element [4] should be" in result.message
    assert "largest absolute error 0.25" in result.message
    assert "Works for: one input, inputs on both sides of the threshold, an empty batch." in result.details


def test_changed_inputs_are_seen_whatever_they_are():
    def spoil(items, table, n):
        items[0], table["new"] = 5, 1
        return 0.0

    inputs = {"items": [np.ones(2), "a"], "table": {"k": (1.0, np.nan)}, "n": np.nan}
    cases = lambda rng: [("all", *inputs.values())]  # noqa: E731
    exercise = Function(6, lambda *inputs: 0.0, cases, id="90.6", signature="f(items, table, n)")
    assert grade(exercise, lambda items, table, n: 0.0)
    assert "changes its input `items`, `table`" in repr(grade(exercise, spoil))


def test_weights_give_parts_of_the_points():
    exercise = Function(
        6, lambda x: x * x, lambda rng: [("small", 1.0), ("large", 100.0)],
        id="90.6", points=4, signature="square(x)", weights={"small": 0.25, "large": 0.75},
    )  # fmt: skip
    answers = (lambda x: x, lambda x: x * x, lambda x: 1e4, lambda x: 0)
    assert [grade(exercise, answer).score for answer in answers] == [1, 4, 3, 0]


def test_seeds_give_their_own_inputs_and_the_same_ones_again():
    exercise = chapter_exercises("90")[FIRES]
    inputs = [exercise.make_cases(seed)["one input"]["x"] for seed in (0, 1, 0)]
    assert np.array_equal(inputs[0], inputs[2]) and not np.array_equal(inputs[0], inputs[1])
    remembered = fires(**exercise.make_cases(0)["a batch of five"])
    hard_coded = lambda x, w, b: remembered if x.shape == (5, 3) else fires(x, w, b)  # noqa: E731
    assert grade(exercise, hard_coded, seed=0)
    assert not all(grade(exercise, hard_coded, seed) for seed in range(1, 6))


def test_checked_again_the_reference_and_the_mistakes_do_not_run_again_and_a_case_is_the_learners_own():
    ran = []

    def noted(name, double):
        return lambda x: ran.append(name) or double(x)

    mistakes = [("added", noted("added", lambda x: x + 2), "You add."), ("kept", noted("kept", abs), "Kept.")]
    exercise = Function(
        6, noted("reference", lambda x: 2 * x), lambda rng: [("three", np.arange(3.0))], mistakes=mistakes,
        id="90.6", signature="double(x)",
    )  # fmt: skip
    first = grade(exercise, lambda x: 3 * x)
    assert ran == ["reference", "added", "kept"]
    first.case.inputs["x"][:] = first.case.expected[:] = 7.0
    again = grade(exercise, lambda x: 3 * x)
    assert repr(again) == repr(first) and "array([0., 2., 4.])" in repr(again.case)
    assert grade(exercise, lambda x: x + 2).hint == "You add." and grade(exercise, lambda x: 2 * x)
    assert ran == ["reference", "added", "kept"]
    assert grade(exercise, lambda x: 2 * x, seed=1) and ran[3:] == ["reference"]


def test_the_same_answer_gets_the_same_words():
    assert repr(check(FIRES, stops)) == repr(check(FIRES, stops))


# --- values, predictions, explanations ------------------------------------------------------------

VALUES = [
    ("90.2", (np.array([2.0, 2.0]), -3.0), "passed", ""),
    ("90.2", [[2, 2], -3], "passed", ""),
    ("90.2", (np.ones(2), -0.5), "not yet", "Hint: That is OR"),
    ("90.2", np.ones(2), "not yet", "expected 2 values (an array of shape (2,), a number), got an"),
    ("90.2", (np.ones(2), "x"), "not yet", "got 2 values (an array of shape (2,), a text)"),
    ("90.2", (np.ones(2), Equal()), "not yet", "Your answer is an object of type `Equal`"),
    ("90.2", Hostile(), "not yet", "Your answer is something that does not become an array"),
    ("90.2", (np.ones(2), Hostile()), "not yet", "Your answer is something"),
    ("90.2", fires, "not yet", "Your answer is a function instead of its result"),
    ("90.2", (..., ...), "not started", ""),
    ("90.2", (np.ones(2), None), "not started", ""),
    ("90.2", ..., "not started", ""),
    ("90.3", "as often", "passed", "the boundary stays where it is"),
    ("90.3", " As often\n", "passed", ""),
    ("90.3", "more often", "not yet", "Hint: The bias is doubled too"),
    ("90.3", "b", "not yet", "Choose one of 'more often', 'less often', 'as often'; you gave the text 'b'"),
    ("90.3", 3, "not yet", "Choose one of"),
    ("90.3", Equal(), "not yet", "Your answer is an object"),
    ("90.4", 5, "passed", ""),
    ("90.4", np.float32(5), "passed", ""),
    ("90.4", "5", "not yet", "Expected a single number, got the text '5'"),
    ("90.4", 25, "not yet", "Hint: That is the squared norm"),
    ("90.4", 6, "not yet", "That is not the right value"),
    ("90.4", np.nan, "not yet", "The value is nan"),
    ("90.4", np.array([5.0]), "not yet", "got an array of shape (1,)"),
    ("90.5", "It could not fire at 0.", "to read", "You wrote:\nIt could not fire at 0."),
    ("90.5", "It could not fire at 0.", "to read", "☐ an example that this makes impossible, such as NOT"),
    ("90.5", ..., "to read", "Write your answer in the cell above"),
    ("90.5", "no idea", "to read", "what a good answer says comes when yours stands there"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise_id", "answer", "status", "told"), VALUES, ids=range(len(VALUES)))
def test_values_predictions_and_explanations(exercise_id, answer, status, told):
    result = check(exercise_id, answer)
    assert (result.status, told in repr(result)) == (status, True), result
    wrong_number = exercise_id == "90.4" and status == "not yet" and answer != "5"
    assert not wrong_number or " 5" not in repr(result), "the right value would be told"


def test_an_explanation_is_never_scored_by_us():
    words = "anything that has five words"
    assert check("90.5", words).score == 0 and not check("90.5", words)


def in_jupyterlab(saved, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", str(saved))


def in_vs_code(saved, monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "__vsc_ipynb_file__", str(saved), raising=False)


def in_its_folder(saved, monkeypatch):  # as nbclient, `jupyter execute` and other front ends begin a kernel
    monkeypatch.chdir(saved.parent)


@pytest.mark.parametrize("front_end", [in_jupyterlab, in_vs_code, in_its_folder])
def test_an_essay_is_read_from_the_saved_notebook(front_end, solution, monkeypatch, tmp_path):
    notebook = nbformat.reads(student_version(solution), as_version=4)
    (essay,) = (c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "90-5")
    saved = tmp_path / "90_example.ipynb"
    front_end(saved, monkeypatch)
    assert not check("90.5").details, "not saved yet"
    nbformat.write(notebook, saved)
    assert not check("90.5").details and "such as NOT" not in repr(check("90.5"))
    essay.source = "Its boundary could not move away from 0."
    nbformat.write(notebook, saved)
    assert "Its boundary could not move" in repr(check("90.5")) and "such as NOT" in repr(check("90.5"))
    saved.write_text("{}")
    assert not check("90.5").details


@pytest.mark.parametrize(
    ("expected", "got", "told"),
    [
        (1.0, 1.0 + 1e-9, ""),
        (0.0, 1e-3, "should be 0 and is 0.001 (largest absolute error 0.001)"),
        (100.0, 101.0, "(largest absolute error 1, relative 0.01)"),
        (np.inf, np.inf, ""),
        (np.inf, -np.inf, "is -inf, expected inf"),
        (np.inf, 5.0, "is 5, expected inf"),
        (5.0, np.inf, "is inf, expected 5"),
        (np.nan, np.nan, ""),
        (np.nan, 0.0, "is 0, expected nan"),
        (np.zeros(5), 0.0, "expected an array of shape (5,), got a single number"),
        (np.zeros(5), np.zeros((5, 1)), "got an array of shape (5, 1)"),
        (np.zeros(0), np.zeros((0, 3)), "got an array of shape (0, 3)"),
        (np.zeros(0), np.zeros(0), ""),
        (np.array([1 + 1j]), np.array([1.0]), "should be 1+1j and is 1"),
        (np.array([1.0, 2.0]), (1, 2), ""),
        ((1.0, 2.0), np.array([1.0, 2.0]), ""),
        ((1.0, 2.0), (1.0, 3.0), "value 2 of 2: the value should be 2 and is 3"),
        ((1.0, 2.0), (1.0,), "expected 2 values"),
        ((1.0, 2.0), 1.0, "expected 2 values"),
        (np.array([1.0, 2.0]), (1, 2j), "expected real numbers, got complex ones"),
        (np.array([1.0, 2.0]), (1, "2"), "expected an array of shape (2,), got 2 values (a number, a text)"),
        (np.array([1.0, 2.0]), (1, [1, 2]), "got 2 values (a number, an array of shape (2,))"),
        (((1.0, np.ones(2)), 2.0), np.ones(2), "expected 2 values (2 values (a number, an array of"),
        (((1.0, np.ones(2)), 2.0), ((1.0, np.zeros(2)), 2.0), "value 1 of 2: value 2 of 2: 2 of 2 elements"),
        ({"a": 1.0}, {"a": 1.0}, ""),
        ({"a": 1.0}, {"a": 2.0}, "`a`: the value should be 1"),
        ({"a": 1.0}, {"b": 1.0}, "expected a dictionary with a, got a dictionary with b"),
        ({"a": 1.0}, {"a": 1.0, "b": 1.0}, "got a dictionary with a, b"),
        ("AND", "AND", ""),
        ("AND", "OR", "expected the text 'AND', got the text 'OR'"),
        (["AND", "OR"], ["AND", "OR"], ""),
        (["AND", "OR"], ["AND", "NOR"], "value 2 of 2: expected the text 'OR'"),
        (1.0, "1", "expected a single number, got the text '1'"),
        ("1", 1.0, "expected the text '1', got the number 1"),
        (True, 1.0, ""),
        (np.array([True, False]), np.array([0.0, 0.0]), "element [0] should be 1 and is 0"),
        (np.array([[1.0, 2.0]]), [[1.0, 2.0]], ""),
        (np.uint8(255), np.uint8(0), "should be 255 and is 0 (largest absolute error 255"),
    ],
)  # fmt: skip
def test_difference(expected, got, told):
    text = difference(plain(expected), plain(got), 1e-5, 1e-7)
    assert told in text and bool(text) == bool(told)


@pytest.mark.parametrize(
    ("right", "given", "nearly"),
    [
        (3.16228, 3.16, True),
        (148.41, 148.0, True),
        (-0.001234, -0.0012, True),
        (3.16228, 3.17, False),
        (5.0, 6.0, False),
    ],
)
def test_a_number_with_too_few_digits_is_nearly_right(right, given, nearly):
    said = difference(np.array(right), np.array(given), 1e-5, 1e-7, reveal=False)
    assert said == ("nearly: give more digits" if nearly else "that is not the right value")


@pytest.mark.parametrize("value", [1, 2.5, True, "text", [1, 2], (1, "a"), {"a": [1.0]}, [[1], [2, 3]], None])
def test_plain_data_describes_itself(value):
    assert describe(value) and plain(plain(value)) is not Ellipsis


def test_what_is_no_data_is_unfit():
    for value in (object(), {1}, iter([]), lambda: 0, b"bytes", [object()], np.array(["a", 1], dtype=object)):
        with pytest.raises(Unfit):
            plain(value)


# --- kinds of answers that chapters ask for ---------------------------------------------------------


def perceptron_step(w, b, x, y):
    return (w + y * x, b + y) if y * (x @ w + b) <= 0 else (w, b)


def two_layers(answer, x):
    W1, b1, w2, b2 = answer
    return ((np.maximum(x @ W1 + b1, 0) @ w2 + b2) > 0).astype(float)


def rate(current, threshold):
    with np.errstate(all="ignore"):
        return np.where(current > threshold, 1 / np.log(current / (current - threshold)), 0.0)


def pieces(x, y):
    return 1 + int(np.sum(~np.isclose(np.diff(np.diff(y) / np.diff(x)), 0)))


LIKE = {"id": "90.7", "title": "One of a chapter's"}
CORNERS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
XOR_WEIGHTS = (np.ones((2, 2)), np.array([0.0, -1.0]), np.array([1.0, -2.0]), -0.5)


def corrections(rng):
    yield "a mistake", [1.0, -2.0], 0.5, [1.0, 1.0], 1
    yield "on the boundary", np.zeros(2), 0.0, [3.0, 1.0], -1
    yield "no mistake", [1.0, 2.0], 0.5, [1.0, 1.0], 1


def one(name, *inputs):
    return lambda rng: [(name, *inputs)]


STEP = Function(7, perceptron_step, corrections, signature="step(w, b, x, y)", **LIKE)
XOR = Value(7, XOR_WEIGHTS, one("the four corners", CORNERS), run=two_layers, **LIKE)
CURRENTS = one("currents below and above", np.linspace(0, 3, 7), 1.0)
RATE = Function(7, rate, CURRENTS, signature="rate(current, threshold)", **LIKE)
BUMP = one("a bump", np.arange(5.0), [0.0, 0.0, 1.0, 0.0, 0.0])
PIECES = Function(7, pieces, BUMP, signature="pieces(x, y)", **LIKE)


def step_in_place(w, b, x, y):
    if y * (x @ w + b) <= 0:
        w += y * x
        b += y
    return w, b


CHAPTER_LIKE = [
    (STEP, perceptron_step, "Passed"),
    (STEP, lambda w, b, x, y: list(perceptron_step(w, b, x, y)), "Passed"),
    (STEP, step_in_place, "changes its input `w`. Work on a copy: `w.copy()`"),
    (
        STEP,
        lambda *given: perceptron_step(*given)[0],
        "expected 2 values (an array of shape (2,), a number), got an array of",
    ),
    (
        STEP,
        lambda *given: perceptron_step(*given)[::-1],
        "value 1 of 2: expected an array of shape (2,), got a",
    ),
    (STEP, lambda w, b, x, y: (w + y * x, b), "value 2 of 2: the value should be 1.5 and is 0.5"),
    (XOR, XOR_WEIGHTS, "Passed"),
    (XOR, [[[1, 1], [1, 1]], [0, -1], [1, -2], -0.5], "Passed"),
    (XOR, (*XOR_WEIGHTS[:3], np.array([-0.5])), "Passed"),  # it does the same
    (
        XOR,
        XOR_WEIGHTS[:3],
        "expected 4 values (an array of shape (2, 2), an array of shape (2,), an array of",
    ),
    (XOR, (np.ones((2, 3)), *XOR_WEIGHTS[1:]), "got 4 values (an array of shape (2, 3), an array"),
    (XOR, (*XOR_WEIGHTS[:3], 5.0), "2 of 4 elements are wrong; the worst, element [0] should be 0 and is 1"),
    (RATE, rate, "Passed"),
    (RATE, lambda i, t: 1 / np.log(i / (i - t)), "is nan, expected 0"),
    (RATE, lambda i, t: [float(rate(v, t)) for v in i], "Passed"),
    (
        RATE,
        lambda i, t: rate(i, t) if i > t else 0,
        "ValueError: The truth value of an array with more than one",
    ),
    (PIECES, pieces, "Passed"),
    (PIECES, lambda x, y: np.int64(4), "Passed"),
    (PIECES, lambda x, y: np.array([4]), "expected a single number, got an array of shape (1,)"),
    (
        PIECES,
        lambda x, y: 3.5,
        "the value should be 4 and is 3.5 (largest absolute error 0.5, relative 0.125)",
    ),
]


@pytest.mark.parametrize(("exercise", "answer", "told"), CHAPTER_LIKE, ids=range(len(CHAPTER_LIKE)))
def test_kinds_of_answers_that_chapters_ask_for(exercise, answer, told):
    assert told in repr(grade(exercise, answer))


# --- how it looks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "allows", "problem"),
    [
        (lambda x: (2 * nn.Tensor(x) + 1 - -nn.Tensor(x)).mean().data, ["Tensor"], ""),
        (lambda x: (x[None] @ nn.Tensor(x) + nn.Tensor(x) @ x).data, ["Tensor"], ""),
        (lambda x: nn.relu(nn.Tensor(x)).data, ["Tensor"],
            "uses `nn.relu`: here `nn.Tensor` with NumPy is meant"),
        (lambda x: nn.add(x, 1), ["softmax"], "uses `nn.add`: here `nn.softmax` with NumPy is meant"),
    ],
    ids=["operators and methods", "the matrix product", "another function", "no class is allowed"],
)  # fmt: skip
def test_who_may_use_a_class_may_use_what_tensors_do(answer, allows, problem):
    assert run_case(lambda answer, x: answer(x), answer, {"x": np.ones(2)}, allows).problem == problem


def test_code_that_calls_itself_a_library_may_use_no_more():
    def disguised(x):
        scope = {"x": x, "nn": nn}
        exec(compile("y = nn.relu(x)", "<frozen abc>", "exec"), scope)
        return scope["y"]

    assert run_case(lambda answer, x: answer(x), disguised, {"x": np.ones(2)}, []).problem.startswith(
        "uses `nn.relu`"
    )


def test_a_check_may_be_profiled():
    with cProfile.Profile() as profile:
        passed = run_case(lambda answer, x: answer(x), np.square, {"x": np.ones(2)}, [])
        np.linalg.norm(np.ones(2))
    assert not passed.problem
    assert any(entry.code.co_name == "norm" for entry in profile.getstats() if hasattr(entry.code, "co_name"))


def test_a_function_of_a_part_that_is_loaded_only_now_is_named():
    said = subprocess.run([sys.executable, "-c", textwrap.dedent("""
        import numpy as np, nnlearn as nn
        from nnlearn.exercises.runner import run_case
        def answer(x):
            return nn.data.standardize(x)
        print(run_case(lambda answer, x: answer(x), answer, {"x": np.ones((2, 2))}, ()).problem)
    """)], capture_output=True, text=True).stdout  # fmt: skip
    assert said.startswith("uses `nn.standardize`")


def test_html_says_the_same_in_words_and_escapes_what_learners_write():
    def script(x, w, b):
        raise ValueError("<script>alert('`x`')</script>")

    bundle = check(FIRES, script)._repr_mimebundle_()
    assert "<script" not in bundle["text/html"] and "&lt;script&gt;" in bundle["text/html"]
    assert "✗ Not yet" in bundle["text/html"] and "role='status'" in bundle["text/html"]
    assert bundle["text/plain"].startswith("✗ Not yet: 90.1 A unit that fires\n")


@pytest.mark.parametrize(("answer", "points"), [(fires, "3"), (stub, "0"), (stops, "0")])
def test_under_nbgrader_the_plain_text_is_the_points(answer, points, monkeypatch, tmp_path):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert check(FIRES, answer)._repr_mimebundle_()["text/plain"] == points
    assert check("90.9", answer)._repr_mimebundle_()["text/plain"] == "0"
    assert not (tmp_path / "home").exists()  # grading is nobody's progress


# --- progress -------------------------------------------------------------------------------------


def progress():
    return CliRunner().invoke(app, ["progress"], env={"COLUMNS": "100"})


def test_progress_shows_done_tried_and_open(monkeypatch):
    monkeypatch.setattr(chapters, "__path__", [str(EXAMPLE)])
    for exercise_id, answer in [(FIRES, fires), (FIRES, stops), ("90.2", 3), ("90.3", ...)]:
        check(exercise_id, answer)
    line = next(line for line in progress().output.splitlines() if "90" in line)
    assert [part.strip() for part in line.split("│")[1:-1]] == [
        "90 An example", "■□□□", "1 of 4", "90.2", "90.3  90.4", "90.5",
    ]  # fmt: skip
    assert "Next: 90.2 Weights for AND" in progress().output


def test_a_disk_that_cannot_be_written_does_not_matter(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NNLEARN_HOME", str(tmp_path / "file" / "below"))
    assert check(FIRES, fires)
    assert progress().exit_code == 0


# --- what authors get told ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"points": 0}, "points is 0"),
        ({"weights": {"one": 0.5}}, "weights sum to 0.5"),
    ],
)
def test_a_malformed_specification_is_refused(change, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        Value(6, 1.0, id="90.6", **change)


def test_a_specification_without_its_task_is_refused(monkeypatch, tmp_path):
    (tmp_path / "ch91.py").write_text(
        "from nnlearn.exercises import Value\nONE, TWO = Value(1, 1.0), Value(2, 1.0)"
    )
    text = (EXAMPLE / "90_example.ipynb").read_text().replace("90.", "91.").replace("90-", "91-")
    (tmp_path / "91_other.ipynb").write_text(text)
    monkeypatch.setattr(chapters, "__path__", [str(tmp_path)])
    with pytest.raises(ValueError, match=r"specifies 91\.1, 91\.2; the notebook has 91\.1, .*91\.5"):
        chapter_exercises("91")


def test_what_an_exercise_asks_is_read_from_its_notebook():
    fires, _, doubled, _, words = chapter_exercises("90").values()
    assert (fires.title, fires.points, fires.signature) == ("A unit that fires", 3, "fires(x, w, b)")
    assert (doubled.points, doubled.signature) == (1, "")
    assert doubled.choices == ["more often", "less often", "as often"]  # as the question has them
    assert (words.title, words.points, words.graded) == ("Why a bias?", 2, False)


def test_what_a_learner_does_to_the_notebook_changes_no_exercise(monkeypatch, tmp_path):
    """In a clone the learner writes in exercises/ itself: what is asked is read from solutions/."""
    for folder in ("solutions", "exercises"):
        (tmp_path / folder).mkdir()
    kept = (EXAMPLE / "90_example.ipynb").read_text(encoding="utf-8")
    (tmp_path / "solutions" / "90_example.ipynb").write_text(kept, encoding="utf-8")
    (tmp_path / "exercises" / "90_example.ipynb").write_text('{"cells": [half', encoding="utf-8")
    monkeypatch.setattr(chapters, "__path__", [])
    monkeypatch.setattr(tasks, "course_folder", lambda: tmp_path)
    assert tasks.notebook_of("90").parent.name == "solutions"
    (tmp_path / "solutions" / "90_example.ipynb").unlink()  # as in an installed package
    assert tasks.notebook_of("90").parent.name == "exercises"


def test_an_edit_whose_text_is_not_there_is_refused():
    with pytest.raises(ValueError, match="does not stand in square"):
        edit("x**3", "x").applied_to(square)


def test_an_edit_of_a_helper_changes_what_the_reference_gives():
    assert edit("x**2", "x**3", of=square).applied_to(twice_the_square)(2.0) == 16.0
    assert twice_the_square(2.0) == 8.0


def test_the_example_holds_what_is_asked_of_every_grader(solution):
    answers = read_answers(nbformat.read(solution, as_version=4), chapter_exercises("90"))
    assert list(answers) == ["90.1", "90.2", "90.3", "90.4"]
    for answer in answers.values():
        hold_to_account(answer)
    rejected = {i: mutate(answer) for i, answer in answers.items()}
    assert sum(len(alive) for alive, _ in rejected.values()) <= 0.1 * sum(n for _, n in rejected.values()), (
        rejected
    )


def wrong(*answers, hints="123"):
    return {"mistakes": [(hint, answer, hint) for answer, hint in zip(answers, hints, strict=True)]}


def zero(x):
    return 0.0


def minus(x):
    return -x


def square(x):
    return x**2


def twice_the_square(x):
    return 2 * square(x)


WEAK = {
    "a misconception that passes": (wrong(lambda x: x, minus, square), "'1'"),
    "hints shared": (wrong(zero, minus, square, hints="112"), "share a hint"),
    "too few": (wrong(zero, hints="1"), "at least three"),
    "told apart by no case": (wrong(zero, lambda x: 0 * x, minus), "gets another hint"),
    "a helper in run": ({"run": lambda f, x: f(x) if textwrap else 0}, "run uses {'textwrap'}"),
    "a reference that is no solution": ({"reference": minus}, "the solution fails"),
}


@pytest.mark.parametrize(("change", "told"), WEAK.values(), ids=WEAK)
def test_a_weak_specification_is_found_out(change, told):
    sound = {
        "id": "90.6", "title": "Keep", "signature": "f(x)",
        "reference": lambda x: x, "cases": lambda rng: [("two", 2.0)],
    }  # fmt: skip
    exercise = Function(6, **sound | wrong(zero, minus, square) | change)
    with pytest.raises(AssertionError, match=re.escape(told)):
        hold_to_account(Answer(exercise, 1, "", "lambda x: x", {}))


def test_cases_that_tell_too_little_apart_let_mutants_live():
    source = "def f(x):\n    ### BEGIN SOLUTION\n    return np.maximum(x, 0)\n    ### END SOLUTION\n"
    for x, survives in (2.0, True), ([[2.0, -1.0, 0.5]], False):
        exercise = Function(
            6, lambda x: np.maximum(x, 0), lambda rng, x=x: [("one", x)], id="90.6", signature="f(x)"
        )
        alive, count = mutate(Answer(exercise, 1, source, "f", {"np": np}))
        assert count >= 3 and bool(alive) == survives, alive


def test_a_mutant_that_never_ends_is_rejected():
    loop = "while n > 0:\n        n -= 1\n    return n"
    source = f"def f(n):\n    ### BEGIN SOLUTION\n    {loop}\n    ### END SOLUTION\n"
    exercise = Function(6, lambda n: 0, lambda rng: [("five", 5)], id="90.6", signature="f(n)")
    alive, count = mutate(Answer(exercise, 1, source, "f", {}))
    assert count >= 8 and not [line for line in alive if "+=" in line], alive


# --- notebooks ------------------------------------------------------------------------------------

HERE = f"import nnlearn.exercises.chapters\nnnlearn.exercises.chapters.__path__.append({str(EXAMPLE)!r})"


def test_the_students_notebook_has_no_solutions_and_the_same_cells(solution):
    text = student_version(solution)
    assert text == (EXAMPLE / "90_example.ipynb").read_text(encoding="utf-8")
    student, teacher = nbformat.reads(text, as_version=4), nbformat.read(solution, as_version=4)
    assert text == student_version(solution)
    assert "SOLUTION" not in text and "np.sqrt" not in text and "NOT must fire" not in text
    assert text.count("# YOUR CODE HERE\\n") == 4 and "YOUR ANSWER HERE" in text
    assert [c.id for c in student.cells] == [c.id for c in teacher.cells]
    nbformat.validate(student)
    answers = read_answers(student, chapter_exercises("90"))
    assert {grade(a.exercise, a.value()).status for a in answers.values()} == {"not started"}


def run_in_kernel(client, source, meanwhile=lambda: None):
    """What a cell shows: a list of its outputs."""
    shown = []
    client.execute(source)
    meanwhile()
    while True:
        message = client.get_iopub_msg(timeout=WAIT)
        if message["msg_type"] in ("execute_result", "error", "stream"):
            shown.append(message["content"])
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return shown


def test_in_a_kernel_run_all_goes_on_and_an_endless_loop_can_be_stopped(solution, tmp_path):
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(EXAMPLE))
    try:
        assert run_in_kernel(client, HERE) == []
        student = nbformat.reads(student_version(solution), as_version=4)
        shown = [run_in_kernel(client, c.source) for c in student.cells if c.cell_type == "code"]
        results = [outputs[0]["data"] for outputs in shown if outputs]
        assert [r["text/plain"][:6] for r in results] == ["○ Not "] * 4 + ["✎ For "]
        assert all("<div role='status'" in r["text/html"] for r in results)

        wrong = "def fires(x, w, b):\n    z = x @ w\n    return z.T.missing\ncheck('90.1', fires)"
        (output,) = run_in_kernel(client, wrong)
        assert "stops at line 3: return z.T.missing\nAttributeError: 'numpy." in output["data"]["text/plain"]

        def interrupt_when_it_loops():
            while not (tmp_path / "loops").exists():
                time.sleep(0.01)
            manager.interrupt_kernel()

        endless = (
            f"def fires(x, w, b):\n    open({str(tmp_path / 'loops')!r}, 'w').close()\n    while True: pass\n"
        )
        (output,) = run_in_kernel(client, endless + "check('90.1', fires)", interrupt_when_it_loops)
        assert "a loop that never stops" in output["data"]["text/plain"]

        quick = (
            "import functools, nnlearn.exercises as e; e.time_limit = functools.partial(e.time_limit, 0.3)"
        )
        assert run_in_kernel(client, quick) == []
        (output,) = run_in_kernel(client, "def fires(x, w, b):\n    while True: pass\ncheck('90.1', fires)")
        assert "It was stopped after" in output["data"]["text/plain"]
        (output,) = run_in_kernel(client, "1 + 1")
        assert output["data"]["text/plain"] == "2", "the kernel lives"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


NOISY = """import sys, warnings
def fires(x, w, b):
    print("to stderr", file=sys.stderr)
    warnings.warn("careful")
    return (x @ w + b >= 0) * 1.0"""


def test_nbgraders_own_commands_release_and_grade_the_same_notebooks(solution, tmp_path):
    source = nbformat.read(solution, as_version=4)
    here = nbformat.v4.new_code_cell(HERE, id="here")  # the example's chapter is not in the package's folder
    source.cells.insert(0, here)
    path = tmp_path / "source" / "90" / "90_example.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(source, path)
    stub = f'c.ClearSolutions.code_stub = {{"python": {STUB!r}}}'
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\n{stub}\n")
    search = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # nbgrader calls alembic by its name

    def nbgrader(*arguments):
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | {"PATH": search},
            capture_output=True,
            text=True,
            timeout=WAIT,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    nbgrader("generate_assignment", "90")
    released = nbformat.read(tmp_path / "release" / "90" / path.name, as_version=4)
    assert released == nbformat.reads(student_version(path), as_version=4)

    given = {"90-1": NOISY, "90-2": "w, b = np.ones(2), -0.5", "90-4": "norm = 5", "90-5": "In my own words"}
    for cell in released.cells:
        cell.source = given.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    submitted = tmp_path / "submitted" / "student" / "90" / path.name
    submitted.parent.mkdir(parents=True)
    nbformat.write(released, submitted)
    nbgrader("autograde", "90")
    with contextlib.closing(sqlite3.connect(tmp_path / "gradebook.db")) as book:
        scores = dict(
            book.execute("select name, auto_score from grade join base_cell on base_cell.id = grade.cell_id")
        )
    assert scores == {
        "90-1-check": 3,  # right, though it prints to stderr and warns
        "90-2-check": 0,  # wrong
        "90-3-check": 0,  # not started
        "90-4-check": 1,
        "90-5": None,  # a person grades it
    }


WITH_A_BUDGET = [
    exercise
    for chapter in chapter_modules()
    for exercise in chapter_exercises(chapter).values()
    if "backward" in exercise.signature.partition("(")[2]
]


@pytest.mark.parametrize("exercise", WITH_A_BUDGET, ids=lambda exercise: exercise.id)
def test_a_step_back_that_is_counted_holds_no_loss(exercise):
    """A loss holds all that led to it: kept to the end, a training would fill the memory."""
    kept = []

    class Loss:
        def backward(self):
            pass

    def train(*inputs):
        loss = Loss()
        held = weakref.ref(loss)
        inputs[-1](loss)
        del loss
        kept.append(held())

    with contextlib.suppress(Exception):  # what is no model may be refused
        exercise.run(train, **next(iter(exercise.make_cases().values())))
    assert kept and not any(kept)
