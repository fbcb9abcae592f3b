"""The code is linted, formatted and typed; what it depends on is pinned by version, not by place."""

import ast
import itertools
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import ROOT

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@pytest.mark.parametrize("command", ["ruff check", "ruff format --check", "mypy"])
def test_checks_are_clean(command: str):
    result = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def hidden_asserts() -> Iterator[str]:
    """Where a test returns early, or asserts under an `if`: green without having looked."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for test in ast.parse(path.read_text()).body:
            if isinstance(test, ast.FunctionDef) and test.name.startswith("test_"):
                nodes = set(ast.walk(test))
                helpers = [node for node in nodes - {test} if isinstance(node, FUNCTIONS)]
                under_if = {inner for node in nodes if isinstance(node, ast.If) for inner in ast.walk(node)}
                for node in nodes - {inner for helper in helpers for inner in ast.walk(helper)}:
                    text = ast.unparse(node) if isinstance(node, ast.Assert | ast.Expr | ast.With) else ""
                    asserts = re.match(r"assert |np\.testing\.|with pytest\.raises", text)
                    if isinstance(node, ast.Return) or (asserts and node in under_if):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}"


def test_no_test_returns_early_or_asserts_under_an_if():
    assert list(hidden_asserts()) == []


def pins() -> dict[str, list[Requirement]]:
    """The constraints by name: one, or one for each kind of machine."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / ".ci" / "constraints.txt").read_text().splitlines():
        pin = Requirement(line)
        found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    return [line for line in named if canonicalize_name(Requirement(line).name) != project["name"]]


def test_every_constraint_is_one_version_and_names_no_place():
    for name, lines in pins().items():
        for pin in lines:
            assert re.fullmatch(r"==[\w.!+]+", str(pin.specifier)) and not pin.url, f"{name}: {pin}"


@pytest.mark.parametrize("line", requirements())
def test_every_requirement_is_pinned_within_its_range(line: str):
    """Where not: uv pip compile pyproject.toml --all-extras --universal --no-annotate --no-header
    --no-emit-index-url -o .ci/constraints.txt, which keeps the other pins."""
    wanted = Requirement(line)
    versions = [str(pin.specifier)[2:] for pin in pins().get(canonicalize_name(wanted.name), [])]
    assert versions, f"{wanted.name} has no line in .ci/constraints.txt"
    assert all(wanted.specifier.contains(version) for version in versions), f"{line} against {versions}"
