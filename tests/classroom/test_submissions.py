# ruff: noqa: E501 (tables of cases)
"""What learning platforms and people leave in a folder: every notebook finds its student, nothing vanishes."""

import io
import os
import shutil
import socket
import zipfile
from pathlib import Path

import pytest

from nnlearn.classroom import submissions
from nnlearn.classroom.submissions import Attempt, Collection, collect, collect_one
from tests.support import ROOT

SOURCE = ROOT / "exercises" / "04_layers.ipynb"


def lay(folder: Path, *places: str, source: Path = SOURCE) -> Path:
    for place in places:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, path)
    return folder


def zipped(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def owners(found: Collection) -> set[tuple[str, str]]:
    return {(attempt.student, attempt.chapter) for attempt in found.attempts}


@pytest.mark.parametrize(
    "place",
    [
        "Ada/04_layers.ipynb", "Ada/04_layers/04_layers.ipynb", "Ada/a/b/c/04_layers.ipynb",
        "Ada/04_LAYERS.IPYNB", "Ada/04_layers-Copy1.ipynb", "Ada/04_layers (1).ipynb", "Ada/ada_04_layers.ipynb",
        "Ada/04_layers.ipynb.ipynb", "Ada/04_mine.ipynb", "Ada/homework.ipynb", "Ada/.hidden/04_layers.ipynb",
        "Ada_1234567_assignsubmission_file_/04_layers.ipynb", "Ada_77_assignsubmission_file/x/04_layers.ipynb",
        "Ada_123_4567_04_layers.ipynb", "Ada_LATE_123_4567_04_layers-2.ipynb", "Ada_123_4567_homework.ipynb",
    ],
)  # fmt: skip
def test_a_notebook_is_found_wherever_it_lies(place, tmp_path):
    found = collect(lay(tmp_path, place))
    assert owners(found) == {("Ada", "04")} and not found.left_out


def test_zips_are_folders(tmp_path):
    notebook = SOURCE.read_bytes()
    lay(tmp_path, "Bob/04_layers.ipynb")
    (tmp_path / "Ada.zip").write_bytes(
        zipped({"04_layers.ipynb": notebook, "__MACOSX/04_layers.ipynb": b"x"})
    )
    (tmp_path / "Cem").mkdir()
    inner = zipped({"deep/04_layers.ipynb": notebook})
    (tmp_path / "Cem" / "work.ZIP").write_bytes(zipped({"inner.zip": inner}))
    (tmp_path / "Dil_12_34_work.zip").write_bytes(zipped({"..\\..\\04_layers.ipynb": notebook}))
    found = collect(tmp_path)
    assert owners(found) == {(name, "04") for name in ("Ada", "Bob", "Cem", "Dil")} and not found.left_out
    assert all(attempt.read() == notebook for attempt in found.attempts)
    whole = zipped({f"all/{a.student}/04_layers.ipynb": notebook for a in found.attempts})
    (tmp_path / "class.zip").write_bytes(whole)
    assert owners(collect(tmp_path / "class.zip")) == owners(found)


def test_names_in_any_script(tmp_path):
    composed, apart = "José", "Jose\u0301"
    names = [composed, "हिन्दी", "محمّد", "Smith, John", "O'Neil (2)", "李", "x" * 200, "Ω-3", "a&b", "<b>"]
    lay(tmp_path, *(f"{name}/04_layers.ipynb" for name in names))
    assert owners(collect(tmp_path)) == {(name, "04") for name in names}
    lay(tmp_path, f"{apart}/05_activations.ipynb")
    found = collect(tmp_path)
    assert {chapter for student, chapter in owners(found) if student == composed} == {"04", "05"}


def test_a_name_that_is_no_text_is_graded_under_what_can_be_read_of_it(tmp_path):
    folder = os.fsencode(tmp_path) + b"/Ad\xff"
    os.mkdir(folder)
    Path(os.fsdecode(folder), "04_layers.ipynb").write_bytes(SOURCE.read_bytes())
    assert owners(collect(tmp_path)) == {("Ad�", "04")}


def test_two_people_of_one_name_are_told_apart(tmp_path):
    lay(tmp_path, "Ada_1_2_04_layers.ipynb", "Ada_3_4_04_layers.ipynb", "Ada_3_5_05_activations.ipynb")
    assert owners(collect(tmp_path)) == {("Ada (1)", "04"), ("Ada (3)", "04"), ("Ada (3)", "05")}


def newest(found: Collection) -> Attempt:
    return found.attempts[-1]


def test_the_newest_counts_and_the_exact_name_before_a_copy(tmp_path):
    lay(tmp_path, "Ada/one/04_layers.ipynb", "Ada/two/04_layers.ipynb", "Ada/04_layers-Copy1.ipynb")
    for k, name in enumerate(["two/04_layers", "one/04_layers", "04_layers-Copy1"]):
        os.utime(tmp_path / "Ada" / f"{name}.ipynb", (1000 + k, 1000 + k))
    assert newest(collect(tmp_path)).file == "Ada/one/04_layers.ipynb"
    (tmp_path / "Ada" / "two" / "timestamp.txt").write_text("2026-01-02 03:04:05.678 UTC")
    assert newest(collect(tmp_path)).file == "Ada/two/04_layers.ipynb"
    assert newest(collect(tmp_path)).written == 1767323045


def test_everything_else_is_named_with_the_reason(tmp_path):
    lay(tmp_path, "Ada/04_layers.ipynb", "Bob/99_other.ipynb", source=SOURCE)
    (tmp_path / "Bob" / "99_other.ipynb").write_text("{}")
    (tmp_path / "Cem").mkdir()
    lay(tmp_path, "Gus/.ipynb_checkpoints/04_layers-checkpoint.ipynb", "Hal/.DS_Store")
    (tmp_path / "Ida" / "work").mkdir(parents=True)
    (tmp_path / "Jon.zip").write_bytes(zipped({}))
    (tmp_path / "Kim.zip").write_bytes(zipped({"__MACOSX/04_layers.ipynb": b"x"}))
    (tmp_path / "Dil").mkdir()
    (tmp_path / "Dil" / "essay.docx").write_text("x")
    (tmp_path / "Eve").mkdir()
    (tmp_path / "Eve" / "04_layers.ipynb").mkdir()
    (tmp_path / "Eve" / "04_layers.zip").write_bytes(b"PK, but no zip")
    (tmp_path / "Fay").symlink_to("/")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "04_layers.ipynb").write_text("{}")
    (tmp_path / ".DS_Store").write_text("x")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "Ada" / "s"))
        os.mkfifo(tmp_path / "Ada" / "05_activations.ipynb")
        found = collect(tmp_path)
    assert owners(found) == {("Ada", "04")}
    assert {place: why.split(":")[0][:24] for place, why in found.left_out.items()} == {
        "04_layers.ipynb": "lies beside the students"[:24],
        "Ada/05_activations.ipynb": "neither a file nor a fol",
        "Ada/s": "neither a file nor a fol",
        "Bob/99_other.ipynb": "this course has no exerc",
        "Cem/": "an empty folder",
        "Dil": "has handed in no noteboo",
        "Eve/04_layers": "is no zip that can be re",
        "Fay": "a link, not a file",
        **{f"{name}/": "an empty folder" for name in ("Gus", "Hal", "Ida", "Jon", "Kim")},
        "notes.txt": "lies beside the students"[:24],
    }
    assert "essay.docx" in found.left_out["Dil"]
    assert set(found.students) == {"Ada", "Bob", "Cem", "Dil", "Eve", "Gus", "Hal", "Ida", "Jon", "Kim"}


