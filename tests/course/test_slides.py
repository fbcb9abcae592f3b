"""The decks: every chapter's, and one of all that a slide can hold, in a browser cut off from the network."""

import io
import re
import unicodedata
from base64 import b64decode, b64encode

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbformat import v4
from PIL import Image
from pypdf import PdfReader
from typer.testing import CliRunner

from nnlearn.course import decks, notebooks
from nnlearn.course.cli import app
from nnlearn.figures import plot
from tests.support import ROOT
from tests.support.browser import launch_chromium
from tests.support.decks import inspect, open_deck

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def browser():
    with launch_chromium() as chromium:
        yield chromium


# a notebook of hard cases ----------------------------------------------------------------------------------


def markdown(kind, source):
    return v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}})


def code(kind, source, *outputs, tags=()):
    metadata = {"slideshow": {"slide_type": kind}, "tags": list(tags)}
    return v4.new_code_cell(source, metadata=metadata, outputs=list(outputs))


def picture(alt, width=8.0, height=4.0, bars=4):
    figure = Figure(figsize=(width, height), layout="constrained")
    ax = figure.subplots()
    ax.bar(range(bars), range(1, bars + 1), color=plot.BLUE)
    ax.set(xlabel="input current (nA)", ylabel="firing rate (Hz)")
    data, metadata = plot.picture(plot.png(figure), alt, width=700)
    return v4.new_output("display_data", data, metadata=metadata)


def printed(text):
    return v4.new_output("stream", name="stdout", text=text)


RATES = "Bars of the firing rate, growing in equal steps with the input current"
BESIDE = "A tall picture of bars that stands beside the list which explains it"
WIDGET = "The explorer with two inputs on: the sum is 1.5, and the unit fires"
LONG_CODE = "\n".join(
    ["def train(X, y, epochs, lr):", "    w, b = np.zeros(X.shape[1]), 0.0"]
    + [f"    history_{k:02} = [step(x @ w + b) - t for x, t in zip(X, y)]  # pass {k:02}" for k in range(18)]
    + ["    return w, b"]
)
LINKS = """The section's name came from a cell that is not shown; [there](#Summary) and to
[the exercises](../exercises/07_sample.ipynb) or [the next](08_other.ipynb#Play)."""
TABLE = "\n".join(
    ["| unit | w₁ | w₂ | b | gate |", "|---|---|---|---|---|"] + ["| a | 1 | 1 | −1.5 | AND |"] * 8
)


OPENING = """# 7 · The sample

*Does every kind of slide fit?*

**Time** a minute. You need $x$."""
FORMULAS = r"""### Aligned

$$\begin{aligned}
\frac{\partial L}{\partial W} &= \sum_{i=1}^{B} \frac{\partial L}{\partial z_i}\, x_i^{\top}
  && (n_{in}, n_{out}) \\
a &= \begin{cases} 1 & z > 0 \\ 0 & \text{otherwise} \end{cases} && (B,)
\end{aligned}$$

and $a < b$ in the text."""


def sample(*extra):
    cells = [
        markdown("slide", OPENING),
        markdown("notes", "Welcome them. Say that $\\tau$ is a time."),
        markdown("slide", "## Derivation\n\nOne sentence, and the room knows where it is."),
        markdown("subslide", FORMULAS),
        markdown("fragment", "> A key statement that comes when it is called for."),
        markdown("subslide", f"### A table\n\n{TABLE}"),
        code("slide", "def step(z):\n    return (z > 0) * 1.0  # </script> ends nothing here",
             printed("[0. 1.]\n")),
        code("subslide", LONG_CODE),
        markdown("slide", "## Measure\n\n- rates grow\n- in equal steps"),
        code("-", "plot_the_rates()", picture(RATES)),
        markdown("subslide", "### Beside\n\n1. One line.\n2. Another line.\n3. A third one."),
        code("fragment", "plot_beside()", picture(BESIDE, 4, 5)),
        code("subslide", "show_code = True\nplot()", picture(RATES), tags=["show-input"]),
        code("slide", "nn.widgets.NeuronExplorer()", picture(WIDGET, 7.6, 4.2)),
        code("subslide", "noise()", printed("not to be seen\n"), tags=["hide-output"]),
        code("-", "secret = 42", printed("only what it prints\n"), tags=["remove-input"]),
        markdown("subslide", "### Fitted"),
        code("fragment", "z = sum(w * x for w, x in zip(weights, inputs)) + b  # too wide for large letters"),
        markdown("skip", "Not in the deck at all.\n\n## Summary"),
        code("skip", "assert True"),
        markdown("subslide", LINKS),
        *extra,
    ]  # fmt: skip
    notebook = v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    count = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = count = count + 1
    return notebook


