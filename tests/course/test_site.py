"""`nnlearn site`: built by its command, then read page by page in a browser that reaches no other host."""

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from html import unescape
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL
from nbformat import v4
from playwright.sync_api import Browser, expect
from typer.testing import CliRunner

import nnlearn as nn
from nnlearn.course import reference, site
from nnlearn.course.cli import app
from nnlearn.exercises.notebooks import gallery_pages, notebooks
from nnlearn.widgets import living
from tests.support.jupyterlab import NNLEARN
from tests.support.site import Reader, dead_links, pages, serve

CHAPTERS = [path.stem for path in notebooks("chapters")]
OTHERS = ["index", "glossary", "topics", "lecturers", "instructors", "browser", "genindex", "search"]
OTHERS += [f"reference/{name}" for name in reference.pages()] + [
    f"exercises/{path.stem}" for path in notebooks("exercises")
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "html"
    done = subprocess.run([NNLEARN, "site", "--lite", "--out", out], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(out / "index.html"))
    return out


@pytest.fixture(scope="module")
def home(built: Path) -> Iterator[str]:
    with serve(built) as address:
        yield address


@pytest.fixture(scope="module")
def reader(browser: Browser, home: str) -> Iterator[Reader]:
    reader = Reader(browser, home)
    yield reader
    reader.close()


def barriers(reader: Reader, name: str) -> list[str]:
    """What is wrong with a page, light, dark, on a telephone, and when that is turned."""
    reader.complaints.clear()
    page = reader.open(name)
    found = [f"light: {finding}" for finding in reader.findings()]
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    found += [f"dark: {finding}" for finding in reader.findings(rule="color-contrast")]
    page.set_viewport_size({"width": 390, "height": 844})
    reader.open(name)  # the theme measures what overflows when a page opens
    found += [f"narrow: {finding}" for finding in reader.findings(rule="scrollable-region-focusable")]
    if over := reader.sideways():
        found.append(f"scrolls sideways by {over} pixels")
    page.set_viewport_size({"width": 1280, "height": 900})
    found += [f"turned: {finding}" for finding in reader.findings(rule="scrollable-region-focusable")]
    return found + reader.complaints


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_is_a_page_without_barriers(name: str, reader: Reader, built: Path, record_property):
    assert barriers(reader, f"chapters/{name}.html") == []
    notebook = nbformat.read(notebooks("chapters", name)[0], as_version=4)
    drawn = [
        o for cell in notebook.cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})
    ]
    shown = reader.page.locator("main .cell_output img").evaluate_all("all => all.map((image) => image.alt)")
    alive = reader.page.locator("main .cell_output .nn-living").count()
    assert alive == sum(living.stored(output) is not None for output in drawn)
    assert len(shown) + alive == len(drawn) >= 5
    assert all(len(alt.split()) >= 8 for alt in shown), shown
    assert not reader.page.locator("mjx-merror").count()
    assert reader.page.locator("mjx-container").count()
    for kind in ("Exercises", "Slides", "Notebook"):
        assert reader.page.locator("p.files a", has_text=kind).count() == 1
    assert (built / "chapters" / f"{name}.ipynb").read_bytes() == notebooks("chapters", name)[0].read_bytes()
    record_property("checked", f"page {name}")


@pytest.mark.parametrize("path", gallery_pages(), ids=lambda path: path.stem)
def test_page_of_the_gallery_has_no_barriers_and_a_card(path, reader: Reader, built: Path, record_property):
    name = f"{path.parent.name}/{path.stem}"
    assert barriers(reader, f"chapters/{name}.html") == []
    pictures = reader.page.locator("main .cell_output img").evaluate_all(
        "all => all.map((image) => image.alt)"
    )
    assert pictures and all(len(alt.split()) >= 8 for alt in pictures)
    back = reader.page.locator(f'main a[href="../{path.parent.name}.html"]')
    assert back.count() >= 1, "no way back to the picker"
    assert (built / "chapters" / f"{name}.ipynb").read_bytes() == path.read_bytes()
    home, picker = (
        (built / place).read_text().partition("<main")[2]
        for place in ("index.html", f"chapters/{path.parent.name}.html")
    )
    assert f'href="chapters/{name}.html"' in home, "no card"
    assert f'href="{name}.html"' in picker, "the picker does not link it"
    record_property("checked", f"page chapters/{path.parent.name}/{path.name}")


