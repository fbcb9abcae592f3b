"""The chapters' questions for other systems: cards for Anki, a question bank for Moodle.

Of each chapter: the predictions among its exercises, with what is said to each wrong answer that is known,
and the questions under "Check yourself". Anki knows a card by its name, so that a later file brings the new
wording, not a second copy; Moodle's import only ever adds.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import nbformat

from nnlearn.exercises import Predict
from nnlearn.exercises.notebooks import notebooks
from nnlearn.exercises.spec import chapter_exercises, chapter_modules
from nnlearn.training.saving import write

CHECK = re.compile(r"<details><summary>(.+?)</summary>\s*(.+?)\s*</details>", re.S)
NOTEBOOK_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\([^)]*\.ipynb[^)]*\)")


@dataclass(frozen=True)
class Question:
    """A question and its answer in Markdown; a prediction also has its exercise."""

    name: str  # "06.1 How far off?", "06 Check yourself 3"
    chapter: str  # "06 Loss functions"
    text: str
    answer: str
    predict: Predict | None = None


def questions_of(path: Path) -> list[Question]:
    """A chapter's questions: its predictions, then those under "Check yourself"."""
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    number = path.stem[:2]
    title = cells[0].partition("\n")[0].partition(" · ")[2]
    chapter = f"{number} {title}"
    found = []
    for exercise in chapter_exercises(number).values() if number in chapter_modules() else ():
        if isinstance(exercise, Predict):
            text = exercise.question.partition("\n")[2].strip()
            answer = f"**{exercise.reference}**\n\n{exercise.after}".strip()
            found.append(Question(f"{exercise.id} {exercise.title}", chapter, text, answer, exercise))
    asked = "\n".join(cells).partition("### Check yourself\n")[2]
    for k, (text, answer) in enumerate(CHECK.findall(asked), start=1):
        found.append(Question(f"{number} Check yourself {k}", chapter, text, answer))
    return found


def html(markdown: str) -> str:
    r"""Markdown as HTML: formulas between \( \) and \[ \], as both systems want; no links to notebooks."""
    from markdown_it import MarkdownIt
    from markdown_it.common.utils import escapeHtml
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    def formula(content: str, options: dict[str, bool]) -> str:
        left, right = ("\\[", "\\]") if options["display_mode"] else ("\\(", "\\)")
        return f"{left}{escapeHtml(content.strip())}{right}"

    reader = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, renderer=formula)
    return reader.render(NOTEBOOK_LINK.sub(r"\1", markdown)).strip()


def anki(found: Sequence[Question]) -> str:
    """A text file that Anki imports: one line a card, of its name, front, back and chapter."""
    text = io.StringIO("#separator:tab\n#html:true\n#guid column:1\n#tags column:4\n#deck:nnlearn\n")
    text.seek(0, io.SEEK_END)
    rows = csv.writer(text, delimiter="\t", lineterminator="\n")
    for q in found:
        tag = "nnlearn::" + q.chapter.replace(" ", "_")
        rows.writerow(
            [f"nnlearn {q.name}", *(html(side).replace("\n", " ") for side in (q.text, q.answer)), tag]
        )
    return text.getvalue()


def moodle(found: Sequence[Question]) -> str:
    """A question bank in Moodle's XML: a choice or a number where an answer can be marked, else an essay."""
    quiz = ElementTree.Element("quiz")
    for k, q in enumerate(found):
        if k == 0 or q.chapter != found[k - 1].chapter:
            category = ElementTree.SubElement(quiz, "question", type="category")
            _text(category, "category", f"$course$/top/nnlearn/{q.chapter}")
        kind = "essay" if q.predict is None else "multichoice" if q.predict.choices else "numerical"
        item = ElementTree.SubElement(quiz, "question", type=kind)
        _text(item, "name", q.name)
        _text(item, "questiontext", html(q.text), format="html")
        _text(item, "generalfeedback", html(q.answer), format="html")
        ElementTree.SubElement(item, "idnumber").text = f"nnlearn {q.name}"
        if q.predict is None:
            _text(item, "graderinfo", html(q.answer), format="html")
            continue
        if kind == "multichoice":
            ElementTree.SubElement(item, "single").text = "true"
            ElementTree.SubElement(item, "shuffleanswers").text = "true"
        wrong = [(mistake.answer, mistake.hint, "0") for mistake in q.predict.misconceptions]
        for value, said, share in [(q.predict.reference, q.predict.after, "100"), *wrong]:
            answer = ElementTree.SubElement(item, "answer", fraction=share, format="plain_text")
            ElementTree.SubElement(answer, "text").text = str(value)
            _text(answer, "feedback", html(said), format="html")
            if kind == "numerical":
                near = q.predict.atol + q.predict.rtol * abs(value)
                ElementTree.SubElement(answer, "tolerance").text = f"{near:g}"
    ElementTree.indent(quiz)
    return ElementTree.tostring(quiz, encoding="unicode", xml_declaration=True) + "\n"


def _text(parent: ElementTree.Element, tag: str, content: str, **attributes: str) -> None:
    """An element that holds its text in a <text>, as Moodle wants it."""
    ElementTree.SubElement(ElementTree.SubElement(parent, tag, attributes), "text").text = content


FORMATS = {".txt": anki, ".xml": moodle}


def export(out: Path, names: list[str]) -> int:
    """Write the questions of the named chapters, all of them without a name; how many there are.

    Raises ValueError for a file of another kind, and for a chapter that there is not.
    """
    if out.suffix not in FORMATS:
        raise ValueError(f"{out}: expected a name in .txt, for Anki, or in .xml, for Moodle")
    found = [question for path in notebooks("chapters", *names) for question in questions_of(path)]
    write(out, FORMATS[out.suffix](found).encode())
    return len(found)
