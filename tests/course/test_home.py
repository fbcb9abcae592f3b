"""The first page of `nnlearn lab`: behind the token, and true to what has been solved."""

import urllib.request
from pathlib import Path

import pytest

from nnlearn.course.home import home
from nnlearn.exercises.notebooks import course_folder, notebooks
from nnlearn.exercises.records import record
from nnlearn.exercises.spec import chapter_exercises
from tests.support.browser import chromium_or_skip, launch_chromium, new_context
from tests.support.jupyterlab import PANEL, serve
from tests.support.site import AXE, FINDINGS

ROOT, CHAPTERS = course_folder(), notebooks("chapters")


@pytest.fixture(autouse=True)
def own_progress(monkeypatch, tmp_path):
    monkeypatch.setenv("NNLEARN_HOME", str(tmp_path / "home"))


def test_who_has_solved_nothing_starts_with_the_first_chapter():
    page = home(ROOT, "/")
    assert f'href="/lab/tree/chapters/{CHAPTERS[0].name}">Start with ' in page
    assert "Continue" not in page and 'fill="#1b8a5a"' not in page
    assert all(page.count(f"/lab/tree/chapters/{path.name}") >= 2 for path in CHAPTERS), "in map and table"


def test_who_has_solved_some_goes_on_with_the_next():
    graded = [e for e in chapter_exercises("02").values() if e.graded]
    for exercise in graded[:2]:
        record(exercise.id, True)
    page = home(ROOT, "/base/")
    assert f"Continue with exercise {graded[2].id}, {graded[2].title}" in page
    assert f'href="/base/lab/tree/exercises/{CHAPTERS[1].stem}.ipynb"' in page
    assert f"2 of {len(graded)}</a>" in page and page.count('fill="#1b8a5a"') == 1


def test_chapters_that_were_deleted_or_broken_do_no_harm(tmp_path: Path):
    (tmp_path / "chapters").mkdir()
    assert "Start with" not in home(tmp_path, "/")
    (tmp_path / "chapters" / CHAPTERS[0].name).write_text("no notebook any more")
    page = home(tmp_path, "/")
    assert CHAPTERS[0].name in page and CHAPTERS[1].name not in page


def test_the_page_asks_for_the_token_and_leads_into_the_lab(tmp_path: Path):
    chromium_or_skip()
    with serve(tmp_path / "course", tmp_path / "home") as server, launch_chromium() as browser:
        with urllib.request.urlopen(f"{server.url}course") as answer:
            assert "/login" in answer.url, "without the token, the page for signing in"
        page = new_context(browser, viewport={"width": 1100, "height": 900}).new_page()
        page.goto(f"{server.url}{server.start}?token={server.token}")
        page.add_script_tag(path=str(AXE))
        assert page.evaluate(FINDINGS, ["main", ""]) == []
        page.get_by_role("link", name="Start with").click()
        page.wait_for_selector(".jp-Notebook")
        page.evaluate(f"async () => {{ {PANEL} await panel.revealed; await panel.sessionContext.ready; }}")
        # a kernel that is still starting would keep the server from ending
        page.wait_for_function(
            f"() => {{ {PANEL} return panel.sessionContext.session.kernel.status == 'idle'; }}"
        )
        assert page.url.startswith(f"{server.url}lab/tree/chapters/{CHAPTERS[0].name}")