def test_the_pickers_link_leads_to_the_page(reader: Reader):
    page = reader.open("chapters/28_gallery.html")
    page.locator(".nn-living [role=status] a").click()
    expect(page.get_by_role("heading", name="Sentiment of words", level=1)).to_be_visible()
    assert urlsplit(page.url).path.endswith("/chapters/28_gallery/sentiment.html")


@pytest.mark.parametrize("name", OTHERS)
def test_other_page_has_no_barriers(name: str, reader: Reader):
    assert barriers(reader, f"{name}.html") == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_deck_has_no_barriers_and_is_small(name: str, reader: Reader, built: Path):
    assert (built / "decks" / f"{name}.html").stat().st_size <= 3e6
    reader.complaints.clear()
    page = reader.open(f"decks/{name}.html")
    page.wait_for_selector("body.ready")
    found = set(reader.findings())
    kinds = page.evaluate(
        "Reveal.getSlides().map(s => s.className.split(' ')[0]"
        " + ['a', 'code'].map(kind => s.querySelector(`.body :not(pre) > ${kind}`) ? kind : ''))"
    )
    for kind in set(kinds):  # slides of a kind share their colours
        page.evaluate(
            "k => { const i = Reveal.getIndices(Reveal.getSlides()[k]); Reveal.slide(i.h, i.v, 99); }",
            kinds.index(kind),
        )
        found.update(reader.findings("section.present > section.present"))
    assert not found
    assert not reader.complaints


def test_a_terminal_sees_how_far_the_pages_are():
    seen = []
    with site._Pages() as pages:
        for said in (
            "loading",
            "reading sources... [ 40%] a",
            "\x1b[01mwriting output... \x1b[39;49;00m[  5%] b",
        ):
            print(said, file=pages)
            seen.append(pages.seen)
    assert seen == [0, 40, 105]


def test_barriers_are_found(browser: Browser, tmp_path: Path):
    (tmp_path / "a.html").write_text(
        "<html lang=en><title>a</title><main><h1>A</h1><p>dark</p><p>dark too</p>"
        "<p style='color: #bbb'>pale</p><img src='data:image/png;base64,'></main>"
    )
    with serve(tmp_path) as home:
        reader = Reader(browser, home)
        page = reader.open("a.html")
        contrast, image = sorted(reader.findings())
        page.evaluate("document.body.style.background = '#222'")
        dark = reader.findings(rule="color-contrast")
        reader.close()
    assert contrast.startswith("color-contrast: 1 ×") and "pale" in contrast and image.startswith("image-alt")
    assert len(dark) == 1 and "dark" in dark[0]


def test_every_page_was_looked_at_and_no_link_is_dead(built: Path):
    gallery = [f"chapters/{path.parent.name}/{path.stem}" for path in gallery_pages()]
    assert set(pages(built)) == {
        f"{name}.html"
        for name in [*OTHERS, *gallery, *(f"{kind}/{c}" for kind in ("chapters", "decks") for c in CHAPTERS)]
    }
    assert dead_links(built) == []
    told = f"nnlearn {metadata.version('nnlearn')}, MIT License</"
    assert [name for name in pages(built) if told not in (built / name).read_text()] == []


def test_the_site_is_small_enough_to_hand_on(built: Path):
    files = [path for path in built.rglob("*") if path.is_file() and built / "lite" not in path.parents]
    assert sum(path.stat().st_size for path in files) <= 150e6


def test_dead_links_are_found(tmp_path: Path):
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="b.html#there">b</a><a href="#here">a</a><img src="c.png">'
    )
    (tmp_path / "b.html").write_text('<a href="a.html#here">a</a>')
    assert dead_links(tmp_path) == ["a.html: b.html#there: no such anchor", "a.html: c.png: no such file"]


