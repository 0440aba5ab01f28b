"""Calls that may block, and how long they are waited for."""

from __future__ import annotations

import threading
import time

import pytest

from daemon.errands import Errand, run_within, stop_device


def test_an_errand_never_fails_but_keeps_what_went_wrong() -> None:
    """A failed status would end the plan."""
    errand = Errand("asking", lambda: (_ for _ in ()).throw(ValueError("no")))
    status = errand.trigger()
    status.wait(5.0)
    assert status.success
    assert errand.done
    assert str(errand.error) == "no"


def test_what_hangs_is_named_and_keeps_nobody_waiting(caplog: pytest.LogCaptureFixture) -> None:
    """The others are done all the same, failures are logged."""
    released, done = threading.Event(), []
    calls = [
        ("hanging", released.wait),
        ("working", lambda: done.append(1)),
        ("failing", lambda: (_ for _ in ()).throw(ValueError("broken"))),
    ]
    began = time.monotonic()
    assert run_within(0.2, calls) == ["hanging"]
    assert time.monotonic() - began < 2.0
    released.set()
    assert done == [1]
    assert "hanging: not done after 0.2 s" in caplog.text
    assert "failing failed" in caplog.text


def test_anything_can_be_asked_to_stop() -> None:
    """With ophyd's flag, without it, or not at all."""

    class Plain:
        stopped = 0

        def stop(self) -> None:
            self.stopped += 1

    class Flagged:
        success: bool | None = None

        def stop(self, *, success: bool = False) -> None:
            self.success = success

    plain, flagged = Plain(), Flagged()
    for device in (plain, flagged, object()):
        stop_device(device)
    assert (plain.stopped, flagged.success) == (1, True)
