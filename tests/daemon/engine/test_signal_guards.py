"""Signals of the settings: found or refused by name, watched in their own thread."""

from __future__ import annotations

from typing import Any

import pytest
from ophyd import Signal

from daemon.engine.signal_guards import SignalGuard, find_signal, make_guards
from daemon.errors import InstrumentError
from daemon.guard_settings import SuspenderSettings
from simulators.diffractometer import instrument


class FakeSuspenders:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def trip(self, source: str, reason: str, *, settle: float, close_shutter: bool) -> None:
        """Remember a trip."""
        self.told.append(("trip", source, reason))

    def recover(self, source: str) -> None:
        """Remember a recovery."""
        self.told.append(("recover", source))


def watch(devices: dict[str, Any], **fields: Any) -> list[tuple[str, ...]]:
    """Watches a signal of a twin; returns what is told from now on."""
    suspenders: Any = FakeSuspenders()
    (guard,) = make_guards([SuspenderSettings(**fields)], devices, suspenders)
    guard.start()
    assert suspenders.told == [("recover", "suspenders[0]")]
    suspenders.told.clear()
    return suspenders.told


@pytest.fixture
def twin() -> dict[str, Any]:
    """The devices of a diffractometer with an interlock."""
    return instrument(interlock=True)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"device": "ring", "signal": "current", "below": 1}, r"suspenders\[0\].device: there is no device 'ring'"),
        ({"device": "monitor", "signal": "curent", "below": 1}, "no signal 'curent'; .* are: current, intensity"),
        ({"device": "monitor", "below": 1}, "which signal is meant.* are: current, intensity"),
        ({"device": "stage", "signal": "x.readback", "below": 1}, "stage_x does not tell of its changes"),
    ],
)
def test_a_signal_that_cannot_be_watched_is_refused(twin: dict[str, Any], fields: dict[str, Any], told: str) -> None:
    """The message names the setting and what there is instead."""
    with pytest.raises(InstrumentError, match=told):
        make_guards([SuspenderSettings(**fields)], twin, FakeSuspenders())  # pyright: ignore[reportArgumentType]


def test_the_only_signal_of_a_device_needs_no_name(twin: dict[str, Any]) -> None:
    """Nor does a device that is a signal itself."""
    assert find_signal(SuspenderSettings(device="shutter", when="closed"), twin, "") is twin["shutter"].state
    plain = Signal(name="permit", value=1)
    assert find_signal(SuspenderSettings(device="permit", when=0), {"permit": plain}, "") is plain


def test_the_beam_is_lost(twin: dict[str, Any]) -> None:
    """Without a reason of the settings' own the signal and its value are the reason."""
    told = watch(twin, device="monitor", signal="current", below=50)
    twin["monitor"].backends["current"].outage.trip(0.001)
    assert told == [("trip", "suspenders[0]", "monitor_current = 0.0 is below 50"), ("recover", "suspenders[0]")]


def test_an_interlock_opens(twin: dict[str, Any]) -> None:
    """Its reason is the one of the settings."""
    told = watch(twin, device="interlock", when=False, reason="hutch open")
    twin["interlock"].backend.outage.trip(0.001)
    assert told == [("trip", "suspenders[0]", "hutch open"), ("recover", "suspenders[0]")]


def test_a_shutter_that_we_close_ourselves_is_no_reason_to_wait(twin: dict[str, Any]) -> None:
    """Only one that closes although it was sent open is."""
    shutter = twin["shutter"]
    told = watch(twin, device="shutter", when="closed")
    shutter.set("closed").wait(1)
    shutter.set("open").wait(1)
    assert not [one for one in told if one[0] == "trip"]
    shutter.backend.outage.trip(0.001)
    assert [one[0] for one in told][-2:] == ["trip", "recover"]


def test_a_signal_that_cannot_be_heard_trips() -> None:
    """Until it is connected again; nothing is told once the guard has stopped."""
    suspenders: Any = FakeSuspenders()
    signal = Signal(name="ring", value=100.0)
    guard = SignalGuard("suspenders[0]", SuspenderSettings(device="ring", below=50), signal, suspenders)
    guard.start()
    signal._run_subs(sub_type="meta", connected=False, timestamp=1.0)
    signal._run_subs(sub_type="meta", connected=True, timestamp=2.0)
    assert suspenders.told[1:] == [("trip", "suspenders[0]", "ring does not answer"), ("recover", "suspenders[0]")]
    guard.stop()
    suspenders.told.clear()
    signal.put(0.0)
    assert suspenders.told == []
