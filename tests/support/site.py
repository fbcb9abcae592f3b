"""Every page of a built site, in a browser that reaches no other host: complaints, and what axe-core finds.

    python -m tests.support.site SITE [--pictures DIR] [PAGE]...

prints what is wrong with each page; with --pictures, each is saved as a PNG, light and dark, wide and narrow.
"""

import argparse
import functools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import axe_playwright_python
from playwright.sync_api import Browser, Page

from tests.support.browser import launch_chromium, new_context

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
# Contrast depends on colours, size and weight alone: one of each stands for all. axe-core's time grows with
# the page's elements, most of which are coloured words of code and strokes of formulas, with nothing else to
# find: while it reads, code without such a one is plain text and formulas are empty.
FINDINGS = """
async ([part, rule]) => {
  const strokes = 'mjx-container > svg';  // of formulas: many, and nothing to find
  const code = 'pre, .sig-param, .sig-return-typehint';
  const ground = (e) => {
    const { backgroundColor, backgroundImage } = getComputedStyle(e);
    const clear = backgroundColor === 'rgba(0, 0, 0, 0)' && backgroundImage === 'none';
    return clear && e.parentElement ? ground(e.parentElement) : backgroundColor + backgroundImage;
  };
  const kinds = new Map();
  for (const e of document.querySelectorAll(`:is(${part}) :not(${strokes} *)`)) {
    const written = [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!written || !e.checkVisibility()) continue;
    const { color, fontSize, fontWeight, opacity } = getComputedStyle(e);
    const kind = [color, fontSize, fontWeight, opacity, ground(e)].join();
    if (!kinds.has(kind)) kinds.set(kind, e);
  }
  const shown = [...kinds.values()];
  const plain = [...document.querySelectorAll(`${code}, ${strokes}`)]
    .filter((e) => !shown.some((one) => e.contains(one)) && !e.querySelector('a, img, [tabindex]'))
    .map((e) => [e, [...e.childNodes]]);
  for (const [e] of plain) e.replaceChildren(e.matches(code) ? e.textContent : '');
  const run = async (where, options) =>
    (await axe.run(where, { resultTypes: ['violations'], preload: false, ...options })).violations;
  const { Color, getContrast } = axe.commons.color;
  const pale = (e) => {  // axe-core may doubt what lies behind a line; here it is the element's own ground
    const { color, backgroundColor, backgroundImage } = getComputedStyle(e);
    const [letters, paper] = [color, backgroundColor].map((c) => new Color().parseString(c));
    return paper.alpha === 1 && backgroundImage === 'none' && getContrast(paper, letters) < 3;
  };
  const idle = axe.getRules().map(({ ruleId }) => axe._audit.getRule(ruleId))  // done below, or not told
    .filter(({ id, impact }) => id === 'color-contrast' || ['minor', 'moderate'].includes(impact));
  const all = rule ? { runOnly: [rule] }
    : { rules: Object.fromEntries(idle.map(({ id }) => [id, { enabled: false }])) };
  const found = rule === 'color-contrast' ? [] : await run({ include: part, exclude: [strokes] }, all);
  if ((!rule || rule === 'color-contrast') && kinds.size) {
    found.push(...await run({ include: shown }, { runOnly: ['color-contrast'] }));
    const nodes = shown.filter(pale).map((e) => ({ target: e.tagName, html: e.outerHTML }));
    if (nodes.length) found.push({ impact: 'serious', id: 'color-contrast', help: 'own ground', nodes });
  }
  for (const [e, children] of plain) e.replaceChildren(...children);
  return found.filter((v) => ['serious', 'critical'].includes(v.impact))
    .map(({ id, help, nodes }) =>
      `${id}: ${nodes.length} × ${help}: ${nodes[0].target} ${nodes[0].html.slice(0, 150)}`);
}
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing: a test's output is the test's."""


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The address of a plain web server on `folder`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class Reader:
    """Somebody with a browser; what must not happen is in `complaints`."""

    def __init__(self, browser: Browser, home: str, width: int = 1280, scheme: str = "light") -> None:
        self.home, self.complaints = home, []
        self.context = new_context(browser, viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.context.route("**/*", self._only_here)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", lambda r: r.status >= 400 and self.complaints.append(f"{r.status}: {r.url}"))

    def _only_here(self, route: Any) -> None:
        url = route.request.url
        if url.startswith((self.home, "data:", "blob:")):
            return route.continue_()
        self.complaints.append(f"asked for {url}")
        return route.abort()

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left while it was still asking
            self.complaints.append(f"failed: {request.url[:150]}")

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def open(self, name: str) -> Page:
        self.page.goto(self.home + name)
        self.page.wait_for_function("!window.MathJax || MathJax.startup.promise?.then(() => true)")
        return self.page

    def findings(self, part: str = "html", rule: str = "") -> list[str]:
        """What axe-core, or one of its rules, calls a serious or critical barrier, on the page or a part."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        self.page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")  # colours
        return self.page.evaluate(FINDINGS, [part, rule])

    def sideways(self) -> int:
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def close(self) -> None:
        self.context.close()


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.targets.append(value)
            elif name == "id" and value:
                self.anchors.add(value)


def pages(site: Path) -> list[str]:
    """All but the application in `lite/`, which is JupyterLite's own."""
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return [name for name in names if not name.startswith("lite/")]


def dead_links(site: Path) -> list[str]:
    """Links within the site to files or anchors that are not there."""
    read: dict[str, _Links] = {}
    for name in pages(site):
        read[name] = _Links()
        read[name].feed((site / name).read_text(encoding="utf-8"))
    dead = []
    for name, links in read.items():
        for target in links.targets:
            address = urlsplit(urljoin(f"https://site/{name}", target))
            if address.netloc != "site" or address.scheme != "https":
                continue
            path = unquote(address.path).lstrip("/") or "index.html"
            if not (site / path).is_file():
                dead.append(f"{name}: {target}: no such file")
            elif address.fragment and path in read and not path.startswith("decks/"):
                if unquote(address.fragment) not in read[path].anchors:
                    dead.append(f"{name}: {target}: no such anchor")
    return dead


def main() -> None:
    parser = argparse.ArgumentParser(description="Look at every page of a built site.")
    parser.add_argument("site", type=Path)
    parser.add_argument("pages", nargs="*")
    parser.add_argument("--pictures", type=Path, help="save every page as PNGs in this folder")
    options = parser.parse_args()
    problems = dead_links(options.site)
    with launch_chromium() as browser, serve(options.site) as home:
        for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light")):
            reader = Reader(browser, home, width, scheme)
            for name in options.pages or pages(options.site):
                page = reader.open(name)
                wrong = reader.findings()
                if width == 390 and reader.sideways():
                    wrong.append(f"scrolls sideways by {reader.sideways()} pixels")
                problems += [f"{name} ({width}, {scheme}): {problem}" for problem in wrong]
                if options.pictures:
                    options.pictures.mkdir(parents=True, exist_ok=True)
                    stem = name.removesuffix(".html").replace("/", "-")
                    page.screenshot(path=options.pictures / f"{stem}-{width}-{scheme}.png", full_page=True)
            problems += reader.complaints
            reader.close()
    print("\n".join(problems) or "nothing is wrong")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
