"""The watchdog sees what keeps a loop from its work."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from daemon.engine import LoopStatistics, LoopWatchdog


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs in a thread."""
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join()
    made.close()


def _burn(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@pytest.mark.parametrize("block", [time.sleep, _burn], ids=["waiting", "computing"])
def test_a_blocked_loop_is_seen(loop: asyncio.AbstractEventLoop, block: Callable[[float], None]) -> None:
    """Whether the loop's thread waits or computes."""
    watchdog = LoopWatchdog(loop)
    watchdog.start()
    time.sleep(0.05)
    loop.call_soon_threadsafe(block, 0.15)
    time.sleep(0.25)
    figures = watchdog.stop()
    assert figures.worst > 100.0
    assert figures.own_worst <= figures.worst
    if block is time.sleep:
        assert figures.own_worst > 100.0
    assert figures.stalls >= 1


def test_an_idle_loop_is_asked_often(loop: asyncio.AbstractEventLoop) -> None:
    """Figures of one measurement do not count in the next."""
    watchdog = LoopWatchdog(loop)
    watchdog.start()
    loop.call_soon_threadsafe(time.sleep, 0.1)
    time.sleep(0.2)
    assert watchdog.stop().calls > 3
    watchdog.start()
    time.sleep(0.1)
    figures = watchdog.stop()
    assert figures.calls > 3
    assert figures.median < 50.0


def test_without_a_measurement_there_are_no_figures(loop: asyncio.AbstractEventLoop) -> None:
    """All zero."""
    assert LoopWatchdog(loop).statistics() == LoopStatistics()
