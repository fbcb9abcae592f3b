# ruff: noqa: E501 (tables of programs)
"""A notebook laid out in any way: what `check` says in Jupyter, `nnlearn grade` says too.

Each notebook is a solution, changed as students change theirs, or answered wrongly. A real kernel runs it and
notes what `check` gave; then it is graded. Both must pass the same exercises.
"""

import functools
import itertools
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbformat import NotebookNode, v4

from tests.support.classroom import answer_cell, graded, solution, write

LAYER = "def layer(x, W, b):\n    return np.maximum(0, x @ W + b)\n"
COLLAPSE = "def collapse(W1, b1, W2, b2):\n    return W1 @ W2, b1 @ W2 + b2\n"
PROBE = """
import json as _json
import nnlearn.exercises as _ex
_said = {}
_real = _ex.check.__wrapped__ if hasattr(_ex.check, "__wrapped__") else _ex.check
def _noting(name="", answer=..., **more):
    result = _real(name, answer, **more)
    if result.exercise is not None and result.status != "to read":
        _said[result.exercise.id] = result.status == "passed"
    return result
_noting.__wrapped__ = _real
_ex.check = _noting
"""

Change = Callable[[NotebookNode], None]


def place(notebook: NotebookNode, exercise: str) -> int:
    return notebook.cells.index(answer_cell(notebook, exercise))


def insert(notebook: NotebookNode, at: int, *sources: str) -> None:
    notebook.cells[at:at] = [v4.new_code_cell(source) for source in sources]


def answers(exercise: str, *sources: str, check: str = "") -> Change:
    """The answer's cell with another source, further cells above it, and perhaps another check."""

    def change(notebook: NotebookNode) -> None:
        answer_cell(notebook, exercise).source = sources[-1]
        insert(notebook, place(notebook, exercise), *sources[:-1])
        if check:
            answer_cell(notebook, f"{exercise}-check").source = check

    return change


def above(*sources: str, exercise: str = "04.3") -> Change:
    return lambda notebook: insert(notebook, place(notebook, exercise), *sources)


def without_metadata(notebook: NotebookNode) -> None:
    """As Colab saves it."""
    for cell in notebook.cells:
        cell.metadata = {}


def merged(notebook: NotebookNode) -> None:
    """An answer and its check in one cell."""
    cell, check = answer_cell(notebook, "04.3"), answer_cell(notebook, "04.3-check")
    cell.source += "\n" + check.source
    notebook.cells.remove(check)


def two_in_one(notebook: NotebookNode) -> None:
    cell, other = answer_cell(notebook, "04.3"), answer_cell(notebook, "04.8")
    cell.source += "\n" + other.source
    notebook.cells.remove(other)


def a_copy_of_the_cell(notebook: NotebookNode) -> None:
    cell = answer_cell(notebook, "04.3")
    notebook.cells.insert(place(notebook, "04.3"), nbformat.from_dict(cell | {"id": "another"}))


def in_a_new_cell(notebook: NotebookNode) -> None:
    """The given cell is left as it was; the answer stands below it."""
    cell = answer_cell(notebook, "04.3")
    insert(notebook, place(notebook, "04.3") + 1, cell.source)
    cell.source = "def layer(x, W, b):\n    # YOUR CODE HERE\n    pass"


def values_in_two_cells(notebook: NotebookNode) -> None:
    insert(notebook, place(notebook, "04.7") + 1, "W2 = W2 * 1.0\nb2 = b2 + 0")


def all_checks_at_the_end(notebook: NotebookNode) -> None:
    checks = [cell for cell in notebook.cells if cell.source.startswith("check(")]
    for cell in checks:
        notebook.cells.remove(cell)
    insert(notebook, len(notebook.cells), "\n".join(cell.source for cell in checks))


