"""What the tests share, one file a purpose."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
# "0", "false" and the empty string are how a person switches CI off.
IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")
WAIT = 300  # seconds, for what takes one on an idle machine: only what hangs takes longer
