"""How fast a class is graded, beside nbgrader's own autograde of the same notebooks:
`python -m tests.benchmarks.grading`.

Submissions are the solutions of chapter 03 (nine questions that are graded), each under its student's name.
nbgrader is timed on a few of them, which it grades one after the other.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nnlearn.classroom.store import Store
from tests.classroom import ROOT, submit

BIN = Path(sys.executable).parent
CHAPTER, NAME, QUESTIONS = "03", "03_layers", 9


def ours(folder: Path, students: int) -> float:
    """Seconds to grade all, from the command's start to its end."""
    for k in range(students):
        submit(folder / "submissions", f"student{k:04d}", CHAPTER)
    start = time.perf_counter()
    command = [BIN / "nnlearn", "grade", folder / "submissions", "--store", folder / "grades.sqlite"]
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    passed = sum(grade.status == "passed" for grade in Store(folder / "grades.sqlite").grades())
    assert passed == QUESTIONS * students, f"{passed} passed of {QUESTIONS * students}"
    return seconds


def nbgraders(folder: Path, students: int) -> float:
    (folder / "source" / NAME).mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / f"{NAME}.ipynb", folder / "source" / NAME)
    for k in range(students):
        shutil.copytree(
            folder / "submissions" / f"student{k:04d}", folder / f"submitted/student{k:04d}/{NAME}"
        )
    stub = "c = get_config()\nc.ClearSolutions.code_stub = {'python': '# YOUR CODE HERE\\npass'}\n"
    (folder / "nbgrader_config.py").write_text(stub)
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    run = {"cwd": folder, "env": environment, "check": True, "capture_output": True}
    subprocess.run([BIN / "nbgrader", "generate_assignment", NAME], **run)
    start = time.perf_counter()
    subprocess.run([BIN / "nbgrader", "autograde", NAME], **run)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--nbgrader", type=int, default=10, help="how many nbgrader grades; 0: none")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as scratch:
            rate = 60 * given.students / ours(Path(scratch), given.students)
            questions = rate * QUESTIONS
            print(f"nnlearn grade: {rate:.0f} submissions a minute of {QUESTIONS} questions, ", end="")
            print(f"which is {questions / 4:.0f} of four ({questions / 60:.0f} sandboxes a second)")
            if given.nbgrader:
                theirs = 60 * given.nbgrader / nbgraders(Path(scratch), given.nbgrader)
                print(f"nbgrader autograde: {theirs:.0f} of the same; ours over theirs: {rate / theirs:.1f}")


if __name__ == "__main__":
    main()
