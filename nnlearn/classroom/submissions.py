"""Who handed in what: a folder or a zip of submissions, as learning platforms and people leave them.

    SUBMISSIONS/<student>/…/04_layers.ipynb             at any depth, zipped or not (nbgrader, by hand)
    SUBMISSIONS/<name>_<number>_assignsubmission_file_/…            Moodle
    SUBMISSIONS/<name>_[LATE_]<number>_<number>_04_layers.ipynb     Canvas

Nothing in a notebook is read here, and everything in the folder ends in the report: as an attempt, or among
what was left out, with the reason.
"""

import hashlib
import io
import os
import re
import stat
import time
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from nnlearn.exercises.ids import CHAPTER
from nnlearn.exercises.renumbering import former_name, moved_notebooks
from nnlearn.exercises.spec import chapter_modules
from nnlearn.exercises.tasks import notebook_of

LARGEST = 100 * 2**20  # bytes of a notebook, most of them pictures
MOST_FILES = 10_000  # in a zip of a student's
MOST_NOTEBOOKS = 200  # of one student: those with a name that was handed out, the newest first
DEEPEST = 20  # folders within folders
_JUNK = {".DS_Store", ".git", ".ipynb_checkpoints", "Thumbs.db", "__MACOSX", "__pycache__", "desktop.ini"}
_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_\w*")
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?:(?P<late>LATE)_)?(?P<id>\d+)_\d+_(?P<file>.+)", re.S)
_RESUBMITTED = re.compile(r"-\d+(?=\.\w+$)")  # Canvas counts in the file's name
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)? ?(?:UTC|GMT|Z|([+-]\d\d:?\d\d))?")


@dataclass(frozen=True)
class Attempt:
    """A notebook that a student handed in for a chapter, at a time in seconds since 1970."""

    student: str
    chapter: str
    file: str  # where it lies in the folder, for people
    written: float
    exact: bool  # it has the name that was handed out, and is no copy
    read: Callable[[], bytes] = field(compare=False)
    former: bool = False  # it has the numbers that chapters had before


@dataclass
class Collection:
    """The attempts of a class, its students (some without an attempt), and a sentence on everything else."""

    attempts: list[Attempt] = field(default_factory=list)
    students: dict[str, str] = field(default_factory=dict)  # and the number that a platform knows them by
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _File:
    """A file in the folder or in a zip in it."""

    parts: tuple[str, ...]
    written: float
    read: Callable[[], bytes]
    problem: str = ""
    theirs: bool = False  # it came in a student's zip: what that says of times is the student's word

    @property
    def place(self) -> str:
        return "/".join(map(readable, self.parts))


