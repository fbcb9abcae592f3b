"""Every slide of a deck, opened from the disk in a browser that reaches nobody, and measured.

    python -m tests.support.decks chapters/01_neuron.ipynb [--pictures DIR]

prints one line a slide and what is wrong with it; with --pictures, each slide is saved as a PNG.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from nnlearn.course.decks import build
from tests.support import WAIT
from tests.support.browser import launch_chromium

SMALLEST = 16  # pixels of a 720-pixel screen: smaller letters cannot be read from the back of a room
SMALLEST_CODE = 20

# Boxes of the shown slide that leave the screen, run under its footer or out of their own block.
MEASURE = """
() => {
  const slide = Reveal.getCurrentSlide(), page = slide.querySelector('.page');
  const floor = page.querySelector('footer').getBoundingClientRect();
  const bottom = floor.height && !slide.matches('.break') ? floor.top : 720;
  const words = (e) => e.textContent.trim().replace(/\\s+/g, ' ').slice(0, 40);
  const name = (e) => `<${e.tagName.toLowerCase()}> ${words(e)}`;
  const hidden = 'mjx-assistive-mml, mjx-assistive-mml *, svg *, .notes *';
  const outside = [], culprits = [];
  for (const e of page.querySelectorAll('header *, .body *')) {
    const box = e.getBoundingClientRect();
    if (!box.width || !box.height || e.matches(hidden) || culprits.some((c) => c.contains(e))) continue;
    const before = outside.length;
    const inBody = e.closest('.body');
    const by = Math.max(-box.left, -box.top, box.right - 1280, box.bottom - (inBody ? bottom : 720));
    if (by > 2) outside.push(`${name(e)} leaves the slide by ${Math.round(by)} pixels`);
    const block = e.closest('.block')?.getBoundingClientRect();
    if (block && (box.right > block.right + 2 || box.bottom > block.bottom + 2)) {
      outside.push(`${name(e)} is larger than its place`);
    }
    if (outside.length > before) culprits.push(e);
  }
  const sizes = (kinds) => [...page.querySelectorAll(kinds)]
    .filter((e) => e.textContent.trim()).map((e) => parseFloat(getComputedStyle(e).fontSize));
  return {
    place: Reveal.getSlidePastCount() + 1,
    label: slide.getAttribute('aria-label'),
    kind: slide.className.split(' ')[0],
    layout: page.dataset.layout,
    letters: Math.min(...sizes('.body p, .body li, .body pre, .body td, figcaption'), 99),
    code: Math.min(...sizes('.body pre'), 99),
    outside: [...new Set(outside)],
    notes: [...slide.querySelectorAll('.notes > :not(.minute)')].map((e) => e.textContent).join(' ').trim(),
    seconds: Number(slide.dataset.timing),
    minute: slide.querySelector('aside.notes > .minute').textContent,
    pictures: [...page.querySelectorAll('img')].map((i) => ({ alt: i.alt, height: i.clientHeight })),
    formulas: page.querySelectorAll('mjx-container').length,
    rawMath: page.querySelector('.body').innerText.includes('$$'),
    mathErrors: page.querySelectorAll('[data-mml-node="merror"], mjx-merror').length,
  };
}
"""


@dataclass
class Report:
    """What was seen in a deck: a measurement a slide, and the browser's complaints."""

    slides: list[dict[str, Any]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        found = list(self.complaints)
        for slide in self.slides:
            where = f"slide {slide['place']} ({slide['label']})"
            found += [f"{where}: {problem}" for problem in slide["outside"][:3]]
            if slide["letters"] < SMALLEST:
                found.append(f"{where}: letters of {slide['letters']:.1f} pixels, too much on one slide")
            if slide["code"] < SMALLEST_CODE:
                found.append(f"{where}: code in letters of {slide['code']:.1f} pixels, too much on one slide")
            if slide["rawMath"] or slide["mathErrors"]:
                found.append(f"{where}: a formula that MathJax does not understand")
            found += [
                f"{where}: a picture without alt text" for picture in slide["pictures"] if not picture["alt"]
            ]
        return found


def open_deck(browser: Browser, path: Path, query: str = "") -> tuple[Page, list[str]]:
    """The deck in a window of 1280 × 720, all other hosts blocked, and the list that its complaints go to."""
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(1000 * WAIT)

    def refuse(route: Any) -> None:
        url = route.request.url
        if url.startswith(("file:", "data:", "about:", "blob:")):
            return route.continue_()
        complaints.append(f"asked for {url}")
        return route.abort()

    page.route("**/*", refuse)
    page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(f"console: {m.text}"))
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url[:100]}"))
    page.goto(path.as_uri() + query)
    page.wait_for_selector("body.ready")
    return page, complaints


def inspect(browser: Browser, path: Path, pictures: Path | None = None) -> Report:
    """Visit every slide of the deck at `path` with all its fragments shown."""
    page, complaints = open_deck(browser, path)
    report = Report(complaints=complaints)
    for index in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(
            "k => { const s = Reveal.getSlides()[k], i = Reveal.getIndices(s);"
            " Reveal.slide(i.h, i.v, s.querySelectorAll('.fragment').length - 1); }",
            index,
        )
        report.slides.append(page.evaluate(MEASURE))
        if pictures:
            page.screenshot(path=pictures / f"{path.stem}-{index + 1:02}.png")
    page.close()
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the deck of a notebook and measure every slide.")
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--pictures", type=Path, help="save every slide as a PNG in this folder")
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder, launch_chromium() as browser:
        for notebook in options.notebooks:
            deck = Path(folder) / f"{notebook.stem}.html"
            try:
                deck.write_text(build(notebook), encoding="utf-8")
            except ValueError as error:
                sys.exit(str(error))
            if options.pictures:
                options.pictures.mkdir(parents=True, exist_ok=True)
            report = inspect(browser, deck, options.pictures)
            print(f"{notebook.name}: {len(report.slides)} slides, {deck.stat().st_size / 1e6:.1f} MB")
            for slide in report.slides:
                print(
                    f"{slide['place']:4}  {slide['kind']:8} {slide['layout']:7} "
                    f"letters {slide['letters']:4.1f} px  notes {len(slide['notes'].split()):4} words  "
                    f"{slide['label']}"
                )
            for problem in report.problems:
                print("  !", problem)
            failed |= bool(report.problems)
    sys.exit(failed)


if __name__ == "__main__":
    main()
