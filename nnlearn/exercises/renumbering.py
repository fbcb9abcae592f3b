"""What was made when Layers was chapter 03, before it and all after it moved up by one."""

import json
import re

from nnlearn.exercises.notebooks import notebooks

_MOVED = range(3, 18)  # the numbers that these chapters had
_NOW = {f"{number + 1:02}" for number in _MOVED}  # and have


def renumbered(exercise_id: str) -> str:
    """ "04.2" for what was "03.2"; with the hyphen of a `grade_id`, too. Others stay as they are."""
    chapter = re.match(r"(\d\d)(?=[.-])", exercise_id)
    return _up(chapter[0]) + exercise_id[2:] if chapter else exercise_id


def _up(chapter: str) -> str:
    return f"{int(chapter) + 1:02}" if int(chapter) in _MOVED else chapter


def moved_notebooks() -> dict[str, str]:
    """{"03_layers": "04_layers", …}: the names that notebooks had, and have."""
    now = [path.stem for path in notebooks("exercises")]
    return {f"{int(name[:2]) - 1:02}{name[2:]}": name for name in now if name[:2] in _NOW}


def former_name(stem: str) -> str | None:
    """The name in `moved_notebooks` that a file's name begins with: "03_layers" of "03_layers (1)"."""
    return next((name for name in moved_notebooks() if re.match(rf"{name}(?![a-z_])", stem)), None)


def renumber(notebook: bytes, name: str) -> bytes:
    """A notebook that was called `name`, with the numbers it has now; what is no notebook stays as it is."""
    number = f"{int(name[:2])}(?= · )"
    check, heading = rf'check\("{name[:2]}(?=\.)', rf"^## {name[:2]}(?=\.\d)"
    try:
        content = json.loads(notebook)
        for cell in content["cells"]:
            whole = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            for old in (check, heading, rf"^# {number}", rf"^# Exercises {number}"):
                whole = re.sub(old, lambda found: _next(found[0]), whole, flags=re.M)
            cell["source"] = whole
            given = cell["metadata"].get("nbgrader", {})
            if isinstance(given.get("grade_id"), str):
                given["grade_id"] = renumbered(given["grade_id"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return notebook
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def _next(text: str) -> str:
    """The text with its last number one higher, as many digits long at least."""
    return re.sub(r"\d+$", lambda found: f"{int(found[0]) + 1:0{len(found[0])}}", text)


def refusal(stem: str) -> str:
    """What `check` says in a notebook that still has its former number; "" in any other."""
    if not (name := former_name(stem)):
        return ""
    now = moved_notebooks()[name]
    return (
        f"{stem}.ipynb is numbered as it was before chapter 03, Learning by slopes, came in: it is {now} "
        "now. `nnlearn lab`, started where your copy of the course lies, renumbers your notebooks."
    )
