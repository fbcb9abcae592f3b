# ruff: noqa: E501 (tables of programs)
"""Strangers' code in a real sandbox: what they try gets them nothing, and right answers pass.

Where bubblewrap does not start, these fail: a wall that was not tried is no wall.
"""

import ast
import itertools
import os
import re
import signal
import sys
import sysconfig
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat import v4

from nnlearn.classroom import grading, judging
from nnlearn.classroom.grading import COULD_NOT_RUN, Grade, student_seed
from nnlearn.classroom.sandbox import walls
from nnlearn.classroom.sandbox.host import Sandbox, messages
from nnlearn.classroom.sandbox.walls import NoSandbox
from nnlearn.exercises.spec import chapter_exercises, chapter_modules, find_exercise
from tests.support import ROOT
from tests.support.classroom import SECRET, answer_cell, graded, solution, submit, write

NOTHING_ASKED = {"questions": {}, "given": [], "former": False, "seconds": 5}
JUDGE = judging.Judge.command
LAYER = "import numpy as np\ndef layer(x, W, b):\n    return np.maximum(0, x @ W + b)\n"
WRONG = "def layer(x, W, b):\n    return 0 * (x @ W + b)\n"
LOOK = """
import os, sys, gc
words = ["(noitpecnocsiM", "dnuor yaw rehto eht sthgiew"]  # backwards: this text is no find
library = ("/usr/lib", "/lib", sys.base_prefix, *(f"/packages/{name}" for name in os.listdir("/packages") if name != "nnlearn"))
def texts():
    for folder, _, files in os.walk("/"):
        for name in files if not folder.startswith(library) else ():
            try:
                yield open(os.path.join(folder, name), encoding="utf-8").read(100_000)
            except (OSError, UnicodeDecodeError):
                pass
    frame = sys._getframe()
    while frame:
        yield from [repr(v) for v in {**frame.f_globals, **frame.f_locals}.values()]
        frame = frame.f_back
    yield from [repr(o) for o in gc.get_objects() if isinstance(o, (dict, str, tuple)) and len(o) < 100]
seen = 0
def found():
    global seen
    for text in texts():
        seen += 1
        if any(word[::-1] in text for word in words): return text
    assert seen > 1000
"""

