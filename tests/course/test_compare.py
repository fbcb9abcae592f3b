"""`nnlearn compare`: a normal run is called normal; one that is not is named with its cell and its cause."""

import json
import re
from copy import deepcopy

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output
from scipy.stats import binom
from typer.testing import CliRunner

from nnlearn.course import compare, spread
from nnlearn.course.cli import app
from nnlearn.course.copy import MANIFEST
from nnlearn.course.notebooks import fingerprints, read
from nnlearn.exercises.notebooks import notebooks

MEASURED = sorted(spread.FOLDER.glob("*.json"))
CHAPTERS = {path.stem: path for path in notebooks("chapters")}
each = pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.stem)
FIRST = CHAPTERS["01_neuron"]


def said(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["compare", *map(str, words)])
    return done.exit_code, done.output


def written(folder, notebook, name: str = FIRST.name):
    """The notebook's file, without pictures, which are most of it."""
    for output in [output for cell in code(notebook) for output in cell.outputs]:
        output.get("data", {}).pop("image/png", None)
    nbformat.write(notebook, folder / name)
    return folder / name


def code(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def cell_with(notebook, text: str):
    return next(cell for cell in code(notebook) if text in cell.source)


def run_in(world: str, chapter: str):
    """A chapter's notebook with the numbers that it printed in a world, as its spread has kept them."""
    notebook, known = read(CHAPTERS[chapter]), spread.load(CHAPTERS[chapter])
    for cell in code(notebook):
        rows = known.prints.get(cell.id, {})
        here = spread.printed(cell)
        if world in rows and here and rows[world].words == rows[spread.STORED].words == here.words:
            numbers = iter(rows[world].numbers)
            for output in cell.outputs:
                holder, key = (output, "text") if "text" in output else (output.get("data", {}), "text/plain")
                if output.get("name") != "stderr" and key in holder and "text/html" not in holder:
                    holder[key] = spread._NUMBER.sub(lambda _: next(numbers), holder[key])  # noqa: B023
    return notebook


# What is shipped


@each
def test_a_spread_fits_its_chapter(path, record_property):
    """A cell that was changed since is no failure: the command names it as one without a spread."""
    chapter, kept = CHAPTERS[path.stem], json.loads(path.read_text())
    assert kept["worlds"][0] == spread.STORED and len(set(kept["worlds"])) == len(kept["worlds"]) >= 4
    assert all(len(row) in (1, 2, 1 + len(kept["worlds"])) for row in kept["cells"].values())
    now, known = fingerprints(read(chapter)), spread.load(chapter)
    newer = {cell for cell, source in now.items() if known.sources.get(cell) != source}
    found = compare.Comparison(read(chapter), read(chapter), known)
    assert {met.cell.id for met in found.met if met.change == compare.STALE} >= newer
    record_property("measured", f"{path.stem}: {len(now) - len(newer)} of {len(now)} cells have a spread")


@each
def test_what_a_chapter_stores_is_normal(path):
    found = compare.Comparison(
        read(CHAPTERS[path.stem]), read(CHAPTERS[path.stem]), spread.load(CHAPTERS[path.stem])
    )
    assert found.outside is None, found.explanation()


def test_a_run_with_other_seeds_is_seldom_called_outside(record_property):
    """Each run is left out and judged by the others: no more are outside than promised, and chance adds."""
    alarms = {(path.stem, world): cells for path in MEASURED
              for world, cells in spread.load(CHAPTERS[path.stem]).false_alarms().items()}  # fmt: skip
    spreads = [spread.load(CHAPTERS[path.stem]) for path in MEASURED]
    judged = sum(
        world in rows for known in spreads for world in known.shifts for rows in known.prints.values()
    )
    outside = {run: cells for run, cells in alarms.items() if cells}
    cells = sum(map(len, outside.values()))
    record_property(
        "measured", f"runs called outside: {len(outside)} of {len(alarms)}, cells {cells} of {judged}"
    )
    assert len(outside) <= binom.isf(0.01, len(alarms), spread.LEVEL), outside


# What is judged


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("loss 0.123, 97.5 % of 1,797 in 3 steps.", ["0.123", "97.5", "1797", "3"]),
        ("[ 4. -3.] 1.0 [2, 2, 1, 0]", ["4", "-3", "1.0", "2", "2", "1", "0"]),
        ("9e-13 to -1.5e+02; 3-4, x1, float32", ["9e-13", "-1.5e+02", "3", "4"]),
        ("nothing, nan", []),
    ],
)
def test_numbers_in_a_text(text, numbers):
    cell = new_code_cell("", outputs=[new_output("stream", name="stdout", text=text)])
    assert list(spread.printed(cell).numbers) == numbers