NOTEBOOK = SOURCE.read_bytes()


@pytest.mark.parametrize(
    ("files", "students", "left_out"),
    [
        ({"all/Ada/04_layers.ipynb": NOTEBOOK, "all/Bob/04_layers.ipynb": NOTEBOOK, "all/readme.txt": b"x"}, {"Ada", "Bob"}, {"readme.txt"}),
        ({"all/Ada/04_layers.ipynb": NOTEBOOK, "all/Bob/04_layers.ipynb": NOTEBOOK, "all/Mallory.zip": b"no zip"}, {"Ada", "Bob"}, {"Mallory"}),
        ({"all/Ada_1_2_04_layers.ipynb": NOTEBOOK, "all/Bob_3_4_04_layers.ipynb": NOTEBOOK}, {"Ada", "Bob"}, set()),
        ({"Ada/04_layers/04_layers.ipynb": NOTEBOOK, "Ada/05_activations/05_activations.ipynb": NOTEBOOK}, {"Ada"}, set()),
        ({"Ada/04_layers.ipynb": NOTEBOOK, "Ada/x/notes.txt": b"", "Ada/y/notes.txt": b""}, {"Ada"}, set()),
        ({"Ada/04_layers.ipynb": NOTEBOOK, "Bob/": b""}, {"Ada", "Bob"}, {"Bob/"}),
        ({"all/": b"", "all/Ada/": b"", "all/Ada/04_layers.ipynb": NOTEBOOK, "all/Bob/": b"", "all/Cem/x.txt": b""}, {"Ada", "Bob", "Cem"}, {"Bob/", "Cem"}),
    ],
    ids=["a stray file", "a broken zip", "flat in a folder", "one student, by chapter", "one student", "nothing", "folders"],
)  # fmt: skip
def test_in_a_zip_of_the_class_each_has_their_own(files, students, left_out, tmp_path):
    (tmp_path / "class.zip").write_bytes(zipped(files))
    found = collect(tmp_path / "class.zip")
    assert set(found.students) == students and set(found.left_out) == left_out
    assert {attempt.student for attempt in found.attempts} <= students


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-01-02 03:04:05.678 UTC", 1767323045), ("2026-01-02 03:04:05", 1767323045), ("2026-01-02T03:04:05Z", 1767323045),
        ("2026-01-02 05:04:05.678 +0200", 1767323045), ("2026-01-01 22:04:05-05:00", 1767323045),
        ("2026-01-02 03:04:05 EST", 1000), ("2026-13-45 99:00:00", 1000), ("0000-01-01 00:00:00", 1000), ("\udcff", 1000), ("", 1000),
    ],
)  # fmt: skip
def test_when_it_was_handed_in(text, written, tmp_path):
    """By its timestamp.txt, and where that is none by the time of the file."""
    lay(tmp_path, "Ada/04_layers/04_layers.ipynb")
    os.utime(tmp_path / "Ada/04_layers/04_layers.ipynb", (1000, 1000))
    (tmp_path / "Ada/04_layers/timestamp.txt").write_bytes(text.encode(errors="surrogateescape"))
    assert newest(collect(tmp_path)).written == written