@pytest.mark.parametrize("from_disk", [False, True], ids=["served", "from the disk"])
def test_search_finds_softmax(from_disk: bool, browser: Browser, home: str, built: Path):
    reader = Reader(browser, built.as_uri() + "/" if from_disk else home)
    page = reader.open("search.html?q=softmax")
    hits = page.locator("#search-results li a")
    for found in ("05_activations", "reference/functions"):  # the hits come one by one
        page.locator(f"#search-results li a[href*='{found}']").first.wait_for()
    page.wait_for_load_state("networkidle")  # the lines around each hit come after it
    hits.first.click()
    page.wait_for_selector("article h1")
    assert not reader.complaints
    reader.close()


def test_what_has_been_read_stays_in_the_browser_and_travels_as_a_file(
    browser: Browser, home: str, tmp_path: Path
):
    reader = Reader(browser, home)
    page = reader.open("index.html")
    said = page.locator("#nn-progress [role=status]")
    expect(said).to_have_text("")
    for chapter in CHAPTERS[:2]:
        page = reader.open(f"chapters/{chapter}.html")
        button = page.get_by_role("button", name="Mark as read")
        button.click()
        expect(page.locator(".nn-read-it")).to_have_attribute("aria-pressed", "true")
    reader.open("index.html")
    expect(said).to_contain_text(f"You have read 2 of {len(CHAPTERS)}. Next: ")
    assert said.locator("a").get_attribute("href").endswith(f"chapters/{CHAPTERS[2]}.html")
    assert page.locator(".sd-card.nn-done").count() == 2
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save what I have read").click()
    saved.value.save_as(tmp_path / "mine.json")
    assert not reader.complaints
    reader.close()

    other = Reader(browser, home)
    page = other.open("index.html")
    said = page.locator("#nn-progress [role=status]")
    expect(said).to_have_text("")
    for name, text in (("no.json", "{"), ("none.json", '{"nnlearn": 1, "read": {"99_x": "2026-01-01"}}')):
        (tmp_path / name).write_text(text)
        page.locator("#nn-progress input").set_input_files(tmp_path / name)
        expect(said).to_have_text(f"{name} holds no progress that was saved here.")
    page.locator("#nn-progress input").set_input_files(tmp_path / "mine.json")
    expect(said).to_contain_text(f"You have read 2 of {len(CHAPTERS)}.")
    page = other.open(f"chapters/{CHAPTERS[0]}.html")
    page.locator(".nn-read-it").click()  # not read after all
    expect(page.locator(".nn-read-it")).to_have_text("Mark as read")
    other.open("index.html")
    expect(said).to_contain_text(f"You have read 1 of {len(CHAPTERS)}.")
    assert not other.complaints
    other.close()


def test_reader_goes_on_and_back_and_into_the_dark(reader: Reader):
    page = reader.open(f"chapters/{CHAPTERS[1]}.html")
    page.locator("a.right-next").click()
    page.wait_for_url(f"**/{CHAPTERS[2]}.html")
    page.locator("a.left-prev").click()
    page.wait_for_url(f"**/{CHAPTERS[1]}.html")
    page.locator(".theme-switch-button").click()
    page.get_by_text("Dark", exact=True).click()
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in dark.removeprefix("rgb(").removesuffix(")").split(",")) < 60


@pytest.mark.parametrize("name", ["index", f"chapters/{CHAPTERS[0]}", "reference/functions"])
def test_keyboard_reaches_everything(name: str, browser: Browser, home: str):
    reader = Reader(browser, home)
    page = reader.open(f"{name}.html")
    kinds = 'a[href], button, input, select, textarea, summary, [tabindex="0"]'
    goals = f"""[...document.querySelectorAll('{kinds}')]
        .filter((e) => e.checkVisibility({{ visibilityProperty: true }}) && !e.closest('[inert]'))"""
    count = page.evaluate(f"(window.goals = {goals}).length")
    assert count > 20
    page.evaluate("window.reached = new Set()")
    for _ in range(count + 5):
        page.keyboard.press("Tab")
        page.evaluate("reached.add(document.activeElement)")
    missed = page.evaluate(
        "goals.filter((e) => !reached.has(e) && e.checkVisibility()).map((e) => e.outerHTML.slice(0, 120))"
    )
    assert not missed
    reader.close()


