"""The course's files: where its notebooks lie, and how a file is written whole or not at all."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent
_INSTALLED = _PACKAGE / "_content"


def write(path: Path, content: bytes) -> None:
    """Write a file in one step, and its folder if need be: a process killed on the way leaves the old file.

    Raises OSError, for example on a full disk, and leaves the old file too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def in_checkout() -> bool:
    """True when the package lies in a clone of the repository (and not in site-packages)."""
    return (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "chapters").is_dir()


def course_folder() -> Path:
    """The folder that holds `chapters/` and `exercises/`: the clone, or a part of the installed package."""
    return _CHECKOUT if in_checkout() else _INSTALLED


def notebooks(folder: str, *names: str) -> list[Path]:
    """The notebooks in `chapters` or `exercises`: all, or those named by number ("01", "1") or "01_neuron".

    Raises ValueError for a name that none of them has.
    """
    found = sorted((course_folder() / folder).glob("[0-9][0-9]_*.ipynb"))
    if not names:
        return found
    chosen = []
    for name in names:
        stem = Path(name).stem
        match = [path for path in found if stem in (path.stem, path.stem[:2].lstrip("0"), path.stem[:2])]
        if not match:
            have = ", ".join(path.stem for path in found) or "none"
            raise ValueError(f"no {folder.rstrip('s')} {name!r}: there are {have}")
        chosen += match
    return chosen
