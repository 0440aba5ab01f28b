"""A safe state, whatever the plan left behind."""

from __future__ import annotations

import threading
import time

import pytest

from daemon.engine.safety import connect, make_safe
from daemon.errors import InstrumentError
from simulators.diffractometer import instrument


def test_everything_is_brought_to_rest() -> None:
    """Motors stand, the exposure has ended, the shutter is closed, the camera sees light again."""
    devices = instrument(clock="real", speed=1.0, exposure_time=60.0)
    stage, detector, shutter = devices["stage"], devices["detector"], devices["shutter"]
    detector.dark = True
    move, exposure = stage.x.set(100.0), detector.trigger()
    make_safe(devices.values())
    deadline = time.monotonic() + 20.0
    while not (move.done and exposure.done):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    position = stage.x.position
    assert position < 10.0
    assert shutter.state.get() == "closed"
    assert not detector.dark


def test_one_device_that_fails_does_not_keep_the_others_from_it() -> None:
    """Its failure is logged."""
    devices = instrument()
    devices["stage"].x.backend.stop = None
    make_safe([devices["stage"], devices["shutter"]])
    assert devices["shutter"].state.get() == "closed"


def test_a_device_that_hangs_does_not_keep_the_others_from_it() -> None:
    """They are brought to rest at the same time, and it is not waited for for ever."""
    devices = instrument()
    released = threading.Event()
    devices["stage"].x.backend.stop = lambda: released.wait(30.0)
    began = time.monotonic()
    make_safe([devices["stage"], devices["shutter"]], deadline=0.5)
    assert time.monotonic() - began < 3.0
    assert devices["shutter"].state.get() == "closed"
    released.set()


def test_all_devices_that_do_not_answer_are_named() -> None:
    """Each with its reason."""

    class Deaf:
        def connect(self, timeout: float) -> None:
            raise TimeoutError(f"no answer\nafter {timeout:g} s")

    with pytest.raises(InstrumentError, match=r"eye: no answer after 1 s; ear: no answer after 1 s"):
        connect({"eye": Deaf(), "ear": Deaf(), "nose": object()}, timeout=1.0)