LAYOUTS: dict[str, Change] = {
    "as handed out": lambda notebook: None,
    "metadata lost": without_metadata,
    "answer and check in one cell": merged,
    "two answers in one cell": two_in_one,
    "a copied cell": a_copy_of_the_cell,
    "answered in a new cell": in_a_new_cell,
    "values over two cells": values_in_two_cells,
    "all checks at the end": all_checks_at_the_end,
    "a helper above": answers("04.3", "def positive(z):\n    return z * (z > 0)", LAYER.replace("np.maximum(0, x @ W + b)", "positive(x @ W + b)")),
    "another name, its check edited": answers("04.3", LAYER.replace("layer", "mine") + "layer = mine", check='check("04.3", mine)'),
    "an alias below": above("layer_of_relus = None\nalias = lambda: layer_of_relus"),
    "a lambda": answers("04.3", "layer = lambda x, W, b: np.maximum(0, x @ W + b)"),
    "a partial": answers("04.3", "import functools\ndef general(x, W, b, floor):\n    return np.maximum(floor, x @ W + b)\nlayer = functools.partial(general, floor=0)"),
    "a class": answers("04.3", "class Layer:\n    def __call__(self, x, W, b):\n        return np.maximum(0, x @ W + b)\nlayer = Layer()"),
    "a decorator": answers("04.3", "import functools\ndef told(f):\n    @functools.wraps(f)\n    def inner(*args):\n        print(len(args))\n        return f(*args)\n    return inner\n@told\n" + LAYER),
    "other names for the arguments": answers("04.3", "def layer(inputs, weights, bias):\n    return np.maximum(0, inputs @ weights + bias)"),
    "defaults and hints": answers("04.3", "def layer(x: np.ndarray, W: np.ndarray, b: np.ndarray = None, *, floor: float = 0) -> np.ndarray:\n    return np.maximum(floor, x @ W + b)"),
    "a star import": answers("04.3", "from math import *\n" + LAYER),
    "a helper called as a builtin": answers("04.3", "def max(z):\n    return np.maximum(0, z)\ndef layer(x, W, b):\n    return max(x @ W + b)"),
    "a changed dictionary": answers("04.3", "rules = {}\nrules['relu'] = lambda z: np.maximum(0, z)\ndef layer(x, W, b):\n    return rules['relu'](x @ W + b)"),
    "a name by globals()": answers("04.3", LAYER.replace("layer", "made") + "globals()['layer'] = made"),
    "exec": answers("04.3", f"exec({LAYER!r})"),
    "under a condition": answers("04.3", "if True:\n    " + LAYER.replace("\n", "\n    ")),
    "in a loop": answers("04.3", "for floor in (1, 0):\n    " + LAYER.replace("(0,", "(floor,").replace("\n", "\n    ")),
    "a global that counts": answers("04.3", "calls = 0\ndef layer(x, W, b):\n    global calls\n    calls += 1\n    return np.maximum(0, x @ W + b)"),
    "vectorized": answers("04.3", "positive = np.vectorize(lambda z: z if z > 0 else 0.0, otypes=[float])\ndef layer(x, W, b):\n    return positive(x @ W + b)"),
    "a patched method": answers("04.3", "class Net:\n    pass\nNet.forward = staticmethod(lambda x, W, b: np.maximum(0, x @ W + b))\ndef layer(x, W, b):\n    return Net.forward(x, W, b)"),
    "a list comes out": answers("04.8", COLLAPSE.replace("W1 @ W2, b1 @ W2 + b2", "[W1 @ W2, b1 @ W2 + b2]")),
    "display": above("from IPython.display import display, HTML, Markdown\ndisplay(1)\ndisplay(HTML('<b>x</b>'))\nMarkdown('x')"),
    "help and shell": above("np.maximum?", "!ls", "files = !ls\nlen(files)", "%pip --version", "%%bash\nls"),
    "magics": answers("04.3", "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\n" + LAYER),
    "timed": above("%timeit -n 1 -r 1 sum(range(10))", "%%time\nx = 1"),
    "a file written and imported": answers("04.3", "%%writefile mine_for_layers.py\nimport numpy as np\n" + LAYER, "from mine_for_layers import layer"),
    "await": above("import asyncio\nawait asyncio.sleep(0)\nasync def later():\n    return 3\nassert await later() == 3"),
    "what the course installs": above("import IPython, ipywidgets, tqdm, scipy, sklearn, matplotlib.pyplot as plt\nfrom tqdm.auto import tqdm as bar\nfor _ in bar(range(2)): pass\nplt.plot([1, 2]); plt.show()"),
    "a widget": above("import ipywidgets\nipywidgets.interact(lambda n: n, n=(1, 5));\nslider = ipywidgets.IntSlider()\nslider"),
    "the package's own widgets": above("nn.widgets.NeuronExplorer()"),
    "compares with the package": above("np.testing.assert_allclose(layer(np.ones((2, 3)), np.ones((3, 2)), np.zeros(2)), nn.relu(np.ones((2, 3)) @ np.ones((3, 2))))\nnn.gradcheck(nn.silu, np.ones(3))\nnn.Linear(2, 3)", exercise="04.3-check"),
    "asserts its check": answers("04.3", LAYER, check='assert check("04.3", layer)'),
    "keeps its check": answers("04.3", LAYER, check='result = check("04.3", layer)\nprint(result, result.message, result.hint, bool(result))'),
    "one digit for the chapter": answers("04.3", LAYER, check='check("4.3", layer)'),
    "wrong first, then right": answers("04.3", "layer = lambda x, W, b: x @ W + b\ncheck('04.3', layer)", LAYER),
    "right first, then wrong": answers("04.3", LAYER + "check('04.3', layer)", "layer = lambda x, W, b: x @ W + b"),
    "a cell that stops": above("1 / 0", "undefined_name", "def f(:\n", "raise SystemExit", "raise KeyboardInterrupt"),
    "output of every kind": above("import sys, warnings\nprint('x' * 10**6)\nprint('x', file=sys.stderr)\nwarnings.warn('w')\nsys.stdout.flush()"),
    "random numbers": above("np.random.seed(0); np.random.default_rng().normal()"),
    "threads": above("import threading\nt = threading.Thread(target=print)\nt.start(); t.join()"),
    "a dataclass": answers("04.3", "from dataclasses import dataclass\n@dataclass\nclass Relu:\n    floor: float = 0.0\n    def __call__(self, z):\n        return np.maximum(self.floor, z)\nrelu = Relu()\ndef layer(x, W, b):\n    return relu(x @ W + b)"),
    "names as SciPy has them": answers("04.3", "from scipy import linalg, special", "def layer(x, W, b):\n    np.linalg.norm(b)\n    return np.maximum(0, x @ W + b)"),
    "checked sixty times": answers("04.3", "for _ in range(60):\n    check('04.3', None)", "mine = lambda x, W, b: np.maximum(0, x @ W + b)", check='check("04.3", mine)'),
    "itself recursive": answers("04.3", "def layer(x, W, b, again=True):\n    return layer(x, W, b, False) if again else np.maximum(0, x @ W + b)"),
    # wrong
    "wrong": answers("04.3", "def layer(x, W, b):\n    return x @ W + b"),
    "the package's function": answers("04.3", "def layer(x, W, b):\n    return nn.relu(x @ W + b)"),
    "the package's function, kept": answers("04.3", "f = nn.relu", "def layer(x, W, b):\n    return f(x @ W + b)"),
    "the package's function, in a partial": answers("04.3", "import functools\nlayer = lambda x, W, b: functools.partial(nn.relu)(x @ W + b)"),
    "the package's layer": answers("04.3", "def layer(x, W, b):\n    made = nn.Linear(*W.shape)\n    return np.maximum(0, x @ W + b)"),
    "the package's object, kept": answers("04.3", "act = nn.ReLU()", "def layer(x, W, b):\n    return act(x @ W + b)"),
    "the package's function, in a thread": answers("04.3", "from concurrent.futures import ThreadPoolExecutor\ndef layer(x, W, b):\n    with ThreadPoolExecutor(1) as pool:\n        return pool.submit(nn.relu, x @ W + b).result()"),
    "the watch taken off": answers("04.3", "import sys\ndef layer(x, W, b):\n    sys.setprofile(None)\n    return nn.relu(x @ W + b)"),
    "SciPy, imported inside": answers("04.3", "def layer(x, W, b):\n    from scipy.special import expit\n    return np.maximum(0, x @ W + b) + 0 * expit(b)"),
    "SciPy, as a default": answers("04.3", "from scipy.special import expit\ndef layer(x, W, b, rest=expit):\n    return np.maximum(0, x @ W + b) + 0 * rest(b)"),
    "SciPy, in an object": answers("04.3", "from scipy.special import expit\nclass Layer:\n    rest = [expit]\n    def __call__(self, x, W, b):\n        return np.maximum(0, x @ W + b) + 0 * self.rest[0](b)\nlayer = Layer()"),
    "SciPy, in a closure": answers("04.3", "import scipy.special\ndef with_rest(rest):\n    return lambda x, W, b: np.maximum(0, x @ W + b) + 0 * rest(b)\nlayer = with_rest(scipy.special.expit)"),
    "SciPy, decorated": answers("04.3", "from scipy.linalg import expm", "def layer(x, W, b):\n    return np.maximum(0, x @ W + b) + 0 * expm(np.zeros((1, 1)))"),
    "SciPy, a distribution": answers("04.3", "from scipy.stats import norm", "def layer(x, W, b):\n    return np.maximum(0, x @ W + b) + 0 * norm.cdf(b)"),
    "its own input overwritten": answers("04.3", "def layer(x, W, b):\n    b += 1\n    return np.maximum(0, x @ W + b - 1)"),
    "a stub": answers("04.3", "def layer(x, W, b):\n    # YOUR CODE HERE\n    pass"),
    "a value that is none": answers("04.7", "W1 = None"),
    "stops": answers("04.3", "def layer(x, W, b):\n    raise RuntimeError('no')"),
    "prints instead": answers("04.3", "def layer(x, W, b):\n    print(np.maximum(0, x @ W + b))"),
    "the wrong number of arguments": answers("04.3", "def layer(x, W):\n    return x @ W"),
    "a result instead of the function": answers("04.3", LAYER + "layer = layer(np.ones((1, 2)), np.ones((2, 1)), np.ones(1))"),
    "one word for another": answers("04.5", "zigzag_pieces = 'many'"),
    "a list for a number": answers("04.5", "zigzag_pieces = [27, 27]"),
}  # fmt: skip
FAIL = list(LAYOUTS)[list(LAYOUTS).index("wrong") :]
TOUCHED = ("04.3", "04.5", "04.7", "04.8")
DRAWN = 12  # pairs of layouts, beside each by itself


