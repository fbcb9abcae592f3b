"""Where grades are kept: one SQLite file. Each grade is one transaction, written through to the disk.

A question is known by student, exercise, the hash of what was submitted and that of what it was graded by:
graded once, it is not graded again; changed on either side, it is. Nothing is ever deleted.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from nnlearn.classroom.grading import COULD_NOT_RUN, Grade
from nnlearn.exercises.ids import chapter_of, place
from nnlearn.exercises.renumbering import renumbered

VERSION = 2
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE grades (
    student TEXT, exercise TEXT, submission TEXT, spec TEXT,
    status TEXT NOT NULL, score REAL, points REAL NOT NULL,
    message TEXT, hint TEXT, misconception TEXT, details TEXT, isolated INTEGER,
    PRIMARY KEY (student, exercise, submission, spec)
) WITHOUT ROWID;
CREATE TABLE handed_in (
    student TEXT, chapter TEXT, submission TEXT, spec TEXT, PRIMARY KEY (student, chapter)
) WITHOUT ROWID;
"""


class StoreError(ValueError):
    """The store cannot be used; the message says why."""


class Store:
    """The grades in a file, made if it is not there.  Raises StoreError for a file that is something else."""

    def __init__(self, path: Path, make: bool = True) -> None:
        if not make and not path.is_file():
            raise StoreError(f"there is no store {path}: `nnlearn grade` makes it")
        try:
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._db.create_function("chapter_of", 1, chapter_of, deterministic=True)
            self._db.create_function("number_of", 1, lambda name: place(name)[1], deterministic=True)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._prepare(path)
        except sqlite3.Error as error:
            raise StoreError(f"{path} cannot be used as a store of grades: {error}") from None

    def _prepare(self, path: Path) -> None:
        with self._transaction():
            if not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                start = [("version", VERSION), ("secret", secrets.token_bytes(32))]
                self._db.executemany("INSERT INTO meta VALUES (?, ?)", start)
        try:
            version = self._meta("version")
        except (sqlite3.Error, TypeError):
            raise StoreError(f"{path} is a database, but not a store of grades") from None
        if version == 1:
            self._renumber()
        elif version != VERSION:
            raise StoreError(f"{path} was made by version {version} of the store; this is version {VERSION}")

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
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'version'", (VERSION,))

    def _meta(self, key: str) -> Any:
        return self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0]

    @property
    def secret(self) -> bytes:
        """What each student's inputs are drawn with, if the class has no secret of its own."""
        return bytes(self._meta("secret"))

    def use_secret(self, secret: bytes) -> None:
        """Draw new inputs with this secret; existing grades stay."""
        self._write("UPDATE meta SET value = ? WHERE key = 'secret'", secret)

    def hand_in(self, student: str, chapter: str, submission: str, spec: str) -> None:
        """Remember which notebook of a student counts, and what it is graded by."""
        row = (student, chapter, submission, spec)
        self._write("INSERT OR REPLACE INTO handed_in VALUES (?, ?, ?, ?)", *row)

    def has(self, student: str, exercise: str, submission: str, spec: str) -> bool:
        """True if there is a grade, and not just a failed attempt."""
        found = self._db.execute(
            "SELECT status FROM grades WHERE (student, exercise, submission, spec) = (?, ?, ?, ?)",
            (student, exercise, submission, spec),
        ).fetchone()
        return found is not None and found[0] != COULD_NOT_RUN

    def put(self, grade: Grade) -> None:
        """Keep a grade. When this returns it is on the disk."""
        row = asdict(grade) | {"details": json.dumps(grade.details)}
        self._write(f"INSERT OR REPLACE INTO grades VALUES ({', '.join('?' * len(row))})", *row.values())

    def grades(self) -> Iterator[Grade]:
        """The grades that count, of each student's latest notebooks, by student and exercise."""
        rows = self._db.execute(
            "SELECT grades.* FROM grades JOIN handed_in USING (student, submission, spec) "
            "WHERE chapter_of(exercise) = chapter ORDER BY student, chapter, number_of(exercise)"
        )
        names = [field.name for field in fields(Grade)]
        for row in rows:
            known: dict[str, Any] = dict(zip(names, row, strict=True))
            known |= {"details": tuple(json.loads(known["details"])), "isolated": bool(known["isolated"])}
            yield Grade(**known)

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
