"""Where grades are kept: one SQLite file. What a notebook got is one transaction, safe on the disk.

A question is known by student, exercise, the hash of what was submitted and that of what it was graded by:
graded once, it is not graded again; changed on either side, it is. What a person has marked is kept beside
what was computed. Nothing is ever deleted.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from nnlearn.classroom.grading import COULD_NOT_RUN, Grade
from nnlearn.classroom.policy import Policy, read_policy
from nnlearn.exercises.ids import chapter_of, place
from nnlearn.exercises.renumbering import renumbered

VERSION = 3
_GRADES = """
CREATE TABLE grades (
    student TEXT, exercise TEXT, submission TEXT, spec TEXT,
    status TEXT NOT NULL, score REAL, points REAL NOT NULL,
    message TEXT, hint TEXT, misconception TEXT, details TEXT, isolated INTEGER,
    brief TEXT NOT NULL DEFAULT '', source TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (student, exercise, submission, spec)
) WITHOUT ROWID;
"""
_ATTEMPTS = """
CREATE TABLE attempts (
    student TEXT, chapter TEXT, submission TEXT, spec TEXT NOT NULL,
    file TEXT NOT NULL DEFAULT '', written REAL NOT NULL DEFAULT 0, exact INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (student, chapter, submission)
) WITHOUT ROWID;
CREATE TABLE marks (
    student TEXT, exercise TEXT, score REAL, comment TEXT NOT NULL, at REAL,
    PRIMARY KEY (student, exercise, at)
) WITHOUT ROWID;
CREATE TABLE left_out (entry TEXT PRIMARY KEY, why TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE students (student TEXT PRIMARY KEY, number TEXT NOT NULL) WITHOUT ROWID;
"""
_SCHEMA = f"CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;{_GRADES}{_ATTEMPTS}"


class StoreError(ValueError):
    """The store cannot be used; the message says why."""


@dataclass(frozen=True)
class HandedIn:
    """An attempt that was graded: the notebook's hash, that of what graded it, its file and its time."""

    student: str
    chapter: str
    submission: str
    spec: str
    file: str = ""
    written: float = 0.0
    exact: bool = True


@dataclass(frozen=True)
class Mark:
    """What a person has decided on an exercise of a student: a score, or None for a comment alone."""

    student: str
    exercise: str
    score: float | None
    comment: str
    at: float


class Store:
    """The grades in a file, made if it is not there.  Raises StoreError for a file that is something else."""

    def __init__(self, path: Path, make: bool = True) -> None:
        if not make and not path.is_file():
            raise StoreError(f"there is no store {path}: `nnlearn grade` makes it")
        self.path = path
        try:
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._db.create_function("chapter_of", 1, chapter_of, deterministic=True)
            self._db.create_function("number_of", 1, lambda name: place(name)[1], deterministic=True)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._prepare()
        except sqlite3.Error as error:
            raise StoreError(f"{path} cannot be used as a store of grades: {error}") from None

    def _prepare(self) -> None:
        with self._transaction():
            if not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
                self._run(_SCHEMA)
                start = [("version", VERSION), ("secret", secrets.token_bytes(32))]
                self._db.executemany("INSERT INTO meta VALUES (?, ?)", start)
        try:
            version = self._meta("version")
        except (sqlite3.Error, TypeError):
            raise StoreError(f"{self.path} is a database, but not a store of grades") from None
        if version not in (1, 2, VERSION):
            said = f"version {version} of the store; this is version {VERSION}"
            raise StoreError(f"{self.path} was made by {said}")
        if version == 1:
            self._renumber()
        if version in (1, 2):
            self._keep_attempts()

    def _run(self, script: str) -> None:
        for statement in script.split(";"):
            self._db.execute(statement)

    def _renumber(self) -> None:
        """Give the grades of a store of version 1 the numbers that chapters have now, once, all or none."""
        with self._transaction():
            if self._meta("version") != 1:  # another process was quicker
                return
            self._db.create_function("renumbered", 1, renumbered, deterministic=True)
            # From the highest chapter down, so that none takes the place of one that has not moved yet.
            for (chapter,) in self._db.execute(
                "SELECT DISTINCT chapter FROM handed_in ORDER BY 1 DESC"
            ).fetchall():
                for change in (
                    "UPDATE grades SET exercise = renumbered(exercise) WHERE chapter_of(exercise) = ?",
                    "UPDATE handed_in SET chapter = rtrim(renumbered(chapter || '.'), '.') WHERE chapter = ?",
                ):
                    self._db.execute(change, (chapter,))
            self._db.execute("UPDATE meta SET value = 2 WHERE key = 'version'")

    def _keep_attempts(self) -> None:
        """From version 2, which kept one notebook of a student and chapter, the last one graded."""
        with self._transaction():
            if self._meta("version") != 2:
                return
            self._run(_ATTEMPTS)
            for column in ("brief", "source"):
                self._db.execute(f"ALTER TABLE grades ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
            self._db.execute(
                "INSERT INTO attempts (student, chapter, submission, spec) "
                "SELECT student, chapter, submission, spec FROM handed_in"
            )
            self._db.execute("INSERT INTO students SELECT DISTINCT student, '' FROM handed_in")
            self._db.execute("DROP TABLE handed_in")
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'version'", (VERSION,))

    def _meta(self, key: str) -> Any:
        return self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0]

    @property
    def secret(self) -> bytes:
        """What each attempt's inputs are drawn with, if the class has no secret of its own."""
        return bytes(self._meta("secret"))

    def use_secret(self, secret: bytes) -> None:
        """Draw new inputs with this secret; existing grades stay.  Raises StoreError for an empty one."""
        if not secret.strip():
            raise StoreError("the secret is empty: anybody could draw the same inputs")
        self._write("UPDATE meta SET value = ? WHERE key = 'secret'", secret)

    @property
    def policy(self) -> Policy:
        """The class's rules and roster, as they were given last."""
        rows = dict(self._db.execute("SELECT key, value FROM meta WHERE key IN ('class', 'roster')"))
        return read_policy(rows.get("class", ""), bytes(rows.get("roster", b"")))

    def use_policy(self, text: str, roster: bytes) -> None:
        """Keep the rules and the roster of a class, as their files are."""
        with self._transaction():
            for key, value in (("class", text), ("roster", roster)):
                self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def rename(self, names: Mapping[str, str]) -> None:
        """Give what is kept under a folder's name to the person of the roster it belongs to."""
        with self._transaction():
            for name, person in names.items():
                for table in ("attempts", "grades", "marks", "students") if name != person else ():
                    change = f"UPDATE OR REPLACE {table} SET student = ? WHERE student = ?"
                    self._db.execute(change, (person, name))

    def note(self, students: Mapping[str, str], left_out: Mapping[str, str]) -> None:
        """Remember who has a folder, with the number a platform gives, and what was left out this time."""
        with self._transaction():
            for student, number in students.items():
                self._db.execute("INSERT OR REPLACE INTO students VALUES (?, ?)", (student, number))
            self._db.execute("DELETE FROM left_out")
            self._db.executemany("INSERT INTO left_out VALUES (?, ?)", left_out.items())

    def noted(self) -> tuple[dict[str, str], dict[str, str]]:
        """{student: number} of all who ever had a folder, {entry: why} of what was left out last."""
        students = dict(self._db.execute("SELECT student, number FROM students ORDER BY student"))
        return students, dict(self._db.execute("SELECT entry, why FROM left_out ORDER BY entry"))

    def graded(self, student: str, submission: str, spec: str) -> set[str]:
        """The exercises that have a grade, and not just a failed attempt."""
        rows = self._db.execute(
            "SELECT exercise FROM grades WHERE (student, submission, spec) = (?, ?, ?) AND status != ?",
            (student, submission, spec, COULD_NOT_RUN),
        )
        return {exercise for (exercise,) in rows}

    def put(self, attempt: HandedIn, grades: Iterable[Grade] = ()) -> None:
        """Keep an attempt and its grades, all or none. When this returns they are on the disk."""
        row = asdict(attempt)
        with self._transaction():
            self._db.execute(
                f"INSERT OR REPLACE INTO attempts VALUES ({', '.join('?' * len(row))})", (*row.values(),)
            )
            known = self.graded(attempt.student, attempt.submission, attempt.spec)
            for grade in grades:
                if grade.status == COULD_NOT_RUN and grade.exercise in known:  # nothing takes a grade's place
                    continue
                values = asdict(grade) | {"details": json.dumps(grade.details)}
                self._db.execute(
                    f"INSERT OR REPLACE INTO grades VALUES ({', '.join('?' * len(values))})",
                    [_text(value) for value in values.values()],
                )

    def attempts(self) -> list[HandedIn]:
        """All attempts, each student's of a chapter from the one that counts least to the newest."""
        order = "student, chapter, exact, written, submission"
        rows = self._db.execute(f"SELECT * FROM attempts ORDER BY {order}").fetchall()
        return [replace(HandedIn(*row), exact=bool(row[-1])) for row in rows]

    def grades(self) -> Iterator[Grade]:
        """The grades of all attempts, by student and exercise, in the order of `attempts`."""
        rows = self._db.execute(
            "SELECT grades.* FROM grades JOIN attempts USING (student, submission, spec) "
            "WHERE chapter_of(exercise) = chapter "
            "ORDER BY student, chapter, number_of(exercise), exact, written, submission"
        )
        names = [field.name for field in fields(Grade)]
        for row in rows:
            known: dict[str, Any] = dict(zip(names, row, strict=True))
            known |= {"details": tuple(json.loads(known["details"])), "isolated": bool(known["isolated"])}
            yield Grade(**known)

    def mark(self, student: str, exercise: str, score: float | None, comment: str) -> None:
        """Keep what a person has decided, beside what was computed; the last one counts."""
        row = (student, exercise, score, _text(comment), time.time())
        self._write("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?, ?)", *row)

    def marks(self) -> dict[tuple[str, str], Mark]:
        """{(student, exercise): the mark that counts}."""
        rows = self._db.execute("SELECT * FROM marks ORDER BY at")
        return {(row[0], row[1]): Mark(*row) for row in rows}

    def _write(self, statement: str, *values: object) -> None:
        with self._transaction():
            self._db.execute(statement, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing.  Raises StoreError, for example on a full disk."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"a grade could not be written: {error}") from error
        finally:
            if self._db.in_transaction:  # on a full disk SQLite has already gone back
                self._db.execute("ROLLBACK")

    def close(self) -> None:
        self._db.close()


def _text(value: Any) -> Any:
    """A text as SQLite can hold it: without halves of characters."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