def test_reference_has_all_that_is_public(built: Path):
    anchors = "".join(path.read_text() for path in (built / "reference").glob("*.html"))
    places = {"nn": nn} | {f"nn.{name}": getattr(nn, name) for name in ("data", "init", "optim", "text")}
    offered = [
        f"{place}.{name}"
        for place, module in places.items()
        for name, value in vars(module).items()
        if name[0] != "_" and callable(value) and value.__module__.startswith(module.__name__)
    ]
    assert len(offered) > 150
    assert [name for name in offered if f'id="{name}"' not in anchors and name.count(".") == 1] == []
    inner = {name.split(".", 1)[1] for name in offered if name.count(".") > 1}
    assert [
        name
        for name in inner
        if f'id="nn.{name}"' not in anchors and f'id="nn.{name.split(".")[1]}"' not in anchors
    ] == []


def test_docstrings_formulas_are_not_taken_for_markup(built: Path):
    """Stars, underscores, bars and brackets stay, a name in backticks is a link, indented code is code."""
    engine, functions, layers = (
        (built / "reference" / f"{name}.html").read_text() for name in ("engine", "functions", "layers")
    )
    assert "(C_out, C_in, kh, kw)" in functions and "b[o], for each image of the batch" in functions
    assert re.search(r'href="functions.html#nn.conv2d"[^>]*><code[^>]*>(<span[^>]*>)?conv2d', layers)
    assert re.search(r"<pre>.*@primitive", re.sub(r"</?span[^>]*>", "", engine))


@pytest.mark.parametrize(
    ("page", "signature"),
    [
        ("functions", "nn.conv2d(x, W, b=None, stride=1, padding=0, dilation=1)"),
        ("layers", "nn.Linear(n_in, n_out, bias=True, init=lecun_uniform, rng=None)"),
    ],
)
def test_signatures_show_names_and_defaults_alone(page: str, signature: str, built: Path):
    html = (built / "reference" / f"{page}.html").read_text()
    assert signature in unescape(re.sub(r"<[^>]+>", "", html))


# in the browser ------------------------------------------------------------------------------------------


def test_notebooks_open_in_the_browser_with_their_pictures(browser: Browser, home: str, built: Path):
    assert "has not been verified" in (built / "browser.html").read_text()
    wheels = json.loads((built / "lite" / "pypi" / "all.json").read_text())
    assert list(wheels) == ["nnlearn"]
    reader = Reader(browser, home)
    reader.page.goto(f"{home}lite/lab/index.html?path=chapters/{CHAPTERS[0]}.ipynb")
    reader.page.wait_for_selector(".jp-Notebook .jp-OutputArea-output img")
    reader.page.wait_for_selector(".jp-Notebook mjx-container")
    assert "%pip install -q --no-deps nnlearn" in reader.page.locator(".jp-Notebook").inner_text()
    asked = {urlsplit(said.split()[-1]).netloc for said in reader.complaints if said.startswith("asked")}
    reader.close()
    assert asked <= {urlsplit(PYODIDE_CDN_URL).netloc}, "the kernel's Python, and nothing else"


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["site", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def chapter(folder: Path, *cells: nbformat.NotebookNode) -> Path:
    title = v4.new_markdown_cell(
        "# 1 · A chapter\n\n***Does it hold?***", metadata={"slideshow": {"slide_type": "slide"}}
    )
    path = folder / "01_chapter.ipynb"
    nbformat.write(v4.new_notebook(cells=[title, *cells]), path)
    return path


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        (v4.new_code_cell("x = 1"), "has not been run"),
        (
            v4.new_code_cell(
                "1 / 0",
                execution_count=1,
                outputs=[v4.new_output("error", ename="ZeroDivisionError", evalue="division by zero")],
            ),
            "ended in an error",
        ),
        (v4.new_code_cell("x = 1", execution_count=1), "no widget"),
    ],
)
def test_chapter_that_is_not_ready_stops_the_build(cell, complaint, tmp_path: Path, monkeypatch):
    path = chapter(tmp_path, cell)
    monkeypatch.setattr(site, "notebooks", lambda folder: [path] * (folder == "chapters"))
    code, said = run("--out", tmp_path / "out")
    assert code == 1
    assert "01_chapter" in said and complaint in said
    assert not (tmp_path / "out").exists()


