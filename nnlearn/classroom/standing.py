"""How everybody stands: which attempt of each chapter counts, what it has earned, and what is still open."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from nnlearn.classroom.grading import Grade
from nnlearn.classroom.policy import Person, Policy
from nnlearn.classroom.store import HandedIn, Mark, Store, answer_hash
from nnlearn.exercises.ids import chapter_of
from nnlearn.exercises.spec import Exercise, chapter_exercises


def exercise_of(grade: Grade) -> Exercise:
    return chapter_exercises(chapter_of(grade.exercise))[grade.exercise]


@dataclass(frozen=True)
class Line:
    """One exercise: what was computed, and what a person has decided.

    `former` is what was decided last on another answer of the student's, where this one is not marked.
    """

    grade: Grade
    mark: Mark | None = None
    former: Mark | None = None

    @property
    def score(self) -> float | None:
        """The person's score if there is one, else the computed one; None while it is open."""
        return self.mark.score if self.mark and self.mark.score is not None else self.grade.score


@dataclass(frozen=True)
class ChapterStanding:
    """A student's chapter: the attempt that counts, or none.

    `others` are attempts that would count instead if all that is open in them had its points.
    """

    student: str
    chapter: str
    attempt: HandedIn | None = None
    lines: tuple[Line, ...] = ()
    days_late: int = 0
    share: float = 1.0  # of the points, that lateness leaves
    others: tuple["ChapterStanding", ...] = ()

    @property
    def score(self) -> float | None:
        """The points, after lateness; None where nothing has a score yet."""
        scores = [line.score for line in self.lines if line.score is not None]
        return sum(scores) * self.share if scores else None

    @property
    def out_of(self) -> float:
        """All points that there are to get."""
        return sum(exercise.points for exercise in chapter_exercises(self.chapter).values())

    @property
    def pending(self) -> float:
        """The points of what has no score yet."""
        return sum(line.grade.points for line in self.lines if line.score is None)

    @property
    def most(self) -> float:
        """The points, if all that is open had its points."""
        return (self.score or 0.0) + self.pending * self.share

    @property
    def status(self) -> str:
        """In words: what has come of it."""
        if self.attempt is None:
            return "nothing handed in"
        if self.lines and all(line.grade.status == "rejected" for line in self.lines):
            return "could not be read"
        late = {0: "handed in", 1: "a day late"}.get(self.days_late, f"{self.days_late} days late")
        return late if self.share == 1 else f"{late}: {100 * self.share:.0f} % of the points count"


@dataclass(frozen=True)
class StudentStanding:
    """A student, with the row of the roster if there is one."""

    id: str
    name: str
    person: Person | None
    chapters: tuple[ChapterStanding, ...]

    @property
    def score(self) -> float | None:
        """The sum over the chapters that have a score."""
        scores = [chapter.score for chapter in self.chapters if chapter.score is not None]
        return sum(scores) if scores else None

    @property
    def out_of(self) -> float:
        return sum(chapter.out_of for chapter in self.chapters)

    @property
    def pending(self) -> float:
        return sum(chapter.pending for chapter in self.chapters)


class Standing:
    """The whole class, from its store: everybody on the roster, and everybody who ever had a folder.

    With `student` there is no other in it.
    """

    def __init__(self, store: Store, student: str | None = None) -> None:
        self.policy: Policy = store.policy
        self._only = student
        self.folders, self.left_out = store.noted()
        marks = store.marks(student)
        self._marks = {(mark.student, mark.exercise, mark.answer): mark for mark in marks}
        self._last = {(mark.student, mark.exercise): mark for mark in marks}
        self.grades = list(store.grades(student))
        self.attempts = store.attempts(student)

    @cached_property
    def chapters(self) -> list[str]:
        """Those that anybody has handed in, or that were due."""
        return sorted({attempt.chapter for attempt in self.attempts} | self.policy.due.keys())

    @cached_property
    def students(self) -> list[StudentStanding]:
        """By the roster's order, then all others."""
        people = {person.id: person for person in self.policy.roster}
        others = sorted({a.student for a in self.attempts} | self.folders.keys())
        return [
            StudentStanding(
                student,
                people[student].name if student in people else student,
                people.get(student),
                tuple(self._chapter(student, chapter) for chapter in self.chapters),
            )
            for student in dict.fromkeys([*people, *others])
            if self._only in (None, student)
        ]

    @cached_property
    def _by_attempt(self) -> dict[tuple[str, str, str], list[Grade]]:
        found: dict[tuple[str, str, str], list[Grade]] = {}
        for grade in self.grades:
            key = grade.student, chapter_of(grade.exercise), grade.submission
            found.setdefault(key, []).append(grade)
        return found

    @cached_property
    def _attempts(self) -> dict[tuple[str, str], list[HandedIn]]:
        groups = itertools.groupby(self.attempts, key=lambda attempt: (attempt.student, attempt.chapter))
        return {key: list(group) for key, group in groups}

    def _chapter(self, student: str, chapter: str) -> ChapterStanding:
        attempts = self._attempts.get((student, chapter), [])
        every = [self._standing(attempt) for attempt in attempts]
        if not every:
            return ChapterStanding(student, chapter)
        if self.policy.attempts == "best":
            best = max(every, key=_score)
            others = (s for s in every if s is not best and s.most > best.most)
            return replace(best, others=tuple(others))
        newness = [(attempt.exact, attempt.written) for attempt in attempts]
        # A zip may give two the same time: which is the newer is not known, and the better one counts.
        return max((s for s, new in zip(every, newness, strict=True) if new == newness[-1]), key=_score)

    def _standing(self, attempt: HandedIn) -> ChapterStanding:
        key = attempt.student, attempt.chapter, attempt.submission
        lines = map(self._line, self._by_attempt.get(key, ()))
        late = self.policy.days_late(attempt.student, attempt.chapter, attempt.first or attempt.written)
        share = self.policy.share(late)
        return ChapterStanding(attempt.student, attempt.chapter, attempt, tuple(lines), late, share)

    def _line(self, grade: Grade) -> Line:
        whose = grade.student, grade.exercise
        marks = (self._marks.get((*whose, answer)) for answer in (answer_hash(grade.source), ""))
        mark = next(filter(None, marks), None)
        return Line(grade, mark, None if mark else self._last.get(whose))


def _score(standing: ChapterStanding) -> float:
    return standing.score or 0.0


def counted(students: Iterable[StudentStanding]) -> Sequence[Line]:
    """Every exercise of the attempts that count."""
    return [line for student in students for chapter in student.chapters for line in chapter.lines]
