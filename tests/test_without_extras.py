"""The README's command needs the extra `test` alone: what the others bring may be missing, and is a skip."""

import os
import re
import subprocess
import sys
import tomllib

from tests.support import ROOT

WITHOUT = """
import sys, importlib.abc, pytest
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
sys.exit(pytest.main(["--collect-only", "-q", "-n", "0", "-p", "no:cacheprovider", "tests"]))
"""


def brought(extras: dict[str, list[str]], extra: str) -> set[str]:
    """What an extra installs, by the names that are imported."""
    found = set()
    for line in extras[extra]:
        name, others = re.match(r"([\w-]+)(?:\[([\w,-]+)\])?", line).groups()
        found |= {name.replace("-", "_")} - {"nnlearn"}
        if name == "nnlearn":
            found = found.union(*(brought(extras, other) for other in others.split(",")))
    return found


def test_every_file_is_collected():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    missing = set().union(*(brought(extras, extra) for extra in extras)) - brought(extras, "test")
    assert {"torch", "transformers", "onnx", "huggingface_hub"} <= missing
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(missing=missing)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "CI"},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr
    assert "torch is not installed" in told.stdout
