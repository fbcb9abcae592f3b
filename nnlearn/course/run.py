"""`nnlearn run`: execute notebooks and store their outputs the way the course keeps them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # nbformat and nbclient take a second to load: only where they are used
    from nbformat import NotebookNode


def execute(path: Path, timeout: float = 300) -> None:
    """Run the notebook at `path` from its own folder and write its outputs into it.

    What differs from run to run or needs a kernel stays out: times, the ids of live widgets (their pictures
    stay), the version of Python. Raises CellExecutionError and leaves the file alone if a cell fails.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
    )
    client.execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    notebook.metadata.pop("jupytext", None)
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["nnlearn"] = {"ran": fingerprints(notebook)}
    nbformat.write(notebook, path)


def fingerprints(notebook: NotebookNode) -> dict[str, str]:
    """What each code cell says, by the cell's id, in a few letters."""
    return {cell.id: _fingerprint(cell) for cell in notebook.cells if cell.cell_type == "code"}


def edited(notebook: NotebookNode, cell: NotebookNode) -> bool:
    """True where the code cell is not as it was when `nnlearn run` stored its outputs.

    A notebook that was run by other means has no record of it: then nothing can be said, and it is False.
    """
    ran = notebook.metadata.get("nnlearn", {}).get("ran")
    return ran is not None and ran.get(cell.id) != _fingerprint(cell)


def _fingerprint(cell: NotebookNode) -> str:
    return hashlib.sha256(cell.source.encode()).hexdigest()[:12]


def run(notebooks: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Run notebooks and store their outputs in them."""
    from nbclient.exceptions import CellExecutionError

    for path in notebooks:
        try:
            execute(path.absolute())
        except CellExecutionError as error:
            typer.echo(f"{path}: {error}", err=True)
            raise typer.Exit(1) from None
        typer.echo(f"{path}: run")
