"""Watches the signals that the settings name and tells the suspenders when one leaves its range."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from ophyd import Device, Signal

from daemon.engine.suspenders import Suspenders
from daemon.errors import InstrumentError
from daemon.guard_settings import SuspenderSettings
from devices.shutter import Shutter

log = logging.getLogger(__name__)


class SignalGuard:
    """One signal of the settings, watched from the thread that brings its changes.

    Args:
        name: the setting, as in `suspenders[0]`.
        settings: when it trips, and when it has recovered.
        signal: what is watched.
        suspenders: who is told.
    """

    def __init__(self, name: str, settings: SuspenderSettings, signal: Signal, suspenders: Suspenders) -> None:
        self._name, self._settings, self._signal, self._suspenders = name, settings, signal, suspenders
        # Threads may bring two changes at once; the later one must be the one that counts.
        self._lock = threading.RLock()
        self._last: object = None

    def start(self) -> None:
        """Begins to watch, with the value that the signal has now."""
        self._signal.subscribe(self._changed, event_type=Signal.SUB_VALUE, run=False)
        if "meta" in self._signal.subscriptions:
            self._signal.subscribe(self._connected, event_type="meta", run=False)
        self._changed(value=self._signal.get())

    def stop(self) -> None:
        """Ends watching; what has tripped has recovered."""
        for callback in (self._changed, self._connected):
            with suppress(KeyError, ValueError):
                self._signal.clear_sub(callback)
        self._suspenders.recover(self._name)

    def _changed(self, *, value: object, **_: object) -> None:
        with self._lock:
            self._last = value
            if self._settings.trips(value) and not self._intended(value):
                self._trip(self._settings.reason or self._describe(value))
            elif self._settings.recovers(value) or self._intended(value):
                self._suspenders.recover(self._name)

    def _connected(self, *, connected: bool = True, **_: object) -> None:
        """A signal that cannot be heard is not well."""
        with self._lock:
            if not connected:
                self._trip(f"{self._signal.name} does not answer")
            elif self._last is not None:
                self._changed(value=self._last)

    def _trip(self, reason: str) -> None:
        settings = self._settings
        self._suspenders.trip(self._name, reason, settle=settings.settle, close_shutter=settings.close_shutter)

    def _intended(self, value: object) -> bool:
        """Whether we made it so ourselves: scans close the shutter for dark frames, and at their end."""
        owner = self._signal.parent
        return isinstance(owner, Shutter) and owner.locate()["setpoint"] == value

    def _describe(self, value: object) -> str:
        settings, name = self._settings, self._signal.name
        if settings.below is not None:
            return f"{name} = {value} is below {settings.below:g}"
        if settings.above is not None:
            return f"{name} = {value} is above {settings.above:g}"
        return f"{name} is {value}"


def make_guards(
    settings: Sequence[SuspenderSettings], devices: Mapping[str, Any], suspenders: Suspenders
) -> list[SignalGuard]:
    """Finds the signals that the settings name; nothing is watched yet.

    Raises:
        InstrumentError: naming the setting, the device and the signal, and what there is instead.
    """
    return [
        SignalGuard(f"suspenders[{index}]", one, find_signal(one, devices, f"suspenders[{index}]"), suspenders)
        for index, one in enumerate(settings)
    ]


def check_guards(settings: Sequence[SuspenderSettings], devices: Mapping[str, Any]) -> None:
    """Checks that the signals which the settings name can be watched.

    Raises:
        InstrumentError: see `make_guards`.
    """
    for index, one in enumerate(settings):
        find_signal(one, devices, f"suspenders[{index}]")


def find_signal(settings: SuspenderSettings, devices: Mapping[str, Any], place: str) -> Signal:
    """The signal that a suspender watches.

    Args:
        settings: the suspender.
        devices: the instrument.
        place: the setting, for messages.

    Raises:
        InstrumentError: when there is no such device or signal, or it does not tell of its changes.
    """
    device = devices.get(settings.device)
    if device is None:
        known = ", ".join(sorted(devices))
        raise InstrumentError(f"{place}.device: there is no device {settings.device!r}; the instrument has: {known}")
    signals = _signals(device)
    if not settings.signal and len(signals) == 1:
        (signal,) = signals.values()
    elif settings.signal in signals:
        signal = signals[settings.signal]
    else:
        asked = f"{settings.device} has no signal {settings.signal!r}" if settings.signal else "which signal is meant?"
        known = ", ".join(sorted(signals)) or "none"
        raise InstrumentError(f"{place}.signal: {asked}; the signals of {settings.device} are: {known}")
    if not getattr(signal, "pushes", True):
        raise InstrumentError(
            f"{place}.signal: {signal.name} does not tell of its changes, so a short trip would be missed; "
            f"choose another signal, or give the device {settings.device} a back-end that does"
        )
    return signal


def _signals(device: object) -> dict[str, Signal]:
    """The signals of a device by their name within it; a device that is a signal itself has no name for it."""
    if isinstance(device, Signal):
        return {"": device}
    if not isinstance(device, Device):
        return {}
    return {walk.dotted_name: walk.item for walk in device.walk_signals(include_lazy=True)}
