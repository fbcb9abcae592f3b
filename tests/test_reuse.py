"""Who may use what again: a row of README.md for every file of data, and a citation of this version."""

import re
import tomllib
from pathlib import PurePath

import pytest
import yaml

from tests.support import ROOT

SECTION = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Use it again")[2]
PATTERNS = [
    pattern for row in re.findall(r"^\| (.*?) \|", SECTION, re.M) for pattern in re.findall(r"`(.*?)`", row)
]
DATA = {".npz", ".npy", ".safetensors", ".json", ".txt", ".gif", ".png", ".svg", ".wav", ".csv"}
FOLDERS = ("nnlearn/data", "nnlearn/study", "nnlearn/models", "nnlearn/text", ".github")
FILES = [
    path.relative_to(ROOT)
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in DATA
]


def covers(pattern: str, path: PurePath) -> bool:
    return path.match(pattern) and len(path.parts) == len(PurePath(pattern).parts)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_of_data_has_a_row_with_a_licence(path):
    assert sum(covers(pattern, path) for pattern in PATTERNS) == 1


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_row_speaks_of_files_that_are_there(pattern):
    assert any(covers(pattern, path) for path in FILES) or "/" not in pattern or (ROOT / pattern).exists()


def test_the_citation_is_of_this_version_and_licence():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (cited["title"], cited["version"]) == (project["name"], project["version"])
    assert project["license"].startswith(cited["license"]) and project["description"] in cited["abstract"]
    assert {"cff-version", "message", "authors"} <= cited.keys()