def test_words_are_told_apart_and_white_space_is_not():
    def words(text, kind="stream", **more):
        output = new_output(kind, **(more or {"name": "stdout", "text": text}))
        return spread.printed(new_code_cell("", outputs=[output])).words

    assert words("loss  0.5\n") == words("loss 0.25") != words("error 0.5")
    assert words("[1.  2.5]") == words("[ 1.25 2. ]") and words("is 1.5.") == words("is 2.")
    assert words("nan") != words("1.0")
    table = {"text/html": "<table><tr><td>a</td><td>0.5</td></tr></table>", "text/plain": "a table"}
    assert words("", "display_data", data=table) == words("a 0.5")
    warned = new_code_cell("", outputs=[new_output("stream", name="stderr", text="1 warning")])
    assert spread.printed(warned) is None


def test_range_of_chance_holds_what_it_promises():
    """One more of k numbers lies inside with the probability given, also where rounding is all there is."""
    rng = np.random.default_rng(0)
    for k, level in ((3, 0.1), (4, 0.05), (8, 0.02)):
        draws = rng.normal(5, 2, (1500, k + 1))
        ranges = (spread.chance_range([f"{x:.4f}" for x in row[:-1]], level) for row in draws)
        inside = np.mean([low <= row[-1] <= high for row, (low, high) in zip(draws, ranges, strict=True)])
        assert abs(inside - (1 - level)) < 4 * np.sqrt(level * (1 - level) / 1500)
    low, high = spread.chance_range(["0.50", "0.50", "0.51"], 0.05)
    assert low < 0.49 < 0.52 < high < 0.6
    for alike in (["0.5"], ["0.50", "0.50", "0.50"]):
        assert spread.chance_range(alike, 0.05) == (-np.inf, np.inf)


def test_range_of_machines():
    assert spread.machine_range(["0.50", "0.52"]) == pytest.approx((0.48, 0.54))
    assert spread.machine_range(["0.50", "0.50"]) == pytest.approx((0.49, 0.51))
    assert spread.machine_range(["7", "7"]) == (7, 7)
    assert [spread.unit_of(text) for text in ("0.97", "1.5e-05", "12")] == pytest.approx([0.01, 1e-6, 1])


def judged(worlds: dict[str, str], text: str) -> str:
    """How one number is judged by what was printed elsewhere."""
    rows = {world: spread.Printed("w", tuple(row.split())) for world, row in worlds.items()}
    known = spread.Spread({}, [*worlds], {"a": ""}, {"a": rows})
    return known.judge("a", spread.Printed("w", tuple(text.split()))).kind


def test_judgements():
    seeds = {"stored": "0.91 3", "shift-1000": "0.93 3", "shift-2000": "0.90 3", "shift-3000": "0.92 3"}
    machines = {"kernel-prescott": "0.96 3"}
    assert judged(seeds | machines, "0.91 3") == spread.SAME
    assert judged(seeds | machines, "0.94 3") == spread.MACHINE
    assert judged(seeds, "0.94 3") == spread.CHANCE
    assert judged(seeds, "9.10 3") == spread.OUTSIDE
    assert judged(seeds, "0.91 4") == spread.CHANCE, "a choice that three seeds made alike"
    fixed = dict.fromkeys(seeds, "0.91 3")
    assert judged(fixed, "0.92 3") == spread.MACHINE, "the last digit"
    assert judged(fixed, "0.93 3") == judged(fixed, "0.91 4") == spread.OUTSIDE
    assert judged(fixed | {spread.AGAIN: "0.87 3"}, "0.2 3") == spread.SAME, (
        "a time: the same machine differs"
    )
    assert judged(fixed | {spread.AGAIN: "0.87 3"}, "0.2 4") == spread.OUTSIDE


def test_text_that_changes_with_the_seed_is_chance():
    rows = {"stored": spread.Printed("ab", ()), "shift-1000": spread.Printed("cd", ())}
    assert spread.Spread({}, [*rows], {"a": ""}, {"a": rows}).judge("a", spread.Printed("ef", ())).kind == (
        spread.CHANCE
    )
    same = {"stored": spread.Printed("ab", ()), "shift-1000": spread.Printed("ab", ())}
    judgement = spread.Spread({}, [*same], {"a": ""}, {"a": same}).judge("a", spread.Printed("ef", ()))
    assert judgement.kind == spread.OUTSIDE and "another text" in judgement.why


