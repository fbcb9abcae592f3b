"""How fast a class is graded, beside nbgrader and Otter: `python -m tests.benchmarks.grading`.

Submissions are the solutions of chapter 04 (nine questions that are graded), each under its student's name.
nbgrader and Otter (where `pip install otter-grader` was done) are timed on some of them. With `--kills N`
a run is killed N times at moments of chance, and its table compared with that of an undisturbed one. With
`--store N` nothing is run: so many students' grades of three chapters are kept, marked and reported.
"""

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nnlearn.classroom import marking, pool
from nnlearn.classroom.grading import Grade
from nnlearn.classroom.report import grades_csv, lms_csv, write_report
from nnlearn.classroom.standing import Standing
from nnlearn.classroom.store import HandedIn, Store
from nnlearn.classroom.submissions import Collection
from nnlearn.exercises.spec import chapter_exercises
from nnlearn.exercises.tasks import chapter_tasks
from tests.support.classroom import ROOT, submit

BIN = Path(sys.executable).parent
CHAPTER, NAME, QUESTIONS = "04", "04_layers", 9


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


def otters(folder: Path, students: int) -> float:
    """Otter runs a notebook and then its tests, each of which is the check that the students have."""
    tests = folder / "otter" / "tests"
    tests.mkdir(parents=True)
    for number, task in enumerate(chapter_tasks(CHAPTER).values(), 1):
        if task.checked:
            code = f">>> bool(check({task.id!r}, {task.checked}))\nTrue"
            suite = {"cases": [{"code": code, "hidden": False, "locked": False}], "scored": True, "setup": ""}
            test = {
                "name": f"q{number}",
                "points": 1,
                "suites": [suite | {"teardown": "", "type": "doctest"}],
            }
            (tests / f"q{number}.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n")
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    run = {"cwd": folder / "otter", "env": environment, "check": True, "capture_output": True}
    subprocess.run(["otter", "generate", "-t", "tests", "-o", "autograder.zip"], **run)
    shutil.copy(folder / "submissions" / "student0000" / f"{NAME}.ipynb", folder / "otter" / "one.ipynb")
    start = time.perf_counter()
    for _ in range(students):
        subprocess.run(["otter", "run", "-a", "autograder.zip", "one.ipynb"], **run)
    return time.perf_counter() - start


def kill(folder: Path, students: int, kills: int) -> None:
    """Kill a run again and again with all that belongs to it; nothing is lost, doubled or wrong."""
    ours(folder, students)
    secret = folder / "secret"
    secret.write_bytes(Store(folder / "grades.sqlite").secret)
    command = [str(BIN / "nnlearn"), "grade", str(folder / "submissions"), "--seed-secret", str(secret)]
    command += ["--store", str(folder / "killed.sqlite")]
    rng = random.Random(0)
    for _ in range(kills):
        run = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        time.sleep(rng.uniform(0.5, 12))
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
    before = len(list(Store(folder / "killed.sqlite").grades()))
    subprocess.run(command, check=True, capture_output=True)
    stores = [Standing(Store(folder / name)) for name in ("grades.sqlite", "killed.sqlite")]
    tables = [grades_csv(standing.students) for standing in stores]
    assert tables[0] == tables[1], "the table is another"
    rows = tables[0].count("\n") - 1
    print(f"killed {kills} times, {before} of {rows} were kept; resumed, the table is the same to the byte")


def large_store(folder: Path, students: int) -> None:
    """What a class costs once it is graded: to keep a student, at the start and the end, and what follows."""
    store = Store(folder / "grades.sqlite")
    names = [f"student{k:05d}" for k in range(students)]
    roster = "id,name,email\n" + "".join(f"{name},Name of {name},{name}@x.de\n" for name in names)
    store.use_policy("", roster.encode())
    seconds = []
    for name in names:
        start = time.process_time()
        for chapter in ("02", "04", "06"):
            key = {"student": name, "submission": f"of {name}", "spec": "s", "source": f"# {name}\n" * 20}
            grades = [
                Grade(**key, exercise=e.id, status="passed" if e.graded else "to read", points=e.points,
                      score=e.points if e.graded else None)
                for e in chapter_exercises(chapter).values()
            ]  # fmt: skip
            store.put(HandedIn(name, chapter, f"of {name}", "s"), grades)
        seconds.append(time.process_time() - start)
    tenth = len(names) // 10 or 1
    for when, some in (("first", seconds[:tenth]), ("last", seconds[-tenth:])):
        print(f"to keep one of the {when} tenth of {students} students: {1000 * sum(some) / tenth:.2f} ms")

    def timed(what: str, call: Callable[[], object]) -> None:
        start = time.process_time()
        call()
        print(f"{what}: {time.process_time() - start:.2f} s of processor time")

    collection = Collection([], {f"Name of {name}": "7" for name in names}, {})
    timed("to find everybody in the roster", lambda: pool._Run(collection, store, store.policy, True, ()))
    timed("to open the store, and look for damage", lambda: Store(store.path))
    timed("to list what is to be marked", lambda: marking.answers(store))
    timed("to mark an answer", lambda: marking.mark(store, names[-1], "04.10", 1.0, ""))
    timed("the report", lambda: write_report(store.path, folder / "report"))
    standing = Standing(store)
    timed("of that, grades.csv and lms.csv", lambda: (grades_csv(standing.students), lms_csv(standing)))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"the store has {store.path.stat().st_size / 2**20:.0f} MiB; this process had {most:.0f} MiB at most"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--rivals", type=int, default=8, help="how many each of the others grades; 0: none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--store", type=int, default=0)
    given = parser.parse_args()
    if given.store:
        with tempfile.TemporaryDirectory() as scratch:
            return large_store(Path(scratch), given.store)
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            if given.kills:
                return kill(folder, given.students, given.kills)
            rate = 60 * given.students / ours(folder, given.students)
            print(f"nnlearn grade: {rate:.0f} submissions a minute of {QUESTIONS} questions, ", end="")
            print(f"as many sandboxes as {rate * QUESTIONS / 4:.0f} of four")
            for name, rival in (("nbgrader autograde", nbgraders), ("otter run", otters)):
                if given.rivals and (name[0] == "n" or shutil.which("otter", path=BIN)):
                    theirs = 60 * given.rivals / rival(folder, given.rivals)
                    print(f"{name}: {theirs:.1f} a minute of the same; ours over theirs: {rate / theirs:.1f}")


if __name__ == "__main__":
    main()
