"""What is done to notebooks: run them, see that they were run, make the students' from the solutions."""

import hashlib
import warnings
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm
from traitlets.config import Config

from nnlearn.exercises.notebooks import course_folder, in_checkout
from nnlearn.exercises.runner import STUB
from nnlearn.training.saving import write

# What `nbgrader generate_assignment` does to a notebook, without its database.
_STEPS = ("LockCells", "ClearSolutions", "ClearOutput", "CheckCellMetadata", "ComputeChecksums")


def read(path: Path) -> NotebookNode:
    """A notebook in the format of today (nbformat 4.5), in which every cell has an id.

    Raises ValueError for a file that is no notebook.
    """
    content = path.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they say that ids were missing; now they are there
            notebook = nbformat.reads(content.decode("utf-8-sig"), as_version=4)
        if notebook.nbformat_minor < 5:
            notebook = nbformat.v4.upgrade(notebook)
            del notebook.metadata["orig_nbformat_minor"]
    except Exception as error:  # nbformat raises half a dozen kinds, of several packages
        why = str(error).strip().partition("\n")[0]
        raise ValueError(f"{path} is not a notebook that can be read: {why}") from None
    return notebook


def with_bar(paths: list[Path], what: str) -> Iterable[Path]:
    """The same, with a bar and the time left where a terminal looks on."""
    return tqdm(paths, desc=what, disable=None, leave=False)


def execute(path: Path, timeout: float = 300) -> None:
    """Run the notebook at `path` from its own folder and write its outputs into it.

    What differs from run to run or needs a kernel stays out: times (but see `long_cells`), the ids of live
    widgets (their pictures stay), the version of Python. Raises ValueError and leaves the file alone if a
    cell fails.
    """
    notebook = read(path)
    known = notebook.metadata.get("nnlearn", {}).get("seconds", {})
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,  # on a busy machine what a cell prints comes in more pieces
        store_widget_state=False,
    )
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    try:
        with tqdm(total=len(code), desc=path.name, unit=" cells", disable=None, leave=False) as bar:
            client.on_cell_executed = lambda **_: bar.update()
            client.execute()
    except (CellExecutionError, DeadKernelError) as error:
        raise ValueError(f"{path}: {error}") from None
    seconds = long_cells(notebook, known)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    notebook.metadata.pop("jupytext", None)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata["kernelspec"] = kernel
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["nnlearn"] = {"ran": fingerprints(notebook), "seconds": seconds}
    nbformat.write(notebook, path)


def long_cells(notebook: NotebookNode, known: dict[str, int]) -> dict[str, int]:
    """{a code cell's id: the whole seconds that it took}, of those that took three or more.

    Of two runs no two take as long: a cell keeps what is `known` of it while that is right within half.
    """
    found = {}
    for cell in notebook.cells:
        times = cell.metadata.get("execution", {})
        if "iopub.execute_input" not in times or "shell.execute_reply" not in times:
            continue
        start, end = (
            datetime.fromisoformat(times[k]) for k in ("iopub.execute_input", "shell.execute_reply")
        )
        took = (end - start).total_seconds()
        before = known.get(cell.id, 0)
        if max(took, before) >= 3:
            found[cell.id] = before if took < 1.5 * before and before < 1.5 * took else round(took)
    return {id: seconds for id, seconds in found.items() if seconds >= 3}


def fingerprints(notebook: NotebookNode) -> dict[str, str]:
    """{a code cell's id: a short hash of what it says}."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {cell.id: hashlib.sha256(cell.source.encode()).hexdigest()[:12] for cell in code}


def require_outputs(notebook: NotebookNode, name: str) -> None:
    """Raise ValueError, naming the cell, where one was not run, failed, or was edited since.

    A notebook that was not run by `nnlearn run` has no record of what was run: there an edit is not seen.
    """
    now = fingerprints(notebook)
    ran = notebook.metadata.get("nnlearn", {}).get("ran", now)
    runs = 0
    for k, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        runs += 1
        why = ""
        if any(output.output_type == "error" for output in cell.outputs):
            why = "ended in an error: mend it, then `nnlearn run` the notebook"
        elif cell.execution_count is None:
            why = "has not been run: `nnlearn run` the notebook first"
        elif ran.get(cell.id) != now[cell.id]:
            why = "was edited since it was run: `nnlearn run` the notebook again"
        elif cell.execution_count != runs:
            why = f"was run as number {cell.execution_count}, out of order: `nnlearn run` the notebook"
        if why:
            raise ValueError(f"{name}, cell {k} ({cell.source.strip().splitlines()[0][:50]!r}) {why}")


def student_version(solution: Path) -> str:
    """The student's notebook, as the text of its file: stubs for answers, no outputs, checks locked."""
    from nbgrader import preprocessors

    config = Config({"ClearSolutions": {"code_stub": {"python": STUB}}})
    notebook = read(solution)
    for step in _STEPS:
        notebook, _ = getattr(preprocessors, step)(config=config).preprocess(notebook, {})
    return nbformat.writes(notebook) + "\n"


def write_exercises() -> Iterator[str]:
    """Generate exercises/ from solutions/, and say of each file what was done.

    Raises ValueError outside a clone, where there are no solutions.
    """
    if not in_checkout():
        raise ValueError("the solutions are in a clone of the course's repository; run it there.")
    target = course_folder() / "exercises"
    solutions = sorted((course_folder() / "solutions").glob("*.ipynb"))
    for solution in solutions:
        write(target / solution.name, student_version(solution).encode())
        yield f"exercises/{solution.name}"
    for old in {path.name for path in target.glob("*.ipynb")} - {path.name for path in solutions}:
        (target / old).unlink()
        yield f"exercises/{old} has no solution any more: removed"
