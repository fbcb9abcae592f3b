"""Keep freed memory in the process, where the next array finds it warm.

The C library gives large freed blocks back to the system at once, and asks for fresh ones, which the system
clears page by page on first touch: nearly half the time of a small transformer's training step. A training
step frees and allocates the same sizes again and again, so keeping the blocks costs no more memory than the
step's peak.
"""

import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3), in the GNU C library


def keep_freed_memory() -> bool:
    """Tell the GNU C library to keep freed blocks, up to 1 GiB at the top of the heap; whether it agreed.

    Elsewhere, or where the environment has its own thresholds, nothing changes.
    """
    chosen = {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"} & os.environ.keys()
    if not sys.platform.startswith("linux") or chosen:
        return False
    try:
        import ctypes  # which a Python built without libffi does not have

        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (ImportError, OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(_MMAP_THRESHOLD, 32 << 20) and mallopt(_TRIM_THRESHOLD, 1 << 30))