# what a student tries -> (the score of 2, what the message says)
ASKED = ("04.2", "04.3", "04.8")
ATTACKS = {
    "patches the comparison": ("import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True\n" + WRONG, "wrong"),
    "patches numpy.testing": ("import numpy.testing as t\nt.assert_allclose = lambda *a, **k: None\n" + WRONG, "wrong"),
    "patches builtins": ("import builtins\nbuiltins.all = builtins.any = lambda x: True\n" + WRONG, ""),
    "gives an object that equals all": (
        "class Same:\n    def __eq__(self, other): return True\n    def __array__(self, *a, **k): raise ValueError\n"
        "def layer(x, W, b): return Same()\n",
        "",
    ),
    "leaves by the back door": ("import os\nos._exit(0)\n", "ended its process"),
    "leaves politely": ("raise SystemExit(0)\n", "SystemExit"),
    "crashes": ("import ctypes\nctypes.string_at(0)\n", "crashed (signal 11)"),
    "kills itself": ("import os\nos.kill(os.getpid(), 9)\n", "limit"),
    "kills all it can": ("import os\ndef layer(x, W, b): os.kill(-1, 9)\n", ""),
    "opens TCP": ("import socket\nsocket.create_connection(('127.0.0.1', 80))\n", "PermissionError"),
    "opens a Unix socket": ("import socket\nsocket.socket(socket.AF_UNIX)\n", "PermissionError"),
    "starts processes": ("import os\nwhile True: os.fork()\n", "PermissionError"),
    "starts a program": ("import subprocess\nsubprocess.run(['true'])\n", "Error"),
    "starts a daemon": ("import multiprocessing as m\nm.Process(target=print, daemon=True).start()\n", "Error"),
    "makes a namespace": ("import ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == 0\n", "AssertionError"),
    "mounts": ("import ctypes\nassert ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0\n", "AssertionError"),
    "takes 2 GiB": ("import numpy as np\ndef layer(x, W, b): return np.ones(2**28)\n", "MemoryError"),
    "fills the disk": ("open('/tmp/a', 'wb').write(bytes(2**25))\n", "too large"),
    "fills the disk in pieces": ("for k in range(9): open(f'/tmp/{k}', 'wb').write(bytes(2**22))\n", "No space left"),
    "writes elsewhere": (
        "import os\nfor d in ['/', '/dev', '/packages', '/usr/lib', '/root', os.path.dirname(os.__file__)]:\n"
        "    try: open(d + '/x', 'w')\n    except OSError: pass\n    else: raise ValueError(d)\n"
        "open('/dev/shm/x', 'w')\n",
        "/dev/shm",
    ),
    "removes what there is": (
        "import shutil\nfor d in ['/tmp', '/packages', '/dev']: shutil.rmtree(d, ignore_errors=True)\n" + WRONG,
        "wrong",
    ),
    "sends pickles and scores": (
        "import os\nfor fd in range(3, 20):\n    try: os.write(fd, b'\\x00\\x00\\x00\\x08\\x80\\x04score=2')\n"
        "    except OSError: pass\n" + WRONG,
        "bad protocol",
    ),
    "sends an oversized header": (
        "import os\nfor fd in range(3, 20):\n    try: os.write(fd, b'\\xff\\xff\\xff\\xff')\n    except OSError: pass\n"
        + LAYER,
        "broke off",
    ),
    "floods": (
        "import os\nfor fd in range(3, 20):\n    try:\n        while True: os.write(fd, bytes(2**20))\n"
        "    except OSError: pass\n",
        "",
    ),
    "prints without end": ("def layer(x, W, b):\n    while True: print('x' * 10**6)\n", ""),
    "gives NaN": ("import numpy as np\ndef layer(x, W, b): return np.full((len(x), W.shape[1]), np.nan)\n", "nan"),
    "gives a scalar": ("def layer(x, W, b): return 0.0\n", "single number"),
    "gives texts": ("def layer(x, W, b): return [['1']]\n", ""),
    "gives objects": ("import numpy as np\ndef layer(x, W, b): return np.array([object()])\n", "object"),
    "gives lists within lists": (
        "def layer(x, W, b):\n    a = ['x']\n    for _ in range(900): a = [a]\n    return a\n", ""
    ),
    "changes its inputs": ("import numpy as np\ndef layer(x, W, b):\n    x *= 0\n    return np.maximum(0, x @ W + b)\n", "changes its input"),
    "makes an error of markup": ("raise ValueError('<script>alert(1)</script>')\n", "<script>"),
    "makes a syntax error": ("def layer(x, W, b):\n    return np.maximum(0, x @ W + b\n", "line 2"),
    "asks for what is not allowed": ("import nnlearn as nn\ndef layer(x, W, b): return nn.relu(x @ W + b)\n", "NumPy alone"),
    "asks for it by another name": ("from nnlearn.functions.activations import relu as f\ndef layer(x, W, b): return f(x @ W + b)\n", "uses `nn.relu`"),
    "catches that": ("import nnlearn as nn\ndef layer(x, W, b):\n    for _ in range(2):\n        try: y = nn.relu(x @ W + b)\n        except BaseException: pass\n    return y\n", "uses `nn.relu`"),
    "asks it in a thread": ("import threading\nimport nnlearn as nn\ndef layer(x, W, b):\n    y = []\n    t = threading.Thread(target=lambda: y.append(nn.relu(x @ W + b)))\n    t.start(); t.join()\n    return y[0]\n", "uses `nn.relu`"),
    "asks an object that is there": ("import nnlearn as nn\nact = nn.ReLU()\ndef layer(x, W, b): return act(x @ W + b)\n", "uses `nn.ReLU`"),
    "makes a layer whose start is another's": ("import nnlearn as nn\ndef layer(x, W, b):\n    nn.GRU(2, 2)\n    return x @ W + b\n", "uses `nn.GRU`"),
    "takes off the watch": ("import sys\nimport nnlearn as nn\ndef layer(x, W, b):\n    sys.setprofile(None)\n    return nn.relu(x @ W + b)\n", "uses `sys.setprofile`"),
    "takes it off for a while": ("import sys\nimport nnlearn as nn\ndef layer(x, W, b):\n    watch = sys.getprofile()\n    sys.setprofile(None)\n    y = nn.relu(x @ W + b)\n    sys.setprofile(watch)\n    return y\n", "uses `sys.setprofile`"),
    "wears the watch out": ("import nnlearn as nn\ndef deep():\n    try: deep()\n    except RecursionError: pass\ndef layer(x, W, b):\n    deep()\n    return nn.relu(x @ W + b)\n", "uses"),
    "goes as one of ours": ("import nnlearn as nn\n__name__ = 'nnlearn.mine'\nclass Layer:\n    def __call__(self, x, W, b): return nn.relu(x @ W + b)\nlayer = Layer()\n", "uses `nn.relu`"),
    "looks the answer up": ("from nnlearn.exercises.chapters.ch04 import LAYER\n", "No module named"),
    "reads what grades it": ("from nnlearn.exercises.spec import find_exercise\n", "No module named"),
    "gives more than the grader may hold": ("import numpy as np\ndef layer(x, W, b): return np.ones((4000, 2**10))\n", ""),
    "gives long names": ("def layer(x, W, b): return {'x' * 10**6: 1}\n", "dictionary"),
    "gives many things": ("def layer(x, W, b): return {str(k): k for k in range(12_000)}\n", "more data"),
    "tells the terminal": ("raise ValueError('\\x1b[31m\\x07')\n", "�[31m�"),
    "makes an odd character": ("raise ValueError('\\ud800')\n", "ValueError"),
    "gives an odd character": ("def layer(x, W, b): return '\\ud800'\n", ""),
    "is the stub": ("def layer(x, W, b):\n    # YOUR CODE HERE\n    pass\n", "handed out"),
    "gives complex numbers": ("import numpy as np\ndef layer(x, W, b): return np.maximum(0, x @ W + b) + 1e-3j\n", ""),
    "gives one number seen from everywhere": ("import numpy as np\ndef layer(x, W, b): return np.broadcast_to(1.0, (10**6, 10**6))\n", ""),
    "prints an odd character": ("def layer(x, W, b):\n    print('\\ud800')\n", ""),
    "starts threads without end": ("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n", "thread"),
    "writes into every folder": (
        "import os\nfor folder, _, _ in os.walk('/'):\n"
        "    if folder.startswith('/tmp'): continue\n"
        "    try: open(os.path.join(folder, 'left'), 'w')\n    except OSError: pass\n    else: raise ValueError(folder)\n" + WRONG,
        "wrong",
    ),
    "looks at other processes": (
        "import os\nif os.path.exists('/proc') and os.listdir('/proc'): raise ValueError('sees them')\n" + WRONG,
        "wrong",
    ),
    "patches what asks it": ("import nnlearn.exercises.runner as r\nr.Outcome = r.run_case = r.prepare = lambda *a, **k: {}\n" + WRONG, ""),
    "patches IPython": ("get_ipython().run_cell = get_ipython().transform_cell = None\n" + WRONG, ""),
    "patches check": ("import nnlearn.exercises\nnnlearn.exercises.check = lambda *a, **k: True\n" + WRONG, "wrong"),
    "looks around and finds": (LOOK + "if found(): raise LookupError(found())\n" + WRONG, "wrong"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_what_strangers_try_gets_them_nothing(name, tmp_path):
    source, said = ATTACKS[name]
    file = submit(tmp_path, "mallory", "04", {"04.3": source}, *ASKED)
    before, grade, after = graded(file, *ASKED)
    assert grade.score == 0 and grade.status != COULD_NOT_RUN, grade
    assert said in grade.message + "".join(grade.details), grade
    assert len(grade.message) < 3000
    assert all(character.isprintable() or character == "\n" for character in grade.message)
    assert before.status == after.status == "passed", "the other answers keep their points"


RIGHT = {
    "as it should be": LAYER,
    "prints and warns": "import warnings\n"
    + LAYER.replace("    return", "    print(x)\n    warnings.warn('!')\n    return"),
    "is slow to import": "import time\ntime.sleep(1.5)\nimport matplotlib.pyplot, scipy.stats\n" + LAYER,
    "has magics": "%matplotlib inline\n!ls\n" + LAYER,
    "uses threads": "import threading\nt = threading.Thread(target=print)\nt.start(); t.join()\n" + LAYER,
    "writes a file": "open('notes.txt', 'w').write('x')\n" + LAYER,
    "shuts its output": "import sys\nsys.stdout.close()\n" + LAYER,
    "calls check itself": LAYER + "from nnlearn.exercises import check\ncheck('04.3', layer)\n",
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_get_full_marks(name, tmp_path):
    (grade,) = graded(submit(tmp_path, "ada", "04", {"04.3": RIGHT[name]}, "04.3"), "04.3")
    assert (grade.status, grade.score) == ("passed", 2), grade


@pytest.mark.parametrize("seconds", ["while True: pass", "import signal; signal.pause()"])
def test_endless_code_is_stopped(seconds):
    source = f"import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\n{seconds}\n"
    sandbox = Sandbox()
    sandbox.cpu, sandbox.wall = 1, 3
    reply = sandbox.ask(
        NOTHING_ASKED, nbformat.writes(v4.new_notebook(cells=[v4.new_code_cell(source)])).encode()
    )
    assert reply.ended  # that it comes at all: none of the two would end by itself
    assert not sandbox.close()


EXERCISES = {
    chapter: [exercise for exercise in chapter_exercises(chapter).values() if exercise.graded]
    for chapter in chapter_modules()
}


@pytest.mark.parametrize("chapter", EXERCISES)
def test_solutions_pass_and_stubs_fail_in_the_sandbox(chapter, tmp_path):
    """With one attempt's own inputs."""
    names = [exercise.id for exercise in EXERCISES[chapter]]
    (student,) = (ROOT / "exercises").glob(f"{chapter}_*")
    empty = write(tmp_path, "nobody", chapter, nbformat.read(student, as_version=4))
    grades = {grade.exercise: grade for grade in graded(submit(tmp_path, "ada", chapter), *names)}
    assert list(grades) == names and {grade.status for grade in grades.values()} == {"passed"}, grades
    assert {(grade.status, grade.score) for grade in graded(empty, *names)} == {("not started", 0)}


every_exercise = pytest.mark.parametrize(
    "exercise", [*itertools.chain(*EXERCISES.values())], ids=lambda e: e.id
)


@every_exercise
def test_an_exercise_allows_what_its_solution_uses(exercise):
    source = answer_cell(solution(exercise.id[:2]), exercise.id).source
    used = set(re.findall(r"\bnn\.(\w+)", source))
    assert used <= set(exercise.allows)
    assert used == set(exercise.allows) or "**The budget**" in exercise.question, "a choice, where one trains"


def test_anothers_numbers_do_not_fit(tmp_path):
    """Outputs learnt by heart pass with the inputs they belong to: another student's, or another attempt's,
    are others."""
    exercise = find_exercise("04.3")
    seed = student_seed(SECRET, "ada", "04.3", "the attempt before")
    outputs = [exercise.reference(**inputs) for inputs in exercise.make_cases(seed).values()]
    learnt = [(np.asarray(y).tolist(), np.shape(y)) for y in outputs]
    source = f"import numpy as np\nlearnt = iter({learnt!r})\n"
    source += "def layer(x, W, b):\n    y, shape = next(learnt)\n    return np.reshape(y, shape)\n"
    file = submit(tmp_path, "ada", "04", {"04.3": source})
    assert graded(file, "04.3")[0].score == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nnlearn.classroom.grading.student_seed", lambda *_: seed)
        assert graded(file, "04.3")[0].score == 2


def test_what_earlier_cells_left_behind_may_be_cleared_away_in_an_answer(tmp_path):
    """Whenever Python likes: what it calls to do so is not what the answer uses."""
    source = (
        "import gc, sys\nimport numpy as np\nloop = [sys.stdout]\nloop.append(loop)\n"
        "def layer(x, W, b):\n    global loop\n    loop = None\n    gc.collect()\n    return np.maximum(0, x @ W + b)\n"
    )
    assert graded(submit(tmp_path, "ada", "04", {"04.3": source}), "04.3")[0].status == "passed"


def missing(notebook, cell, check):
    notebook.cells.remove(cell)


def doubled(notebook, cell, check):
    notebook.cells.append(nbformat.v4.new_code_cell(WRONG, metadata=cell.metadata))


def reordered(notebook, cell, check):
    notebook.cells.remove(cell)  # it stands below its check, and nothing gives the name before
    notebook.cells.append(cell)


def points(notebook, cell, check):
    check.metadata["nbgrader"]["points"] = 1000


def check_edited(notebook, cell, check):
    check.source = "1000"


def helper_below(notebook, cell, check):
    cell.source = "def layer(x, W, b):\n    return helper(x @ W + b)\n"
    notebook.cells.append(nbformat.v4.new_code_cell("def helper(z):\n    return z * (z > 0)\n"))


@pytest.mark.parametrize(
    ("change", "score", "said"),
    [
        (missing, 0, "'04-3' is missing"),
        *((change, 2, "") for change in (doubled, points, check_edited, reordered, helper_below)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_specification_wins_over_what_a_notebook_says(change, score, said, tmp_path):
    notebook = solution("04")
    change(notebook, answer_cell(notebook, "04.3"), answer_cell(notebook, "04.3-check"))
    (grade,) = graded(write(tmp_path, "ada", "04", notebook), "04.3")
    assert (grade.points, grade.score) == (2, score), grade
    assert said in grade.message + "".join(grade.details), grade


def in_a_new_sandbox(file: Path) -> Grade:
    """Each thread has its own."""

    def run() -> Grade:
        try:
            return graded(file, "04.3")[0]
        finally:
            for _, box in vars(grading._boxes).values():
                box.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result()


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """The only folder in which programs are found."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name: str, source: str) -> None:
        (folder / name).write_text(source)
        (folder / name).chmod(0o755)

    return put


def test_without_a_sandbox_there_is_no_score(tmp_path, programs, monkeypatch):
    file = submit(tmp_path, "ada", "04")
    grade = in_a_new_sandbox(file)
    assert (grade.status, grade.score) == (COULD_NOT_RUN, None), grade
    assert "bubblewrap is not installed" in grade.message and "podman is not installed" in grade.message
    programs("bwrap", "#!/bin/sh\necho it is broken >&2\nexit 1\n")
    programs("podman", "#!/bin/sh\necho false\n")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    grade = in_a_new_sandbox(file)
    assert grade.status == COULD_NOT_RUN and "bubblewrap does not start: it is broken" in grade.message
    assert "podman would run as root" in grade.message
    monkeypatch.setattr("os.geteuid", lambda: 0)
    programs("podman", "#!/bin/sh\necho true\n")
    assert "podman would run as root" in in_a_new_sandbox(file).message


# Keeps what it is called with, and runs that, without a wall: a container's file 3 is what else is file 0.
PODMAN = """#!{python}
import os, sys
with open({log!r}, "a") as log:
    print(sys.argv[1:], file=log)
if sys.argv[1] == "info":
    print("true")
elif sys.argv[1] != "rm":
    root = sys.argv.index("--rootfs") + 1
    *command, program = sys.argv[root + 1 :]
    program = program.replace("main(True", "main(False").replace("['/packages']", {paths!r})
    os.dup2(3, 0)
    os.execv(command[0], [*command, "pass" if "unshare(" in program else program])
"""


def test_without_bubblewrap_a_container_is_the_wall(tmp_path, programs, monkeypatch):
    """With a stand-in for podman: what it is asked for is a wall, and what it starts grades."""
    log = tmp_path / "log"
    paths = repr([str(ROOT), sysconfig.get_path("purelib")])
    programs("podman", PODMAN.format(python=sys.executable, log=str(log), paths=paths))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    grade = in_a_new_sandbox(submit(tmp_path, "ada", "04", None, "04.3"))
    assert (grade.status, grade.score, grade.isolated) == ("passed", 2, True), grade
    asked, tried, run, removed = [ast.literal_eval(line) for line in log.read_text().splitlines()]
    assert asked[0] == "info" and tried[: tried.index("-c")] == run[: run.index("-c")]
    options = " ".join(run)
    for wall in (
        "--network none", "--no-hosts", "--http-proxy=false", "--read-only --read-only-tmpfs=false",
        "--cap-drop ALL --cap-add SYS_ADMIN --security-opt no-new-privileges", "--preserve-fds 1", "--rm",
    ):  # fmt: skip
        assert wall in options
    mounts = [value for option, value in itertools.pairwise(run) if option == "--mount"]
    assert mounts and all(mount.startswith("type=bind,") and mount.endswith(",ro=true") for mount in mounts)
    assert "--privileged" not in run and "--volume" not in run
    root = Path(run[run.index("--rootfs") + 1])
    assert not root.parent.exists() and removed[-1] == run[run.index("--name") + 1], "nothing is left behind"


def no_namespaces(monkeypatch):
    """As in a container that grants none within the first."""
    bubblewrap = walls._bubblewrap

    def less(*given):
        command, environment = bubblewrap(*given)
        at = command.index("--cap-add")
        return command[:at] + command[at + 2 :], environment

    monkeypatch.setattr(walls, "_bubblewrap", less)


def no_judge(monkeypatch):
    without = "exec('judging.answer = None') or judging.main"
    monkeypatch.setattr(
        judging.Judge, "command", lambda self: [part.replace("judging.main", without) for part in JUDGE(self)]
    )


@pytest.mark.parametrize(
    ("fails", "said"), [(no_namespaces, "unshare"), (no_judge, "judges does not run")], ids=["wall", "judge"]
)
def test_what_fails_here_is_nobodys_zero(fails, said, tmp_path, monkeypatch):
    fails(monkeypatch)
    grade = in_a_new_sandbox(submit(tmp_path, "ada", "04"))
    assert (grade.status, grade.score) == (COULD_NOT_RUN, None) and said in grade.message, grade


@pytest.mark.parametrize("base", ["usr/local", "opt/conda"])
@pytest.mark.parametrize("course", ["course", "{base}/lib/python3.9/site-packages/nnlearn"])
def test_python_is_there_and_nothing_that_was_put_into_it(base, course, tmp_path, monkeypatch):
    """Wherever it is installed: in python.org's images in /usr/local, conda's in folders of their own."""
    root = tmp_path / base
    library, python = root / "lib" / "python3.9", root / "bin" / "python3.9"
    packages, others = library / "site-packages", root / "lib" / "python3.8" / "dist-packages"
    for folder in (packages, others, python, tmp_path / course.format(base=base)):
        folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(walls, "_WRITABLE", "/elsewhere")
    monkeypatch.setattr(walls, "_libraries", lambda packages: [])
    monkeypatch.setattr(walls, "course_folder", lambda: tmp_path / course.format(base=base))
    monkeypatch.setattr(walls.sys, "base_prefix", str(root))
    monkeypatch.setattr(walls.sysconfig, "get_path", lambda kind, vars: str(packages))
    inside = walls.world(str(python), {}, ())
    assert {("read", str(path), str(path)) for path in (python, root / "lib")} <= {*inside}
    here = {path for kind, path, _ in inside if kind == "empty" and path.startswith(str(tmp_path))}
    assert here == {str(packages), str(others)}


def test_a_python_where_notebooks_write_is_refused():
    with pytest.raises(NoSandbox, match="where notebooks write, in /tmp/python3"):
        walls.world("/tmp/python3", {}, ())


def test_a_notebook_that_fills_the_memory_is_rejected(tmp_path):
    file = submit(tmp_path, "mallory", "04")
    file.write_bytes(b'{"cells": [' + b"{}," * (32 * 2**20) + b"{}]}")
    (grade,) = graded(file, "04.3")
    assert (grade.status, grade.score) == ("rejected", 0), grade


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split())


def test_a_sandbox_that_is_killed_is_started_again():
    sandbox = Sandbox()
    before = children()
    reply = sandbox.ask(NOTHING_ASKED, b"{}")
    assert next(messages(reply))[0] == "rejected"
    (bubblewrap,) = children() - before
    os.kill(int(bubblewrap), signal.SIGKILL)
    assert sandbox.ask(NOTHING_ASKED, b"{}") == reply
    sandbox.close()
