"""Living figures as a reader without a kernel meets them, and the functions of their modules."""

from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from nnlearn.models.gpt import GPT
from nnlearn.widgets import explorer, living
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.living import rounded
from nnlearn.widgets.next_token import by_rows
from tests.support.browser import new_context


def functions(browser: Browser, module: str, *names: str) -> Page:
    """A page where `nn` has the named functions of a module of widgets/js."""
    page = new_context(browser).new_page()
    page.add_script_tag(
        content=f"(() => {{ {explorer.bundle(module)}\nwindow.nn = {{ {', '.join(names)} }}; }})()"
    )
    return page


def as_the_page_has_it(gpt: GPT) -> GPT:
    """The same model, every matrix rounded to 8 bits and back."""
    for name, p in gpt.named_parameters():
        if p.data.ndim == 2:
            q, scale = rounded(by_rows(name, p.data))
            p.data[...] = by_rows(name, q * scale[:, None])
    return gpt


class Standing:
    """A figure on a page from the disk, in a window; `complaints` is what the browser's console said."""

    def __init__(
        self, widget: Explorer, browser: Browser, folder: Path, address: str = "", width: int = 1100
    ) -> None:
        self.file, self.complaints = folder / "page.html", list[str]()
        figure, script = widget.as_html('<img alt="as it was stored">'), living.script(widget.module)
        self.file.write_text(
            f"<!doctype html><meta charset=utf-8>{figure}<script>{script}</script>", encoding="utf-8"
        )
        self.page = new_context(browser, viewport={"width": width, "height": 900}).new_page()
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.complaints.append(m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(self.file.as_uri() + address)
        self.figure = self.page.locator(".nn-living")
        self.status: Locator = self.page.locator("[role=status]")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def says(self, *words: str) -> None:
        for word in words:
            expect(self.status).to_contain_text(word)

    def sideways(self) -> int:
        """How many pixels the page is wider than its window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """The pointer goes down at one place of the window and up at another."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=5)
        self.page.mouse.up()
