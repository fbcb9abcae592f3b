"""From a folder of submissions, SUBMISSIONS/<student>/NN_name.ipynb, to the questions yet to be graded."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nnlearn.classroom.grading import Grade, Question, specification, student_seed
from nnlearn.classroom.store import Store
from nnlearn.classroom.submission import LARGEST, Rejected, find_answer, read_cells
from nnlearn.exercises.spec import chapter_exercises, chapter_modules


@dataclass
class Collection:
    """The notebooks of a class, and in sentences what in the folder is none."""

    notebooks: list[tuple[str, str, Path]] = field(default_factory=list)  # (student, chapter, file)
    odd: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many questions these are."""
        return sum(len(chapter_exercises(chapter)) for _, chapter, _ in self.notebooks)


def fits_as_name(student: str) -> bool:
    """True for what may name a student: it becomes a file's name in the reports."""
    return bool(re.fullmatch(r"[^\W_][\w .@+'-]*", student)) and len(student) <= 100


def collect(folder: Path) -> Collection:
    """All notebooks in a folder of submissions.  Raises ValueError where there is none."""
    found = Collection()
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder: expected one with a folder for each student")
    for home in sorted(folder.iterdir()):
        if home.is_symlink() or not home.is_dir():
            found.odd.append(f"{home.name}: no student's folder")
        elif not fits_as_name(home.name):
            found.odd.append(f"{home.name!r}: no name of a student (letters, digits, space, . @ + ' - _)")
        else:
            for file in sorted(home.glob("*.ipynb")):
                chapter = re.match(r"(\d\d)_", file.name)
                if file.is_symlink() or not chapter or chapter[1] not in chapter_modules():
                    found.odd.append(f"{home.name}/{file.name}: this course has no exercises of that name")
                elif (home.name, chapter[1]) in {entry[:2] for entry in found.notebooks[-3:]}:
                    found.odd.append(f"{home.name}/{file.name}: a second notebook of chapter {chapter[1]}")
                else:
                    found.notebooks.append((home.name, chapter[1], file))
    if not found.notebooks:
        said = f" ({'; '.join(found.odd[:3])})" if found.odd else ""
        raise ValueError(f"{folder} holds no submissions: expected {folder}/<student>/NN_name.ipynb{said}")
    return found


def questions(
    collection: Collection, store: Store, secret: bytes, isolated: bool
) -> Iterator[Question | Grade | None]:
    """For each question: itself, the grade of one that cannot be asked, or None where the store has it."""
    for student, chapter, file in collection.notebooks:
        submission, spec = _hash(file), specification(chapter)
        store.hand_in(student, chapter, submission, spec)
        wanted = {
            name: exercise
            for name, exercise in chapter_exercises(chapter).items()
            if not store.has(student, name, submission, spec)
        }
        yield from [None] * (len(chapter_exercises(chapter)) - len(wanted))
        if not wanted:
            continue
        try:
            cells = read_cells(file)
        except Rejected as problem:
            for name, exercise in wanted.items():
                score = 0.0 if exercise.graded else None
                yield Grade(student, name, submission, spec, "rejected", score, exercise.points, str(problem))
            continue
        for name, exercise in wanted.items():
            seed, answer = student_seed(secret, student, name), find_answer(cells, exercise)
            yield Question(student, name, submission, spec, answer, seed, isolated)


def _hash(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.sha256(data.read(LARGEST + 1)).hexdigest()[:32]