# What the command says


def test_a_run_as_it_is_printed_is_normal_in_one_sentence(tmp_path):
    status, text = said(written(tmp_path, read(FIRST)))
    cells = len([cell for cell in code(read(FIRST)) if spread.printed(cell)])
    assert (status, text) == (
        0,
        f"01_neuron.ipynb is normal: {cells} of {cells} cells print what the chapter does.\n",
    )
    status, text = said(written(tmp_path, read(FIRST)), "--all")
    assert len(text.splitlines()) == len(code(read(FIRST))) + 1 and text.count(spread.SAME) == cells


@each
def test_a_run_with_other_seeds_is_chance(path, tmp_path, monkeypatch):
    """Judged by the spread that lacks it; so are the few that a range of chance leaves out by right."""
    known = spread.load(CHAPTERS[path.stem])
    world = next(world for world, cells in known.false_alarms().items() if not cells)
    monkeypatch.setattr(compare, "load", lambda chapter: known.without(world))
    status, text = said(written(tmp_path, run_in(world, path.stem), f"{path.stem}.ipynb"), "--all")
    assert status == 0 and f"{path.stem}.ipynb is normal: " in text


def test_a_run_with_another_seed_says_so(tmp_path, monkeypatch):
    known = spread.load(FIRST)
    monkeypatch.setattr(compare, "load", lambda chapter: known.without("shift-2000"))
    status, text = said(written(tmp_path, run_in("shift-2000", FIRST.stem)))
    assert status == 0 and len(text.splitlines()) == 1
    assert re.search(r"; \d+ as with another seed, the first \[\d+\] `", text)


def test_a_run_on_another_processor_says_so(tmp_path):
    known = {path.stem: spread.load(CHAPTERS[path.stem]) for path in MEASURED}
    differing = [
        stem
        for stem, of in known.items()
        if any(
            rows.get("kernel-prescott", rows.get("stored")) != rows.get("stored")
            for rows in of.prints.values()
        )
    ]
    stem = differing[0]
    status, text = said(written(tmp_path, run_in("kernel-prescott", stem), f"{stem}.ipynb"))
    assert status == 0 and len(text.splitlines()) == 1
    assert re.search(r"; \d+ as on another machine, the first \[\d+\] `", text)


def test_an_edit_is_found_where_it_first_tells(tmp_path):
    """Run as a learner does: a threshold changed, the cells up to the middle run, one of them stopped."""
    notebook = read(FIRST)
    edited = cell_with(notebook, "V_th, V_reset, t_ref = -50.0")
    edited.source = edited.source.replace("-50.0", "-52.0")
    last = notebook.cells.index(cell_with(notebook, "first spike"))
    begun = new_notebook(cells=deepcopy(notebook.cells[: last + 1]), metadata=notebook.metadata)
    NotebookClient(
        begun, allow_errors=True, timeout=300, resources={"metadata": {"path": str(FIRST.parent)}}
    ).execute()
    for cell in code(notebook):
        cell.update(outputs=[], execution_count=None)
    notebook.cells[: last + 1] = begun.cells
    status, text = said(written(tmp_path, notebook))
    verdict, cause, end = text.splitlines()
    assert status == 1
    assert verdict.startswith('01_neuron.ipynb is first outside the spread in [11] `print(f"first spike')
    assert "it prints 10.5, the chapter 13.8, which is the same with other seeds" in verdict  # 10 log(20/7)
    assert cause.startswith(
        "An edit there or before is the likely cause: you edited [9] `V_th, V_reset, t_ref = -52.0"
    )
    assert "the chapter has `V_th, V_reset, t_ref = -50.0, -65.0, 2.0" in cause
    assert end.startswith("It stopped in [11] `print(") and "with AssertionError" in end


def test_number_of_its_own_with_no_cause(tmp_path):
    notebook = read(FIRST)
    spike = cell_with(notebook, "first spike")
    spike.outputs[0].text = spike.outputs[0].text.replace("13.8", "18.8")
    status, text = said(written(tmp_path, notebook))
    assert status == 1 and "it prints 18.8, the chapter 13.8" in text
    assert "Nothing known explains it" in text and f"NumPy {spread.load(FIRST).versions['NumPy']}" in text


