"""A learner's endless loop ends, in a notebook as in a script, and the kernel lives."""

import _thread
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 40  # of the processor, which a busy machine does not change: twice what a slow right answer took
WAITING = 240  # of the clock: for what waits and does not compute


class Limit:
    """Whether the time was used up, and whether what it holds for is over."""

    used_up = over = False


def _interrupt() -> None:
    """What Ctrl-C does to the main thread; a signal also wakes it where it waits."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:  # Windows
        _thread.interrupt_main()


def _processor_time() -> Callable[[], float]:
    """Seconds of the processor that this thread has used, to be asked from another one; or all threads'."""
    if hasattr(time, "pthread_getcpuclockid"):
        clock = time.pthread_getcpuclockid(threading.get_ident())
        return lambda: time.clock_gettime(clock)
    return time.process_time


@contextmanager
def time_limit(seconds: float = SECONDS, waiting: float = WAITING) -> Iterator[Limit]:
    """Interrupt what runs inside as Ctrl-C does, once it has used so many seconds of the processor.

    It ends with KeyboardInterrupt, also where that comes late, and where Ctrl-C is switched off or an event
    loop waits for it. Only the main thread can be interrupted: in another one there is no limit.
    """
    limit = Limit()
    if threading.current_thread() is not threading.main_thread():
        yield limit
        return
    ended, clock = threading.Event(), _processor_time()
    began, used = time.monotonic(), clock()

    def watch() -> None:
        while not ended.wait(0.1) and not limit.over:
            if clock() - used > seconds or time.monotonic() - began > waiting:
                limit.used_up = True
                _interrupt()
                ended.wait(1.0)  # where an `except:` has swallowed it, it comes again

    watcher = threading.Thread(target=watch, name="nnlearn-limit", daemon=True)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    watcher.start()
    try:
        yield limit
    finally:
        try:
            limit.over = True
            ended.set()
            watcher.join()
        finally:
            limit.over = True  # where Ctrl-C came in between
            signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
