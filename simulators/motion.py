"""Virtual motors: finite speed, settling, backlash, and stops on the way."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from devices.errors import MoveInterruptedError
from devices.protocols import Done
from simulators.clock import SimulatedClock, Timer

TICK = 1e-6
"""Times since 1970 are exact to a quarter of this, s: an axis that is due in less has arrived."""


@dataclass(slots=True)
class MotionController:
    """What drives several axes at once.

    A clock that runs as fast as possible ends a move before the call that starts it returns, so the second axis of a
    move could begin only when the first has arrived. The controller lets it begin with the first: different axes that
    are moved one after another, with nothing that takes time in between, count as moved together.

    Attributes:
        clock: The instrument's clock.
    """

    clock: SimulatedClock
    _start: float = 0.0
    _end: float = -1.0
    _moved: set[str] = field(default_factory=set)

    def start_time(self, axis: str) -> float:
        """Return when a move commanded now begins, s."""
        now = self.clock.time()
        if self.clock.rate is None and now == self._end and axis not in self._moved:
            self._moved.add(axis)
            return self._start
        self._start, self._moved = now, {axis}
        return now

    def ended(self) -> None:
        """Note that a move has ended now."""
        self._end = self.clock.time()


@dataclass(frozen=True, slots=True)
class _Journey:
    """A motion at constant speed; it stays at its end."""

    origin: float
    target: float
    departure: float
    speed: float

    @property
    def duration(self) -> float:
        """Time from departure to arrival, s."""
        return abs(self.target - self.origin) / self.speed

    def position(self, time: float) -> float:
        """Return the position at a time; before the departure it is the origin."""
        elapsed = time - self.departure
        if elapsed >= self.duration - TICK:
            return self.target
        if elapsed <= 0.0:
            return self.origin
        return self.origin + (self.target - self.origin) * elapsed / self.duration


class SimulatedAxis:
    """A motor with an encoder, on a lead screw with play: an ``AxisBackend``.

    Args:
        controller: What drives it.
        name: Name for messages.
        limits: Lowest and highest position.
        speed: Speed, units/s.
        units: Unit of positions.
        settling_time: Time from arrival until the axis is quiet, s.
        backlash: Play between the motor and the sample, units.
        position: Where it is at the start.
    """

    def __init__(
        self,
        controller: MotionController,
        name: str,
        *,
        limits: tuple[float, float],
        speed: float,
        units: str = "µm",
        settling_time: float = 0.0,
        backlash: float = 0.0,
        position: float = 0.0,
    ) -> None:
        self.name, self.units, self.limits = name, units, limits
        self.speed, self.settling_time, self.backlash = speed, settling_time, backlash
        self._controller, self._clock = controller, controller.clock
        self._lock = threading.Lock()
        self._journey = _Journey(position, position, self._clock.time(), speed)
        self._sample = position
        self._timer: Timer | None = None
        self._done: Done | None = None

    def connect(self, timeout: float) -> None:
        """Do nothing: a virtual motor is always there."""

    def time(self) -> float:
        """Return simulated time, s since 1970."""
        return self._clock.time()

    def position(self) -> float:
        """Return what the encoder reads now."""
        return self._journey.position(self._clock.time())

    def sample_position(self, time: float | None = None) -> float:
        """Return where the sample is: it follows the motor with play, and no encoder sees that.

        Args:
            time: When, during the present motion, s since 1970; None is now. Ask in the order of time.
        """
        motor = self._journey.position(self._clock.time() if time is None else time)
        play = 0.5 * self.backlash
        self._sample = min(max(self._sample, motor - play), motor + play)
        return self._sample

    def move(self, target: float, done: Done) -> None:
        """Start a move; one under way is replaced from where it is."""
        self.stop()
        with self._lock:
            departure = self._controller.start_time(self.name)
            self._journey = journey = _Journey(self.position(), target, departure, self.speed)
            self._done = done
        arrival = departure + journey.duration + self.settling_time
        # Without a thread the timer fires inside this call, so the axis must be ready for it.
        timer = self._clock.call_after(arrival - self._clock.time(), lambda: self._arrive(done))
        with self._lock:
            if self._done is done:
                self._timer = timer

    def stop(self) -> None:
        """Stop where the motor is; a move under way fails."""
        with self._lock:
            done, self._done = self._done, None
            timer, self._timer = self._timer, None
            if done is None:
                return
            self.sample_position()
            position, target = self.position(), self._journey.target
            self._journey = _Journey(position, position, self._clock.time(), self.speed)
        if timer is not None:
            timer.cancel()
        done(MoveInterruptedError(self.name, position, target, self.units))

    def _arrive(self, done: Done) -> None:
        """End the move that ``done`` belongs to, unless it was stopped."""
        with self._lock:
            if self._done is not done:
                return
            self._done = self._timer = None
            self.sample_position()
            self._controller.ended()
        done(None)
