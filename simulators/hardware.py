"""The small parts that virtual instruments share: a shutter, and values to be read."""

from __future__ import annotations

from collections.abc import Callable

from devices.protocols import Done
from simulators.clock import SimulatedClock
from simulators.outages import Outage


class SimulatedShutter:
    """A shutter that takes a while: a ``SwitchBackend``.

    Args:
        clock: The instrument's clock.
        is_open: Its state at the start.
        travel_time: Time it takes, s.

    Attributes:
        outage: What makes it fall closed until it is well again.
    """

    def __init__(self, clock: SimulatedClock, is_open: bool = True, travel_time: float = 0.1) -> None:
        self._clock, self._open, self._travel_time = clock, is_open, travel_time
        self.outage = Outage()
        self._watchers: list[Callable[[bool], None]] = []
        self.outage.watch(self._tell)

    def connect(self, timeout: float) -> None:
        """Do nothing: a virtual shutter is always there."""

    def time(self) -> float:
        """Return simulated time, s since 1970."""
        return self._clock.time()

    def is_open(self) -> bool:
        """Tell whether the beam passes; while it has fallen it does not, wherever it was sent."""
        return self._open and not self.outage.active

    def watch(self, changed: Callable[[bool], None]) -> None:
        """Call ``changed(is_open)`` whenever the shutter has moved, by itself or because it was told to."""
        self._watchers.append(changed)

    def open(self, done: Done) -> None:
        """Open; light passes when it has opened."""
        self._switch(True, done)

    def close(self, done: Done) -> None:
        """Close; no light passes when it has closed."""
        self._switch(False, done)

    def _switch(self, is_open: bool, done: Done) -> None:
        """Change the state after the travel time."""

        def arrive() -> None:
            changed, self._open = self._open != is_open, is_open
            if changed:
                self._tell()
            done(None)

        self._clock.call_after(self._travel_time if is_open != self._open else 0.0, arrive)

    def _tell(self) -> None:
        """Tell the watchers what the shutter is now."""
        for changed in self._watchers:
            changed(self.is_open())


class SimulatedValue:
    """A function of time that can be read: a ``ValueBackend``.

    Args:
        clock: The instrument's clock.
        function: Value at a time, s since 1970.
        units: Unit of the value.
        outage: What may go wrong with it; the function knows of that already.

    Attributes:
        outage: As given.
        units: As given.
    """

    def __init__(
        self, clock: SimulatedClock, function: Callable[[float], float], units: str, outage: Outage | None = None
    ) -> None:
        self._clock, self._function, self.units = clock, function, units
        self.outage = outage or Outage()

    def connect(self, timeout: float) -> None:
        """Do nothing: a virtual value is always there."""

    def time(self) -> float:
        """Return simulated time, s since 1970."""
        return self._clock.time()

    def read(self) -> float:
        """Return the value now."""
        return self._function(self._clock.time())

    def watch(self, changed: Callable[[float], None]) -> None:
        """Call ``changed(value)`` when something goes wrong and when it is well again; slow drifts are not told."""
        self.outage.watch(lambda: changed(self.read()))
