"""What the tests share, one file a purpose."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
