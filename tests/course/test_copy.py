"""A learner's copy of the course: refreshed on an update, and never at the cost of their work."""

import errno
import json
import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from nnlearn.course.copy import MANIFEST, Changes, update_copy
from tests.support import ROOT
from tests.support.small_course import ONE, TWO, before_renumbering, notebook, release


def said(path: Path) -> str:
    return json.loads(path.read_text())["cells"][0]["source"]


def test_first_copy_holds_every_visible_file(course: Path, tmp_path: Path):
    changes = update_copy(course, tmp_path / "new" / "copy")
    assert changes == Changes(added=[ONE, "chapters/img/cell.svg", TWO])
    files = {str(path.relative_to(tmp_path / "new/copy")) for path in (tmp_path / "new/copy").rglob("*.*")}
    assert files == {MANIFEST, ONE, TWO, "chapters/img/cell.svg"}
    assert update_copy(course, tmp_path / "new" / "copy") == Changes()


def test_untouched_is_refreshed_and_touched_is_kept(course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("mine"))
    assert update_copy(course, copy) == Changes(), "a change of mine alone calls for nothing"
    release(course, "v2")
    changes = update_copy(course, copy)
    assert changes.refreshed == ["chapters/img/cell.svg", TWO]
    assert changes.beside == {ONE: "chapters/01_neuron.new.ipynb"}
    assert said(copy / ONE) == "mine"
    assert said(copy / "chapters/01_neuron.new.ipynb") == said(copy / TWO) == "v2"
    assert update_copy(course, copy) == Changes(), "it is laid beside once"


def test_newer_file_beside_is_kept_too_once_touched(course: Path, tmp_path: Path):
    copy, beside = tmp_path / "copy", tmp_path / "copy/chapters/01_neuron.new.ipynb"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("mine"))
    update_copy(release(course, "v2"), copy)
    update_copy(release(course, "v3"), copy)
    assert said(beside) == "v3", "nobody touched v2"
    beside.write_text(notebook("mine as well"))
    assert update_copy(release(course, "v4"), copy).beside == {ONE: "chapters/01_neuron.new-2.ipynb"}
    assert [said(path) for path in sorted((copy / "chapters").glob("01*"))] == ["mine", "v4", "mine as well"]
    beside.unlink()
    assert update_copy(course, copy) == Changes(), "a newer file that was thrown away stays away"


def test_learner_who_takes_the_new_version_is_up_to_date_again(course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("mine"))
    update_copy(release(course, "v2"), copy)
    (copy / "chapters/01_neuron.new.ipynb").replace(copy / ONE)
    assert update_copy(release(course, "v3"), copy).refreshed[0] == ONE


def test_deleted_file_comes_back_fresh(course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("a mess"))
    (copy / ONE).unlink()
    assert update_copy(course, copy).added == [ONE]
    assert said(copy / ONE) == "v1"


def test_metadata_jupyterlab_writes_is_no_touch(course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("v1", language_info={"version": "3.11.7"}))
    assert ONE in update_copy(release(course, "v2"), copy).refreshed


