"""Simulated time."""

from __future__ import annotations

import logging
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.protocols import Clock
from simulators.clock import SimulatedClock
from simulators.errors import ClockClosedError, SimulatorError

PATIENCE = 10.0
"""How long a test waits for a thread, s: far longer than it takes."""


def test_meets_the_protocol() -> None:
    """Back-ends may rely on it."""
    assert isinstance(SimulatedClock(), Clock)


def test_fastest_jumps_and_calls_back_before_it_returns() -> None:
    """Time moves by exactly what was asked for, and by nothing else."""
    clock, seen = SimulatedClock(start=100.0), []
    assert clock.time() == 100.0
    clock.call_after(2.5, lambda: seen.append(clock.time()))
    assert (seen, clock.time()) == ([102.5], 102.5)
    clock.call_after(0.0, lambda: seen.append(clock.time()))
    clock.call_after(-1.0, lambda: seen.append(clock.time()))
    assert seen == [102.5, 102.5, 102.5]
    assert threading.active_count() == len(threading.enumerate())
    assert not any(thread.name == "simulated-clock" for thread in threading.enumerate())


@settings(deadline=None)
@given(delays=st.lists(st.floats(0, 1e6), min_size=1, max_size=20))
def test_fastest_keeps_the_order_of_times_among_what_is_scheduled_together(delays: list[float]) -> None:
    """What a callback schedules runs after it, earliest first, each at its own time."""
    clock, seen = SimulatedClock(start=0.0), []

    def schedule() -> None:
        for number, delay in enumerate(delays):
            clock.call_after(delay, lambda number=number: seen.append((clock.time(), number)))
        assert seen == []

    clock.call_after(0.0, schedule)
    assert seen == sorted((delay, number) for number, delay in enumerate(delays))


def test_fastest_skips_what_was_cancelled_and_its_time() -> None:
    """A cancelled callback neither runs nor moves time."""
    clock, seen = SimulatedClock(start=0.0), []

    def schedule() -> None:
        clock.call_after(50.0, lambda: seen.append("cancelled")).cancel()
        clock.call_after(1.0, lambda: seen.append("kept"))

    clock.call_after(0.0, schedule)
    assert (seen, clock.time()) == (["kept"], 1.0)


@pytest.mark.parametrize("rate", [None, 100.0])
def test_a_failing_callback_is_logged_and_the_clock_goes_on(
    rate: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    """The next callback comes all the same."""
    clock, done = SimulatedClock(rate), threading.Event()
    with caplog.at_level(logging.ERROR, logger="simulators.clock"):
        clock.call_after(0.0, lambda: 1 / 0)
        clock.call_after(0.1, done.set)
        assert done.wait(PATIENCE)
    assert "ZeroDivisionError" in caplog.text
    clock.close()


def test_a_rate_never_calls_back_early_and_keeps_the_order() -> None:
    """Callbacks of several threads come in the order of their times, none before its time."""
    clock, seen, done = SimulatedClock(rate=50.0), [], threading.Event()
    begin = clock.time()
    for delay in (1.5, 0.5, 1.0):
        clock.call_after(delay, lambda delay=delay: seen.append((delay, clock.time() - begin)))
    clock.call_after(2.0, done.set)
    assert done.wait(PATIENCE)
    assert [delay for delay, _ in seen] == [0.5, 1.0, 1.5]
    assert all(elapsed >= delay for delay, elapsed in seen)
    clock.close()


def test_a_rate_follows_the_wall_clock() -> None:
    """Simulated time runs as many times faster as was asked for."""
    clock = SimulatedClock(rate=10.0)
    wall, simulated = time.monotonic(), clock.time()
    time.sleep(0.05)
    elapsed, passed = time.monotonic() - wall, clock.time() - simulated
    # The two clocks are read one after the other, on a machine that may be busy: hence the margins.
    assert 0.4 <= passed <= 10.0 * elapsed + 5.0


def test_an_earlier_callback_overtakes_a_later_one() -> None:
    """The thread, asleep until the later, wakes for the earlier."""
    clock, early, late = SimulatedClock(rate=1.0), threading.Event(), threading.Event()
    later = clock.call_after(1000.0, late.set)
    clock.call_after(0.01, early.set)
    assert early.wait(PATIENCE)
    assert not late.is_set()
    later.cancel()
    clock.close()


def test_the_thread_ends_when_nothing_is_left_to_do() -> None:
    """A clock that nobody closes leaves no thread, not even where a callback far away was cancelled."""
    clock = SimulatedClock(rate=1.0)
    clock.call_after(1000.0, lambda: None).cancel()
    thread = next(thread for thread in threading.enumerate() if thread.name == "simulated-clock")
    thread.join(PATIENCE)
    assert not thread.is_alive()
    done = threading.Event()
    clock.call_after(0.0, done.set)
    assert done.wait(PATIENCE)


@pytest.mark.parametrize("rate", [None, 1.0])
def test_a_closed_clock_forgets_and_refuses(rate: float | None) -> None:
    """Nothing is called back after closing, and the thread is gone when ``close`` returns."""
    clock, seen = SimulatedClock(rate), []
    if rate is not None:
        clock.call_after(1000.0, lambda: seen.append(1))
    clock.close()
    clock.close()
    assert not any(thread.name == "simulated-clock" for thread in threading.enumerate())
    with pytest.raises(ClockClosedError, match="closed"):
        clock.call_after(0.0, lambda: seen.append(2))
    assert seen == []


def test_closing_from_a_callback_does_not_deadlock() -> None:
    """The timer thread may close its own clock."""
    clock, done = SimulatedClock(rate=1.0), threading.Event()

    def close() -> None:
        clock.close()
        done.set()

    clock.call_after(0.0, close)
    assert done.wait(PATIENCE)


def test_many_threads_lose_no_callback() -> None:
    """As fast as possible, from several threads: every callback runs once and time adds up."""
    clock, lock, count = SimulatedClock(start=0.0), threading.Lock(), [0]

    def tick() -> None:
        with lock:
            count[0] += 1

    def work() -> None:
        for _ in range(200):
            clock.call_after(0.001, tick)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count == [800]


@pytest.mark.parametrize(("name", "rate"), [("fastest", None), ("real", 1.0), ("x10", 10.0), ("x2.5", 2.5)])
def test_names(name: str, rate: float | None) -> None:
    """The settings' names of clocks."""
    assert SimulatedClock.from_name(name).rate == rate


@pytest.mark.parametrize("name", ["slow", "x", "x-1", "10", "X10"])
def test_an_unknown_name_is_refused_with_the_choices(name: str) -> None:
    """The message lists what there is."""
    with pytest.raises(SimulatorError, match="choose 'fastest', 'real', or 'x10'"):
        SimulatedClock.from_name(name)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_a_rate_must_be_positive(rate: float) -> None:
    """A clock that stands still or runs backwards makes no sense."""
    with pytest.raises(SimulatorError, match="rate"):
        SimulatedClock(rate)
