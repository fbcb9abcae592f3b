"""The course in one folder, to be carried to where there is no network, and installed there years later.

uv says which versions each system needs, pip downloads their wheels, and the start files install them. The
versions are those of a clone's `.ci/constraints.txt`, elsewhere those installed here; where one has no wheel
for a system, uv takes another.
"""

import hashlib
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from nnlearn.course import unpack
from nnlearn.course.copy import update_copy
from nnlearn.course.lite import run_module
from nnlearn.exercises.notebooks import course_folder, in_checkout
from nnlearn.training.saving import require_writable, write

_TEMPLATES = Path(__file__).with_name("templates") / "pack"
_SUMS = "SHA256SUMS"
_GLIBC = [f"manylinux_2_{minor}" for minor in range(28, 4, -1)] + ["manylinux2014"]  # Debian 10 and later
SYSTEMS = {  # what uv calls them, and the wheels that pip may take
    "linux-x86_64": ("x86_64-manylinux_2_28", [f"{glibc}_x86_64" for glibc in _GLIBC]),
    "linux-aarch64": ("aarch64-manylinux_2_28", [f"{glibc}_aarch64" for glibc in _GLIBC]),
    "macos-arm64": ("aarch64-apple-darwin", ["macosx_12_0_arm64"]),
    "macos-x86_64": ("x86_64-apple-darwin", ["macosx_12_0_x86_64"]),
    "windows-amd64": ("x86_64-pc-windows-msvc", ["win_amd64"]),
}


def make_pack(
    out: Path,
    pythons: list[str],
    systems: list[str],
    say: Callable[[str], object],
    site: bool = True,
    solutions: bool = False,
    wheels_from: Path | None = None,
) -> None:
    """Write the pack for the systems and Pythons: all systems and the running Python, where none is named.

    A call that was stopped is gone on with by the next. Raises ValueError for what cannot be packed and where
    uv, pip or Sphinx fail, ModuleNotFoundError where one of them is missing, OSError from the disk.
    """
    pythons, systems = pythons or [unpack.PYTHON], systems or list(SYSTEMS)
    _refuse_unfit(out, pythons, systems, solutions)
    require_writable(out)
    (out / _SUMS).unlink(missing_ok=True)  # until it is whole
    _write_start_files(out, pythons, systems)
    update_copy(course_folder(), out / "notebooks")
    shutil.rmtree(out / "notebooks" / "solutions", ignore_errors=True)
    if solutions:
        shutil.copytree(course_folder() / "solutions", out / "notebooks" / "solutions")
    kept = {"start.py"}
    for system in systems:
        for python in pythons:
            names, others = _download(out / "wheels", system, python, wheels_from)
            kept |= {*names, f"{system}-{python}.txt"}
            size = sum((out / "wheels" / name).stat().st_size for name in names)
            instead = f"; where a pin has no wheel: {', '.join(others)}" if others else ""
            say(f"{system}, Python {python}: {len(names)} wheels, {size / 1e6:.0f} MB{instead}")
    for path in (out / "wheels").iterdir():
        if path.name not in kept:
            path.unlink()
    if site:
        for line in _site_and_book(out):
            say(line)
    sums = {name: _digest(out / name) for name in _files(out)}
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    write(out / _SUMS, lines.encode())
    size = sum((out / name).stat().st_size for name in sums)
    say(f"{out}: {len(sums)} files, {size / 1e6:.0f} MB")


