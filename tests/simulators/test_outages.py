"""What goes wrong for a while is told at once, and is over in time."""

from __future__ import annotations

import threading
import time

from simulators.outages import Outage, schedule


def test_a_trip_is_told_when_it_begins_and_when_it_is_over() -> None:
    """In the thread that trips."""
    outage, heard = Outage(), []
    outage.watch(lambda: heard.append(outage.active))
    began = time.monotonic()
    outage.trip(0.02)
    assert time.monotonic() - began >= 0.02
    assert heard == [True, False]
    assert not outage.active


def test_overlapping_ones_are_one() -> None:
    """The last end counts; one too many does no harm."""
    outage, heard = Outage(), []
    outage.watch(lambda: heard.append(outage.active))
    outage.begin()
    outage.begin()
    outage.end()
    assert outage.active
    outage.end()
    outage.end()
    assert heard == [True, False]


def test_trips_can_be_scheduled() -> None:
    """In the order of time, whatever the order they are given in."""
    outage, heard, done = Outage(), [], threading.Event()

    def changed() -> None:
        heard.append(outage.active)
        if len(heard) == 4:
            done.set()

    outage.watch(changed)
    schedule(outage, [(0.05, 0.01), (0.01, 0.01)])
    assert done.wait(5)
    assert heard == [True, False, True, False]
    schedule(outage, [])
