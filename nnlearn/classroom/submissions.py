"""Who handed in what: a folder or a zip of submissions, as learning platforms and people leave them.

    SUBMISSIONS/<student>/…/04_layers.ipynb             at any depth, zipped or not (nbgrader, by hand)
    SUBMISSIONS/<name>_<number>_assignsubmission_file_/…            Moodle
    SUBMISSIONS/<name>_[LATE_]<number>_<number>_04_layers.ipynb     Canvas

Nothing in a notebook is read here, and everything in the folder ends in the report: as an attempt, or among
what was left out, with the reason.
"""

import io
import os
import re
import stat
import time
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from nnlearn.exercises.renumbering import former_name, moved_notebooks
from nnlearn.exercises.spec import chapter_modules
from nnlearn.exercises.tasks import notebook_of

LARGEST = 100 * 2**20  # bytes of a notebook, most of them pictures
MOST_FILES = 10_000  # in one zip
DEEPEST = 20  # folders within folders
_JUNK = {".DS_Store", ".git", ".ipynb_checkpoints", "Thumbs.db", "__MACOSX", "__pycache__", "desktop.ini"}
_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_\w*")
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?:(?P<late>LATE)_)?(?P<id>\d+)_\d+_(?P<file>.+)", re.S)
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)? ?(?:UTC|Z|\+00:00)?")


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
        files = _without_common_folder(list(_in_zip((), folder.read_bytes(), 1)))
    elif folder.is_dir():
        files = list(_in_folder(folder, ()))
    else:
        raise ValueError(f"{folder} is not a folder or a zip: expected one with a folder for each student")
    found = Collection()
    owners = _students({file.parts[0] for file in files})
    times = {file.parts[:-1]: _timestamp(file) for file in files if file.parts[-1] == "timestamp.txt"}
    others: dict[str, list[str]] = defaultdict(list)
    for file in files:
        student, number = owners[file.parts[0]]
        alone = len(file.parts) == 1 and not _CANVAS.fullmatch(file.parts[0])
        name = (_CANVAS.fullmatch(file.parts[-1]) or {"file": file.parts[-1]})["file"]
        looks_like_one = name.lower().endswith((".ipynb", ".zip"))
        if not alone and not file.problem.startswith("a link"):
            found.students.setdefault(student, number)
        if file.problem:
            found.left_out[file.place] = file.problem
        elif alone:
            found.left_out[file.place] = "lies beside the students' folders, and nothing says whose it is"
        elif not looks_like_one:
            others[student].append(file.place)
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
    if len(parts) == 1 and not entries:
        yield _File((*parts, ""), 0.0, bytes, "an empty folder")
    for entry in entries:
        inner, path = (*parts, entry.name), Path(entry.path)
        try:
            kind = entry.stat(follow_symlinks=False)
        except OSError as error:
            yield _File(inner, 0.0, bytes, f"cannot be read: {error.strerror}")
            continue
        is_notebook = entry.name.lower().endswith(".ipynb")
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
        elif is_notebook and kind.st_size > LARGEST:
            yield _File(inner, 0.0, bytes, _too_large(kind.st_size))
        else:
            yield _File(inner, kind.st_mtime, path.read_bytes)


def _in_zip_file(path: Path, parts: tuple[str, ...], kind: os.stat_result) -> Iterator[_File]:
    if kind.st_size > 5 * LARGEST:
        yield _File(parts, 0.0, bytes, _too_large(kind.st_size))
        return
    try:
        data = path.read_bytes()
    except OSError as error:
        yield _File(parts, 0.0, bytes, f"cannot be read: {error.strerror}")
        return
    yield from _in_zip((*parts[:-1], parts[-1][:-4]), data, 1)


def _in_zip(parts: tuple[str, ...], data: bytes, depth: int) -> Iterator[_File]:
    """The files in a zip, as if it were the folder `parts`."""
    place = parts or ("",)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except Exception as error:  # zipfile raises what it comes upon
        yield _File(place, 0.0, bytes, f"is no zip that can be read ({type(error).__name__})")
        return
    if len(entries) > MOST_FILES:
        yield _File(place, 0.0, bytes, f"holds {len(entries):,} files, more than the {MOST_FILES:,} allowed")
        return
    for entry in entries:
        inner = [part for part in re.split(r"[/\\]", entry.filename) if part not in ("", ".", "..")]
        if entry.is_dir() or not inner or any(map(_is_junk, inner)):
            continue
        whole, name = (*parts, *inner), inner[-1].lower()
        if not name.endswith((".ipynb", ".zip", "timestamp.txt")):
            yield _File(whole, 0.0, bytes)
        elif entry.file_size > LARGEST:
            yield _File(whole, 0.0, bytes, _too_large(entry.file_size))
        elif entry.flag_bits & 1:
            yield _File(whole, 0.0, bytes, "is locked with a password")
        elif name.endswith(".zip"):
            yield from _in_inner_zip(whole, archive, entry, depth)
        else:
            yield _File(whole, _zip_time(entry), _Member(data, entry.filename))


