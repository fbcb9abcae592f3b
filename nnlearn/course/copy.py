"""A learner's own copy of the course: made once, refreshed on every call, never at the cost of their work.

A small manifest in the copy records the hash of every file as it was given. A file that still has that hash
is untouched and is replaced by a newer one. Any other file is the learner's (running a notebook changes it,
opening it does not): it stays, and the newer one is laid beside it as `NAME.new.ipynb`. A deleted file comes
back: to delete a notebook is to start it again. Without a readable manifest every file counts as the
learner's. Each file is written whole under another name and then renamed, so an interrupted call loses
nothing and the next one goes on from there.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import typer

from nnlearn.exercises import notebooks
from nnlearn.exercises.renumbering import former_name, moved_notebooks, renumber
from nnlearn.training.saving import write

MANIFEST = ".nnlearn.json"


@dataclass
class Changes:
    """What a call has done, each file named by its path in the copy."""

    added: list[str] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)  # the learner's file: the newer one laid beside it
    retired: list[str] = field(default_factory=list)  # still in the copy, no longer in the course
    renamed: dict[str, str] = field(default_factory=dict)  # the former name: the one of now


def course_to_open(folder: Path | None = None) -> Path:
    """The clone, or a copy brought up to date: in `folder`, around where you are, or ./nnlearn-course.

    Raises ValueError where there can be no copy, and says what was done where there is one.
    """
    course = notebooks.course_folder()
    if notebooks.in_checkout() and (folder is None or folder.resolve() == course.resolve()):
        return course
    if not (course / "chapters").is_dir():
        raise ValueError(f"this installation carries no chapters: there is no {course / 'chapters'}")
    copy = folder or copy_around() or Path("nnlearn-course")
    try:
        changes = update_copy(course, copy)
    except OSError as error:
        why = f"{error.strerror or error} ({error.filename or copy})"
        raise ValueError(f"the course cannot be copied to {copy}: {why}") from None
    _say(copy.resolve(), changes)
    return copy.resolve()


def copy_around() -> Path | None:
    """The copy in which you are; None elsewhere."""
    here = Path.cwd()
    return next((place for place in (here, *here.parents) if (place / MANIFEST).is_file()), None)


def _say(copy: Path, changes: Changes) -> None:
    done = [f"{len(changes.added)} added"] * bool(changes.added)
    done += [f"{len(changes.refreshed)} refreshed"] * bool(changes.refreshed)
    typer.echo(f"Your copy of the course is in {copy}; its files: {', '.join(done) or 'up to date'}.")
    for name, new in changes.beside.items():
        typer.echo(f"  {name}: yours is kept; the new one is {new}")
    for name, now in changes.renamed.items():
        typer.echo(f"  {name}: is {now} now, what you wrote in it included")
    for name in changes.retired:
        typer.echo(f"  {name}: no longer part of the course; it stays")


def update_copy(course: Path, copy: Path) -> Changes:
    """Bring `copy` up to date with `course`, a folder that holds `chapters/` and `exercises/`.

    Raises ValueError for a folder that cannot hold a copy, and OSError when the disk refuses.
    """
    _refuse_unfit(copy)
    copy.mkdir(parents=True, exist_ok=True)
    given, laid = _read_manifest(copy)
    changes = Changes()
    _rename(copy, given, laid, changes)
    current = list(_files(course))
    for name in current:
        content = (course / name).read_bytes()
        new = _digest(content)
        now = _fingerprint(copy / name)
        if now is None:
            _write(copy, name, content)
            changes.added.append(name)
        elif now == given.get(name) != new:
            _write(copy, name, content)
            changes.refreshed.append(name)
        elif new not in (now, given.get(name)):
            beside = _free_name(copy, name, new, laid)
            if _fingerprint(copy / beside) != new:
                _write(copy, beside, content)
            laid[beside] = new
            changes.beside[name] = beside
        given[name] = new
    for name in sorted(given.keys() - set(current)):
        del given[name]
        if (copy / name).exists():
            changes.retired.append(name)
    # Last, so that it claims nothing that did not happen; after a kill, what was written is known by content.
    _write(copy, MANIFEST, json.dumps({"given": given, "beside": laid}, indent=1, sort_keys=True).encode())
    return changes


def _rename(copy: Path, given: dict[str, str], laid: dict[str, str], changes: Changes) -> None:
    """Give notebooks of chapters that have moved their names of now, and the learner's their numbers, too."""
    for path in sorted(copy.glob("[ce]*/*.ipynb")):
        name, former = path.relative_to(copy).as_posix(), former_name(path.stem)
        if not former or path.parent.name not in ("chapters", "exercises") or path.is_symlink():
            continue
        now = name.replace(former, moved_notebooks()[former])
        if (copy / now).exists():
            continue
        content = path.read_bytes()
        untouched = _digest(content) == given.get(name)
        _write(copy, now, content if untouched else renumber(content, former))
        path.unlink()
        changes.renamed[name] = now
    for hashes in (given, laid):
        for name in list(hashes):
            if former := former_name(Path(name).stem):
                hashes.setdefault(name.replace(former, moved_notebooks()[former]), hashes.pop(name))


