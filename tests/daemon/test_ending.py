"""Told to end, by threads and by signals, at any instant."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from daemon.ending import Ending


def run_program(text: str) -> str:
    """What a program prints, in a process of its own: its signals are not ours, and it may hang."""
    command = [sys.executable, "-c", textwrap.dedent(text)]
    return subprocess.run(command, capture_output=True, text=True, timeout=40, check=True).stdout


def test_what_nobody_has_told() -> None:
    """It waits as long as it may, and says no."""
    ending = Ending()
    began = time.monotonic()
    assert not ending.wait(0.05)
    assert time.monotonic() - began >= 0.05
    assert not ending.is_set()


def test_a_thread_tells_it() -> None:
    """A wait without an end ends, and so does every later one."""
    ending = Ending()
    threading.Timer(0.05, ending.set).start()
    assert ending.wait()
    assert ending.wait(0.0)
    assert ending.is_set()


def test_told_again_and_again() -> None:
    """More often than the pipe can hold."""
    ending = Ending()
    for _ in range(70_000):
        ending.set()
    assert ending.wait()


def test_a_signal_tells_it() -> None:
    """Within the block only; afterwards the signal means what it meant before."""
    ending = Ending()
    before = signal.getsignal(signal.SIGUSR1)
    with ending.told_by(signal.SIGUSR1):
        os.kill(os.getpid(), signal.SIGUSR1)
        assert ending.wait()
    assert signal.getsignal(signal.SIGUSR1) is before
    assert signal.set_wakeup_fd(-1) == -1


def test_another_signal_does_not() -> None:
    """It wakes the main thread, which goes on to wait."""
    ending = Ending()
    before = signal.signal(signal.SIGUSR2, lambda *_: None)
    try:
        with ending.told_by(signal.SIGUSR1):
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR2)).start()
            assert not ending.wait(0.2)
    finally:
        signal.signal(signal.SIGUSR2, before)


@pytest.mark.parametrize("wait", ["ending.wait()", "while not ending.wait(0.0001): pass"])
def test_a_signal_that_another_thread_receives(wait: str) -> None:
    """The kernel may give it to any thread; here the main thread blocks it, so that it always does."""
    program = f"""
        import os, signal, threading
        from daemon.ending import Ending
        ending = Ending()
        with ending.told_by(signal.SIGTERM):
            other = threading.Event()
            threading.Thread(target=other.wait, daemon=True).start()
            signal.pthread_sigmask(signal.SIG_BLOCK, {{signal.SIGTERM}})
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
            {wait}
        print("ended")
    """
    assert run_program(program) == "ended\n"


def test_a_handler_between_any_two_instructions() -> None:
    """A signal at a random instant of a main thread that polls, 3,000 times; `threading.Event` hangs before the end."""
    program = """
        import random, signal
        from daemon.ending import Ending
        for _ in range(3000):
            ending = Ending()
            with ending.told_by(signal.SIGALRM):
                signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 3e-4))
                while not ending.wait(0.0):
                    pass
        print("ended")
    """
    assert run_program(program) == "ended\n"