def readable(text: str) -> str:
    """A file's name as Unicode text: what is no character becomes "�", and accents are composed."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    text = "".join("�" if unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") else c for c in text)
    return unicodedata.normalize("NFC", text).strip()


def collect(folder: Path) -> Collection:
    """The attempts in a folder or a zip of submissions.  Raises ValueError where nothing is to be graded."""
    if folder.is_file() and zipfile.is_zipfile(folder):
        files = _without_common_folder(list(_in_zip((), folder, 1)))
    elif folder.is_dir():
        files = list(_in_folder(folder, ()))
    else:
        raise ValueError(f"{folder} is not a folder or a zip: expected one with a folder for each student")
    found = Collection()
    files = sorted(_without_empty(files), key=lambda file: (not _by_name(file.parts[-1]), -file.written))
    owners = _students({file.parts[0] for file in files})
    times = {
        file.parts[:-1]: _timestamp(file)
        for file in files
        if file.parts[-1] == "timestamp.txt" and not file.theirs and not owners[file.parts[0]][1]
    }
    others: dict[str, list[str]] = defaultdict(list)
    notebooks: Counter[str] = Counter()
    for file in files:
        student, number = owners[file.parts[0]]
        alone = len(file.parts) == 1 and not _CANVAS.fullmatch(file.parts[0])
        canvas = _CANVAS.fullmatch(file.parts[-1])
        name = _RESUBMITTED.sub("", canvas["file"]) if canvas else file.parts[-1]
        looks_like_one = name.lower().endswith((".ipynb", ".zip"))
        notebooks[student] += looks_like_one
        if not alone and not file.problem.startswith("a link"):
            found.students.setdefault(student, number)
        if file.problem:
            found.left_out[file.place] = file.problem
        elif alone:
            found.left_out[file.place] = "lies beside the students' folders, and nothing says whose it is"
        elif not looks_like_one:
            others[student].append(file.place)
        elif notebooks[student] > MOST_NOTEBOOKS:
            said = f"hold more notebooks than the {MOST_NOTEBOOKS} allowed: the rest was not looked at"
            found.left_out[f"{student}/…"] = said
        else:
            written = times.get(file.parts[:-1]) or file.written
            attempt = _attempt(student, readable(name), replace(file, written=written))
            if isinstance(attempt, str):
                found.left_out[file.place] = attempt
            else:
                found.attempts.append(attempt)
    handed_in = {attempt.student for attempt in found.attempts}
    for student in found.students.keys() - handed_in:
        beside = others[student] and f"; there is {', '.join(others[student][:3])}"
        if not any(place.startswith(f"{student}/") for place in found.left_out):
            found.left_out[student] = f"has handed in no notebook{beside or ''}"
    if not found.attempts:
        said = "; ".join(f"{place}: {why}" for place, why in list(found.left_out.items())[:3])
        form = f"expected {folder}/<student>/NN_name.ipynb"
        raise ValueError(f"{folder} holds no submissions: {form}{f' ({said})' if said else ''}")
    found.attempts.sort(key=lambda a: (a.student, a.chapter, a.exact, a.written))
    return found


def collect_one(notebook: Path) -> Attempt:
    """The attempt that one file is.  Raises ValueError where nothing says which exercises it holds."""
    attempt = _attempt("", readable(notebook.name), _File((notebook.name,), 0.0, notebook.read_bytes))
    if isinstance(attempt, str):
        raise ValueError(f"{notebook}: {attempt}")
    return attempt


def _in_folder(folder: Path, parts: tuple[str, ...]) -> Iterator[_File]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield _File(parts or (folder.name,), 0.0, bytes, f"cannot be read: {error.strerror}")
        return
    if len(parts) == 1:
        yield _nothing_in(parts)
    for entry in entries:
        inner, path = (*parts, entry.name), Path(entry.path)
        try:
            kind = entry.stat(follow_symlinks=False)
        except OSError as error:
            yield _File(inner, 0.0, bytes, f"cannot be read: {error.strerror}")
            continue
        is_read = entry.name.lower().endswith((".ipynb", "timestamp.txt"))
        if _is_junk(entry.name):
            continue
        if stat.S_ISLNK(kind.st_mode):
            yield _File(inner, 0.0, bytes, "a link, not a file")
        elif stat.S_ISDIR(kind.st_mode) and len(inner) > DEEPEST:
            yield _File(inner, 0.0, bytes, f"lies more than {DEEPEST} folders deep")
        elif stat.S_ISDIR(kind.st_mode):
            yield from _in_folder(path, inner)
        elif not stat.S_ISREG(kind.st_mode):
            yield _File(inner, 0.0, bytes, "neither a file nor a folder")
        elif entry.name.lower().endswith(".zip"):
            yield from _in_zip_file(path, inner, kind)
        elif is_read and kind.st_size > LARGEST:
            yield _File(inner, 0.0, bytes, _too_large(kind.st_size))
        else:
            yield _File(inner, kind.st_mtime, path.read_bytes)


def _in_zip_file(path: Path, parts: tuple[str, ...], kind: os.stat_result) -> Iterator[_File]:
    if kind.st_size > 5 * LARGEST:
        yield _File(parts, 0.0, bytes, _too_large(kind.st_size))
        return
    inner = (*parts[:-1], parts[-1][:-4])
    if len(inner) == 1:
        yield _nothing_in(inner)
    yield from _handed_in(_in_zip(inner, path, 1), kind.st_mtime)


def _in_zip(parts: tuple[str, ...], source: "Path | _Member", depth: int) -> Iterator[_File]:
    """The files in a zip, as if it were the folder `parts`; without `parts` it is the class's."""
    place = parts or ("",)
    try:
        if parts and (many := _most_entries(source)) > MOST_FILES:
            said = f"holds {many:,} files, more than the {MOST_FILES:,} allowed"
            yield _File(place, 0.0, bytes, said)
            return
        entries = _archive(source).infolist()
    except Exception as error:  # zipfile raises what it comes upon
        yield _File(place, 0.0, bytes, f"is no zip that can be read ({type(error).__name__})")
        return
    read = [e.file_size for e in entries if e.filename.lower().endswith((".ipynb", ".zip"))]
    if parts and sum(read) > 5 * LARGEST:
        yield _File(place, 0.0, bytes, f"unpacked it {_too_large(sum(read), 5)}")
        return
    for entry in entries:
        inner = [part for part in re.split(r"[/\\]", entry.filename) if part not in ("", ".", "..")]
        if not inner or any(map(_is_junk, inner)):
            continue
        whole, name = (*parts, *inner), inner[-1].lower()
        if entry.is_dir():
            yield _nothing_in(whole)
        elif not name.endswith((".ipynb", ".zip", "timestamp.txt")):
            yield _File(whole, 0.0, bytes)
        elif entry.file_size > LARGEST:
            yield _File(whole, 0.0, bytes, _too_large(entry.file_size))
        elif entry.flag_bits & 1:
            yield _File(whole, 0.0, bytes, "is locked with a password")
        elif not name.endswith(".zip"):
            yield _File(whole, _zip_time(entry), _Member(source, entry))
        elif depth >= 3:
            yield _File(whole, 0.0, bytes, "a zip within a zip within a zip")
        else:
            yield _nothing_in((*whole[:-1], whole[-1][:-4]))
            files = _in_zip((*whole[:-1], whole[-1][:-4]), _Member(source, entry), depth + 1)
            yield from _handed_in(files, _zip_time(entry))


