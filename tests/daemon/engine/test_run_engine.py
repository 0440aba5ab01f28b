"""The RunEngine's own end of a plan, when a device does not stop."""

from __future__ import annotations

import threading
import time

from bluesky import Msg

from daemon.engine.run_engine import STOP_DEADLINE, close_run_engine, make_run_engine
from devices.status import Status


class Motor:
    """Arrives at once; to stop it may take for ever."""

    parent = None

    def __init__(self, name: str, released: threading.Event | None = None) -> None:
        self.name = name
        self.released = released
        self.stops = 0

    def set(self, value: float) -> Status:
        """Arrive."""
        return Status.finished(f"{self.name} to {value:g}")

    def stop(self, *, success: bool = False) -> None:
        """Stop, in the end."""
        self.stops += 1
        if self.released is not None:
            self.released.wait(30.0)


def test_a_device_that_never_stops_does_not_keep_the_plan_from_its_end() -> None:
    """The loop goes on meanwhile, and every other device is stopped."""
    released = threading.Event()
    stuck, fine = Motor("stuck", released), Motor("fine")
    engine = make_run_engine(lambda _: 1)
    try:
        began = time.monotonic()
        engine([Msg("set", motor, 1.0, group="move") for motor in (stuck, fine)])
        assert time.monotonic() - began < STOP_DEADLINE + 2.0
        assert (stuck.stops, fine.stops) == (1, 1)
        assert engine.state == "idle"
    finally:
        released.set()
        close_run_engine(engine)
