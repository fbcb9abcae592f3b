"""How strictly notebooks run, and what a run of the tests has checked, counted against what the folders hold.

A test that checks one widget, grader or deck says so: `record_property("checked", "deck 01_neuron")`. One
that measures says what: `record_property("measured", "9 of 10 rejected")`; that is printed at the end.
Notebooks are run by nbval, a test a cell; one counts as checked when all of its cells have passed. A run of
everything fails where the two counts differ, so that nothing is left out unseen.
"""

import ast
import json
import os
import re
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support import ROOT

TIME_LIMIT = 60  # seconds for a notebook on two cores

# Run first in every notebook's kernel: a warning is an error, and so is a call to another machine.
STRICT_KERNEL = """
import os, socket, warnings

for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]
if "PYTEST_XDIST_WORKER" in os.environ:  # a process a core: more threads would only wait
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
HERE = ("127.0.0.1", "::1", "localhost")

def _only_this_machine(connect):
    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in HERE:
            raise OSError(f"a notebook called {address}: the course runs without a network")
        return connect(self, address)
    return guarded

socket.socket.connect = _only_this_machine(socket.socket.connect)
socket.socket.connect_ex = _only_this_machine(socket.socket.connect_ex)
warnings.simplefilter("error")
"""


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Load nbval for notebooks only: to import it takes longer than most files of tests take to run."""
    named = [
        Path(name.partition("::")[0]).resolve() for name in early_config.known_args_namespace.file_or_dir
    ]
    if not named or not all(path.is_relative_to(ROOT / "tests") for path in named):
        early_config.pluginmanager.import_plugin("nbval.plugin")
        args += ["--nbval", "--nbval-current-env"]


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes for a run of everything; a few files have run before two processes have started."""
    return 2 if config.args_source is pytest.Config.ArgsSource.TESTPATHS else 0


def pytest_configure(config: pytest.Config) -> None:
    config.stash[PASSED], config.stash[FAILED], config.stash[SECONDS] = set(), set(), defaultdict(float)
    config.stash[MEASURED] = []
    if hasattr(config, "workerinput"):
        return  # the settings below are inherited from the process that started this one
    config.stash[FOLDER] = tempfile.TemporaryDirectory(prefix="nnlearn-tests-")
    folder = Path(config.stash[FOLDER].name)
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "strict.py").write_text(STRICT_KERNEL)
    os.environ["IPYTHONDIR"] = str(folder / "ipython")
    os.environ["NNLEARN_HOME"] = str(folder / "home")  # a learner's own progress is not the tests' to change


PASSED, FAILED = pytest.StashKey[set[str]](), pytest.StashKey[set[str]]()
SECONDS = pytest.StashKey[dict[str, float]]()
MEASURED = pytest.StashKey[list[str]]()
FOLDER = pytest.StashKey[tempfile.TemporaryDirectory]()
_config: pytest.Config


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    global _config  # pytest_runtest_logreport is not told which run it belongs to
    _config = session.config


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    path = report.nodeid.partition("::")[0]
    if path.endswith(".ipynb"):
        _config.stash[SECONDS][path] += report.duration
        checked = [f"notebook {path}"]
    else:
        checked = [name for key, name in report.user_properties if key == "checked"]
    if report.when == "call":
        _config.stash[MEASURED] += [text for key, text in report.user_properties if key == "measured"]
    if report.failed:
        _config.stash[FAILED].update(checked)
    elif report.when == "call" and report.passed:
        _config.stash[PASSED].update(checked)


def held() -> set[str]:
    """What the folders hold that has to be checked, read from the files alone."""
    names = {
        f"notebook {folder}/{path.name}" for folder in ("chapters", "solutions") for path in notebooks(folder)
    }
    names |= {
        f"{check} {path.stem}" for path in notebooks("chapters") for check in ("deck", "live-chapter", "page")
    }
    names |= {f"widget {name}" for name in explorers()}
    for path in notebooks("solutions"):
        for cell in json.loads(path.read_text())["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade") and cell["cell_type"] == "code":
                names |= {
                    f"grader {number}" for number in re.findall(r'check\("([\d.]+)"', "".join(cell["source"]))
                }
    return names


def explorers() -> set[str]:
    """The classes anywhere under nnlearn/widgets that derive from Explorer, directly or not."""
    bases = {
        node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for path in (ROOT / "nnlearn" / "widgets").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }
    found = {"Explorer"}
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return found - {"Explorer"}


def notebooks(folder: str) -> list[Path]:
    return sorted((ROOT / folder).glob("*.ipynb"))


def _missing(config: pytest.Config) -> set[str]:
    return held() - (config.stash[PASSED] - config.stash[FAILED])


def _slow(config: pytest.Config) -> dict[str, float]:
    return {path: seconds for path, seconds in config.stash[SECONDS].items() if seconds > TIME_LIMIT}


def _is_whole_run(config: pytest.Config) -> bool:
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workerinput") or not _is_whole_run(config):
        return
    skipped_here = (
        config.pluginmanager.get_plugin("terminalreporter").stats.get("skipped") and "CI" not in os.environ
    )
    if (_missing(config) and not skipped_here) or _slow(config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[MEASURED]:
        terminalreporter.section("measured")
        terminalreporter.write("\n".join(sorted(config.stash[MEASURED])) + "\n")
    if not _is_whole_run(config):
        return
    names, missing = held(), _missing(config)
    terminalreporter.section("checked")
    for kind in sorted({name.split()[0] for name in names}):
        of_kind = {name for name in names if name.startswith(kind + " ")}
        terminalreporter.line(f"{kind}s: {len(of_kind - missing)} of {len(of_kind)}")
    for name in sorted(missing):
        terminalreporter.line(f"NOT CHECKED: {name}", red=True)
    for path, seconds in sorted(_slow(config).items()):
        terminalreporter.line(f"TOO SLOW: {path} took {seconds:.0f} s, the limit is {TIME_LIMIT}", red=True)
