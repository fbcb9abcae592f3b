"""The package's direction: a module imports only from the ones above it, and `import nnlearn` stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "nnlearn"

# From the bottom up; modules in one row may import each other. A folder is one module.
LAYERS = (
    ("random", "memory", "tensor"),
    ("shapes", "ops"),
    ("checks",),
    ("neuron",),
    ("perceptron",),
    ("activations", "losses", "normalization", "convolution", "recurrent", "attention", "graph"),
    ("feedforward", "approximation"),
    ("init", "saving", "sampling"),
    ("adversarial",),
    ("module",),
    ("layers", "transformer"),
    ("models",),
    ("optim",),
    ("train",),
    ("download", "data"),
    ("text",),
    ("manual_gpt", "pretraining"),
    ("plot",),
    ("drawings",),
    ("widgets",),
    ("exercises",),
    ("folders",),
    ("classroom",),
    ("course",),
)
HEIGHT = {name: height for height, row in enumerate(LAYERS) for name in row}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def module_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> set[str]:
    """The modules of the package that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            depth = len(path.relative_to(PACKAGE).parts)
            parent = ["nnlearn", *path.relative_to(PACKAGE).parts][: depth + 1 - node.level]
            base = ".".join([*parent, node.module] if node.module else parent) if node.level else node.module
            names = [f"{base}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("nnlearn.") and name.count(".")}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_from_above(path):
    module = module_of(path)
    assert module in HEIGHT, f"{module} has no place in the order of modules: put it into LAYERS"
    for name in imports(path) & HEIGHT.keys():
        assert HEIGHT[name] <= HEIGHT[module], f"{module} imports {name}, which stands below it"


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
    import nnlearn

    with pytest.raises(AttributeError, match="no attribute 'perceptrom'"):
        nnlearn.perceptrom  # noqa: B018
    assert "plot" in dir(nnlearn)