def test_edited_chapter_stops_the_build(tmp_path: Path, monkeypatch):
    path = chapter(tmp_path, v4.new_code_cell("x = 2", execution_count=1, id="cell"))
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["nnlearn"] = {"ran": {"cell": "of another text"}}
    nbformat.write(notebook, path)
    monkeypatch.setattr(site, "notebooks", lambda folder: [path] * (folder == "chapters"))
    code, said = run("--out", tmp_path / "out")
    assert code == 1 and "cell 2 ('x = 2') was edited since it was run" in said


@pytest.mark.parametrize("lite", [False, True])
def test_the_browser_is_offered_where_the_notebooks_open_in_it(lite, tmp_path: Path, monkeypatch):
    shown = v4.new_output("execute_result", {"image/png": "", "text/plain": "A widget"}, execution_count=1)
    path = chapter(tmp_path, v4.new_code_cell("widget", execution_count=1, outputs=[shown]))
    monkeypatch.setattr(site, "notebooks", lambda folder: [path] * (folder == "chapters"))
    site.write_sources(tmp_path / "source", lite=lite)
    assert (tmp_path / "source" / "browser.md").exists() == lite
    assert ("browser" in (tmp_path / "source" / "index.md").read_text()) == lite


@pytest.mark.filterwarnings("ignore:.* is deprecated")  # in the theme and the parser, not in ours
def test_sphinx_warning_stops_the_build(tmp_path: Path, monkeypatch):
    png = base64.b64encode(nn.plot.png(nn.plot.axes().figure)).decode()
    shown = v4.new_output("execute_result", {"image/png": png, "text/plain": "A widget"}, execution_count=1)
    path = chapter(
        tmp_path,
        v4.new_code_cell("widget", execution_count=1, outputs=[shown]),
        v4.new_markdown_cell("[nowhere](nowhere.ipynb)"),
    )
    monkeypatch.setattr(site, "notebooks", lambda folder: [path] * (folder == "chapters"))
    code, said = run("--out", tmp_path / "out")
    assert code == 1 and "Sphinx is not content" in said and "nowhere" in said
    assert not (tmp_path / "out").exists()


def test_folder_that_is_not_empty_is_left_alone(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("mine")
    code, said = run("--out", tmp_path)
    assert code == 1 and "not empty" in said and "--force" in said
    code, said = run("--out", tmp_path / "mine.txt")
    assert code == 1 and "is a file" in said
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_force_removes_only_what_an_earlier_build_made(tmp_path: Path):
    html, out = tmp_path / "html", tmp_path / "out"
    (html / "chapters").mkdir(parents=True)
    (html / "index.html").write_text("1")
    (html / "chapters" / "old.html").write_text("1")
    (out / "chapters").mkdir(parents=True)
    (out / "chapters" / "mine.html").write_text("mine")
    assert site.replace(html, out) == 2
    (html / "chapters" / "old.html").unlink()
    (html / "index.html").write_text("2")
    assert site.replace(html, out) == 1
    left = {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*.html")}
    assert left == {"index.html": "2", "chapters/mine.html": "mine"}
    assert json.loads((out / ".nnlearn-site.json").read_text()) == ["index.html"]


def test_pyodide_alone_is_refused(tmp_path: Path):
    (tmp_path / "pyodide.tar.bz2").write_text("")
    code, said = run("--out", tmp_path / "out", "--pyodide", tmp_path / "pyodide.tar.bz2")
    assert code == 1 and "--lite" in said


def test_full_disk_is_told_and_leaves_no_half_page(tmp_path: Path, monkeypatch):
    html, out = tmp_path / "html", tmp_path / "out"
    html.mkdir()
    (html / "index.html").write_text("new")
    out.mkdir()
    (out / "index.html").write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(out / "index.html"))

    monkeypatch.setattr("os.replace", full)
    monkeypatch.setattr(site, "build_site", lambda *_: html)
    code, said = run("--out", out, "--force")
    assert code == 1 and "No space left on device" in said
    assert (out / "index.html").read_text() == "old"
