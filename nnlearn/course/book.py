"""The course as a book: an EPUB for a reader, a PDF for paper; Pandoc makes both of one text in Markdown.

The text is the chapters with their stored outputs; nothing is run. Answers to the questions, the glossary and
an index stand at the end.
"""

import base64
import io
import re
import tempfile
from importlib import metadata
from pathlib import Path

from nbformat import NotebookNode

from nnlearn.course import glossary
from nnlearn.course.browser import launch_chromium
from nnlearn.course.decks import alt_text, letters, mathjax
from nnlearn.course.notebooks import read, require_outputs
from nnlearn.course.questions import CHECK, NOTEBOOK_LINK
from nnlearn.exercises.notebooks import notebooks
from nnlearn.training.saving import require_writable, write
from nnlearn.widgets.playground import Playground

_TEMPLATES = Path(__file__).with_name("templates") / "book"
_READER = "markdown-implicit_figures-yaml_metadata_block-citations-raw_html"
_PAGES = "book.html"
_NUMBERED = "a.page, #TOC a, .index a"  # links that say on which page their place is
_STYLE = "--syntax-highlighting=tango"


def export(out: Path, names: list[str]) -> int:
    """Write the named chapters, all of them without a name, as a book; how many they are.

    Raises ValueError for a file that is neither .epub nor .pdf, a chapter that there is not or that was not
    run, and, for a PDF, where no Chromium is found; ModuleNotFoundError where Pandoc is not installed.
    """
    if out.suffix not in (".epub", ".pdf"):
        raise ValueError(f"{out}: expected a name in .epub, for a reader, or in .pdf, for paper")
    paths = notebooks("chapters", *names)
    require_writable(out.parent)
    with tempfile.TemporaryDirectory(prefix="nnlearn-book-") as folder:
        work = Path(folder)
        text = compose(paths, work)
        write(out, _epub(text, work) if out.suffix == ".epub" else _pdf(text, work))
    return len(paths)


# the text, from the notebooks ----------------------------------------------------------------------------


def compose(paths: list[Path], work: Path) -> str:
    """The whole book in Pandoc's Markdown; its pictures lie in `work`."""
    chapters, answers, index = [], [], []
    for path in paths:
        notebook = read(path)
        require_outputs(notebook, path.name)
        text, answered = _chapter(notebook, path.stem, work)
        number = path.stem[:2]
        for term in glossary.terms_of(path):
            text, place = _first_use(text, term.name, f"term-{number}-{_slug(term.name)}")
            index.append((term, place or f"chapter-{number}"))
        chapters.append(text)
        answers.append(f"## Chapter {int(number)} {{-}}\n\n" + "\n\n".join(answered))
    index.sort(key=lambda entry: entry[0].name.casefold())
    meanings = [f"{term.name}\n\n:   {term.meaning}\n" for term, _ in index]
    links = [f"[{term.name}](#{place})" for term, place in index]
    back = [
        "# Answers {-}\n\nTo the questions under *Check yourself*.\n\n" + "\n\n".join(answers),
        "# Glossary {-}\n\n" + "\n".join(meanings),
        "# Index {-}\n\n::: index\n" + "\n\n".join(links) + "\n:::",
    ]
    return "\n\n".join([_TEMPLATES.joinpath("preface.md").read_text(encoding="utf-8"), *chapters, *back])


def _chapter(notebook: NotebookNode, stem: str, work: Path) -> tuple[str, list[str]]:
    """A chapter's text, and the answers to its questions."""
    number, parts = stem[:2], []
    for k, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(NOTEBOOK_LINK.sub(r"\1", cell.source))
        elif cell.cell_type == "code":
            if not {"hide-input", "remove-input"} & set(cell.metadata.get("tags", [])):
                parts.append(_fence(cell.source, "python"))
            shown = [_output(output, work / f"{stem}-{k}-{j}.png") for j, output in enumerate(cell.outputs)]
            parts += [text for text in shown if text]
    text = "\n\n".join(parts)
    text = re.sub(r"\A# \d+ · (.+)", rf"# {int(number)} · \1 {{#chapter-{number}}}", text)
    before, heading, asked = text.partition("### Check yourself\n")
    answers: list[str] = []

    def question(match: re.Match[str]) -> str:
        name = f"{number}-{len(answers) + 1}"
        back = f"[{len(answers) + 1}.](#question-{name})"
        answers.append(f"::: {{#answer-{name}}}\n{back} {match[2]}\n:::")
        return (
            f"::: {{#question-{name}}}\n{len(answers)}\\. {match[1]} [Answer](#answer-{name}){{.page}}\n:::"
        )

    return before + heading + CHECK.sub(question, asked), answers


