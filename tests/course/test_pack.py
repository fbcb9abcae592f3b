"""`nnlearn pack`, and its start files as a learner finds them: no network, odd paths, broken or full sticks.

What needs no network in the world needs none here: the wheels are packed anew from what is installed.
"""

import errno
import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.testing import CliRunner

from nnlearn.course import pack, unpack
from nnlearn.course.cli import app
from tests.support import ROOT, small_course
from tests.support.jupyterlab import NNLEARN

NAME = "Übung März's pack"
HERE = f"{unpack.system()}-{unpack.PYTHON}"
# Run in a place of no network: it opens the course and says what it was told.
OPEN = """
import json, sys
from tests.support.jupyterlab import serving
with serving(sys.argv[1:]) as server:
    folders = sorted(entry["name"] for entry in server.call("api/contents")["content"])
    print(json.dumps([folders, server.start, server.said]))
"""


def inside(home: Path, *command: object, walls: Sequence[object] = ()) -> subprocess.CompletedProcess[str]:
    """Run a command with no network, and with another home."""
    wall = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent", "--chdir", "/"]
    wall += ["--setenv", "HOME", str(home), "--unsetenv", "NNLEARN_HOME", "--setenv", "PYTHONPATH", str(ROOT)]
    return subprocess.run(
        [*wall, *map(str, walls), *map(str, command)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def needed(need: Requirement, seen: set[str]) -> set[str]:
    """What is installed of a package and of all that it needs, and with which extras."""
    try:
        requires = metadata.requires(need.name) or []
    except metadata.PackageNotFoundError:  # needed on other systems
        return seen
    name = f"{canonicalize_name(need.name)} {sorted(need.extras)}"
    if name not in seen:
        seen.add(name)
        for other in map(Requirement, requires):
            if not other.marker or any(other.marker.evaluate({"extra": e}) for e in ("", *need.extras)):
                needed(other, seen)
    return seen


def wheel(
    folder: Path, name: str, tag: str = "py3-none-any", needs: Sequence[str] = (), **files: str
) -> Path:
    """A package of one's own."""
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as packed:
        for path, text in files.items():
            packed.writestr(path.replace("__", "/") + ".py", text)
        lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
        packed.writestr(f"{about}/METADATA", "\n".join([*lines, *(f"Requires-Dist: {n}" for n in needs), ""]))
        packed.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        packed.writestr(f"{about}/RECORD", f"{about}/RECORD,,\n")
        return Path(str(packed.filename))


def cut(path: Path, rest: Callable[[bytes], bytes]) -> None:
    """Leave of a file what a copy that was interrupted left."""
    path.write_bytes(rest(path.read_bytes()))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of all that the course needs on this system."""
    folder = tmp_path_factory.mktemp("index")
    names = {name.partition(" ")[0] for name in needed(Requirement("nnlearn"), set())}
    for name in names - {"nnlearn"} | {"pip"}:
        pack.repack(metadata.distribution(name), folder)
    for path in [*folder.glob("soupsieve-*.whl")]:  # this one is not for every 3.11, for which a pack is
        with zipfile.ZipFile(path) as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
        with zipfile.ZipFile(path, "w") as packed:
            for name, content in files.items():
                packed.writestr(name, re.sub(rb"(?m)^Requires-Python: .*\n", b"", content))
    for path in [*folder.glob("*linux_*.whl")]:  # here they run, whatever they were built for
        path.rename(folder / re.sub(r"-(many)?linux(_2_\d+|\d+)?_", "-manylinux_2_17_", path.name))
    return folder


@pytest.fixture
def short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of two files to pack, and no wheels; the pack that is to be made."""
    course = small_course.release(tmp_path / "course", "v1", small_course.ONE, "solutions/01_neuron.ipynb")
    monkeypatch.setattr(pack, "course_folder", lambda: course)
    monkeypatch.setattr(pack, "_download", lambda *_: ([], []))
    return tmp_path / "pack"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack in which the course is a package of one line, so that it is installed in seconds."""
    out = tmp_path_factory.mktemp("small") / "pack"

    def two_wheels(
        wheels: Path, system: str, python: str, wheels_from: Path | None
    ) -> tuple[list[str], list[str]]:
        pack.repack(metadata.distribution("pip"), wheels)
        says = "import sys\ndef app(): print('opened', *sys.argv[1:])\n"
        course = {"nnlearn____init__": "", "nnlearn__course____init__": "", "nnlearn__course__cli": says}
        wheel(wheels, "nnlearn", **course)
        names = sorted((path.name for path in wheels.glob("*.whl")), reverse=True)
        (wheels / f"{system}-{python}.txt").write_text("\n".join(names))
        return names, []

    course = small_course.release(out.with_name("course"), "v1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pack, "course_folder", lambda: course)
        patch.setattr(pack, "_download", two_wheels)
        pack.make_pack(out, [], [unpack.system()], print, site=False)
    return out


@pytest.fixture
def copied(small: Path, tmp_path: Path) -> Path:
    """The small pack, on a stick of its own."""
    return Path(shutil.copytree(small, tmp_path / NAME))


def test_opens_with_no_network_from_an_odd_path_and_keeps_what_was_done(index: Path, tmp_path: Path):
    out, home = tmp_path / NAME, tmp_path / "home"
    home.mkdir()
    options = ["--platform", unpack.system(), "--without-site", "--find-links", index]
    made = inside(home, NNLEARN, "pack", out, *options)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(f"{unpack.system()}, Python {unpack.PYTHON}: ")
    assert not (out / "notebooks" / "solutions").exists()
    sums = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out, capture_output=True)
    assert sums.returncode == 0, sums.stdout
    course = {path.relative_to(ROOT) for path in (ROOT / "chapters").rglob("[!.]*.ipynb")}
    assert course <= {path.relative_to(out / "notebooks") for path in out.rglob("*.ipynb")}

    opened = inside(home, sys.executable, "-c", OPEN, out / "start.sh")
    assert opened.returncode == 0, opened.stderr
    folders, start, said = json.loads(opened.stdout)
    assert (folders, start) == (["chapters", "exercises"], "course")
    assert f"Installing the course, once, into {out}" in said
    mine = out / "nnlearn-course" / "exercises" / "01_neuron.ipynb"
    mine.write_text("mine")
    opened = inside(home, sys.executable, "-c", OPEN, out / "start.command")
    assert opened.returncode == 0 and "Installing" not in opened.stdout and mine.read_text() == "mine"
    program = next(out.glob("venv-*/bin/nnlearn"))
    well = inside(home, "env", "-u", "PYTHONPATH", program, "doctor")
    assert well.returncode == 0 and f"with the nnlearn of {program.parents[1]}" in well.stdout, well.stdout


def test_options_of_the_lab_are_handed_on(copied: Path, tmp_path: Path):
    done = inside(tmp_path, copied / "start.sh", "--port", "8000")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"opened lab {copied / 'nnlearn-course'} --port 8000\n")


def test_an_installation_that_was_stopped_is_made_anew(copied: Path, tmp_path: Path):
    half = copied / f"venv-{HERE}" / "bin"
    half.mkdir(parents=True)
    (half / "python").write_text("")
    done = inside(tmp_path, copied / "start.sh")
    assert done.returncode == 0 and "Installing" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda p: next(p.glob("wheels/nnlearn*.whl")).unlink(), "1 of the 3 files to be installed are"),
        (lambda p: next(p.glob("wheels/pip*.whl")).write_bytes(b"half"), "damaged, such as wheels/pip-"),
        (lambda p: (p / "SHA256SUMS").unlink(), "SHA256SUMS is missing: this pack was not written or"),
        (lambda p: (p / "wheels/start.py").unlink(), "start.py is missing or damaged"),
        (lambda p: cut(p / "wheels/start.py", lambda b: b""), "start.py is missing or damaged"),
        (lambda p: cut(p / "wheels/start.py", lambda b: b[:4096]), "start.py is missing or damaged"),
        (lambda p: cut(p / "wheels/start.py", lambda b: bytes(len(b))), "start.py is missing or damaged"),
        (lambda p: (p / f"wheels/{HERE}.txt").unlink(), f"nothing for {HERE}; it has nothing. Start it"),
        (lambda p: cut(p / f"wheels/{HERE}.txt", lambda b: b.split()[0]), f"such as wheels/{HERE}.txt"),
    ],
    ids=["a wheel is missing", "a wheel is cut", "no sums", "no program", "an empty program", "a program cut",
         "a program of zeros", "another system", "the list is cut"],
)  # fmt: skip
def test_a_pack_that_was_copied_by_half_says_so(broken, said: str, copied: Path, tmp_path: Path):
    broken(copied)
    done = inside(tmp_path, copied / "start.sh")
    told = done.stdout + done.stderr
    assert done.returncode == 1 and said in told and "Traceback" not in told
    assert not list(copied.glob("venv-*"))


@pytest.mark.parametrize("harm", [Path.unlink, lambda p: cut(p, lambda b: b[:9])], ids=["missing", "cut"])
def test_what_is_not_installed_may_be_missing_or_damaged(harm, copied: Path, tmp_path: Path):
    harm(copied / "notebooks" / small_course.ONE)
    done = inside(tmp_path, copied / "start.sh")
    said = "1 other files of the pack are missing or damaged, such as notebooks/"
    assert done.returncode == 0 and said in done.stdout


def test_a_read_only_stick_installs_into_the_users_folder(copied: Path, tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    done = inside(home, copied / "start.sh", walls=["--ro-bind", copied, copied])
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"opened lab {home / 'nnlearn-pack' / 'nnlearn-course'}\n")


@pytest.mark.parametrize(
    ("home", "said"),
    [(["--size", 1_000_000, "--tmpfs"], "1 MB are free, "), (["--ro-bind", "/etc"], "Read-only file system")],
    ids=["full", "read-only too"],
)
def test_without_a_place_to_install_to_each_is_named_with_its_reason(
    home, said, copied: Path, tmp_path: Path
):
    (tmp_path / "home").mkdir()
    walls = ["--ro-bind", copied, copied, *home, tmp_path / "home"]
    done = inside(tmp_path / "home", copied / "start.sh", walls=walls)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"  {copied}: Read-only file system\n  {tmp_path / 'home' / 'nnlearn-pack'}: {said}" in done.stderr
    assert "Free some room, or copy this folder" in done.stderr
    assert not (tmp_path / "home" / "nnlearn-pack").exists()


def test_a_stick_that_fills_up_on_the_way_is_left_as_it_was(copied: Path, tmp_path: Path):
    """Room enough by the sizes of what is packed, but here each file takes whole blocks, as on a stick."""
    stick, home = tmp_path / "stick", tmp_path / "home"
    stick.mkdir()
    home.mkdir()
    packed = sum(path.stat().st_size for path in copied.rglob("*") if path.is_file())
    unpacked = sum(
        file.file_size for path in copied.glob("wheels/*.whl") for file in zipfile.ZipFile(path).infolist()
    )
    walls = ["--size", packed + int(1.5 * unpacked), "--tmpfs", stick]
    script = 'cp -r "$1"/. "$2" && sh "$2/start.sh"; ls "$2"'
    done = inside(home, "sh", "-c", script, "sh", copied, stick, walls=walls)
    assert done.stdout.count("Installing the course") == 2 and "Not there: " in done.stdout, done.stdout
    assert f"opened lab {home / 'nnlearn-pack' / 'nnlearn-course'}\n" in done.stdout
    assert "No space left on device" in done.stdout
    left = done.stdout.partition("nnlearn-course\n")[2].split()
    assert sorted(left) == sorted(path.name for path in copied.iterdir())


def test_pips_reason_is_handed_on_and_nothing_is_left(copied: Path, tmp_path: Path):
    """Here a wheel of another system, as on one that is too old for the pack's."""
    (ours,) = copied.glob("wheels/nnlearn*.whl")
    ours.rename(ours.with_name("nnlearn-1.0-py3-none-win_amd64.whl"))
    wanted, sums = copied / f"wheels/{HERE}.txt", copied / "SHA256SUMS"
    before = hashlib.sha256(wanted.read_bytes()).hexdigest()
    for file in (wanted, sums):
        file.write_text(file.read_text().replace("1.0-py3-none-any", "1.0-py3-none-win_amd64"))
    sums.write_text(sums.read_text().replace(before, hashlib.sha256(wanted.read_bytes()).hexdigest()))
    done = inside(tmp_path, copied / "start.sh")
    assert done.returncode == 1 and done.stderr.count("is not a supported wheel on this platform") == 2
    assert not list(copied.glob("venv-*"))


@pytest.mark.parametrize(("code", "waits"), [(3, True), (0, False)], ids=["failed", "closed"])
def test_a_window_stays_open_for_the_last_words_of_a_lab_that_failed(code: int, waits: bool):
    end = "import sys; from nnlearn.course.unpack import _become; "
    end += f"_become([sys.executable, '-c', 'exit({code})'])"
    command = ["script", "-qec", f'{sys.executable} -c "{end}"', "/dev/null"]
    done = subprocess.run(command, input="\n", capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == code and ("Press Enter to close." in done.stdout) == waits


def test_without_its_python_a_start_file_names_it(copied: Path, tmp_path: Path):
    start = copied / "start.sh"
    start.write_text(start.read_text().replace(unpack.PYTHON, "3.99"))
    done = inside(tmp_path, start)
    assert done.returncode == 1 and "wants Python (one of: 3.99), which is not found here" in done.stdout


def test_start_file_of_windows_names_the_python_and_ends_its_lines_as_windows_does(small: Path):
    lines = (small / "start.bat").read_bytes().split(b"\n")
    assert all(line.endswith(b"\r") for line in lines[:-1])
    assert f"in ({unpack.PYTHON}) do".encode() in b"".join(lines)
    assert b"@" not in b"".join(lines[1:])
    text = b"".join(lines).decode("ascii")
    assert text.count("%~dp0") == text.count('"%~dp0wheels\\start.py"') == 2  # a path may have an & in it


def test_each_system_has_what_it_alone_needs(tmp_path: Path, monkeypatch):
    """pip would go by the markers of the system that it runs on, uv goes by those of the one asked for."""
    links, out = tmp_path / "links", tmp_path / "pack"
    links.mkdir()
    wheel(links, "thing", needs=["forwin; sys_platform == 'win32'", "old; python_version < '3.12'"])
    wheel(links, "forwin", "cp312-cp312-win_amd64")
    wheel(links, "old")
    pack.repack(metadata.distribution("pip"), links)
    course = small_course.release(tmp_path / "course", "v1")
    monkeypatch.setattr(pack, "course_folder", lambda: course)
    monkeypatch.setattr(pack, "_needs", lambda: ["thing"])
    monkeypatch.setattr(
        pack, "_versions", lambda: ["thing==1.0", "forwin==2.0", "old==1.0 ; python_version < '3.12'"]
    )
    monkeypatch.setattr(pack, "_own_wheel", lambda folder: None)
    said: list[str] = []
    systems = ["windows-amd64", "macos-arm64"]
    pack.make_pack(out, ["3.12"], systems, said.append, site=False, wheels_from=links)
    pack.make_pack(out, ["3.11"], ["linux-aarch64"], said.append, site=False, wheels_from=links)
    assert [line.partition(" wheels")[0] for line in said if "wheels" in line] == [
        "windows-amd64, Python 3.12: 3", "macos-arm64, Python 3.12: 2", "linux-aarch64, Python 3.11: 3"
    ]  # fmt: skip
    assert "MB; where a pin has no wheel: forwin==1.0" in said[0] and "pin" not in said[1]
    # the second call has taken away what the first alone had
    assert not list(out.glob("wheels/forwin*")) and not list(out.glob("wheels/*-3.12.txt"))


def test_solutions_are_packed_for_who_asks_and_gone_for_who_does_not(short: Path):
    for asked in (True, False):
        pack.make_pack(short, [], [], print, site=False, solutions=asked)
        found = "  notebooks/solutions/01_neuron.ipynb\n" in (short / "SHA256SUMS").read_text()
        assert found == (short / "notebooks" / "solutions").exists() == asked


def test_the_site_is_packed_and_the_book_where_it_can_be_built(monkeypatch, short: Path):
    def no_pandoc(*_: object) -> int:
        raise ModuleNotFoundError("No module named 'pypandoc'", name="pypandoc")

    def built(work: Path, *_: object) -> Path:
        return Path(shutil.copytree(ROOT / ".github", work / "html"))

    monkeypatch.setattr("nnlearn.course.site.build_site", built)
    monkeypatch.setattr("nnlearn.course.book.export", no_pandoc)
    said: list[str] = []
    pack.make_pack(short, [], [], said.append)
    assert said[-3:-1] == ["site: 2 files", "without the book, which needs pypandoc"]
    assert "  site/map.svg\n" in (short / "SHA256SUMS").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["taken"], "is not empty and no pack: choose another folder"),
        (["file"], "is a file, and the pack needs a folder"),
        (["pack", "--python", "3.8"], "--python 3.8: expected a version such as 3.12 (>=3.11)"),
        (["pack", "--python", "new"], "--python new: expected a version such as 3.12 (>=3.11)"),
        (
            ["pack", "--platform", "beos"],
            "--platform beos: expected one of linux-x86_64, linux-aarch64, macos-",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_packed_is_said_before_anything_is_written(options, said, tmp_path: Path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine").touch()
    (tmp_path / "file").touch()
    done = CliRunner().invoke(app, ["pack", str(tmp_path / options[0]), *options[1:]])
    assert done.exit_code == 1 and said in done.stderr and not (tmp_path / "pack").exists()


@pytest.mark.parametrize(
    ("wall", "said"),
    [
        (["--size", 1_000_000, "--tmpfs"], "No space left on device"),
        (["--ro-bind", "/etc"], "Read-only file system"),
    ],
    ids=["full", "read-only"],
)
def test_a_stick_that_cannot_be_written_is_one_sentence(wall, said, tmp_path: Path):
    stick = tmp_path / "stick"
    stick.mkdir()
    options = ["--without-site", "--platform", "macos-arm64"]
    done = inside(tmp_path, NNLEARN, "pack", stick / "pack", *options, walls=[*wall, stick])
    assert done.returncode == 1 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_what_uv_cannot_find_is_told_and_leaves_no_sums(tmp_path: Path):
    (tmp_path / "links").mkdir()
    options = ["--without-site", "--find-links", str(tmp_path / "links"), "--platform", unpack.system()]
    done = CliRunner().invoke(app, ["pack", str(tmp_path / "pack"), *options])
    assert done.exit_code == 1 and "uv failed" in done.stderr and "not found" in done.stderr
    assert not (tmp_path / "pack" / "SHA256SUMS").exists()
    assert not (tmp_path / "pack" / "wheels" / ".part").exists()


def test_a_stick_that_pip_or_uv_fills_is_named(tmp_path: Path):
    (tmp_path / "filler.py").write_text("raise SystemExit('failed: No space left on device (os error 28)')")
    with pytest.raises(OSError, match="No space left on device") as caught:
        pack.run_module("filler", cwd=tmp_path)
    assert caught.value.errno == errno.ENOSPC and caught.value.filename == str(tmp_path)


def test_to_look_for_pip_leaves_distutils_where_it_was(monkeypatch):
    code = "from nnlearn.course import pack; pack.require_tools(); import setuptools"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    def none(name: str) -> None:
        raise pack.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(pack.metadata, "distribution", none)
    with pytest.raises(ModuleNotFoundError) as caught:
        pack.require_tools()
    assert caught.value.name == "pip"
