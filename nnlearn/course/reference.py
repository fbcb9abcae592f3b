"""The package's reference for the site: a page for each group of modules, written from the docstrings."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import nnlearn as nn

# The folders with something for a learner, in the order in which the package imports them.
FOLDERS = "engine functions layers training models study data text figures widgets".split()


def pages() -> dict[str, tuple[str, list[ModuleType]]]:
    """A page for each folder: {its name: (what its docstring calls it, its files)}."""
    found = {}
    for folder in FOLDERS:
        package = importlib.import_module(f"nnlearn.{folder}")
        files = [name for _, name, _ in pkgutil.iter_modules(package.__path__)]
        modules = [importlib.import_module(f"nnlearn.{folder}.{name}") for name in files]
        found[folder] = ((package.__doc__ or "").partition(":")[0], modules)
    return found


def write(folder: Path) -> None:
    """Write the pages, as Markdown that Sphinx reads, into a new folder."""
    folder.mkdir()
    links = _link_targets()
    for name, (title, modules) in pages().items():
        parts = [f"# {title}", *(_module(module, links) for module in modules)]
        (folder / f"{name}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def public(module: ModuleType) -> dict[str, Any]:
    """What a module offers, by name, in its own order; what it only passes on from another is left out."""
    names = getattr(module, "__all__", None) or list(vars(module))
    found = {name: getattr(module, name) for name in names if not name.startswith("_")}
    return {
        name: value
        for name, value in found.items()
        if (inspect.isclass(value) or inspect.isroutine(value))
        and value.__module__.startswith(module.__name__)
    }


def called(module: ModuleType, name: str) -> str:
    """How a learner writes it: nn.relu, nn.optim.cosine."""
    short = getattr(nn, name, None) is getattr(module, name)
    return f"nn.{name}" if short else f"{module.__name__.replace('nnlearn', 'nn', 1)}.{name}"


def _link_targets() -> dict[str, str]:
    """What a docstring means by a name in backticks, as far as only one thing has it."""
    targets: dict[str, str] = {}
    for _, modules in pages().values():
        for module in modules:
            for name in public(module):
                # A function and a model's method may share a name: the one nearest to `nn` is meant.
                if name not in targets or called(module, name) == f"nn.{name}":
                    targets[name] = called(module, name)
    return targets


def _module(module: ModuleType, links: dict[str, str]) -> str:
    title = module.__name__.removeprefix("nnlearn.")
    text = _markdown(inspect.getdoc(module) or "", links)
    entries = [_entry(called(module, name), value, links) for name, value in public(module).items()]
    return "\n\n".join([f"## {title}", text, *entries])


def _entry(name: str, value: Any, links: dict[str, str]) -> str:
    """A function or a class with its methods, as directives of Sphinx's Python domain."""
    if not inspect.isclass(value):
        return _directive("function", name + _signature(value), _markdown(inspect.getdoc(value) or "", links))
    methods = [
        _directive(
            "method", f"{method}{_signature(member, bound=True)}", _markdown(inspect.getdoc(member), links)
        )
        for method, member in _methods(value)
    ]
    text = "\n\n".join([_markdown(inspect.getdoc(value) or "", links), *methods])
    return _directive("class", name + _signature(value), text, fence="::::")


def _methods(cls: type) -> Iterator[tuple[str, Any]]:
    """The public methods of a class that say what they do."""
    for name, member in vars(cls).items():
        function = getattr(member, "__func__", member)  # of a classmethod
        if not name.startswith("_") and inspect.isfunction(function) and function.__doc__:
            yield name, function


def _directive(kind: str, signature: str, text: str, fence: str = ":::") -> str:
    return f"{fence}{{py:{kind}}} {signature}\n{text}\n{fence}"


def _signature(value: Any, bound: bool = False) -> str:
    """Names and defaults; the docstring says the rest better than types can."""
    try:
        parameters = list(inspect.signature(value).parameters.values())[bound:]
    except ValueError:  # a class of built-in making
        return "()"
    plain = [p.replace(annotation=p.empty, default=_Default.of(p.default)) for p in parameters]
    return str(inspect.Signature(plain))


class _Default:
    """A default value that prints as one would write it: `relu`, and no address in memory."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    @classmethod
    def of(cls, value: Any) -> Any:
        if value is inspect.Parameter.empty:
            return value
        return cls(value.__name__ if callable(value) and hasattr(value, "__name__") else repr(value))


def _markdown(text: str | None, links: dict[str, str]) -> str:
    """A docstring as Markdown: code in backticks and indented code stay, names become links."""
    lines: list[str] = []
    for line in (text or "").splitlines():
        if line.startswith("    "):
            if lines and lines[-1] and not lines[-1].startswith("    "):
                lines.append("")  # else it would be part of the paragraph above
            lines.append(line)
            continue
        pieces = re.split(r"(`[^`]+`)", line)
        lines.append("".join(_piece(piece, links) for piece in pieces))
    return "\n".join(lines)


def _piece(piece: str, links: dict[str, str]) -> str:
    if not piece.startswith("`"):
        return re.sub(r"([\\*_<>\[\]|$#{}])", r"\\\1", piece)
    target = links.get(piece.strip("`").removeprefix("nn."))
    return f"{{py:obj}}`{piece.strip('`')} <{target}>`" if target else piece
