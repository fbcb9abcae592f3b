"""Where the course's notebooks lie: in a checkout beside the package, in an installed wheel inside it."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = _PACKAGE.parent
_INSTALLED = _PACKAGE / "_content"


def in_checkout() -> bool:
    """True when the package lies in a clone of the repository (and not in site-packages)."""
    return (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "chapters").is_dir()


def course_folder() -> Path:
    """The folder that holds `chapters/` and `exercises/`: the clone, or a part of the installed package."""
    return _CHECKOUT if in_checkout() else _INSTALLED


def gallery_pages() -> list[Path]:
    """The pages that hang in a chapter's own folder, chapters/NN_name/: one application each."""
    return sorted((course_folder() / "chapters").glob("[0-9][0-9]_*/[a-z]*.ipynb"))


def notebooks(folder: str, *names: str) -> list[Path]:
    """The notebooks in `chapters` or `exercises`: all, or those named by number ("01", "1") or "01_neuron".

    Raises ValueError for a name that none of them has.
    """
    found = sorted((course_folder() / folder).glob("[0-9P][0-9]_*.ipynb"))
    if not names:
        return found
    chosen = []
    for name in names:
        stem = Path(name).stem
        match = [path for path in found if stem in (path.stem, path.stem[:2].lstrip("0"), path.stem[:2])]
        if not match:
            have = ", ".join(path.stem for path in found) or "none"
            raise ValueError(f"no chapter {name!r}: there are {have}")
        chosen += match
    return chosen