def _output(output: NotebookNode, picture: Path) -> str:
    """What a cell has shown: its picture, saved in a file, or its text."""
    data = output.get("data", {})
    if "image/png" in data:
        picture.write_bytes(base64.b64decode(data["image/png"]))
        alt = re.sub(r"([\\`*_{}\[\]<>$|~^#])", r"\\\1", " ".join(alt_text(output, "image/png").split()))
        return f"![{alt}]({picture.name})"
    text = output.get("text", data.get("text/plain", ""))
    return _fence(text.rstrip(), "{.output}") if text.strip() else ""


def _fence(text: str, kind: str) -> str:
    marks = "`" * (1 + max(2, *(len(run) for run in re.findall(r"`+", text)), 0))
    return f"{marks} {kind}\n{text}\n{marks}"


def _first_use(text: str, term: str, place: str) -> tuple[str, str]:
    """The text with a place where a term first stands in bold, and the place; or as it was, and ""."""
    name = re.escape(term.partition(" (")[0])
    marked, n = re.subn(rf"\*\*({name}s?)\*\*", rf"[**\1**]{{#{place}}}", text, count=1, flags=re.I)
    return marked, place if n else ""


def _slug(name: str) -> str:
    return re.sub(r"\W+", "-", name.casefold()).strip("-")


# what Pandoc makes of it ---------------------------------------------------------------------------------


def _pandoc(text: str, to: str, out: Path, *arguments: str) -> None:
    import pypandoc

    about = ["title=nnlearn", "subtitle=Neural networks, from the nerve cell to a working GPT", "lang=en-GB"]
    about += ["author=The nnlearn authors", f"rights=Version {metadata.version('nnlearn')}. MIT License."]
    options = [f"--metadata={fact}" for fact in about]
    options += [
        "--standalone",
        "--toc",
        f"--css={_TEMPLATES / 'book.css'}",
        _STYLE,
        f"--resource-path={out.parent}",
    ]
    try:
        pypandoc.convert_text(text, to, _READER, extra_args=[*options, *arguments], outputfile=str(out))
    except RuntimeError as error:  # which Pandoc's own words make
        raise ValueError(str(error)) from None


def _epub(text: str, work: Path) -> bytes:
    """Formulas in MathML, as readers want them; a file for each chapter."""
    cover = work / "cover.png"
    cover.write_bytes(_cover())
    out = work / "book.epub"
    _pandoc(text, "epub3", out, "--mathml", "--toc-depth=1", f"--epub-cover-image={cover}")
    return out.read_bytes()


def _cover() -> bytes:
    """A picture of the playground, trained."""
    data, _ = Playground(data="two spirals", depth=2, width1=8, width2=8, step=300)._repr_mimebundle_()
    return base64.b64decode(data["image/png"])


def _pdf(text: str, work: Path) -> bytes:
    """Printed twice: the first time tells on which page everything is."""
    from pypdf import PdfReader

    (work / "cover.png").write_bytes(_cover())
    (work / "letters.css").write_text(letters(), encoding="utf-8")
    page_html = work / _PAGES
    _pandoc(
        text,
        "html5",
        page_html,
        f"--mathjax={mathjax().as_uri()}",
        "--toc-depth=2",
        f"--css={work / 'letters.css'}",
    )
    footer = (_TEMPLATES / "footer.html").read_text(encoding="utf-8")
    with launch_chromium() as browser:
        page = browser.new_page()
        page.goto(page_html.as_uri())
        page.evaluate("MathJax.startup.promise")
        page.evaluate(
            "links => document.querySelectorAll(links).forEach(a => a.dataset.page = '000')", _NUMBERED
        )

        def printed() -> bytes:
            return page.pdf(
                prefer_css_page_size=True, outline=True, tagged=True, print_background=True,
                display_header_footer=True, header_template="<span></span>", footer_template=footer,
            )  # fmt: skip

        reader = PdfReader(io.BytesIO(printed()))
        places = {
            name.lstrip("/"): 1 + (reader.get_destination_page_number(place) or 0)
            for name, place in reader.named_destinations.items()
        }
        page.evaluate(
            "([links, pages]) => document.querySelectorAll(links).forEach("
            "a => a.dataset.page = pages[decodeURIComponent(a.hash.slice(1))] ?? '')",
            [_NUMBERED, places],
        )
        return printed()
