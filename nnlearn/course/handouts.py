"""A deck on paper: its slides as a PDF, and a handout of each slide above what is said to it.

reveal.js lays out the pages, Chromium prints them, pypdf puts two on a sheet.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nnlearn.course.browser import launch_chromium
from nnlearn.course.decks import write_decks
from nnlearn.training.saving import require_writable, write

_A4 = (595, 842)  # points
_MARGIN = 28
_NOTES = ".speaker-notes-pdf { font-size: 27px !important; line-height: 1.4 !important; }"


def write_pdfs(names: list[str], out: Path) -> Iterator[tuple[Path, int]]:
    """Write the decks of the named chapters, and of each its slides and its handout as PDF; files and sizes.

    Raises what `write_decks` and `launch_chromium` raise; ModuleNotFoundError where pypdf is not installed.
    """
    import pypdf  # noqa: F401

    require_writable(out)
    with launch_chromium() as browser:
        for path, size in write_decks(names, out):
            yield path, size
            slides = _printed(browser, path, "print-pdf")
            both = _printed(browser, path, "print-pdf&showNotes=separate-page")
            for name, content in (
                (path.stem, slides),
                (f"{path.stem}_handout", two_on_a_sheet(slides, both)),
            ):
                target = out / f"{name}.pdf"
                write(target, content)
                yield target, len(content)


def _printed(browser: Any, deck: Path, how: str) -> bytes:
    page = browser.new_page()
    page.goto(f"{deck.resolve().as_uri()}?{how}")
    page.wait_for_selector("body.ready", timeout=0)
    page.wait_for_selector(".pdf-page", timeout=0)
    page.add_style_tag(content=_NOTES)
    printed = page.pdf(prefer_css_page_size=True, print_background=True, tagged=True)
    page.close()
    return printed


def two_on_a_sheet(slides: bytes, both: bytes) -> bytes:
    """Each of the slides above its notes, which follow it in `both`; on a sheet more where they are long."""
    from pypdf import PageObject, PdfReader, PdfWriter, Transformation

    waiting = [page.extract_text() for page in PdfReader(io.BytesIO(slides)).pages]
    groups: list[list[PageObject]] = []
    for page in PdfReader(io.BytesIO(both)).pages:
        if len(groups) < len(waiting) and page.extract_text() == waiting[len(groups)]:
            groups.append([page])
        else:
            groups[-1].append(page)
    width, height = _A4
    sheets = PdfWriter()
    for group in groups:
        for first in range(0, len(group), 2):
            sheet = sheets.add_blank_page(width, height)
            for k, page in enumerate(group[first : first + 2]):
                scale = (width - 2 * _MARGIN) / float(page.mediabox.width)
                below = height - _MARGIN - (k + 1) * scale * float(page.mediabox.height) - k * _MARGIN
                sheet.merge_transformed_page(page, Transformation().scale(scale).translate(_MARGIN, below))
    sheets.compress_identical_objects()
    out = io.BytesIO()
    sheets.write(out)
    return out.getvalue()