def _refuse_unfit(copy: Path) -> None:
    if copy.is_symlink() and not copy.exists():
        raise ValueError(f"{copy} is a link to {copy.readlink()}, which does not exist")
    if copy.exists() and not copy.is_dir():
        raise ValueError(f"{copy} is a file, and the course needs a folder")
    for place in (copy.resolve(), *copy.resolve().parents):
        if all((place / name).exists() for name in ("pyproject.toml", "solutions", "nnlearn")):
            raise ValueError(f"{copy} is inside {place}, a clone of the course: choose a folder outside it")


def _files(course: Path) -> Iterator[str]:
    """The course's files as posix paths; hidden ones (checkpoints) are not part of it."""
    for folder in ("chapters", "exercises"):
        for path in sorted((course / folder).rglob("*")):
            name = path.relative_to(course)
            if path.is_file() and not any(part.startswith(".") for part in name.parts):
                yield name.as_posix()


def _read_manifest(copy: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Hashes of the files given, and of those laid beside; none when the manifest is lost or broken."""
    try:
        manifest = json.loads((copy / MANIFEST).read_bytes())
        return dict(manifest["given"]), dict(manifest["beside"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return {}, {}


def _digest(content: bytes) -> str:
    """SHA-256 of a file; of a notebook, of its cells alone: JupyterLab rewrites the rest when it saves."""
    try:
        content = json.dumps(json.loads(content)["cells"], sort_keys=True).encode()
    except (ValueError, TypeError, KeyError):
        pass  # not a notebook
    return hashlib.sha256(content).hexdigest()


def _fingerprint(path: Path) -> str | None:
    """The hash of a file; None where there is nothing; a link or a folder equals no file that was given."""
    if path.is_symlink() or path.is_dir():
        return "not a file"
    return _digest(path.read_bytes()) if path.exists() else None


def _free_name(copy: Path, name: str, new: str, laid: dict[str, str]) -> str:
    """Where version `new` of `name` goes: over nothing but itself or an older one the learner left alone."""
    path = Path(name)
    for number in count(1):
        mark = ".new" if number == 1 else f".new-{number}"
        beside = path.with_name(path.stem + mark + path.suffix).as_posix()
        now = _fingerprint(copy / beside)
        if now is None or now in (new, laid.get(beside)):
            return beside
    raise AssertionError("count() ends")


def _write(copy: Path, name: str, content: bytes) -> None:
    folder = (copy / name).parent
    if folder.resolve() != (copy.resolve() / name).parent:
        raise ValueError(f"{folder} is a link to {folder.resolve()}: the course does not write through it")
    write(copy / name, content)