@pytest.mark.parametrize("how", ["added", "removed"])
def test_added_and_removed_cells_are_named_as_edits(how, tmp_path):
    notebook = read(FIRST)
    spike = cell_with(notebook, "first spike")
    spike.outputs[0].text = spike.outputs[0].text.replace("13.8", "18.8")
    place = notebook.cells.index(cell_with(notebook, "tau, R, E_L = 10.0"))
    if how == "added":
        notebook.cells.insert(place, new_code_cell("tau = 20", execution_count=3))
    else:
        del notebook.cells[place]
    text = said(written(tmp_path, notebook))[1]
    assert {"added": "you added [3] `tau = 20`", "removed": "you removed `tau, R, E_L = 10.0"}[how] in text


def test_cells_run_twice_are_the_likely_cause(tmp_path):
    notebook = read(FIRST)
    spike = cell_with(notebook, "first spike")
    spike.outputs[0].text = spike.outputs[0].text.replace("13.8", "18.8")
    for cell in code(notebook)[4:]:
        cell.execution_count += 1
    assert "The order is the likely cause: [6] `t = np.linspace(0, 50" in said(written(tmp_path, notebook))[1]


def test_an_edit_that_changes_nothing_is_normal(tmp_path):
    notebook = read(FIRST)
    cell_with(notebook, "tau, R, E_L = 10.0").source += "  # as in the book"
    status, text = said(written(tmp_path, notebook))
    assert status == 0 and "is normal" in text and "; edited or added: [3]." in text


def test_cells_without_ids_are_met_by_what_they_say(tmp_path):
    notebook = read(FIRST)
    for k, cell in enumerate(notebook.cells):
        cell.id = f"other-{k}"
    status, text = said(written(tmp_path, notebook))
    assert status == 0 and "edited" not in text


def test_a_cell_that_is_newer_than_the_spread_is_named(tmp_path, monkeypatch):
    known = spread.load(FIRST)
    cell = cell_with(read(FIRST), "tau, R, E_L = 10.0")
    monkeypatch.setitem(known.sources, cell.id, "older")
    monkeypatch.setattr(compare, "load", lambda chapter: known)
    status, text = said(written(tmp_path, read(FIRST)))
    assert status == 0 and "; newer than the spread, and not compared: [3]." in text


def test_what_the_package_prints_otherwise_since_is_not_held_against_a_run(tmp_path, monkeypatch):
    chapter = read(FIRST)
    cell = next(c for c in code(chapter) if c.outputs and "text" in c.outputs[0])
    cell.outputs[0].text += "in other words"
    monkeypatch.setattr(compare, "find", lambda _: (tmp_path / FIRST.name, tmp_path / FIRST.name))
    monkeypatch.setattr(compare, "load", lambda _: spread.load(FIRST))
    status, text = said(written(tmp_path, chapter))
    assert status == 0 and f"newer than the spread, and not compared: [{cell.execution_count}]." in text


def test_a_run_that_stopped_half_way(tmp_path):
    notebook = read(FIRST)
    for cell in code(notebook)[20:]:
        cell.update(outputs=[], execution_count=None)
    status, text = said(path := written(tmp_path, notebook))
    count = len(code(notebook))
    assert status == 1 and "01_neuron.ipynb is normal as far as it was run: " in text
    assert f"{count - 20} of {count} cells have not been run, the first is [ ] `" in text
    assert f"`nnlearn compare {path} --run`" in " ".join(text.split())


def test_without_outputs_it_offers_to_run(tmp_path, monkeypatch):
    notebook = read(FIRST)
    for cell in code(notebook):
        cell.update(outputs=[], execution_count=None)
    path = written(tmp_path, notebook)
    status, text = said(path)
    assert status == 1 and "has no outputs: run it in JupyterLab, or here with `nnlearn compare" in text
    filled = []
    monkeypatch.setattr(compare, "execute", lambda path: filled.append(nbformat.write(read(FIRST), path)))
    assert said(path, "--run")[0] == 0 and len(filled) == 1


def test_chapter_without_a_spread_is_compared_with_what_is_printed(tmp_path, monkeypatch):
    monkeypatch.setattr(spread, "FOLDER", tmp_path)
    notebook = read(FIRST)
    status, text = said(written(tmp_path, notebook))
    assert status == 0 and text.endswith("; no spread of this chapter has been measured yet.\n")
    spike = cell_with(notebook, "first spike")
    spike.outputs[0].text = spike.outputs[0].text.replace("13.8", "18.8")
    status, text = said(written(tmp_path, notebook))
    assert (
        status == 1
        and "first differs from the chapter in [11]" in text
        and "so that this may be normal" in text
    )


