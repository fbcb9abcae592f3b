"""The course's widgets, one file each: `nn.widgets.NeuronExplorer()` in a cell shows one.

Offered is every `Explorer` that a file of this folder defines: a new widget is entered nowhere.
"""

import importlib
import pkgutil
from typing import Any

import nnlearn.figures  # noqa: F401  (before anything of matplotlib)
from nnlearn.widgets.explorer import Explorer

_FILES = [importlib.import_module(f"{__name__}.{file.name}") for file in pkgutil.iter_modules(__path__)]
_WIDGETS = {
    name: value
    for file in _FILES
    for name, value in vars(file).items()
    if isinstance(value, type) and issubclass(value, Explorer)
}
__all__ = sorted(_WIDGETS)


def __getattr__(name: str) -> Any:
    if name in _WIDGETS:
        return _WIDGETS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
