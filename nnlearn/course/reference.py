"""The package's reference: a page for each folder, which Sphinx's autodoc fills from the docstrings."""

import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import nnlearn as nn


def pages() -> dict[str, ModuleType]:
    """A page for each folder in which something lies that `nn` offers, in the order in which it offers it."""
    values = sorted((getattr(nn, name) for name in nn.__all__), key=inspect.ismodule)  # modules last
    homes = [value.__name__ if inspect.ismodule(value) else value.__module__ for value in values]
    folders = dict.fromkeys(home.split(".")[1] for home in homes)
    return {folder: importlib.import_module(f"nnlearn.{folder}") for folder in folders}


def write(folder: Path) -> None:
    """Write the pages, as reStructuredText that Sphinx reads, into a new folder."""
    folder.mkdir()
    for name, package in pages().items():
        files = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        modules = [package, *(importlib.import_module(file.name) for file in files)]
        sections = filter(None, (_section(module, public(module, package)) for module in modules))
        title = re.split("[:;.]", package.__doc__ or "")[0]
        text = "\n\n".join([f"{title}\n{'=' * len(title)}", *sections])
        (folder / f"{name}.rst").write_text(text + "\n", encoding="utf-8")


def public(module: ModuleType, package: ModuleType) -> dict[str, Any]:
    """{name as a learner writes it: value} of the functions and classes that a file defines, in its order.

    What begins with `_` is left out; in a folder that says what it offers, all else too.
    """
    offered = getattr(package, "__all__", None)
    found = {
        name: value
        for name, value in list(vars(module).items())
        if (inspect.isclass(value) or inspect.isroutine(value)) and value.__module__ == module.__name__
        if not name.startswith("_")
        if offered is None or (name in offered and getattr(package, name) is value)
    }
    return {_written(module, name): value for name, value in found.items()}


def _written(module: ModuleType, name: str) -> str:
    """As a learner writes it: nn.relu, nn.optim.cosine."""
    value, offered = getattr(module, name), {name: getattr(nn, name) for name in nn.__all__}
    owners = {"nn": nn} | {f"nn.{name}": owner for name, owner in offered.items() if inspect.ismodule(owner)}
    for short, owner in owners.items():
        if getattr(owner, name, None) is value and module.__name__.startswith(owner.__name__):
            return f"{short}.{name}"
    return f"{module.__name__.replace('nnlearn', 'nn', 1)}.{name}"


def _section(module: ModuleType, entries: dict[str, Any]) -> str:
    """A file's part of its page; nothing where it holds nothing public."""
    if not entries:
        return ""
    title = module.__name__.removeprefix("nnlearn.")
    text = "\n".join(_markup((inspect.getdoc(module) or "").splitlines()))
    kinds = {name: "class" if inspect.isclass(value) else "function" for name, value in entries.items()}
    entered = [f".. auto{kind}:: {name.replace('.', '::', 1)}" for name, kind in kinds.items()]
    return "\n\n".join([f"{title}\n{'-' * len(title)}", ".. py:currentmodule:: nn", text, *entered])


def setup(app: Any) -> dict[str, bool]:
    """An extension of Sphinx: autodoc, for what learners know as `nn`, with our docstrings."""

    def mark_up(*arguments: Any) -> None:
        docstring: list[str] = arguments[-1]
        docstring[:] = _markup(docstring)

    sys.modules["nn"] = nn
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", mark_up)
    return {"parallel_read_safe": True}


def _markup(docstring: list[str]) -> list[str]:
    """A docstring as reStructuredText: formulas are text, `names` stay, indented lines are code."""
    lines, within = [], False
    for line in docstring:
        code = line.startswith("    ")
        if code and not within:
            lines += ["", "::", ""]
        within = code or (within and not line)
        parts = re.split(r"(`[^`]+`)", line)
        plain = [part if part[:1] == "`" else re.sub(r"([\\*_|])", r"\\\1", part) for part in parts]
        lines.append(line if code else re.sub(r"(`[^`]+`)(?=\w)", r"\1\\ ", "".join(plain)))
    return lines
