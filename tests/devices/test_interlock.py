"""An interlock says whether measuring is permitted, and tells of its changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devices.interlock import Interlock


class FakeFlag:
    """A number that the test sets."""

    units = ""

    def __init__(self) -> None:
        self.value = 1.0
        self.watchers: list[Callable[[float], None]] = []

    def connect(self, timeout: float) -> None:
        """Do nothing."""

    def time(self) -> float:
        """Return a time."""
        return 7.0

    def read(self) -> float:
        """Return what the test has set."""
        return self.value

    def watch(self, changed: Callable[[float], None]) -> None:
        """Remember who watches."""
        self.watchers.append(changed)


def test_it_reads_true_or_false() -> None:
    """Whatever number the back-end has."""
    flag = FakeFlag()
    interlock = Interlock(flag, name="hutch")
    assert interlock.read() == {"hutch": {"value": True, "timestamp": 7.0}}
    assert interlock.describe()["hutch"]["dtype"] == "boolean"
    flag.value = 0.0
    assert interlock.permit.get() is False


def test_whoever_subscribes_hears_of_every_change() -> None:
    """Several subscribers share one watch on the back-end."""
    flag = FakeFlag()
    interlock = Interlock(flag, name="hutch")
    assert interlock.permit.pushes
    heard: list[Any] = []
    interlock.permit.subscribe(lambda *, value, timestamp, **_: heard.append((value, timestamp)), run=False)
    interlock.permit.subscribe(lambda **_: None, run=False)
    assert len(flag.watchers) == 1
    for value in (0.0, 1.0):
        flag.watchers[0](value)
    assert heard == [(False, 7.0), (True, 7.0)]


def test_a_back_end_that_does_not_tell_is_no_mistake() -> None:
    """The signal says so."""
    flag = FakeFlag()
    silent: Any = type("Silent", (), {name: getattr(flag, name) for name in ("connect", "time", "read", "units")})()
    interlock = Interlock(silent, name="hutch")
    assert not interlock.permit.pushes
    interlock.permit.subscribe(lambda **_: None, run=False)
