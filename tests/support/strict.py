"""How strictly notebooks run, and what a run of the tests has checked, counted against what the folders hold.

A test that checks one widget, grader or deck says so: `record_property("checked", "deck 01_neuron")`. One
that measures says what: `record_property("measured", "9 of 10 rejected")`; that is printed at the end.
Notebooks are run by nbval, a test a cell; one counts as checked when all of its cells have passed. A run of
everything fails where the two counts differ, so that nothing is left out unseen.

A notebook has a limit of processor time, on one thread of BLAS, in units of a loop that is timed in the same
kernel every few seconds: a busy or a slow machine takes longer for both.
"""

import ast
import json
import os
import re
import tempfile
from pathlib import Path

import pytest

from tests.support import IN_CI, ROOT

TIME_LIMIT = 60  # seconds of a processor on which the loop below takes LOOP
LOOP = 0.025  # the slowest chapter, 19, takes 1,870 loops (47 s); 2,200 where all cores are busy

# Run first in every notebook's kernel: a warning is an error, and so is a call to another machine. With
# NNLEARN_SEED_SHIFT every whole-number seed is another one.
STRICT_KERNEL = """
import os, socket, warnings

for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]
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

def _meter():
    import json, time
    import numpy as np

    used, loops, due = 0.0, [], 0.0

    def loop():
        began = time.process_time()
        x = np.full((192, 192), 0.01, np.float32)
        for _ in range(100):
            np.tanh(x @ x).sum(axis=0)
        for k in range(400_000):
            k * k
        return time.process_time() - began

    def write(*_):
        nonlocal due
        now = time.process_time() - sum(loops)
        if now >= due:
            loops.append(loop())
            due = now + 5
        with open(os.environ["NNLEARN_METER"], "w") as file:
            json.dump({"seconds": now, "loop": sorted(loops)[len(loops) // 2]}, file)

    loop()  # the first one also loads what it needs
    get_ipython().events.register("post_run_cell", write)

def _shift_seeds(shift):
    import numpy as np
    from numpy.random import default_rng

    def moved(seed):
        if isinstance(seed, (list, tuple)):
            return [moved(part) for part in seed]
        return seed + shift if isinstance(seed, (int, np.integer)) else seed

    np.random.default_rng = lambda seed=None: default_rng(moved(seed))

if "NNLEARN_METER" in os.environ:
    _meter()
if "NNLEARN_SEED_SHIFT" in os.environ:
    _shift_seeds(int(os.environ["NNLEARN_SEED_SHIFT"]))
if "PYTHONWARNINGS" not in os.environ:
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
    config.stash[PASSED], config.stash[FAILED], config.stash[MEASURED] = set(), set(), []
    if hasattr(config, "workerinput"):
        return  # the settings below are inherited from the process that started this one
    config.stash[FOLDER] = tempfile.TemporaryDirectory(prefix="nnlearn-tests-")
    folder = Path(config.stash[FOLDER].name)
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "strict.py").write_text(STRICT_KERNEL)
    os.environ["IPYTHONDIR"] = str(folder / "ipython")
    (folder / "meters").mkdir()
    os.environ["NNLEARN_HOME"] = str(folder / "home")  # a learner's own progress is not the tests' to change


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First the files that take minutes, so that no process is left alone with one of them at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/course/"))


PASSED, FAILED = pytest.StashKey[set[str]](), pytest.StashKey[set[str]]()
MEASURED = pytest.StashKey[list[str]]()
FOLDER = pytest.StashKey[tempfile.TemporaryDirectory]()
_config: pytest.Config


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    global _config  # pytest_runtest_logreport is not told which run it belongs to
    _config = session.config


def pytest_runtest_logstart(nodeid: str) -> None:
    """Before a notebook's kernel starts: where it writes down the time that it takes."""
    path = nodeid.partition("::")[0]
    if path.endswith(".ipynb"):
        name = path.replace("/", "-").replace(".ipynb", ".json")
        os.environ["NNLEARN_METER"] = str(Path(os.environ["IPYTHONDIR"]).with_name("meters") / name)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """With NNLEARN_KEEP: after its last cell, write a notebook there as it was run, without its pictures."""
    if "NNLEARN_KEEP" not in os.environ or item.path.suffix != ".ipynb":
        return
    item.cell.outputs = item.test_outputs or []
    for output in item.cell.outputs:
        for kind in [kind for kind in output.get("data", {}) if not kind.startswith("text/")]:
            del output["data"][kind]
    if nextitem is None or nextitem.parent is not item.parent:
        path = Path(os.environ["NNLEARN_KEEP"], item.path.parent.name, item.path.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        import nbformat

        nbformat.write(item.parent.nb, path)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    path = report.nodeid.partition("::")[0]
    if path.endswith(".ipynb"):
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
    names |= {
        f"{kind} chapters/{page.parent.name}/{page.name}" for page in pages() for kind in ("notebook", "page")
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
    """The classes under nnlearn/widgets that derive from Explorer, directly or not; bases are left out."""
    bases = {
        node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for path in (ROOT / "nnlearn" / "widgets").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }
    found = {"Explorer"}
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return found - {"Explorer"} - set().union(*bases.values())


def notebooks(folder: str) -> list[Path]:
    return sorted((ROOT / folder).glob("*.ipynb"))


def pages() -> list[Path]:
    """The gallery's: one application each, in a folder of its chapter's name."""
    return sorted((ROOT / "chapters").glob("*/[a-z]*.ipynb"))


def _missing(config: pytest.Config) -> set[str]:
    return held() - (config.stash[PASSED] - config.stash[FAILED])


def _used(config: pytest.Config) -> dict[str, float]:
    """{notebook: seconds of a processor}, as they would be where the loop takes LOOP; the most first."""
    used = {}
    for file in (Path(config.stash[FOLDER].name) / "meters").glob("*.json"):
        meter = json.loads(file.read_text())
        used[file.stem] = meter["seconds"] * LOOP / meter["loop"]
    return dict(sorted(used.items(), key=lambda pair: -pair[1]))


def _slow(config: pytest.Config) -> dict[str, float]:
    return {name: seconds for name, seconds in _used(config).items() if seconds > TIME_LIMIT}


def _is_whole_run(config: pytest.Config) -> bool:
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workerinput") or not _is_whole_run(config):
        return
    skipped_here = config.pluginmanager.get_plugin("terminalreporter").stats.get("skipped") and not IN_CI
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
    longest = ", ".join(f"{name} {seconds:.0f}" for name, seconds in list(_used(config).items())[:5])
    terminalreporter.line(f"longest notebooks, in seconds of a processor: {longest}")
    for path, seconds in _slow(config).items():
        terminalreporter.line(
            f"TOO SLOW: {path} takes {seconds:.0f} s of a processor, the limit is {TIME_LIMIT}", red=True
        )