def build(names: tuple[str, ...]) -> NotebookNode:
    notebook = solution("04", *TOUCHED)
    for name in names:
        LAYOUTS[name](notebook)
    return notebook


def fit_together(names: tuple[str, ...]) -> bool:
    """False where one takes away what the other changes."""
    try:
        return bool(build(names))
    except (StopIteration, ValueError):
        return False


@functools.cache
def drawn() -> list[tuple[str, ...]]:
    """Each layout, and pairs of those that are right."""
    rng = random.Random(16)
    right = [name for name in LAYOUTS if name not in FAIL]
    pairs = filter(fit_together, (tuple(rng.sample(right, 2)) for _ in itertools.count()))
    return [*((name,) for name in LAYOUTS), *itertools.islice(pairs, DRAWN)]


class Jupyter:
    """A kernel in which notebooks run one after the other, each from its beginning."""

    def __init__(self, folder: Path) -> None:
        self.manager, self.client = start_new_kernel(kernel_name="python3", cwd=str(folder))

    def passed(self, notebook: NotebookNode) -> dict[str, bool]:
        """What `check` gave for each exercise, the last time it was asked."""
        self.run("%reset -f")
        self.run(PROBE)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                self.run(cell.source)
        return json.loads(self.run("print(_json.dumps(_said))").strip().splitlines()[-1])

    def run(self, source: str) -> str:
        printed: list[str] = []

        def hear(message: dict) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        self.client.execute_interactive(source, store_history=False, output_hook=hear, stop_on_error=False)
        return "".join(printed)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    kernel = Jupyter(tmp_path_factory.mktemp("jupyter"))
    yield kernel
    kernel.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("names", drawn(), ids=" + ".join)
