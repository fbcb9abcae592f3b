"""Where grades are kept: one SQLite file. What a notebook got is one transaction, safe on the disk.

A question is known by student, exercise, the hash of what was submitted and that of what it was graded by:
graded once, it is not graded again; changed on either side, it is. What a person has marked is kept beside
what was computed, and belongs to the answer that was read. Nothing is ever deleted.
"""

import hashlib
import json
import math
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from nnlearn.classroom.grading import COULD_NOT_RUN, Grade
from nnlearn.classroom.policy import Policy, read_policy
from nnlearn.exercises.ids import chapter_of, place
from nnlearn.exercises.renumbering import renumbered

VERSION = 4
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
    first REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (student, chapter, submission)
) WITHOUT ROWID;
CREATE TABLE marks (
    student TEXT, exercise TEXT, score REAL, comment TEXT NOT NULL, at REAL,
    answer TEXT NOT NULL DEFAULT '', ticks TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (student, exercise, at)
) WITHOUT ROWID;
CREATE TABLE left_out (entry TEXT PRIMARY KEY, why TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE students (student TEXT PRIMARY KEY, number TEXT NOT NULL) WITHOUT ROWID;
"""
_TABLES = ("meta", "grades", "attempts", "marks", "left_out", "students")
_COLUMNS = [field.name for field in fields(Grade)]
_SCHEMA = f"CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;{_GRADES}{_ATTEMPTS}"


_ROOM = "what was kept before is safe: see that the disk has room, and the same command goes on"
_COPY = "copy it to where you may write"


class StoreError(ValueError):
    """The store cannot be used; the message says why."""


@dataclass(frozen=True)
class HandedIn:
    """An attempt that was graded: the notebook's hash, that of what graded it, its file and its time.

    The same notebook handed in again is the same attempt: `written` is the last time, `first` the first. 0 is
    a time that is not known.
    """

    student: str
    chapter: str
    submission: str
    spec: str
    file: str = ""
    written: float = 0.0
    exact: bool = True
    first: float = 0.0


@dataclass(frozen=True)
class Mark:
    """What a person has decided on an exercise of a student: a score, or None for a comment alone.

    `answer` is the hash of the answer that was read, "" in marks from before there were hashes, which hold
    for any; `ticks` are the points of the rubric that the person found in it.
    """

    student: str
    exercise: str
    score: float | None
    comment: str
    at: float
    answer: str = ""
    ticks: tuple[str, ...] = ()


_policy = lru_cache(maxsize=2)(read_policy)  # read for every mark


def answer_hash(source: str) -> str:
    """What an answer is known by, so that a mark given to it is not taken for one of another."""
    return hashlib.sha256(_text(source).encode()).hexdigest()[:32]


class Store:
    """The grades in a file, made if it is not there.  Raises StoreError for a file that is something else."""

    def __init__(self, path: Path, make: bool = True) -> None:
        if not make and not path.is_file():
            raise StoreError(f"there is no store {path}: `nnlearn grade` makes it")
        if not make and not path.stat().st_size:
            raise StoreError(f"{path} is an empty file and holds no grades: `nnlearn grade` begins it anew")
        self.path = path
        try:
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._db.create_function("chapter_of", 1, chapter_of, deterministic=True)
            self._db.create_function("number_of", 1, lambda name: place(name)[1], deterministic=True)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._prepare()
            (found,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            raise self._error("cannot be used as a store of grades", error) from None
        if found != "ok":
            raise StoreError(_damaged(path, found))

    def _error(self, what: str, error: sqlite3.Error) -> StoreError:
        """What went wrong, and the way out."""
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith("SQLITE_CORRUPT"):
            return StoreError(_damaged(self.path, error))
        way = {"FULL": _ROOM, "IOERR": _ROOM, "READONLY": _COPY}
        said = next((f"; {way[key]}" for key in way if name.startswith(f"SQLITE_{key}")), "")
        return StoreError(f"{self.path} {what}: {error}{said}")

    def _prepare(self) -> None:
        with self._transaction():
            if not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
                self._run(_SCHEMA)
                start = [("version", VERSION), ("secret", secrets.token_bytes(32))]
                self._db.executemany("INSERT INTO meta VALUES (?, ?)", start)
        try:
            version = self._meta("version")
        except (sqlite3.Error, TypeError):
            raise StoreError(f"{self.path} is a database, but not a store of grades, or is damaged") from None
        if version not in range(1, VERSION + 1):
            said = f"version {version} of the store; this is version {VERSION}"
            raise StoreError(f"{self.path} was made by {said}")
        if version == 1:
            self._renumber()
        if version in (1, 2):
            self._keep_attempts()
        if version == 3:
            self._tell_answers_apart()

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

    def _tell_answers_apart(self) -> None:
        """From version 3, in which a mark held whatever was handed in later."""
        with self._transaction():
            if self._meta("version") != 3:
                return
            for column in ("answer TEXT NOT NULL DEFAULT ''", "ticks TEXT NOT NULL DEFAULT '[]'"):
                self._db.execute(f"ALTER TABLE marks ADD COLUMN {column}")
            self._db.execute("ALTER TABLE attempts ADD COLUMN first REAL NOT NULL DEFAULT 0")
            self._db.execute("UPDATE attempts SET first = written")
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'version'", (VERSION,))

    def salvage(self, path: Path) -> int:
        """Take over what can be read of a damaged store, into this one, a new one; how many rows that is.

        Of rows that cannot be what was written none is taken. Raises StoreError where nothing can be read.
        """
        if self._db.execute("SELECT 1 FROM grades UNION SELECT 1 FROM marks").fetchone():
            raise StoreError(f"{self.path} has grades already: name a new store for what is left of {path}")
        damaged = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        rows: dict[str, dict[tuple, None]] = {table: {} for table in _TABLES}
        for table, kept in rows.items():
            keys = [name for _, name, *_, key in self._db.execute(f"PRAGMA table_info({table})") if key]
            for order in ("", " DESC"):  # from both ends to where the damage is
                by = ", ".join(key + order for key in keys)
                with suppress(sqlite3.Error):
                    for row in damaged.execute(f"SELECT * FROM {table} ORDER BY {by}"):
                        kept[row] = None
        damaged.close()
        if not rows["grades"] and not rows["marks"]:
            raise StoreError(f"nothing can be read of {path}: grade again, into a new store")
        rows["grades"] = {row: None for row in rows["grades"] if _may_be(Grade(*row))}
        with self._transaction():
            for table, kept in rows.items():
                for row in kept:
                    self._db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({_places(row)})", row)
        return sum(map(len, rows.values()))

    def _meta(self, key: str) -> Any:
        return self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0]

    def _rows(self, query: str, *values: object) -> list[tuple]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._error("cannot be read", error) from None

    @property
    def secret(self) -> bytes:
        """What each attempt's inputs are drawn with, if the class has no secret of its own."""
        return bytes(self._meta("secret"))

    def use_secret(self, secret: bytes) -> None:
        """Draw new inputs with this secret; existing grades stay.  Raises StoreError for an empty one."""
        if not secret.strip():
            raise StoreError("the secret is empty: anybody could draw the same inputs")
        self._write("UPDATE meta SET value = ? WHERE key = 'secret'", secret)

    def _of(self, query: str, which: str, order: str, student: str | None) -> list[tuple]:
        """The rows of everybody, or of one student."""
        whose, values = ("", ()) if student is None else (" AND student = ?", (student,))
        return self._rows(f"{query} WHERE {which}{whose} ORDER BY {order}", *values)

    @property
    def policy(self) -> Policy:
        """The class's rules and roster, as they were given last."""
        rows = dict(self._rows("SELECT key, value FROM meta WHERE key IN ('class', 'roster')"))
        return _policy(rows.get("class", ""), bytes(rows.get("roster", b"")))

    def use_policy(self, text: str, roster: bytes) -> None:
        """Keep the rules and the roster of a class, as their files are."""
        with self._transaction():
            for key, value in (("class", text), ("roster", roster)):
                self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def rename(self, names: Mapping[str, str]) -> None:
        """Give what is kept under a folder's name to the person of the roster it belongs to.

        Where both handed in the same notebook, its first time stays, and no failed run takes a grade's place.
        """
        with self._transaction():
            for name, person in names.items():
                if name != person:
                    self._rename(name, person)

    def _rename(self, name: str, person: str) -> None:
        for row in self._rows("SELECT * FROM attempts WHERE student = ?", name):
            self._insert_attempt(replace(HandedIn(*row), student=person))
        self._db.execute("DELETE FROM attempts WHERE student = ?", (name,))
        change = "UPDATE OR {} {} SET student = ? WHERE student = ? AND {}"
        for table, which in ("grades", f"status != '{COULD_NOT_RUN}'"), ("marks", "1"), ("students", "1"):
            self._db.execute(change.format("REPLACE", table, which), (person, name))
        self._db.execute(change.format("IGNORE", "grades", "1"), (person, name))
        self._db.execute("DELETE FROM grades WHERE student = ?", (name,))

    def note(self, students: Mapping[str, str], left_out: Mapping[str, str]) -> None:
        """Remember who has a folder, with the number a platform gives, and what was left out this time."""
        with self._transaction():
            for student, number in students.items():
                self._db.execute("INSERT OR REPLACE INTO students VALUES (?, ?)", (student, number))
            self._db.execute("DELETE FROM left_out")
            self._db.executemany("INSERT INTO left_out VALUES (?, ?)", left_out.items())

    def noted(self) -> tuple[dict[str, str], dict[str, str]]:
        """{student: number} of all who ever had a folder, {entry: why} of what was left out last."""
        students = dict(self._rows("SELECT student, number FROM students ORDER BY student"))
        return students, dict(self._rows("SELECT entry, why FROM left_out ORDER BY entry"))

    def graded(self, student: str, submission: str, spec: str) -> set[str]:
        """The exercises that have a grade, and not just a failed attempt."""
        rows = self._rows(
            "SELECT exercise FROM grades WHERE (student, submission, spec) = (?, ?, ?) AND status != ?",
            *(student, submission, spec, COULD_NOT_RUN),
        )
        return {exercise for (exercise,) in rows}

    def put(self, attempt: HandedIn, grades: Iterable[Grade] = ()) -> None:
        """Keep an attempt and its grades, all or none. When this returns they are on the disk."""
        with self._transaction():
            self._insert_attempt(attempt)
            known = self.graded(attempt.student, attempt.submission, attempt.spec)
            for grade in grades:
                if grade.status == COULD_NOT_RUN and grade.exercise in known:  # nothing takes a grade's place
                    continue
                values = asdict(grade) | {"details": json.dumps(grade.details)}
                self._db.execute(
                    f"INSERT OR REPLACE INTO grades VALUES ({_places(values)})",
                    [_text(value) for value in values.values()],
                )

    def _insert_attempt(self, attempt: HandedIn) -> None:
        row = asdict(self._with_what_was_before(attempt))
        self._db.execute(f"INSERT OR REPLACE INTO attempts VALUES ({_places(row)})", (*row.values(),))

    def _with_what_was_before(self, attempt: HandedIn) -> HandedIn:
        """The attempt, with the times at which, and the name under which, the same notebook came before."""
        found = self._db.execute(
            "SELECT file, written, exact, first FROM attempts "
            "WHERE (student, chapter, submission) = (?, ?, ?)",
            (attempt.student, attempt.chapter, attempt.submission),
        ).fetchone()
        file, written, exact, first = found or (attempt.file, 0.0, False, 0.0)
        times = [time for time in (first, attempt.first, attempt.written) if time]
        newer = (attempt.exact, attempt.written) >= (bool(exact), written)
        return replace(
            attempt,
            file=attempt.file if newer else file,
            written=max(attempt.written, written),
            exact=attempt.exact or bool(exact),
            first=min(times, default=0.0),
        )

    def attempts(self, student: str | None = None) -> list[HandedIn]:
        """All attempts, each student's of a chapter from the one that counts least to the newest."""
        order = "student, chapter, exact, written, submission"
        rows = [HandedIn(*row) for row in self._of("SELECT * FROM attempts", "1", order, student)]
        return [replace(row, exact=bool(row.exact)) for row in rows]

    def grades(self, student: str | None = None) -> Iterator[Grade]:
        """The grades of all attempts, by student and exercise, in the order of `attempts`."""
        rows = self._of(
            "SELECT grades.* FROM grades JOIN attempts USING (student, submission, spec)",
            "chapter_of(exercise) = chapter",
            "student, chapter, number_of(exercise), exact, written, submission",
            student,
        )
        for row in rows:
            read = dict(zip(_COLUMNS, row, strict=True))
            details = tuple(json.loads(read["details"]))
            yield Grade(**read | {"details": details, "isolated": bool(read["isolated"])})

    def mark(
        self,
        student: str,
        exercise: str,
        score: float | None,
        comment: str,
        answer: str = "",
        ticks: Sequence[str] = (),
    ) -> None:
        """Keep what a person has decided on an answer, beside what was computed; the last one counts."""
        told = json.dumps([_text(tick) for tick in ticks])
        row = (student, exercise, score, _text(comment), time.time(), answer, told)
        self._write(f"INSERT OR REPLACE INTO marks VALUES ({_places(row)})", *row)

    def marks(self, student: str | None = None) -> list[Mark]:
        """All marks; of those of one answer the last counts."""
        rows = self._of("SELECT * FROM marks", "1", "at", student)
        return [replace(Mark(*row), ticks=tuple(json.loads(row[-1]))) for row in rows]

    def _write(self, statement: str, *values: object) -> None:
        with self._transaction():
            self._db.execute(statement, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing.  Raises StoreError, for example on a full disk."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._error("cannot be written", error) from error
        finally:
            if self._db.in_transaction:  # on a full disk SQLite has already gone back
                self._db.execute("ROLLBACK")

    def close(self) -> None:
        self._db.close()


def _text(value: Any) -> Any:
    """A text as SQLite can hold it: without halves of characters."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _places(values: Sized) -> str:
    return ", ".join("?" * len(values))


def _damaged(path: Path, what: object) -> str:
    what = str(what).rpartition("\n")[2]
    way = f"`nnlearn grade FOLDER --store NEW --salvage {path}` takes over what can be read of it"
    return f"{path} is damaged ({what}): keep it; {way} and grades the rest again"


def _may_be(grade: Grade) -> bool:
    """False for what nobody can have written: a page of garbage is not always known to be one."""
    numbers = [grade.points] if grade.score is None else [grade.score, grade.points]
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
        return False
    return grade.score is None or 0 <= grade.score <= grade.points