def _refuse_unfit(out: Path, pythons: list[str], systems: list[str], solutions: bool) -> None:
    """What cannot be packed is said before anything is written."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file, and the pack needs a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / "start.sh").is_file():
        raise ValueError(f"{out} is not empty and no pack: choose another folder")
    wanted = metadata.metadata("nnlearn")["Requires-Python"]
    for python in pythons:
        if not re.fullmatch(r"3\.\d+", python) or python not in SpecifierSet(wanted):
            raise ValueError(f"--python {python}: expected a version such as 3.12 ({wanted})")
    for system in systems:
        if system not in SYSTEMS:
            raise ValueError(f"--platform {system}: expected one of {', '.join(SYSTEMS)}")
    if solutions and not in_checkout():
        raise ValueError("--solutions: only a clone of the course holds them")


def _write_start_files(out: Path, pythons: list[str], systems: list[str]) -> None:
    """What is opened by a double-click, what that runs, and what says so."""
    facts = {
        "@PYTHONS@": " ".join(pythons),
        "@SYSTEMS@": ", ".join(systems),
        "@VERSION@": metadata.version("nnlearn"),
        "@ROOM@": "800 MB",
    }
    for target, source in (
        *(("start.sh", "start.sh"), ("start.command", "start.sh")),
        *(("start.bat", "start.bat"), ("README.txt", "README.txt")),
    ):
        text = (_TEMPLATES / source).read_text(encoding="utf-8")
        for name, value in facts.items():
            text = text.replace(name, value)
        if source != "start.sh":  # the others are Windows' too
            text = text.replace("\n", "\r\n")
        write(out / target, text.encode())
        if source == "start.sh":
            (out / target).chmod(0o755)
    write(out / "wheels" / "start.py", Path(unpack.__file__).read_bytes())


def require_tools() -> None:
    """Raise ModuleNotFoundError where pip or uv is not installed.

    Their modules are not looked for: whoever asks for pip's takes setuptools' distutils away.
    """
    for name in ("pip", "uv"):
        metadata.distribution(name)


def _download(
    wheels: Path, system: str, python: str, wheels_from: Path | None
) -> tuple[list[str], list[str]]:
    """Put the wheels of a system and Python into `wheels`; their names, and the pins that uv has changed."""
    require_tools()
    source: list[object] = ["--no-index", "--find-links", wheels_from.resolve()] if wheels_from else []
    part = wheels / ".part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        return _fetch(wheels, part, system, python, source)
    finally:  # it may be what has filled the stick
        shutil.rmtree(part, ignore_errors=True)


def _fetch(
    wheels: Path, part: Path, system: str, python: str, source: list[object]
) -> tuple[list[str], list[str]]:
    """Let uv choose and pip download the wheels into `part`, and move them up when all are there."""
    called, tags = SYSTEMS[system]
    (part / "wanted.txt").write_text("\n".join(["pip", *_needs()]), encoding="utf-8")
    versions = _versions()
    (part / "pins.txt").write_text("\n".join(versions), encoding="utf-8")  # which uv keeps where it can
    pins = ["pip", "compile", "wanted.txt", "-o", "pins.txt", "--no-config", "--no-header", "--no-annotate"]
    pins += ["--python", sys.executable, "--python-version", python, "--python-platform", called]
    run_module("uv", *pins, "--only-binary", ":all:", *source, cwd=part)
    wanted = {version.partition(" ")[0] for version in versions}
    others = [pin for pin in (part / "pins.txt").read_text("utf-8").split() if pin not in wanted]
    others = [pin for pin in others if not pin.startswith("pip==")]
    taken = [option for tag in tags for option in ("--platform", tag)]
    chosen = ["--no-deps", "--only-binary", ":all:", "--python-version", python, *taken, *source]
    run_module("pip", "download", "-q", "-r", "pins.txt", *chosen, cwd=part)
    _own_wheel(part)
    names = sorted(
        (path.name for path in part.glob("*.whl")), key=lambda name: (not name.startswith("pip-"), name)
    )
    for name in names:
        os.replace(part / name, wheels / name)
    write(wheels / f"{system}-{python}.txt", "\n".join(names).encode())
    return names, others


def _needs() -> Iterator[str]:
    """What the course needs, without its extras."""
    return (need for need in metadata.requires("nnlearn") or [] if "extra ==" not in need)


def _versions() -> list[str]:
    """The pins of a clone, or what is installed here."""
    if in_checkout():
        return (course_folder() / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    here = {canonicalize_name(found.name): found.version for found in metadata.distributions()}
    return [f"{name}=={version}" for name, version in here.items()]


def _own_wheel(folder: Path) -> None:
    """nnlearn itself: from the clone, or packed as it was unpacked when it was installed."""
    if in_checkout():
        import hatchling  # noqa: F401

        return run_module("hatchling", "build", "-t", "wheel", "-d", folder.resolve(), cwd=course_folder())
    repack(metadata.distribution("nnlearn"), folder)


def repack(distribution: metadata.Distribution, folder: Path) -> None:
    """Write the wheel that a package was installed from; what it put outside site-packages, into its data."""
    (about,) = (path.parts[0] for path in distribution.files or () if path.parts[1:] == ("WHEEL",))
    tag = re.findall(r"^Tag: (\S+)", distribution.read_text("WHEEL") or "", re.M)[-1]
    stem = about.removesuffix(".dist-info")
    record = []
    with zipfile.ZipFile(folder / f"{stem}-{tag}.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        for path in distribution.files or ():
            name = re.sub(r"^(\.\./)+(?=share/|etc/)", f"{stem}.data/data/", path.as_posix())
            if name.startswith("../") or path.suffix == ".pyc" or (name.startswith(about) and not path.hash):
                continue  # scripts are written anew, and what an installation adds has no hash
            if path.name in ("INSTALLER", "REQUESTED", "direct_url.json") and name.startswith(about):
                continue
            wheel.write(str(path.locate()), name)
            if path.hash:
                record.append(f"{name},{path.hash.mode}={path.hash.value},{path.size}")
        wheel.writestr(f"{about}/RECORD", "\n".join([*record, f"{about}/RECORD,,", ""]))


def _site_and_book(out: Path) -> Iterator[str]:
    """Build the site, its decks with it, and the book where Pandoc is installed."""
    from nnlearn.course.site import publish

    yield f"site: {publish(out / 'site', force=True)} files"
    try:
        from nnlearn.course.book import export

        yield f"nnlearn.epub: {export(out / 'nnlearn.epub', [])} chapters"
    except ModuleNotFoundError as error:
        yield f"without the book, which needs {error.name}"


def _files(out: Path) -> Iterator[str]:
    """All that belongs to the pack: not what a start has installed there, nor a learner's work."""
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out)
        if path.is_file() and not re.match(r"venv-|nnlearn-course$", name.parts[0]):
            yield name.as_posix()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