def test_it_looks_in_the_copy_around_you(tmp_path, monkeypatch):
    (tmp_path / "chapters" / "deep").mkdir(parents=True)
    (tmp_path / MANIFEST).write_text("{}")
    written(tmp_path / "chapters", read(FIRST))
    monkeypatch.chdir(tmp_path / "chapters" / "deep")
    assert compare.find("1") == (tmp_path / "chapters" / FIRST.name, FIRST)
    assert "there is no" in said("02")[1] and "name your notebook's file" in said("02")[1]
    monkeypatch.chdir(tmp_path.parent)
    assert compare.find("01_neuron") == (FIRST, FIRST), "the clone's own"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("01_neuron.ipynb", "{", "is not a notebook that can be read"),
        ("01_neuron.ipynb", nbformat.writes(new_notebook()), "has no outputs"),
        ("mine.ipynb", "{}", "does not begin with a chapter's name"),
        (None, None, "there is no file"),
    ],
    ids=["damaged", "empty", "another name", "no file"],
)
def test_what_cannot_be_compared_gets_one_sentence(name, content, why, tmp_path):
    path = tmp_path / (name or "01_neuron.ipynb")
    (path if name else tmp_path / "other").write_text(content or "")
    status, text = said(path)
    assert status == 1 and why in " ".join(text.split()) and "Traceback" not in text
    assert text.startswith("nnlearn compare: ") and len(text.splitlines()) == 1


def test_an_unknown_chapter_is_told_those_that_there_are():
    status, text = said("77")
    assert status == 1 and "no chapter '77'" in text and "01_neuron" in text


def test_a_notebook_of_other_cells_is_refused(tmp_path):
    cell = new_code_cell("6 * 7", execution_count=1, outputs=[new_output("stream", name="stdout", text="42")])
    status, text = said(written(tmp_path, new_notebook(cells=[cell])))
    assert status == 1 and "has no cell of the chapter's" in text


# How a spread is made


def test_runs_are_condensed_to_what_differs(tmp_path):
    def ran(folder, *printed, sources=("a", "b", "c")):
        cells = [
            new_code_cell(
                source, id=source, outputs=[new_output("stream", name="stdout", text=text)] if text else []
            )
            for source, text in zip(sources, printed, strict=True)
        ]
        (tmp_path / folder).mkdir()
        return written(tmp_path / folder, new_notebook(cells=cells))

    chapter, shifted = (
        ran("chapter", "loss 0.50", "32 units", ""),
        ran("shift-1000", "loss 0.61", "32 units", ""),
    )
    kept = json.loads(spread.condense(chapter, {"shift-1000": shifted}))
    assert kept["worlds"] == ["stored", "shift-1000"] and set(kept["versions"]) == {"Python", "NumPy"}
    a, b, c = (row[1:] for row in kept["cells"].values())
    assert [text.split()[1:] for text in a] == [["0.50"], ["0.61"]] and len(b) == 1 and c == []
    stopped = read(shifted)
    stopped.cells[0].outputs = [new_output("error", ename="AssertionError", evalue="", traceback=[])]
    nbformat.write(stopped, shifted)
    assert json.loads(spread.condense(chapter, {"shift-1000": shifted}))["cells"]["a"][2] == ""
    other = ran("other", "loss 0.61", "32 units", "", sources=("a", "b2", "c"))
    with pytest.raises(ValueError, match=r"was run with other cells than 01_neuron\.ipynb has now"):
        spread.condense(chapter, {"shift-1000": other})


def test_a_file_is_written_for_each_chapter_that_was_run(tmp_path, monkeypatch, capsys):
    (tmp_path / "kept" / "shift-1000" / "chapters").mkdir(parents=True)
    (tmp_path / "spreads").mkdir()
    written(tmp_path / "kept" / "shift-1000" / "chapters", read(FIRST))
    monkeypatch.setattr(spread, "FOLDER", tmp_path / "spreads")
    spread.main(tmp_path / "kept")
    assert capsys.readouterr().out == "01_neuron: shift-1000\n"
    assert spread.load(FIRST).worlds == ["stored", "shift-1000"]
    assert spread.load(CHAPTERS["02_perceptron"]).worlds == ["stored"], "of the others, what is printed"
