"""The container: it holds what is there, installs as the README says, and lets the sandbox start."""

import json
import re

import pytest

from tests.support import ROOT

FOLDER = ROOT / ".devcontainer"
DOCKERFILE = re.sub(r"^#.*\n", "", (FOLDER / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
README = (ROOT / "README.md").read_text(encoding="utf-8")
COPIED = [
    source
    for line in re.findall(r"^COPY --chown=learner (.+) \S+$", DOCKERFILE, re.M)
    for source in line.split()
]


@pytest.mark.parametrize("source", COPIED)
def test_what_is_copied_is_there(source: str):
    assert (ROOT / source).exists()


def test_it_installs_as_the_readme_says():
    (command,) = re.findall(r"&& \.venv/bin/(pip install .+)", DOCKERFILE)
    assert f".venv/bin/{command.replace(' --no-cache-dir', '')}\n" in README
    (system,) = re.findall(r"apt-get install -q -y --no-install-recommends\s+(.+?) &&", DOCKERFILE)
    assert set(re.findall(r"`apt-get install (\S+)`", README)) <= set(system.split())
    assert {"pyproject.toml", ".ci", "nnlearn", "chapters", "exercises", "solutions"} <= set(COPIED)


def test_an_editor_builds_the_same_and_lets_the_sandbox_make_its_walls():
    settings = json.loads((FOLDER / "devcontainer.json").read_text())
    build = settings["build"]
    assert (FOLDER / build["dockerfile"]).is_file() and (FOLDER / build["context"]).resolve() == ROOT
    assert f"\nUSER {settings['remoteUser']}\n" in DOCKERFILE
    options = set(settings["runArgs"]) - {"--security-opt"}
    assert options == {f"{name}=unconfined" for name in ("seccomp", "apparmor", "systempaths")}
