"""The rules of a class, from one file that its instructor writes, and its roster.

roster = "roster.csv"          # any table with a head; the column that names students' folders is found
secret = "secret.txt"          # inputs are drawn from it
attempts = "newest"            # or "best"
seconds = 40                   # a cell's processor time
packages = ["pandas"]          # what notebooks may import beside what the course installs

[due]
04 = 2026-12-01T23:59:00+01:00

[late]
per_day = 0.1                  # of the points, for each day that has begun
days = 3                       # then nothing counts

[extensions.ada]
04 = 2026-12-08T23:59:00+01:00
"""

import contextlib
import csv
import io
import math
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as clock
from functools import cached_property
from pathlib import Path
from typing import Any

from nnlearn.classroom.submissions import readable
from nnlearn.exercises.limit import SECONDS
from nnlearn.exercises.spec import chapter_modules

_LATIN = ("cp1252", "cp1250")
_ENCODINGS = [*_LATIN, *"cp1251 cp1253 cp1255 cp1256 shift_jis gb18030 big5 euc_kr utf_16".split()]
DAY = 24 * 3600.0
_IDS = ("id", "student id", "student", "sis login id", "username", "login", "email", "email address")
_NAMES = ("name", "full name", "student", "student name")
_ONLY_IDS = {*_IDS, "id number", "sis user id", "student number"} - {*_NAMES}
_KEYS = {"roster", "secret", "attempts", "seconds", "packages", "due", "late", "extensions"}


def is_id(column: str) -> bool:
    """True for a column of a roster that people are known by, and not called by."""
    return column.casefold() in _ONLY_IDS


@dataclass(frozen=True)
class Person:
    """A row of the roster: the id that grades are kept under, the name, and the row as it came."""

    id: str
    name: str
    row: Mapping[str, str]

    def goes_by(self, name: str) -> bool:
        """True for any of what the row says, whatever its capitals and spaces."""
        return _plain(name) in self.words

    @cached_property
    def own(self) -> str:
        """The id, as it is compared."""
        return _plain(self.id)

    @cached_property
    def words(self) -> frozenset[str]:
        """All that the row says."""
        return frozenset(_plain(value) for value in (*self.row.values(), self.name) if value.strip())

    @cached_property
    def ids(self) -> frozenset[str]:
        """What the row says by which one is known, and nobody chooses oneself."""
        return frozenset(_plain(value) for key, value in self.row.items() if is_id(key))

    @cached_property
    def turned(self) -> frozenset[str]:
        """How platforms write the name as one word."""
        return frozenset(_turned(self.name))


@dataclass(frozen=True)
class Policy:
    """What holds in a class; without a file nothing is ever late and everybody with a folder is in it."""

    roster: tuple[Person, ...] = ()
    columns: tuple[str, ...] = ()  # of the roster
    secret: bytes = b""
    attempts: str = "newest"
    seconds: int = SECONDS
    packages: tuple[str, ...] = ()
    due: Mapping[str, float] = field(default_factory=dict)  # chapter -> seconds since 1970
    extensions: Mapping[tuple[str, str], float] = field(default_factory=dict)  # (student, chapter) -> …
    per_day: float = 0.0
    days: float = math.inf

    def person(self, student: str, number: str = "") -> Person | None:
        """Who a student's folder belongs to: the first of these that is true of one person alone.

        With a `number` the folder's name is what the student is called on a platform, and may be anything.
        """
        name, canvas = _plain(student), {"Student", "ID"} <= {*self.columns}
        known = [("ID", number)] if number and canvas else []
        known += [("called", name), ("id", number)] if number else [("own", name), ("word", name)]
        for key in [*known, ("turned", name.replace(" ", ""))]:
            found = self._people.get(key, ())
            if len(found) == 1:
                return found[0]
        return None

    @cached_property
    def _people(self) -> Mapping[tuple[str, str], Sequence[Person]]:
        """Whom each text of the roster may stand for."""
        found: dict[tuple[str, str], list[Person]] = defaultdict(list)
        for person in self.roster:
            kinds = {"ID": [person.row.get("ID", "")], "own": [person.own], "word": person.words}
            kinds |= {"called": person.words - person.ids, "id": person.ids, "turned": person.turned}
            for kind, texts in kinds.items():
                for text in texts:
                    found[kind, text].append(person)
        return found

    def days_late(self, student: str, chapter: str, written: float) -> int:
        """The days that have begun since it was due; 0 in time, or where nothing is due."""
        due = self.extensions.get((student, chapter), self.due.get(chapter))
        return 0 if due is None or not written else max(0, math.ceil((written - due) / DAY))

    def share(self, days_late: int) -> float:
        """The part of the points that is left."""
        return 0.0 if days_late > self.days else max(0.0, 1 - self.per_day * days_late)

    def closed(self, chapter: str, now: float) -> bool:
        """True when nobody's hand-in can count any more, so that right answers may be told."""
        every = [due for (_, name), due in self.extensions.items() if name == chapter]
        if chapter not in self.due:
            return False
        spent = math.ceil(1 / self.per_day) - 1 if self.per_day else math.inf  # days that leave some points
        days = min(self.days, spent)
        return now > max([self.due[chapter], *every]) + days * DAY


def policy_file(path: Path) -> tuple[str, bytes, bytes]:
    """(text of the rules, the roster, the secret): what the file of a class says, and the files it names."""
    text = path.read_text(encoding="utf-8")
    rules = _rules(text)
    roster, secret = (
        (path.parent / str(rules[name])).read_bytes() if name in rules else b""
        for name in ("roster", "secret")
    )
    return text, roster, secret


