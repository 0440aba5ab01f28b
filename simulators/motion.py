"""Virtual motors: finite speed, settling, backlash, and stops on the way."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from devices.errors import MoveInterruptedError
from devices.protocols import Done
from simulators.clock import SimulatedClock, Timer


@dataclass(slots=True)
class MotionController:
    """What drives several axes at once.

    A clock that runs as fast as possible ends a move before the call that starts it returns, so the second axis of a
    move could begin only when the first has arrived. The controller lets it begin with the first: one after another,
    axes that are moved with nothing in between count as moved together.

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


class SimulatedAxis:
    """A motor with an encoder, on a lead screw with play: an ``AxisBackend``.

    Args:
        controller: What drives it.
        name: Name for messages.
        units: Unit of positions.
        limits: Lowest and highest position.
        speed: Speed, units/s.
        settling_time: Time from arrival until the axis is quiet, s.
        backlash: Play between the motor and the sample, units.
        position: Where it is at the start.
    """

    def __init__(
        self,
        controller: MotionController,
        name: str,
        *,
        units: str = "µm",
        limits: tuple[float, float],
        speed: float,
        settling_time: float = 0.0,
        backlash: float = 0.0,
        position: float = 0.0,
    ) -> None:
        self.name, self.units, self.limits = name, units, limits
        self.speed, self.settling_time, self.backlash = speed, settling_time, backlash
        self._controller, self._clock = controller, controller.clock
        self._lock = threading.RLock()
        self._from = self._to = position
        self._departure = self._clock.time()
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
        distance = self._to - self._from
        travelled = self.speed * (self._clock.time() - self._departure)
        if travelled >= abs(distance):
            return self._to
        return self._from + max(0.0, travelled) * (1.0 if distance > 0 else -1.0)

    def sample_position(self) -> float:
        """Return where the sample is: it follows the motor with play, and no encoder sees that."""
        with self._lock:
            motor, play = self.position(), 0.5 * self.backlash
            self._sample = min(max(self._sample, motor - play), motor + play)
            return self._sample

    def move(self, target: float, done: Done) -> None:
        """Start a move; one under way is replaced from where it is."""
        with self._lock:
            self._interrupt()
            start = self._controller.start_time(self.name)
            self._from, self._to, self._departure = self.position(), target, start
            arrival = start + abs(target - self._from) / self.speed + self.settling_time
            self._done = done
            # Without a thread the timer fires inside this call, so the axis must be ready for it.
            timer = self._clock.call_after(arrival - self._clock.time(), self._arrive)
            self._timer = timer if self._done is done else None

    def stop(self) -> None:
        """Stop where the motor is; a move under way fails."""
        with self._lock:
            self._interrupt()

    def _arrive(self) -> None:
        """End the move."""
        with self._lock:
            done, self._done, self._timer = self._done, None, None
            self.sample_position()
            self._controller.ended()
        if done is not None:
            done(None)

    def _interrupt(self) -> None:
        """Freeze the motor where it is and fail the move under way."""
        if self._timer is not None:
            self._timer.cancel()
        done, self._done, self._timer = self._done, None, None
        if done is not None:
            self.sample_position()
            position, target = self.position(), self._to
            self._from = self._to = position
            done(MoveInterruptedError(self.name, position, target, self.units))
