"""Every chapter as a reader meets it: `nnlearn lab`, JupyterLab, a real browser, the keyboard."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, expect

from nnlearn.course.copy import update_copy
from nnlearn.course.decks import build
from nnlearn.exercises.notebooks import notebooks
from tests.support import ROOT, WAIT
from tests.support.jupyterlab import PANEL, WIDGET, Page, Server, press_and_see, serve

CHAPTERS = [path.stem for path in notebooks("chapters")]


@pytest.fixture(scope="module")
def server(browser: Browser) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as home, serve(Path(home, "course"), Path(home)) as server:
        yield server


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """One JupyterLab for all chapters: to load it takes longer than to look at a notebook."""
    with Page(browser, server) as page:
        yield page


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_shows_its_pictures_and_its_widgets_move(name: str, page: Page, record_property):
    """The other cells run with nbval, in the same kernel; who opens a chapter for its widget skips them."""
    page.complaints.clear()
    page.open(f"chapters/{name}.ipynb")
    for index in page.cells_with("image/png")[:2]:  # the site's tests look at each of them
        image = page.show(index).locator(".jp-OutputArea-output img").first
        image.wait_for()
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") >= 300
    page.show(0)
    page.page.wait_for_selector("mjx-container")
    assert not page.page.locator("mjx-merror").count()

    code = {k: cell["source"] for k, cell in enumerate(page.cells()) if cell["cell_type"] == "code"}
    widgets = [k for k, source in code.items() if "nn.widgets." in source]
    assert widgets, f"{name} has no widget"
    for index in [min(code), *widgets]:
        page.run(index)
    assert not page.errors(), "\n".join(page.errors())
    assert page.cells_with(WIDGET) == widgets
    for index in widgets:
        cell = page.show(index)
        press_and_see(page, page.tab_to_slider(), cell)
    assert not page.complaints, "\n".join(page.complaints)
    record_property("checked", f"live-chapter {name}")


def test_work_is_there_the_next_day(browser: Browser, server: Server):
    """Opened is not touched; run and saved is, and without its kernel the widget's picture is still there."""
    name = f"chapters/{CHAPTERS[0]}.ipynb"
    notebook = server.folder / name
    update_copy(ROOT, server.folder)
    given = notebook.read_bytes()
    with Page(browser, server) as page:
        page.open(name)
        page.save()
        assert notebook.read_bytes() != given, "JupyterLab writes its own metadata"
        (server.folder / ".nnlearn.json").unlink()
        assert name not in update_copy(ROOT, server.folder).beside
        page.run_all()
        page.save()
    with Page(browser, server) as page:
        page.open(name)
        widgets = page.cells_with(WIDGET)
        assert widgets
        for index in widgets:
            cell = page.show(index)
            cell.locator("img.widget-image, .nn-living [role=status]").first.wait_for()
            assert "Error displaying widget" not in cell.inner_text()
        assert not page.complaints, "\n".join(page.complaints)


def test_a_decks_link_opens_its_very_cell(browser: Browser, server: Server):
    """The first time, when the notebook is not open yet, and again."""
    chapter = ROOT / "chapters" / f"{CHAPTERS[1]}.ipynb"
    name, cell = re.search(
        r'href="http://localhost:8888/lab/tree/([^"#]+)#cell-id=(\w+)"', build(chapter)
    ).groups()
    with Page(browser, server) as page:
        for _ in range(2):
            page.open(name, f"cell-id={cell}")
            page.page.wait_for_function(
                f"""id => {{
                    {PANEL} const {{ node, activeCell }} = panel.content;
                    const top = node.getBoundingClientRect().top;
                    const down = activeCell.node.getBoundingClientRect().top - top;
                    return activeCell.model.id === id && Math.abs(down) < 20;
                }}""",
                arg=cell,
            )
            page.page.goto("about:blank")
        assert not page.complaints, "\n".join(page.complaints)


def test_a_long_cell_says_how_long_it_has_run_and_what_is_left(browser: Browser, server: Server):
    """Where the notebook says how long it takes; the last cell, which it does not know, is interrupted."""
    wait = "import pathlib, time\nwhile not pathlib.Path({!r}).exists():\n    time.sleep(0.05)"
    names = ("slow", "quick", "never")
    notebook = new_notebook(cells=[new_code_cell(wait.format(name), id=name) for name in names])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["nnlearn"] = {"seconds": {"slow": 6000, "quick": 3}}
    nbformat.write(notebook, server.folder / "long.ipynb")
    with Page(browser, server) as page:
        page.open("long.ipynb")
        page.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        bars = page.page.get_by_role("progressbar", name="Time left")
        cells = page.page.locator(".jp-CodeCell")

        def says(k: int, text: str) -> None:
            expect(bars).to_have_count(1, timeout=1000 * WAIT)
            bar = cells.nth(k).get_by_role("progressbar")
            expect(bar).to_have_text(re.compile(text), timeout=1000 * WAIT)

        says(0, r"^\d+ (s|min) so far, about \d+ min left$")
        (server.folder / "slow").touch()
        says(1, r"^nearly there$|^\d+ (s|min) so far, longer than the usual 3 s$")
        assert page.page.evaluate("localStorage.getItem('nnlearn-pace')") is None, "no machine is as fast"
        (server.folder / "quick").touch()
        says(2, r"^\d+ (s|min) so far$")
        assert float(page.page.evaluate("localStorage.getItem('nnlearn-pace')")) >= 1
        page.page.evaluate("window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
        expect(bars).to_have_count(0, timeout=1000 * WAIT)
        assert [error.partition(":")[0] for error in page.errors()] == ["KeyboardInterrupt"]
        assert not page.complaints, "\n".join(page.complaints)


def test_the_pickers_link_opens_its_notebook_beside(browser: Browser, server: Server):
    with Page(browser, server) as page:
        page.open("chapters/28_gallery.ipynb")
        code = {k: cell["source"] for k, cell in enumerate(page.cells()) if cell["cell_type"] == "code"}
        (widget,) = (k for k, source in code.items() if "nn.widgets.Picker" in source)
        for index in (min(code), widget):
            page.run(index)
        link = page.show(widget).locator(".nn-living [role=status] a")
        link.wait_for()
        where = link.inner_text()
        link.click()
        page.page.wait_for_function(
            f"where => {{ {PANEL} return panel.context?.path === where; }}", arg=where
        )
        assert len(page.context.pages) == 1, "and not in another window"
        assert not page.complaints, "\n".join(page.complaints)