def write(notebook, folder, name="07_sample.ipynb"):
    path = folder / name
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    folder = tmp_path_factory.mktemp("decks")
    result = CliRunner().invoke(app, ["slides", str(write(sample(), folder)), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return folder / "out" / "07_sample.html"


# what is built ---------------------------------------------------------------------------------------------


def test_a_decks_pictures_are_the_notebooks_pixel_by_pixel(deck):
    cells = nbformat.read(deck.parent.parent / "07_sample.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    stored = [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    shown = re.findall(r'src="data:image/webp;base64,([^"]*)"', deck.read_text(encoding="utf-8"))
    assert len(stored) == len(shown) >= 1
    for png, webp in zip(stored, shown, strict=True):
        before, after = (
            np.asarray(Image.open(io.BytesIO(b64decode(data))).convert("RGBA")) for data in (png, webp)
        )
        np.testing.assert_array_equal(before, after)
        assert len(webp) < len(png)


def test_a_picture_that_is_none_is_left_to_the_browser():
    output = v4.new_output("display_data", {"image/png": b64encode(b"no picture").decode()})
    assert decks.picture(output, "image/png") == "data:image/png;base64," + output.data["image/png"]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapters_deck(path, browser, tmp_path, record_property):
    deck = tmp_path / f"{path.stem}.html"
    deck.write_text(decks.build(path), encoding="utf-8")
    assert deck.stat().st_size <= 3 * MEGABYTE
    report = inspect(browser, deck)
    assert not report.problems, "\n".join(report.problems)
    assert 15 <= len(report.slides) <= 30
    spoken = sum(bool(slide["notes"]) for slide in report.slides)
    assert spoken >= len(report.slides) / 3, f"only {spoken} of {len(report.slides)} slides have notes"
    assert all(len(p["alt"].split()) >= 8 for slide in report.slides for p in slide["pictures"])
    assert all(15 <= slide["seconds"] <= 300 for slide in report.slides)
    assert 20 * 60 <= sum(slide["seconds"] for slide in report.slides) <= 75 * 60, "a lecture"
    assert any(slide["formulas"] for slide in report.slides)
    record_property("checked", f"deck {path.stem}")


def test_every_kind_of_slide_fits_and_asks_nobody(deck, browser):
    report = inspect(browser, deck)
    assert not report.problems, "\n".join(report.problems)
    assert [(slide["kind"], slide["label"]) for slide in report.slides] == [
        ("title", "The sample"),
        ("break", "Derivation"),
        ("content", "Aligned"),
        ("content", "A table"),
        ("content", "A table"),
        ("content", "A table"),
        ("section", "Measure"),
        ("content", "Beside"),
        ("content", "Beside"),
        ("content", "Beside"),
        ("content", "Beside"),
        ("content", "Fitted"),
        ("content", "Summary"),
    ]
    assert "Welcome them" in report.slides[0]["notes"] and report.slides[2]["formulas"] == 2
    assert report.slides[7]["layout"] == "beside" and report.slides[6]["layout"] == "below"
    assert {p["alt"] for slide in report.slides for p in slide["pictures"]} == {RATES, BESIDE, WIDGET}
    assert min(p["height"] for slide in report.slides for p in slide["pictures"]) >= 250
    assert deck.stat().st_size <= 3 * MEGABYTE


def test_a_deck_brings_its_letters(deck, browser):
    page, complaints = open_deck(browser, deck)
    devtools = page.context.new_cdp_session(page)
    devtools.send("DOM.enable")
    devtools.send("CSS.enable")
    root = devtools.send("DOM.getDocument")["root"]["nodeId"]
    for text in ("header h1", ".body p", ".body strong"):
        node = devtools.send("DOM.querySelector", {"nodeId": root, "selector": text})["nodeId"]
        fonts = devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        assert [font["isCustomFont"] for font in fonts] == [True], (text, fonts)
    page.close()
    assert complaints == []


def test_shows_what_the_tags_say(deck, browser):
    page, _ = open_deck(browser, deck)
    shown = page.evaluate("document.querySelector('.slides').textContent")
    page.close()
    assert (
        "only what it prints" in shown and "show_code = True" in shown and "</script> ends nothing" in shown
    )
    for hidden in (
        "plot_the_rates",
        "not to be seen",
        "secret",
        "Not in the deck",
        "assert True",
        "NeuronExplorer",
    ):
        assert hidden not in shown, hidden
    notebook = nbformat.read(deck.parents[1] / "07_sample.ipynb", as_version=4)
    (widget,) = (cell for cell in notebook.cells if "widgets" in cell.source)
    assert f'07_sample.ipynb#cell-id={widget.id}"' in deck.read_text(encoding="utf-8")
    assert f"cell [{widget.execution_count}] of 07_sample.ipynb" in shown


def test_links_lead_to_the_served_notebooks(deck, browser):
    page, _ = open_deck(browser, deck)
    links = page.evaluate("[...document.querySelectorAll('.prose a')].map((a) => [a.textContent, a.href])")
    page.close()
    assert links == [
        ["the exercises", "http://localhost:8888/lab/tree/exercises/07_sample.ipynb"],
        ["the next", "http://localhost:8888/lab/tree/chapters/08_other.ipynb#Play"],
    ]


def test_too_much_for_a_slide_is_seen(browser, tmp_path):
    crowded = sample(
        code("slide", "\n".join(f"line_{k} = {k}" for k in range(60))),
        code("slide", f"wide = '{'x' * 200}'"),
        markdown("slide", "### Broken\n\n$$\\frac{1}{$$"),
    )
    deck = tmp_path / "07_crowded.html"
    deck.write_text(decks.build(write(crowded, tmp_path)), encoding="utf-8")
    problems = "\n".join(inspect(browser, deck).problems)
    for place, words in ((14, "leaves the slide"), (15, "leaves the slide"), (16, "formula")):
        assert re.search(rf"slide {place} .*{words}", problems), problems


def test_an_output_that_wants_the_network_gets_nothing(browser, tmp_path):
    html = '<img alt="somebody else\'s" src="https://example.org/a.png">'
    notebook = sample(code("slide", "remote()", v4.new_output("display_data", {"text/html": html})))
    deck = tmp_path / "07_remote.html"
    deck.write_text(decks.build(write(notebook, tmp_path)), encoding="utf-8")
    complaints = inspect(browser, deck).complaints
    assert any("Content Security Policy" in complaint for complaint in complaints), complaints
    assert not any(complaint.startswith("asked for") for complaint in complaints), complaints


# what a lecturer does --------------------------------------------------------------------------------------


def test_the_right_arrow_reaches_every_slide_and_fragment(deck, browser):
    page, _ = open_deck(browser, deck)
    seen = ["1"]
    while not page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate("String(Reveal.getSlidePastCount() + 1)"))
        assert len(seen) < 50
    page.close()
    assert list(dict.fromkeys(seen)) == [str(k) for k in range(1, 14)]
    assert len(seen) == 13 + 3 + 3, "three slides have a fragment, and long code comes in four parts"


def test_long_code_comes_by_statements_and_a_chain_of_equations_by_links(browser, tmp_path):
    chain = "## Chain\n\n" + r"$$a = b + c = d, \qquad e = f \approx g$$"
    long = "def f(x):\n    y = x\n    # twice\n    z = 2 * y\n    z = z + 1\n    return z"
    notebook = sample(
        markdown("slide", chain), code("subslide", long, printed("its output\n")), code("-", "then()")
    )
    deck = tmp_path / "07_steps.html"
    deck.write_text(decks.build(write(notebook, tmp_path)), encoding="utf-8")
    page, complaints = open_deck(browser, deck)
    shown = """() => [...Reveal.getCurrentSlide().querySelectorAll('mjx-container > svg [data-c], pre')]
        .filter((e) => getComputedStyle(e).visibility === 'visible')
        .map((e) => e.dataset.c ? String.fromCodePoint(parseInt(e.dataset.c, 16)) : e.innerText.trim())"""

    def steps(k):
        page.evaluate(
            "k => { const i = Reveal.getIndices(Reveal.getSlides()[k]); Reveal.slide(i.h, i.v, -1); }", k
        )
        seen = [page.evaluate(shown)]
        while page.evaluate("Reveal.availableFragments().next"):
            page.keyboard.press("ArrowRight")
            seen.append(page.evaluate(shown))
        return seen

    links = [unicodedata.normalize("NFKC", "".join(step)) for step in steps(13)]
    assert links == ["a=b+c", "a=b+c=d,", "a=b+c=d,e=f", "a=b+c=d,e=f≈g"]
    code_steps = steps(14)
    page.close()
    first, rest = "def f(x):\n    y = x", "    # twice\n    z = 2 * y\n    z = z + 1\n    return z"
    assert code_steps == [
        [first],
        [f"{first}\n{rest}"],
        [f"{first}\n{rest}", "its output"],
        [f"{first}\n{rest}", "its output", "then()"],
    ]
    assert not complaints


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("a = 1\nb = 2\nc = 3\nd = 4\ne = 5", [5]),
        ("a = 1\nb = 2\nc = 3\nd = 4\ne = 5\nf = 6", [3, 3]),
        ("def f(x):\n    y = x\n    for k in x:\n        y += k\n        y *= k\n    return y", [2, 4]),
        ("\n".join(f"a{k} = {k}" for k in range(20)), [5, 5, 5, 5]),
        ("for k in range(3):\n    print(\n        k,\n        k,\n        k,\n    )\n    k = 1", [7]),
        ("%timeit f()\n" + "\n".join(f"a{k} = {k}" for k in range(9)), [10]),
    ],
)
def test_code_waits_where_a_statement_begins_and_no_line_comes_alone(source, parts):
    ends = [*decks.pauses(source), source.count("\n") + 1]
    assert list(np.diff([0, *ends])) == parts


def test_long_lines_of_code_are_broken_before_letters_grow_small(browser, tmp_path):
    wide = "    total = " + " + ".join(f"part_{k:02d}" for k in range(12))  # 116 characters
    narrow = "    return total"
    table = "\n".join("x" * 100 for _ in range(2))
    notebook = sample(
        code("slide", f"def f():\n{wide}\n{narrow}", printed("y" * 100)),
        code("subslide", "\n".join([*(f"a{k} = {k}" for k in range(19)), wide.strip()])),
        code("subslide", "table()", printed(table)),
        markdown("subslide", f"{'word ' * 11} **longer** $x$, and more"),
    )
    deck = tmp_path / "07_wide.html"
    deck.write_text(decks.build(write(notebook, tmp_path)), encoding="utf-8")
    page, complaints = open_deck(browser, deck)
    seen = page.evaluate(
        """() => Reveal.getSlides().slice(-4).map((slide) => {
            const { h, v } = Reveal.getIndices(slide), page = slide.querySelector('.page');
            Reveal.slide(h, v, 99);
            return { how: page.dataset.lines, pre: [...page.querySelectorAll('.body pre')].map((pre) => {
                const { lineHeight, fontSize } = getComputedStyle(pre);
                const rows = Math.round(pre.getBoundingClientRect().height / parseFloat(lineHeight));
                return { text: pre.textContent.trim(), rows, size: parseFloat(fontSize) };
            }) };
        })"""
    )
    together = page.locator("mjx-container + *, span:has(> mjx-container)").all_inner_texts()
    page.close()
    once, close, printed_table, _ = seen
    assert once["pre"][0]["text"] == f"def f():\n{wide}\n{narrow}"
    assert [pre["rows"] for one in (once, close) for pre in one["pre"]] == [4, 2, 21]
    assert once["how"] == "broken" and close["how"] == "broken tight"
    assert min(pre["size"] for one in (once, close) for pre in one["pre"]) >= 20
    assert printed_table["how"] == "whole" and printed_table["pre"][1]["rows"] == 2, "a table keeps its lines"
    assert any(text.strip().endswith(",") for text in together), "a comma stays with its formula"
    assert not complaints


def test_alt_and_the_right_arrow_leave_the_rest_of_a_slide_out(deck, browser):
    page, _ = open_deck(browser, deck)
    page.evaluate(
        "{ const i = Reveal.getIndices(document.querySelector('pre .fragment').closest('section'));"
        " Reveal.slide(i.h, i.v, -1); }"
    )
    before = page.evaluate("Reveal.getSlidePastCount()")
    page.keyboard.press("Alt+ArrowRight")
    assert page.evaluate("Reveal.getSlidePastCount()") == before + 1
    page.close()


def test_s_opens_the_speakers_view_with_notes_and_formulas(deck, browser):
    page, complaints = open_deck(browser, deck)
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    speaker = popup.value
    notes = speaker.locator(".speaker-controls-notes .value", has_text="Welcome them")
    notes.wait_for()
    assert notes.locator("svg").count() == 1, "the formula in the notes is drawn"
    assert "From minute 0 of" in notes.inner_text()
    speaker.locator(".pacing").wait_for()  # ahead or behind, by the slides' own times
    assert not complaints
    speaker.close()
    page.close()


def test_prints_a_page_a_slide(deck, browser):
    page, complaints = open_deck(browser, deck, "?print-pdf")
    page.wait_for_selector(".pdf-page")
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    page.close()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 13 and not complaints
    printed = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert re.sub(r"\s", "", LONG_CODE) in re.sub(r"\s", "", printed), "all parts of it"


def test_says_its_language_title_and_main_part(deck, browser):
    page, _ = open_deck(browser, deck)
    assert page.title() == "7 · The sample"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("main").count() == 1 and page.locator("h1").count() == 1
    page.close()


# what is refused -------------------------------------------------------------------------------------------


def not_run(notebook):
    notebook.cells[6].execution_count = None
    notebook.cells[6].outputs = []


def failed(notebook):
    notebook.cells[6].outputs = [v4.new_output("error", ename="ValueError", evalue="no", traceback=[])]


def changed(notebook):
    notebook.metadata["nnlearn"] = {"ran": notebooks.fingerprints(notebook)}
    notebook.cells[6].source += "\n"


def added(notebook):
    notebook.metadata["nnlearn"] = {"ran": notebooks.fingerprints(notebook)}
    notebook.cells[6].id = "newcomer"


def run_again(notebook):
    notebook.cells[6].execution_count = 40


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (not_run, "has not been run"),
        (failed, "ended in an error"),
        (changed, "was edited since it was run"),
        (added, "was edited since it was run"),
        (run_again, "was run as number 40, out of order"),
    ],
)
def test_stale_outputs_are_refused_by_name(spoil, says, tmp_path):
    notebook = sample()
    spoil(notebook)
    good, bad = write(sample(), tmp_path, "01_good.ipynb"), write(notebook, tmp_path)
    result = CliRunner().invoke(app, ["slides", str(good), str(bad), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert f"07_sample.ipynb, cell 7 ('def step(z):') {says}" in result.stderr
    assert not (tmp_path / "out").exists(), "nothing is half-written"


def test_a_run_remembers_what_was_run(tmp_path):
    cells = [v4.new_markdown_cell("# 1"), v4.new_code_cell("print(1 + 1)")]
    path = write(v4.new_notebook(cells=cells), tmp_path)
    notebooks.execute(path)
    notebook = nbformat.read(path, as_version=4)
    notebooks.require_outputs(notebook, path.name)
    notebook.cells[1].source = "print(1 + 2)"
    with pytest.raises(ValueError, match="edited since it was run"):
        notebooks.require_outputs(notebook, path.name)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_is_left_out_makes_a_lecture_fit(path):
    deck = decks.arrange(notebooks.read(path), path)
    headings = {slide.within for slide in deck.slides}
    gone = {minutes: deck.left_out(minutes) for minutes in (20, 30, deck.minutes + 1)}
    assert gone[20][: len(gone[30])] == gone[30] and gone[deck.minutes + 1] == []
    for minutes in (20, 30):
        assert {*gone[minutes]} <= headings - {"Predict first", "Play", "Summary"}
        seconds = [slide.seconds for slide in deck.slides if slide.within not in gone[minutes]]
        assert sum(seconds) <= 60 * minutes, minutes


def test_a_notebook_without_slides_is_refused(tmp_path):
    path = write(v4.new_notebook(cells=[markdown("skip", "# Nothing")]), tmp_path)
    with pytest.raises(ValueError, match=r"07_sample\.ipynb has no slides"):
        decks.build(path)


def test_an_unknown_chapter_is_refused(tmp_path):
    result = CliRunner().invoke(app, ["slides", "99", "--out", str(tmp_path / "out")])
    assert result.exit_code == 1 and "no chapter '99'" in result.stderr


@pytest.mark.parametrize("package", ["sphinx_revealjs", "sphinx-mathjax-offline"])
def test_a_missing_package_is_named_with_the_way_to_install_it(package, tmp_path, monkeypatch):
    found = decks.importlib.util.find_spec
    monkeypatch.setattr(
        decks.importlib.util, "find_spec", lambda name: None if name == package else found(name)
    )
    result = CliRunner().invoke(
        app, ["slides", str(write(sample(), tmp_path)), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 1 and 'pip install "nnlearn[teach]"' in result.stderr
    assert package.replace("_", "-") in result.stderr and not (tmp_path / "out").exists()