def broken(data: bytes) -> bytes:
    """A zip with its first file damaged."""
    return data.replace(data[41:49], b"\xff" * 8, 1)


FORGED = {"timestamp.txt": b"2001-01-01 00:00:00 UTC", "04_layers.ipynb": NOTEBOOK}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Ada.zip", zipped(FORGED)), ("Ada/work.zip", zipped({f"deep/{name}": data for name, data in FORGED.items()})),
        ("Ada/work.zip", zipped({"inner.zip": zipped(FORGED)})), ("Ada_1_2_work.zip", zipped(FORGED)), ("Ada.zip", broken(zipped(FORGED))),
        ("Ada_7_assignsubmission_file_/timestamp.txt", FORGED["timestamp.txt"]),
    ],
)  # fmt: skip
def test_a_student_does_not_say_when(name, content, tmp_path):
    """What comes from a student was handed in when the zip was, or the file, whatever stands in it."""
    lay(
        tmp_path,
        "Ada_7_assignsubmission_file_/04_layers.ipynb" if "assign" in name else "Bob/04_layers.ipynb",
    )
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    for path in tmp_path.rglob("*"):
        os.utime(path, (2e9, 2e9))
    assert {round(attempt.written) for attempt in collect(tmp_path).attempts} == {2_000_000_000}


def test_of_two_in_one_zip_the_later_one_counts(tmp_path):
    with zipfile.ZipFile(tmp_path / "Ada.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("b/04_layers.ipynb", (2026, 1, 2, 0, 0, 0)), b"new")
        archive.writestr(zipfile.ZipInfo("a/04_layers.ipynb", (2026, 1, 1, 0, 0, 0)), b"old")
    assert newest(collect(tmp_path)).read() == b"new"


def test_a_name_that_canvas_gives_to_a_second_hand_in_is_the_same_name(tmp_path):
    (attempt,) = collect(lay(tmp_path, "Ada_LATE_123_4567_04_layers-2.ipynb")).attempts
    assert attempt.exact


def test_two_names_that_cannot_be_read_are_two_students(tmp_path):
    lay(tmp_path, "A\ue000/04_layers.ipynb", "A\ue001/04_layers.ipynb", " /04_layers.ipynb")
    assert len(owners(collect(tmp_path))) == 3


def test_a_zip_of_ten_thousand_notebooks_holds_up_nobody(tmp_path):
    (tmp_path / "Ada.zip").write_bytes(zipped({f"x{k}.ipynb": b"{}" for k in range(9_999)}))
    found = collect(lay(tmp_path, "Bob/04_layers.ipynb", "Ada/04_layers.ipynb"))
    assert owners(found) == {("Ada", "04"), ("Bob", "04")}
    assert "200 allowed" in found.left_out["Ada/…"] and len(found.left_out) < 250


def test_zips_that_are_bombs_are_left_out(tmp_path):
    lay(tmp_path, "Ada/04_layers.ipynb")
    many = zipped({f"{k}.ipynb": b"" for k in range(10_001)})
    (tmp_path / "Ada" / "many.zip").write_bytes(many)
    large = zipped({"05_activations.ipynb": bytes(101 * 2**20)})
    (tmp_path / "Ada" / "large.zip").write_bytes(large)
    nested = zipped({"04_layers.ipynb": b"{}"})
    for _ in range(5):
        nested = zipped({"nested.zip": nested})
    (tmp_path / "Ada" / "nested.zip").write_bytes(nested)
    found = collect(tmp_path)
    assert owners(found) == {("Ada", "04")}
    whys = " ".join(found.left_out.values())
    assert all(word in whys for word in ("10,001 files", "101 MiB", "a zip within a zip"))


def test_what_is_too_large_together_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "LARGEST", 2**20)
    (tmp_path / "Ada.zip").write_bytes(zipped({f"04_layers ({k}).ipynb": bytes(2**20) for k in range(6)}))
    assert collect(lay(tmp_path, "Bob/04_layers.ipynb")).left_out == {
        "Ada": "unpacked it has 6 MiB, more than the 5 allowed"
    }


@pytest.mark.parametrize(
    "make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_text("x")]
)
def test_a_folder_with_nothing_to_grade_is_refused(make, tmp_path):
    make(tmp_path / "submissions")
    with pytest.raises(ValueError, match="submissions"):
        collect(tmp_path / "submissions")


def test_one_file(tmp_path):
    assert collect_one(SOURCE).chapter == "04"
    (tmp_path / "x.ipynb").write_text("{}")
    with pytest.raises(ValueError, match="no exercises of that name"):
        collect_one(tmp_path / "x.ipynb")