def _handed_in(files: Iterable[_File], written: float) -> Iterator[_File]:
    """What a student's zip holds: handed in when the zip was, in the order that the times in it have."""
    for place, file in enumerate(sorted(files, key=lambda file: file.written)):
        yield replace(file, written=written + place / 1e6, theirs=True)


@dataclass(frozen=True)
class _Member:
    """Reads one file of a zip, and no more of it than a notebook may have."""

    source: "Path | _Member"
    entry: zipfile.ZipInfo

    def __call__(self) -> bytes:
        with _archive(self.source).open(self.entry) as file:
            return file.read(LARGEST + 1)


@lru_cache(maxsize=4)
def _archive(source: Path | _Member) -> zipfile.ZipFile:
    """A zip, kept open while its files are read: to open it takes as long as it has files."""
    return zipfile.ZipFile(source if isinstance(source, Path) else io.BytesIO(source()))


def _most_entries(source: Path | _Member) -> int:
    """How many files a zip may have at most, without a list of them."""
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source()) as file:
        return sum(block.count(b"PK\1\2") for block in iter(lambda: file.read(1 << 20), b""))


def _nothing_in(parts: tuple[str, ...]) -> _File:
    """What stands for a folder where no file in it does."""
    return _File((*parts, ""), 0.0, bytes, "an empty folder")


def _without_empty(files: list[_File]) -> list[_File]:
    """Of the empty folders those that are all that a student has, each once."""
    kept = [file for file in files if file.parts[-1]]
    having = {file.parts[0] for file in kept}
    empty = {file.parts[0] for file in files if file.parts[0] not in having}
    return kept + [_nothing_in((top,)) for top in sorted(empty)]


def _is_junk(name: str) -> bool:
    """What systems leave behind, and nobody hands in."""
    return name in _JUNK or name.startswith("._")