def read_policy(text: str, roster: bytes = b"", secret: bytes = b"") -> Policy:
    """The rules in a file's text, with what is in the files it names.

    Raises ValueError, naming the key, for what is not understood.
    """
    rules = _rules(text)
    attempts = rules.get("attempts", "newest")
    if attempts not in ("newest", "best"):
        raise ValueError(f"the class's file: attempts is {attempts!r}, expected 'newest' or 'best'")
    late = _table(rules, "late")
    if unknown := late.keys() - {"per_day", "days"}:
        raise ValueError(f"the class's file: late.{min(unknown)} is not known; known are days, per_day")
    packages = rules.get("packages", [])
    if not isinstance(packages, list):
        raise ValueError(f"the class's file: packages is {packages!r}, expected a list such as ['pandas']")
    columns, people = read_roster(roster) if roster else ((), ())
    due = {_chapter(name): _moment(f"due.{name}", at) for name, at in _table(rules, "due").items()}
    extensions = {}
    for student in _table(rules, "extensions"):
        for name, at in _table(rules["extensions"], student).items():
            known = [person.id for person in people if person.goes_by(student)]
            key = (known[0] if len(known) == 1 else readable(student), _chapter(name))
            extensions[key] = _moment(f"extensions.{student}.{name}", at)
    return Policy(
        people, columns, secret, attempts,
        int(_number(rules, "seconds", SECONDS, 1, 600)), tuple(map(str, packages)),
        due, extensions,
        _number(late, "per_day", 0.0, 0, 1), _number(late, "days", math.inf, 0, math.inf),
    )  # fmt: skip


def read_roster(data: bytes) -> tuple[tuple[str, ...], tuple[Person, ...]]:
    """(columns, people) of a CSV file in any encoding and dialect.

    Raises ValueError where there is no column that could name students, or two rows have the same id.
    """
    text = _decode(data)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:10_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        lines = list(csv.DictReader(io.StringIO(text, newline=""), dialect=dialect))
    except csv.Error as error:
        raise ValueError(f"the roster is no table: {error}") from None
    columns = tuple(name.strip() for name in (lines[0] if lines else {}) if name)
    rows = [{str(k).strip(): readable(v or "") for k, v in line.items() if k and isinstance(v, str | None)}
            for line in lines]  # fmt: skip
    by_name = {name.casefold(): name for name in columns}
    key = next((by_name[name] for name in _IDS if name in by_name), columns[0] if columns else "")
    name = next((by_name[name] for name in _NAMES if name in by_name), "")
    people: dict[str, Person] = {}
    for row in rows:
        if "points possible" in (row.get(key, "").casefold(), row.get(name, "").casefold()):
            continue  # Canvas's second line
        others = (by_name[known] for known in (*_IDS, *_NAMES) if known in by_name)
        student = next((row[column] for column in (key, *others) if row.get(column)), "")
        if not student:
            continue
        if student in people:
            raise ValueError(f"the roster: {key} is {student!r} in two rows")
        parts = [row.get(by_name.get(part, ""), "") for part in ("first name", "last name", "surname")]
        people[student] = Person(student, row.get(name, "") or " ".join(filter(None, parts)) or student, row)
    if not people:
        raise ValueError(f"the roster has no students: its columns are {', '.join(columns) or 'none'}")
    return columns, tuple(people.values())


def _rules(text: str) -> dict[str, Any]:
    try:
        rules = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"the class's file is not TOML: {error}") from None
    if unknown := rules.keys() - _KEYS:
        known = ", ".join(sorted(_KEYS))
        raise ValueError(f"the class's file: {min(unknown)!r} is not known; known are {known}")
    return rules


def _decode(data: bytes) -> str:
    """The text: Unicode is known by its form; of older encodings the likeliest is taken."""
    from charset_normalizer import from_bytes

    if b"\0" not in data:
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode("utf-8-sig")
    guess = from_bytes(data, cp_isolation=_ENCODINGS).best()
    encoding = guess.encoding if guess else "cp1252"
    if encoding in _LATIN:  # in the right one names are letters
        texts = {name: data.decode(name, "replace") for name in _LATIN}
        fits = (name for name in _LATIN if all(c.isalpha() for c in texts[name] if ord(c) > 127))
        encoding = next(fits, encoding)
    return data.decode(encoding, "replace").lstrip("\ufeff")


def _plain(text: str) -> str:
    return " ".join(readable(text).casefold().replace(",", " ").split())


def _turned(name: str) -> set[str]:
    """How platforms write a name as one word: "lovelaceada", "adalovelace"."""
    words = _plain(name).replace("-", "").split()
    return {"".join(words), "".join(words[-1:] + words[:-1]), "".join(words[1:] + words[:1])}


def _table(rules: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = rules.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"the class's file: {name} is {table!r}, expected a table")
    return table


def _number(rules: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    value = rules.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"the class's file: {name} is {value!r}, expected a number from {least} to {most}")
    return value


def _chapter(name: str) -> str:
    chapter = name.zfill(2)
    if chapter not in chapter_modules():
        raise ValueError(
            f"the class's file: {name!r} is no chapter; there are {', '.join(chapter_modules())}"
        )
    return chapter


def _moment(name: str, value: Any) -> float:
    """Seconds since 1970; a day without a time ends at midnight, a time without a zone is this machine's."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, clock(23, 59, 59))
    if not isinstance(value, datetime):
        raise ValueError(
            f"the class's file: {name} is {value!r}, expected a date such as 2026-12-01T23:59:00"
        )
    return value.timestamp()
