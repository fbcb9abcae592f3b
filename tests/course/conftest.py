"""What tests of the copy and of the lab start from."""

from pathlib import Path

import pytest

from tests.support.small_course import release


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return release(tmp_path / "course", "v1")
