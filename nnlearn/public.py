"""What a package offers to the outside, read from the imports in its `__init__`."""

import ast
import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def offer(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Tidy a package's namespace at the end of its `__init__`; its `__getattr__`, `__dir__` and `__all__`.

    Public are the functions and classes defined in the files that it imports with `*`, and what it imports
    by name. Imports under `if TYPE_CHECKING:` are made when first used. Whatever else came along (`np`,
    `Any`, helpers of other files) goes. So a new function is entered nowhere else.
    """
    namespace = vars(sys.modules[package])
    source = namespace["__spec__"].loader.get_source(package)
    if source is None:
        raise ImportError(f"{package}: its source files are missing; what it offers is read from them")
    tree = ast.parse(source)
    imports = _imports(tree.body)
    delayed = _imports([node for block in tree.body if isinstance(block, ast.If) for node in block.body])
    named = {alias.asname or alias.name for node in imports for alias in node.names}
    files = {node.module for node in imports if node.names[0].name == "*"}
    later = {a.name: f"{node.module}.{a.name}" for node in delayed for a in node.names}
    names = [*later]
    for name, value in list(namespace.items()):
        if name.startswith("_") or (isinstance(value, ModuleType) and value.__name__ == f"{package}.{name}"):
            continue
        if name in named or (callable(value) and getattr(value, "__module__", None) in files):
            names.append(name)
        else:
            del namespace[name]

    def get(name: str) -> Any:
        if name in later:
            return importlib.import_module(later[name])
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get, lambda: names, names


def _imports(statements: list[ast.stmt]) -> list[ast.ImportFrom]:
    """Those that import from this project."""
    found = [node for node in statements if isinstance(node, ast.ImportFrom)]
    return [node for node in found if (node.module or "").startswith("nnlearn")]
