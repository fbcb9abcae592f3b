"""Whose answers are alike in what few others have written: a report to look into, not a verdict.

copydetect compares code by winnowed fingerprints (Schleimer, Wilkerson, Aiken, 2003), whatever the variables
are called. What many share, from the hand-out or because there is one way to write it, does not count.
"""

import io
import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from copydetect import CodeFingerprint, compare_files
from copydetect.utils import highlight_overlap
from markupsafe import Markup

from nnlearn.classroom.report import template
from nnlearn.classroom.standing import Standing, exercise_of
from nnlearn.classroom.store import Store
from nnlearn.training.saving import write

GRAM, WINDOW = 25, 5  # letters of code, names left out, that are compared; of so many places one is kept
COMMON = 0.1  # the part of a class that may share a passage before it says nothing, but four at least
MOST = 50  # pairs in a report


@dataclass(frozen=True)
class Pair:
    """Two students' answers of a chapter: the part of the code of each that only few have like it."""

    students: tuple[str, str]
    shares: tuple[float, float]
    marked: tuple[str, str]  # the code as HTML, what is alike between <mark> and </mark>


def write_similar(store: Path, out: Path) -> int:
    """Write a page with the likest pairs of each chapter; how many pairs there are.

    Raises ValueError for a store without answers in code.
    """
    standing = Standing(Store(store, make=False))
    chapters = {}
    for chapter in standing.chapters:
        answers = _answers(standing, chapter)
        if len(answers) > 1:
            chapters[chapter] = likest(answers)
    if not chapters:
        raise ValueError(f"{store} holds no two students' answers to compare")
    names = {student.id: student.name for student in standing.students}
    page = template("similar.html").render(chapters=chapters, names=names, markup=Markup)
    write(out, page.encode("utf-8", "replace"))
    return sum(map(len, chapters.values()))


def _answers(standing: Standing, chapter: str) -> dict[str, str]:
    """{student: the code of all answers that a computer grades}, of the attempts that count."""
    found: dict[str, str] = {}
    for student in standing.students:
        for theirs in student.chapters:
            lines = theirs.lines if theirs.chapter == chapter else ()
            codes = [line.grade.source for line in lines if exercise_of(line.grade).graded]
            if "".join(codes).strip():
                found[student.id] = "\n\n".join(codes)
    return found


def likest(answers: Mapping[str, str]) -> list[Pair]:
    """The pairs that share most, by the smaller of the two shares."""
    prints = _prints(answers, [])
    owners: dict[int, list[str]] = defaultdict(list)
    for student, fingerprint in prints.items():
        for code in set(map(int, fingerprint.hashes)):
            owners[code].append(student)
    most = max(4, round(COMMON * len(answers)))
    common = [code for code, names in owners.items() if len(names) > most]
    shared = Counter(
        pair
        for code, names in owners.items()
        if 1 < len(names) <= most
        for pair in itertools.combinations(names, 2)
    )
    prints = _prints(answers, common)
    pairs = [_pair(pair, answers, prints) for pair, _ in shared.most_common(4 * MOST)]
    return sorted(pairs, key=lambda pair: -min(pair.shares))[:MOST]


def _prints(answers: Mapping[str, str], common: Sequence[int]) -> dict[str, CodeFingerprint]:
    return {
        student: CodeFingerprint(
            student, GRAM, WINDOW, boilerplate=list(common), language="python", fp=io.StringIO(code)
        )
        for student, code in answers.items()
    }


def _pair(names: tuple[str, str], answers: Mapping[str, str], prints: Mapping[str, CodeFingerprint]) -> Pair:
    _, shares, slices = compare_files(prints[names[0]], prints[names[1]])
    marked = []
    for name, parts in zip(names, slices, strict=True):
        done = highlight_overlap(answers[name], parts, "<mark>", "</mark>", escape_html=True)
        marked.append(str(done[0]))
    return Pair(names, (float(shares[0]), float(shares[1])), (marked[0], marked[1]))