def _in_inner_zip(
    parts: tuple[str, ...], archive: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int
) -> Iterator[_File]:
    if depth >= 3:
        yield _File(parts, 0.0, bytes, "a zip within a zip within a zip")
        return
    try:
        with archive.open(entry) as file:
            data = file.read(LARGEST)
    except Exception as error:
        yield _File(parts, 0.0, bytes, f"is no zip that can be read ({type(error).__name__})")
        return
    yield from _in_zip((*parts[:-1], parts[-1][:-4]), data, depth + 1)


@dataclass(frozen=True)
class _Member:
    """Reads one file of a zip, and no more of it than a notebook may have."""

    archive: bytes
    name: str

    def __call__(self) -> bytes:
        with zipfile.ZipFile(io.BytesIO(self.archive)) as archive, archive.open(self.name) as file:
            return file.read(LARGEST + 1)


def _is_junk(name: str) -> bool:
    """What systems leave behind, and nobody hands in."""
    return name in _JUNK or name.startswith("._")


def _zip_time(entry: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*entry.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0


def _too_large(size: int) -> str:
    return f"has {size / 2**20:.0f} MiB, more than the {LARGEST // 2**20} allowed"


def _without_common_folder(files: list[_File]) -> list[_File]:
    """A zip of a class often holds one folder with everything in it."""
    tops = {file.parts[0] for file in files}
    inner = {file.parts[1] for file in files if len(file.parts) > 2}
    if len(tops) == 1 and len(inner) > 1 and all(len(file.parts) > 2 for file in files):
        return [replace(file, parts=file.parts[1:]) for file in files]
    return files


def _students(tops: set[str]) -> dict[str, tuple[str, str]]:
    """{entry of the folder: (student, the number that a platform knows them by)}."""
    read: dict[str, tuple[str, str]] = {}
    for top in tops:
        match = _MOODLE.fullmatch(top) or _CANVAS.fullmatch(top)
        read[top] = (match["name"], match["id"]) if match else (top, "")
    numbers = defaultdict(set)
    for name, number in read.values():
        numbers[readable(name)].add(number)
    owners = {}
    for top, (name, number) in read.items():
        shared = number and len(numbers[readable(name)]) > 1  # two people of one name
        owners[top] = f"{readable(name)} ({number})" if shared else readable(name), number
    return owners


def _timestamp(file: _File) -> float:
    """When it was handed in, as nbgrader writes it; 0 where nothing of that form is there."""
    try:
        match = _TIMESTAMP.match(file.read()[:100].decode(errors="replace").strip())
    except OSError:
        return 0.0
    if not match:
        return 0.0
    return datetime.fromisoformat(f"{match[1]} {match[2]}").replace(tzinfo=UTC).timestamp()


@cache
def _names() -> dict[str, str]:
    """{name of a notebook of exercises, in lower case: its chapter}, as it is now."""
    return {notebook_of(chapter).stem.lower(): chapter for chapter in chapter_modules()}


def _attempt(student: str, name: str, file: _File) -> Attempt | str:
    """The attempt that a file is, or why it is none."""
    stem = re.sub(r"\.ipynb$", "", name, flags=re.I)
    if former := former_name(stem):
        chapter = moved_notebooks()[former][:2]
        return Attempt(student, chapter, file.place, file.written, stem == former, file.read, former=True)
    known = [(k, chapter) for k, chapter in _names().items() if k in stem.lower()]
    if known:
        handed_out, chapter = max(known, key=lambda pair: len(pair[0]))
        return Attempt(student, chapter, file.place, file.written, stem.lower() == handed_out, file.read)
    number = re.match(r"(\d\d)_", stem)
    if number and number[1] in chapter_modules():
        return Attempt(student, number[1], file.place, file.written, False, file.read)
    try:
        data = file.read()
    except Exception as error:  # a damaged zip, a file that has gone
        return f"cannot be read: {error}"
    asked = re.search(rb'"grade_id":\s*"(\d\d)-\d+"', data)
    if asked and asked[1].decode() in chapter_modules():
        return Attempt(student, asked[1].decode(), file.place, file.written, False, file.read)
    return "this course has no exercises of that name, and nothing in it says which they are"