def _zip_time(entry: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*entry.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0


def _too_large(size: int, times: int = 1) -> str:
    return f"has {size / 2**20:.0f} MiB, more than the {times * LARGEST // 2**20} allowed"


def _without_common_folder(files: list[_File]) -> list[_File]:
    """A zip of a class often holds one folder with everything in it; a student's holds the notebooks."""
    tops = {file.parts[0] for file in files}
    inner = {file.parts[1] for file in files if len(file.parts) > 2}
    direct = [file.parts[1] for file in files if len(file.parts) == 2]
    canvas = [name for name in direct if _CANVAS.fullmatch(name)]
    own = any(name.lower().endswith(".ipynb") for name in {*direct} - {*canvas})
    chapters = all(re.match(f"{CHAPTER}_", name) for name in inner)
    students = canvas or (len(inner) > 1 and not chapters)
    if len(tops) == 1 and students and not own:
        return [replace(file, parts=file.parts[1:]) for file in files if any(file.parts[1:])]
    return files


def _students(tops: set[str]) -> dict[str, tuple[str, str]]:
    """{entry of the folder: (student, the number that a platform knows them by)}."""
    read: dict[str, tuple[str, str]] = {}
    for top in tops:
        match = _MOODLE.fullmatch(top) or _CANVAS.fullmatch(top)
        read[top] = (match["name"], match["id"]) if match else (top, "")
    numbers, written = defaultdict(set), defaultdict(set)
    for name, number in read.values():
        numbers[readable(name)].add(number)
        written[readable(name)].add(name)
    owners = {}
    for top, (name, number) in read.items():
        student = readable(name) or "�"
        if number and len(numbers[readable(name)]) > 1:  # two people of one name
            student = f"{student} ({number})"
        elif "�" in student and len(written[readable(name)]) > 1:  # two names that cannot be read
            student = f"{student} ({hashlib.sha256(os.fsencode(name)).hexdigest()[:6]})"
        owners[top] = student, number
    return owners


def _timestamp(file: _File) -> float:
    """When it was handed in, as nbgrader writes it; 0 where nothing of that form is there."""
    try:
        match = _TIMESTAMP.fullmatch(file.read()[:100].decode(errors="replace").strip())
        if not match:
            return 0.0
        return datetime.fromisoformat(f"{match[1]} {match[2]}{match[3] or '+00:00'}").timestamp()
    except Exception:  # a file that cannot be read, a day that is in no calendar
        return 0.0


@cache
def _names() -> dict[str, str]:
    """{name of a notebook of exercises, in lower case: its chapter}, as it is now."""
    return {notebook_of(chapter).stem.lower(): chapter for chapter in chapter_modules()}


def _by_name(name: str) -> list[str]:
    """The notebooks that a file has the name of, or a name like it."""
    return [stem for stem in _names() if stem in name.lower()]


def _attempt(student: str, name: str, file: _File) -> Attempt | str:
    """The attempt that a file is, or why it is none."""
    stem = re.sub(r"\.ipynb$", "", name, flags=re.I)
    if former := former_name(stem):
        chapter = moved_notebooks()[former][:2]
        return Attempt(student, chapter, file.place, file.written, stem == former, file.read, former=True)
    if known := _by_name(stem):
        handed_out = max(known, key=len)
        chapter = _names()[handed_out]
        return Attempt(student, chapter, file.place, file.written, stem.lower() == handed_out, file.read)
    number = re.match(f"({CHAPTER})_", stem)
    if number and number[1] in chapter_modules():
        return Attempt(student, number[1], file.place, file.written, False, file.read)
    try:
        data = file.read()
    except Exception as error:  # a damaged zip, a file that has gone
        return f"cannot be read: {error}"
    asked = re.search(rf'"grade_id":\s*"({CHAPTER})-\d+"'.encode(), data)
    if asked and asked[1].decode() in chapter_modules():
        return Attempt(student, asked[1].decode(), file.place, file.written, False, file.read)
    return "this course has no exercises of that name, and nothing in it says which they are"
