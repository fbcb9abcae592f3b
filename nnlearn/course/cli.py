"""`nnlearn`: a command for each file in `commands/`, which holds a function of the file's name."""

import contextlib
import errno
import importlib
import os
import pkgutil
import re
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nnlearn.course import commands


class _Commands(TyperGroup):
    """Commands that tell in one sentence which ValueError, OSError or missing module stopped them."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("nnlearn"):
                raise
            why = _how_to_install(error)
        except ValueError as error:
            why = str(error)
        except OSError as error:
            why = _what_the_disk_says(error)
        typer.echo(f"nnlearn {ctx.invoked_subcommand}: {why}", err=True)
        raise typer.Exit(1)


def _what_the_disk_says(error: OSError) -> str:
    """The system's words, the file, and a way on where there is one."""
    said = f"{error.strerror}: {error.filename}" if error.strerror and error.filename else str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{said}; free some room, or write to another place"
    return f"{said}; write to another place" if error.errno in (errno.EROFS, errno.EACCES) else said


def _how_to_install(error: ModuleNotFoundError) -> str:
    """Which package is missing, and which extra of ours brings it, if one does."""
    name = (error.name or str(error)).partition(".")[0].replace("_", "-")
    needs = metadata.requires("nnlearn") or []
    extras = [re.match(rf"{name}(?:-py|-binary)?\b(?!-).*extra == ['\"](\w+)", need) for need in needs]
    extra = next((f': pip install "nnlearn[{found[1]}]"' for found in extras if found), "")
    return f"this needs {name}, which is not installed{extra}"


def _take_every_character(stream: Any) -> None:
    """UTF-8 into a file or a pipe under any locale; where another encoding is asked for, "?" for the rest.

    Bytes of a path that the locale could not read go out as they came in.
    """
    if "PYTHONIOENCODING" in os.environ or stream.isatty():
        stream.reconfigure(errors="replace")
    else:
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")


def _stand_in_for_home(ctx: typer.Context) -> None:
    """Give this command and its kernels a temporary home where there is none that can be written.

    Jupyter does not start without one, and matplotlib would look for fonts anew in every kernel.
    """
    home = Path(os.path.expanduser("~"))  # "~" where there is none
    if home.is_absolute():
        with contextlib.suppress(OSError):
            home.mkdir(parents=True, exist_ok=True)
            return tempfile.TemporaryFile(dir=home).close()
    folder = tempfile.TemporaryDirectory(prefix="nnlearn-home-", ignore_cleanup_errors=True)
    os.environ["HOME"] = ctx.with_resource(folder)
    why = f"your home folder {home} cannot be written" if home.is_absolute() else "you have no home folder"
    keep = "to keep settings and progress, set HOME to a folder that can be written"
    typer.echo(f"nnlearn: {why}, so that a temporary one is used; {keep}", err=True)


app = typer.Typer(name="nnlearn", cls=_Commands, no_args_is_help=True, add_completion=False)


_GROUPS = ("Learn", "Lecture", "Grade", "Write chapters")  # in the order in which --help shows them


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nnlearn {metadata.version('nnlearn')}")
        raise typer.Exit


@app.callback()
def main(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and exit."),
    ] = False,
) -> None:
    """A course on neural networks, from the nerve cell to a working GPT."""
    for stream in (sys.stdout, sys.stderr):
        _take_every_character(stream)
    _stand_in_for_home(ctx)


_modules = [
    importlib.import_module(f"{commands.__name__}.{file.name}")
    for file in pkgutil.iter_modules(commands.__path__)
]
for _module in sorted(_modules, key=lambda module: _GROUPS.index(module.GROUP)):
    app.command(rich_help_panel=_module.GROUP)(getattr(_module, _module.__name__.rpartition(".")[2]))
