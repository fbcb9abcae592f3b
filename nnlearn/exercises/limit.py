"""A learner's endless loop ends, in a notebook as in a script, and the kernel lives."""

import _thread
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 20.0  # of the processor: a busy machine changes nothing
WAITING = 120.0  # of the clock: for what waits and does not compute


class Limit:
    """Whether the time was used up."""

    used_up = False


def _interrupt() -> None:
    """What Ctrl-C does to the main thread; a signal also wakes it where it waits."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:  # Windows
        _thread.interrupt_main()


@contextmanager
def time_limit(seconds: float = SECONDS, waiting: float = WAITING) -> Iterator[Limit]:
    """Interrupt what runs inside as Ctrl-C does, once it has used so many seconds of the processor.

    It ends with KeyboardInterrupt, also where that comes late. Only the main thread can be interrupted: in
    another one there is no limit.
    """
    limit = Limit()
    if threading.current_thread() is not threading.main_thread():
        yield limit
        return
    ended = threading.Event()
    began, used = time.monotonic(), time.process_time()

    def watch() -> None:
        while not ended.wait(0.1):
            if time.process_time() - used > seconds or time.monotonic() - began > waiting:
                limit.used_up = True
                _interrupt()
                ended.wait(1.0)  # where an `except:` has swallowed it, it comes again

    watcher = threading.Thread(target=watch, name="nnlearn-limit", daemon=True)
    watcher.start()
    try:
        yield limit
    finally:
        ended.set()
        watcher.join()
