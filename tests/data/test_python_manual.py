import gzip
import hashlib
import json
import subprocess
import sys

import pytest

from nnlearn import data


def test_it_is_the_same_text_under_every_python():
    text = data.manual()
    assert len(text) == 465_126 and "assert_stmt" in text
    assert (
        hashlib.sha256(text.encode()).hexdigest()
        == "71f2ff5d99bdc1f9c48c5c2353ad138201c5ca1c377e0226857ef8fa89b8bcee"
    )


def test_it_is_made_from_what_python_brings(tmp_path):
    made = tmp_path / "manual.json.gz"
    subprocess.run([sys.executable, "-m", "nnlearn.data.python_manual", made], check=True)
    theirs = json.loads(gzip.decompress(made.read_bytes()))
    assert list(theirs) == sorted(theirs) and len(data.manual_sections().keys() & theirs.keys()) > 70


def test_the_manual_is_its_sections_one_after_the_other():
    sections = data.manual_sections()
    assert "debugger" in sections and "\n\n".join(sections.values()) == data.manual()


def test_no_paragraph_of_the_manual_is_both_learned_and_judged():
    train, validation = data.manual_split()
    assert len(validation) == pytest.approx(len(train) / 9, rel=1e-4)
    paragraphs = (train + validation).split("\n\n")
    assert len(set(paragraphs)) == len(paragraphs) and set(paragraphs) == set(data.manual().split("\n\n"))
    with pytest.raises(ValueError, match="validation is 1"):
        data.manual_split(1)
