"""Worker processes for a study: one thread each, and gone without a word when the operator presses Ctrl-C."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that libraries of linear algebra read once, when they are loaded."""


@contextmanager
def open_workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """Run worker processes for the length of a block; an error in it ends them without waiting for their work.

    Args:
        count: How many processes.
    """
    # Not fork: the parent has threads, and a forked child may hang in a lock that one of them held.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=_ready) as executor:
        try:
            with _inherited():
                for _ in range(count):
                    executor.submit(os.getpid)  # a process is started with each task, until there are enough
            yield executor
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _inherited() -> Iterator[None]:
    """What processes started in the block inherit: one thread, and a Ctrl-C that waits until they are ready for it."""
    before = {name: os.environ.get(name) for name in THREADS}
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _ready() -> None:
    """Let Ctrl-C end this process at once: the parent says what there is to say."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
