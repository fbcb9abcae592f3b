"""What a learner has tried and solved: one file for each fact, so that nothing can be half-written.

`07.6.tried` and `07.6.passed` are empty, as are `07.6.wrong-1b2c3d4e` for each wrong answer that differs from
the others and `07.6.again-20420` for each day on which it was solved again; `07.6.answer` holds the last
answer that passed, or else the last.
"""

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

import platformdirs

from nnlearn.exercises.renumbering import renumbered
from nnlearn.training.saving import write

HONEST = 3  # different wrong answers before ours is shown


def folder() -> Path:
    """Where progress is kept: in NNLEARN_HOME if that is set, else in the user's data folder."""
    return _home() / "progress-2"


def _home() -> Path:
    return Path(os.environ.get("NNLEARN_HOME") or platformdirs.user_data_dir("nnlearn", appauthor=False))


def _take_over() -> None:
    """What was recorded under the former numbers, under the ones of now; the old folder stays as it is."""
    former, new = _home() / "progress", folder().with_name(f"progress-2.{os.getpid()}")
    if folder().exists() or not former.is_dir():
        return
    new.mkdir(exist_ok=True)
    for path in former.iterdir():
        (new / renumbered(path.name)).touch()
    try:
        new.rename(folder())
    except OSError:  # another kernel was quicker
        shutil.rmtree(new)


def can_be_kept() -> bool:
    """Whether progress can be written to its folder."""
    try:
        _take_over()
        folder().mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder(), os.W_OK)


def record(exercise_id: str, passed: bool, answer: str = "", judged: bool = False) -> None:
    """Remember a try or a pass, and the answer; a disk that is full or locked does not bother the learner.

    A wrong answer counts where it was `judged`: what gives nothing to compare is no honest try.
    """
    if os.environ.get("NBGRADER_EXECUTION"):  # an instructor grades: that is nobody's progress
        return
    with contextlib.suppress(OSError, RuntimeError):  # the latter where there is no home
        _take_over()
        folder().mkdir(parents=True, exist_ok=True)
        if answer and (passed or not (folder() / f"{exercise_id}.passed").exists()):
            write(folder() / f"{exercise_id}.answer", answer.encode("utf-8", "replace"))
        (folder() / f"{exercise_id}.{'passed' if passed else 'tried'}").touch()
        if judged:
            told_apart = hashlib.sha256("".join(answer.split()).encode("utf-8", "replace")).hexdigest()[:8]
            (folder() / f"{exercise_id}.wrong-{told_apart}").touch()


def wrong_answers(exercise_id: str) -> int:
    """How many wrong answers, spaces aside all different, have been tried."""
    return len(_named(f"{exercise_id}.wrong-*"))


def last_answer(exercise_id: str) -> str:
    """The last answer that passed, or else the last; "" where none was given."""
    return next((path.read_text(encoding="utf-8") for path in _named(f"{exercise_id}.answer")), "")


def record_review(exercise_id: str, seed: int) -> None:
    """Remember that it was solved again on a seed's inputs; from now on counts the time until the next."""
    with contextlib.suppress(OSError, RuntimeError):
        (folder() / f"{exercise_id}.again-{seed}").touch()
        (folder() / f"{exercise_id}.passed").touch()


def reviews(exercise_id: str) -> int:
    """How often it was solved again."""
    return len(_named(f"{exercise_id}.again-*"))


def passed_at(exercise_id: str) -> float | None:
    """When it was last passed, in seconds since 1970; None where it never was."""
    return next((path.stat().st_mtime for path in _named(f"{exercise_id}.passed")), None)


def _named(pattern: str) -> list[Path]:
    """The files of a name; none where the folder cannot be read."""
    with contextlib.suppress(OSError, RuntimeError):
        return list(folder().glob(pattern))
    return []


def recorded() -> dict[str, str]:
    """{exercise id: "passed" or "tried"}; what was passed once stays passed."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError, RuntimeError):
        _take_over()
        for path in sorted(folder().iterdir(), reverse=True):  # "tried" before "passed", which replaces it
            exercise_id, _, state = path.name.rpartition(".")
            if state in ("tried", "passed"):
                found[exercise_id] = state
    return found
