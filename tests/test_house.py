"""The house: folders in the order of its map, imports that only look up, and what `nn.` offers."""

import ast
import importlib
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import nnlearn as nn
from tests.support import ROOT

PACKAGE = ROOT / "nnlearn"
FILES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
# The first table of CONTRIBUTING.md whose rows begin with a folder: `engine/`, `functions/`, ...
MAP = re.findall(r"^\| `(\w+)/` \|", (ROOT / "CONTRIBUTING.md").read_text(), re.M)


def module_of(path: Path) -> str:
    """nnlearn.engine.tensor"""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in FILES}


def imports(path: Path) -> set[str]:
    """The files of the package that a file imports, as modules; those under `if TYPE_CHECKING` too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            named = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= named or {str(node.module)}
    return found & MODULES.keys()


IMPORTS = {module: imports(path) for module, path in MODULES.items()}
# What `import nnlearn` runs. `import nnlearn` in one of those files would be a circle.
EAGER = {
    module
    for module in MODULES
    if module in IMPORTS["nnlearn"] and module.split(".")[1] not in {"data", "text", "figures", "widgets"}
}


def test_every_folder_has_one_line_in_the_map():
    assert sorted(MAP) == FOLDERS
    assert len(FOLDERS) + len(list(PACKAGE.glob("*.py"))) <= 16


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_only_from_those_above_it(folder: str):
    for module in MODULES:
        if module.split(".")[1:2] != [folder]:
            continue
        for other in IMPORTS[module]:
            if other in ("nnlearn", "nnlearn.public", "nnlearn.files"):
                continue
            above = other.split(".")[1]
            assert MAP.index(above) <= MAP.index(folder), f"{module} imports {other}, which stands below it"


def test_no_file_imports_itself_in_a_circle():
    lazy = {"nnlearn": {m for m in IMPORTS["nnlearn"] if m in EAGER} | {"nnlearn.public"}}
    list(TopologicalSorter(IMPORTS | lazy).static_order())  # raises CycleError, which names the circle


def test_nn_completes_to_its_public_names_and_nothing_else():
    shell = InteractiveShell.instance()
    shell.user_ns["nn"] = nn
    with provisionalcompleter():
        completed = {found.text.lstrip(".") for found in shell.Completer.completions("nn.", 3)}
    assert completed == set(nn.__all__)
    assert "relu" in completed and "plot" in completed and "Any" not in completed


def test_no_public_name_hides_a_module():
    for name in nn.__all__:
        if f"nnlearn.{name}" in MODULES:
            assert getattr(nn, name) is importlib.import_module(f"nnlearn.{name}")
    for folder in FOLDERS:
        package = importlib.import_module(f"nnlearn.{folder}")
        for path in (PACKAGE / folder).glob("[a-z]*.py"):
            module = importlib.import_module(f"nnlearn.{folder}.{path.stem}")
            assert getattr(package, path.stem) is module, f"nnlearn.{folder}.{path.stem} is hidden"


def test_importing_the_package_loads_numpy_and_the_engine_alone():
    heavy = (
        "matplotlib",
        "ipywidgets",
        "IPython",
        "sklearn",
        "scipy",
        "pooch",
        "safetensors",
        "typer",
        "torch",
    )
    code = f"import sys, nnlearn; print([name for name in {heavy} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]", f"`import nnlearn` also loads {out}"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'perceptrom'"):
        nn.perceptrom  # noqa: B018
    assert "plot" in dir(nn)
