"""The rest of the virtual instrument: shutter, monitor values, and what the camera sees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from devices.protocols import Done
from simulators.clock import SimulatedClock
from simulators.diffractometer.beam import Beam, footprint
from simulators.diffractometer.film import Film, LocalFilm
from simulators.diffractometer.pattern import SHAPE, pattern
from simulators.motion import SimulatedAxis


class SimulatedShutter:
    """A shutter that takes a while: a ``SwitchBackend``.

    Args:
        clock: The instrument's clock.
        is_open: Its state at the start.
        travel_time: Time it takes, s.
    """

    def __init__(self, clock: SimulatedClock, is_open: bool = True, travel_time: float = 0.1) -> None:
        self._clock, self._open, self._travel_time = clock, is_open, travel_time

    def connect(self, timeout: float) -> None:
        """Do nothing: a virtual shutter is always there."""

    def time(self) -> float:
        """Return simulated time, s since 1970."""
        return self._clock.time()

    def is_open(self) -> bool:
        """Tell whether the beam passes."""
        return self._open

    def open(self, done: Done) -> None:
        """Open; light passes when it has opened."""
        self._switch(True, done)

    def close(self, done: Done) -> None:
        """Close; no light passes when it has closed."""
        self._switch(False, done)

    def _switch(self, is_open: bool, done: Done) -> None:
        """Change the state after the travel time."""

        def arrive() -> None:
            self._open = is_open
            done(None)

        self._clock.call_after(self._travel_time if is_open != self._open else 0.0, arrive)


class SimulatedValue:
    """A function of time that can be read: a ``ValueBackend``.

    Args:
        clock: The instrument's clock.
        function: Value at a time, s since 1970.
        units: Unit of the value.
    """

    def __init__(self, clock: SimulatedClock, function: Callable[[float], float], units: str) -> None:
        self._clock, self._function, self.units = clock, function, units

    def connect(self, timeout: float) -> None:
        """Do nothing: a virtual value is always there."""

    def time(self) -> float:
        """Return simulated time, s since 1970."""
        return self._clock.time()

    def read(self) -> float:
        """Return the value now."""
        return self._function(self._clock.time())


class Scene:
    """The film in the beam: what reaches the camera.

    Args:
        film: The sample.
        beam: The beam.
        shutter: In the beam's way.
        x: Axis along the film's x.
        y: Axis along the film's y.
        beam_size: Full width of the beam at half maximum, µm.
    """

    def __init__(
        self, film: Film, beam: Beam, shutter: SimulatedShutter, x: SimulatedAxis, y: SimulatedAxis, beam_size: float
    ) -> None:
        self._film, self._beam, self._shutter, self._x, self._y = film, beam, shutter, x, y
        self._footprint = footprint(beam_size)

    def locate(self) -> tuple[float, float]:
        """Return the position of the film under the beam, µm."""
        return self._x.sample_position(), self._y.sample_position()

    def illuminate(self, start: float, end: float) -> NDArray[np.float64]:
        """Return the photons expected in each pixel during an exposure, shape ``SHAPE``."""
        if not self._shutter.is_open():
            return np.zeros(SHAPE)
        photons = self._beam.intensity(0.5 * (start + end)) * (end - start)
        return photons * pattern(self._under_beam(*self.locate()))

    def _under_beam(self, x: float, y: float) -> LocalFilm:
        """Average the film over the beam's footprint."""
        dx, dy, weights = self._footprint
        film = self._film.at(x + dx, y + dy)
        return LocalFilm(
            *(weights @ value for value in (film.composition, film.strained, film.relaxed, film.tilted, film.tilt))
        )