def test_file_no_longer_in_the_course_stays_and_is_named_once(course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (course / ONE).unlink()
    assert update_copy(course, copy).retired == [ONE]
    assert update_copy(course, copy) == Changes()
    assert said(copy / ONE) == "v1"


@pytest.mark.parametrize("manifest", [None, "", "[]", '{"given": 3, "beside": {}}', '{"given"', "\0\1"])
def test_without_a_readable_manifest_everything_is_the_learners(manifest, course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    if manifest is None:
        (copy / MANIFEST).unlink()
    else:
        (copy / MANIFEST).write_text(manifest)
    changes = update_copy(release(course, "v2"), copy)
    assert not changes.refreshed and len(changes.beside) == 3
    assert said(copy / ONE) == said(copy / TWO) == "v1"
    assert update_copy(release(course, "v3"), copy).beside == changes.beside, "v2 beside is known again"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
@pytest.mark.parametrize("when", ["writing", "renaming"])
@pytest.mark.parametrize("after", range(5))
def test_interrupted_anywhere_loses_nothing_and_goes_on(
    error, when, after, course: Path, tmp_path: Path, monkeypatch
):
    """The copy has a file of each kind: touched, untouched, absent. It fails after 0, 1, … steps."""
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("mine"))
    (copy / TWO).unlink()
    release(course, "v2")
    steps = 0
    rename = os.replace

    def fail(kind: str) -> None:
        nonlocal steps
        steps += kind == when
        if steps > after:
            raise error

    def half_a_write(file: int) -> None:
        try:
            fail("writing")
        finally:
            if steps > after:
                os.ftruncate(file, os.fstat(file).st_size // 2)

    def late_rename(*paths: Path) -> None:
        fail("renaming")
        rename(*paths)

    four = after == 4  # steps suffice: two files, one beside, the manifest
    with monkeypatch.context() as patch, nullcontext() if four else pytest.raises(type(error)):
        patch.setattr(os, "fsync", half_a_write)
        patch.setattr(os, "replace", late_rename)
        update_copy(course, copy)
    assert said(copy / ONE) == "mine"
    update_copy(course, copy)
    assert said(copy / ONE) == "mine"
    assert said(copy / TWO) == said(copy / "chapters/01_neuron.new.ipynb") == "v2"
    assert (copy / "chapters/img/cell.svg").read_text() == "v2"
    assert len([path for path in copy.rglob("*") if path.is_file()]) == 5, "nothing half-written is left"
    assert update_copy(course, copy) == Changes()


def test_killed_in_the_middle_of_a_file(course: Path, tmp_path: Path):
    """What a kill leaves behind is written over by the next call."""
    copy = tmp_path / "copy"
    (copy / "chapters").mkdir(parents=True)
    (copy / "chapters/.01_neuron.ipynb.part").write_text('{"cells": [')
    update_copy(course, copy)
    assert said(copy / ONE) == "v1"
    assert not list(copy.rglob("*.part"))


def test_link_in_a_files_place_is_the_learners(course: Path, tmp_path: Path):
    copy, elsewhere = tmp_path / "copy", tmp_path / "elsewhere.ipynb"
    update_copy(course, copy)
    elsewhere.write_text((copy / ONE).read_text())
    (copy / ONE).unlink()
    (copy / ONE).symlink_to(elsewhere)
    assert update_copy(release(course, "v2"), copy).beside == {ONE: "chapters/01_neuron.new.ipynb"}
    assert (copy / ONE).is_symlink() and said(elsewhere) == "v1"


OLD, NEW = "exercises/03_layers.ipynb", "exercises/04_layers.ipynb"


def old_copy(course: Path, copy: Path) -> None:
    """A learner's copy from before."""
    (course / "exercises").mkdir(parents=True, exist_ok=True)
    (course / OLD).write_text(before_renumbering(ROOT / NEW))
    update_copy(course, copy)
    (course / OLD).rename(course / NEW)
    (course / NEW).write_text((ROOT / NEW).read_text())


def test_an_untouched_renumbered_chapter_is_refreshed(course: Path, tmp_path: Path):
    old_copy(course, tmp_path / "copy")
    assert update_copy(course, tmp_path / "copy") == Changes(refreshed=[NEW], renamed={OLD: NEW})
    assert not (tmp_path / "copy" / OLD).exists()
    assert (tmp_path / "copy" / NEW).read_bytes() == (course / NEW).read_bytes()
    assert update_copy(course, tmp_path / "copy") == Changes()


@pytest.mark.parametrize("interrupted", [False, True])
def test_answers_of_a_renumbered_chapter_are_kept(interrupted, course: Path, tmp_path: Path, monkeypatch):
    copy = tmp_path / "copy"
    old_copy(course, copy)
    (copy / OLD).write_text((copy / OLD).read_text().replace("YOUR CODE HERE", "MY ANSWER"))
    if interrupted:
        unlink = Path.unlink

        def stopped(path: Path, missing_ok: bool = False) -> None:
            if path == copy / OLD:
                raise KeyboardInterrupt
            unlink(path, missing_ok)

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Path, "unlink", stopped)
            update_copy(course, copy)
    update_copy(course, copy)
    mine = (copy / NEW).read_text()
    assert "MY ANSWER" in mine and 'check(\\"04.1' in mine and '"grade_id": "04-1"' in mine
    assert (copy / NEW.replace(".ipynb", ".new.ipynb")).read_bytes() == (course / NEW).read_bytes()
    assert update_copy(release(course, "v1", "chapters/01_neuron.ipynb"), copy) == Changes()