def test_what_jupyter_says_the_grader_says(names: tuple[str, ...], jupyter: Jupyter, tmp_path: Path):
    notebook = build(names)
    said = jupyter.passed(notebook)
    grades = graded(write(tmp_path, "ada", "04", notebook), *said)
    assert {grade.exercise: grade.status == "passed" for grade in grades} == said, grades
    passes = len(said) == len(TOUCHED) and all(
        said.values()
    )  # where a name is undefined, `check` is not called
    assert len(names) == 2 or passes != (names[0] in (*FAIL, "right first, then wrong"))


def no_checks(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith("check(")]


def upside_down(notebook: NotebookNode) -> None:
    """Written and run in another order than it stands in."""
    notebook.cells.reverse()


def stops_jupyter(notebook: NotebookNode) -> None:
    insert(notebook, place(notebook, "04.3"), "import os\nos._exit(1)")


def never_ends(notebook: NotebookNode) -> None:
    insert(notebook, place(notebook, "04.3"), "while True:\n    pass")


@pytest.mark.parametrize("change", [no_checks, upside_down, stops_jupyter, never_ends])
def test_what_jupyter_cannot_say_is_found_in_the_cells(change: Change, tmp_path: Path):
    notebook = solution("04", *TOUCHED)
    change(notebook)
    grades = graded(write(tmp_path, "ada", "04", notebook), *TOUCHED, seconds=1)
    assert {grade.status for grade in grades} == {"passed"}, grades


def test_a_loop_that_nothing_checks_costs_its_own_question(tmp_path: Path):
    """What is found at the end alone, because it stands in two cells."""
    notebook = solution("04", *TOUCHED)
    no_checks(notebook)
    answer_cell(notebook, "04.3").source = "def layer(x, W, b):\n    while True:\n        pass"
    insert(notebook, place(notebook, "04.8") + 1, COLLAPSE.replace("collapse", "mine"), "collapse = mine")
    answer_cell(notebook, "04.8").source = "collapse = {}"
    loop, after = graded(write(tmp_path, "ada", "04", notebook), "04.3", "04.8", seconds=1)
    assert loop.score == 0 and after.status == "passed", after


def test_a_loop_costs_its_own_question_and_says_so(tmp_path: Path):
    notebook = solution("04", *TOUCHED)
    answer_cell(notebook, "04.3").source = "def layer(x, W, b):\n    while True:\n        pass"
    before, loop, after = graded(write(tmp_path, "ada", "04", notebook), "04.7", "04.3", "04.8", seconds=1)
    assert before.status == after.status == "passed"
    assert loop.score == 0 and "did not end within 1 seconds" in loop.message
