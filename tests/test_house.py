"""The house: folders in the order of its map, imports that only look up, and what `nn.` offers."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterable
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from IPython.core.completer import IPCompleter, provisionalcompleter

import nnlearn as nn
from tests.support import ROOT

PACKAGE = ROOT / "nnlearn"
FOLDERS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
# The first table of CONTRIBUTING.md whose rows begin with a folder: `engine/`, `functions/`, ...
MAP = re.findall(r"^\| `(\w+)/` \|", (ROOT / "CONTRIBUTING.md").read_text(), re.M)


def module_of(path: Path) -> str:
    """nnlearn.engine.tensor"""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
AT_THE_TOP = {module for module, path in MODULES.items() if path.parent == PACKAGE}


def imports(nodes: Iterable[ast.AST]) -> set[str]:
    """The files of the package that statements import, as modules; inside functions too."""
    found = set()
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            named = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= named or {str(node.module)}
    return found & MODULES.keys()


def statements(path: Path) -> list[ast.stmt]:
    return ast.parse(path.read_text()).body


IMPORTS = {module: imports(statements(path)) for module, path in MODULES.items()}


def test_every_folder_has_one_line_in_the_map():
    assert sorted(MAP) == FOLDERS
    assert len(FOLDERS) + len(AT_THE_TOP) <= 15


@pytest.mark.parametrize("module", MODULES)
def test_imports_are_absolute_and_look_up(module: str):
    relative = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(MODULES[module].read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []
    below = MAP[MAP.index(module.split(".")[1]) + 1 :] if module not in AT_THE_TOP else []
    assert [other for other in sorted(IMPORTS[module] - AT_THE_TOP) if other.split(".")[1] in below] == []


def test_no_file_imports_itself_in_a_circle():
    eager = [node for node in statements(PACKAGE / "__init__.py") if not isinstance(node, ast.If)]
    graph = IMPORTS | {"nnlearn": imports(eager)}  # what stands under TYPE_CHECKING is loaded when first used
    assert set(TopologicalSorter(graph).static_order()) == MODULES.keys()  # a CycleError names the circle


def test_nn_completes_to_its_public_names_and_nothing_else():
    with provisionalcompleter():
        completions = IPCompleter(namespace={"nn": nn}).completions("nn.", 3)
        completed = {found.text.lstrip(".") for found in completions}
    assert completed == set(nn.__all__)
    assert {"relu", "plot", "widgets"} <= completed and "Any" not in completed


def test_no_name_hides_a_module():
    """`nn.name`, or `folder.name`, is the module of that name where there is one."""
    hidden = []
    for module in MODULES.keys() - {"nnlearn"}:
        parent, _, name = module.rpartition(".")
        found = importlib.import_module(module)
        if getattr(importlib.import_module(parent), name) is not found:
            hidden.append(module)
    assert hidden == []


def test_importing_the_package_loads_numpy_and_itself_alone():
    code = """
import sys, numpy.random
before = set(sys.modules)
import nnlearn
print(*{name.partition(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(out.split()) <= {"nnlearn", "numpy"}, f"`import nnlearn` also loads {out}"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'perceptrom'"):
        nn.perceptrom  # noqa: B018
    assert "plot" in dir(nn)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_a_clone_is_small(tmp_path: Path):
    """What a visitor waits for: stored pictures and weights are most of it."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--bare", "--no-local", f"file://{ROOT}", clone], check=True)
    assert sum(path.stat().st_size for path in clone.rglob("*") if path.is_file()) <= 120e6
