"""`nnlearn slides --pdf`: a page for each slide, and a sheet for each with what is said to it."""

import re

from pypdf import PdfReader
from typer.testing import CliRunner

from nnlearn.course.cli import app
from nnlearn.course.decks import arrange
from nnlearn.course.notebooks import read
from nnlearn.exercises.notebooks import notebooks
from tests.support.browser import chromium_or_skip


def test_every_slide_has_a_page_and_a_sheet_with_its_notes(tmp_path):
    chromium_or_skip()
    (path,) = notebooks("chapters", "02")
    done = CliRunner().invoke(app, ["slides", "02", "--pdf", "--out", str(tmp_path)])
    assert done.exit_code == 0 and done.output.count("MB") == 3, done.output
    deck = arrange(read(path), path)
    pages = PdfReader(tmp_path / "02_perceptron.pdf").pages
    assert len(pages) == deck.count
    sheets = [page.extract_text() for page in PdfReader(tmp_path / "02_perceptron_handout.pdf").pages]
    assert deck.count <= len(sheets) <= 1.2 * deck.count
    minutes = [int(minute) for text in sheets for minute in re.findall(r"From minute (\d+)", text)]
    assert minutes == [slide.minute for slide in deck.slides]
    for slide, text in zip(deck.slides, [t for t in sheets if "Speaker notes" in t], strict=True):
        words = [word for word in slide.label.split() if word.isalpha()]
        assert [word for word in words if word not in text] == [], slide.label


def test_a_machine_without_a_browser_is_told_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("NNLEARN_CHROMIUM", str(tmp_path / "none"))
    done = CliRunner().invoke(app, ["slides", "02", "--pdf", "--out", str(tmp_path / "decks")])
    assert done.exit_code == 1 and "no Chromium found" in done.output and not (tmp_path / "decks").exists()
