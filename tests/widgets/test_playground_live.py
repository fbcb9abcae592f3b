"""The playground in a real browser: plays, is changed while it plays, pauses, resets, shows its code."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, expect

from tests.support.browser import launch_chromium
from tests.support.jupyterlab import Page, Server, serve

CELLS = (
    "import nnlearn as nn\nplayground = nn.widgets.Playground()",
    "playground",
    "print('steps', playground.run.steps)",
    "cell = {}\nexec(playground.code, cell)\n"
    "print('equal', (cell['train_loss'], cell['test_loss']) == playground.run.losses())",
)


def write_notebook(server: Server, values: dict[str, Any] | None = None) -> str:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [CELLS[0].replace("()", f"(**{values or {}})"), *CELLS[1:]]
    notebook = new_notebook(cells=[new_code_cell(c) for c in cells], metadata={"kernelspec": kernel})
    nbformat.write(notebook, server.folder / "play.ipynb")
    return "play.ipynb"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home, "course"), Path(home)) as server,
        launch_chromium() as browser,
        Page(browser, server) as page,
    ):
        page.page.set_viewport_size({"width": 1280, "height": 1300})
        page.open(write_notebook(server))
        page.run_all()
        assert not page.errors(), page.errors()
        yield page


def step_said(cell: Locator) -> int:
    """The step in the sentence under the picture."""
    said = re.search(r"[Ss]tep ([\d,]+) of", cell.locator("[role=status]").inner_text())
    assert said
    return int(said[1].replace(",", ""))


def wait_for_step(page: Page, cell: Locator, more_than: int) -> int:
    page.wait_until(lambda: step_said(cell) > more_than, f"the playground gets further than step {more_than}")
    return step_said(cell)


def run_cell(page: Page, index: int) -> str:
    """Run one cell, and what it printed."""
    page.run(index)
    return "".join(output.get("text", "") for output in page.cells()[index]["outputs"])


def wait_until_paused(page: Page) -> int:
    """The step at which kernel and picture stand: a frame may be under way when pause is pressed."""
    page.wait_until(
        lambda: f"steps {step_said(page.show(1))}\n" in run_cell(page, 2),
        "the picture shows the kernel's step",
    )
    return step_said(page.show(1))


def focus(cell: Locator, label: str) -> Locator:
    """The control with a label, with the focus on it."""
    control = cell.get_by_label(label, exact=False).first
    control.focus()
    return control


def test_plays_changes_pauses_resets_and_shows_the_very_code(page: Page, record_property):
    cell = page.show(1)
    for _ in range(6):
        page.page.keyboard.press("Tab")
        if page.page.evaluate("document.activeElement.innerText").strip() == "▶ Play":
            break
    else:
        pytest.fail("six presses of Tab do not lead to the play button")
    icons: list[str] = []
    page.page.on("request", lambda request: "favicon" in request.url and icons.append(request.url))
    page.page.keyboard.press("Space")
    wait_for_step(page, cell, 0)
    printed = run_cell(page, 2)
    assert int(re.search(r"steps (\d+)", printed)[1]) > 0, "cells run while it trains"

    cell = page.show(1)
    focus(cell, "learning rate").press("ArrowRight")
    expect(cell.get_by_role("status")).to_contain_text("learning rate 0.1")
    before = step_said(cell)
    assert before > 0, "another learning rate goes on from where it was"
    wait_for_step(page, cell, before)
    for label, key, said in (
        ("layer 1", "ArrowUp", "Units 2-5-2-1"),
        ("hidden layers", "ArrowRight", "Units 2-5-2-4-1"),
    ):
        focus(cell, label).press(key)
        expect(cell.get_by_role("status")).to_contain_text(said)
        wait_for_step(page, cell, 0)
    assert not icons, "the tab's icon is fetched anew whenever the kernel begins and ends its part of a frame"

    pause = cell.get_by_role("button", name="Pause")
    pause.focus()
    pause.press("Space")
    cell.get_by_role("button", name="Play").wait_for()
    at = wait_until_paused(page)
    assert f"steps {at}" in run_cell(page, 2), "paused, it stands"
    cell = page.show(1)

    cell.get_by_role("button", name="Show me the code").press("Enter")
    cell.locator("textarea").wait_for()
    code = cell.locator("textarea").input_value()
    assert "nn.MLP([2, 5, 2, 4, 1]" in code and f"steps({at})" in code
    assert "equal True" in run_cell(page, 3)

    cell = page.show(1)
    cell.get_by_role("button", name="Reset").press("Enter")
    expect(cell.get_by_role("status")).to_contain_text("Step 0 of circles")
    cell.get_by_role("button", name="Step", exact=True).press("Enter")
    expect(cell.get_by_role("status")).to_contain_text("Step 5 of circles")
    assert not page.complaints, "\n".join(page.complaints)
    record_property("checked", "live playground")


def test_can_be_interrupted_while_it_plays(page: Page):
    """The stop button leaves a kernel that answers and a playground that plays."""
    cell = page.show(1)
    cell.get_by_role("button", name="Play").press("Enter")
    wait_for_step(page, cell, step_said(cell))
    page.page.evaluate("window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    assert "steps" in run_cell(page, 2)
    cell = page.show(1)
    if cell.get_by_role("button", name="Play").count():  # it was interrupted in the middle of a frame
        cell.get_by_role("button", name="Play").press("Enter")
    wait_for_step(page, cell, step_said(cell))
    cell.get_by_role("button", name="Pause").press("Enter")
    assert not page.complaints, "\n".join(page.complaints)
