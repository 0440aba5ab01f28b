"""The film in the beam: what reaches the camera during an exposure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulators.diffractometer.beam import Beam, footprint
from simulators.diffractometer.film import Film, LocalFilm
from simulators.diffractometer.pattern import SHAPE, pattern
from simulators.hardware import SimulatedShutter
from simulators.motion import SimulatedAxis

Position = tuple[float, float]
"""Position of the film under the beam, µm."""

SMEAR_STEPS = 5
"""Positions that an exposure during a motion is averaged over."""


class Scene:
    """A film on a stage, in a beam behind a shutter.

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

    def locate(self, time: float) -> Position:
        """Return the position of the film under the beam at a time of the present motion, µm."""
        return self._x.sample_position(time), self._y.sample_position(time)

    def is_lit(self) -> bool:
        """Tell whether the beam reaches the film now."""
        return self._shutter.is_open()

    def photons(self, origin: Position, start: float, end: float) -> NDArray[np.float64]:
        """Return the photons expected in each pixel during an exposure.

        Args:
            origin: Position at its start, µm.
            start: Its start, s since 1970.
            end: Its end, s since 1970.

        Returns:
            Expected photons, shape ``SHAPE``. A motion during the exposure smears the pattern.
        """
        # In the order of time, because the film follows the motor with play.
        path = [origin, *(self.locate(time) for time in np.linspace(start, end, SMEAR_STEPS)[1:].tolist())]
        if len(set(path)) == 1:
            path = [origin]
        seen = np.zeros(SHAPE)
        for x, y in path:
            seen += self.pattern_at(x, y)
        return seen * (self._beam.intensity(0.5 * (start + end)) * (end - start) / len(path))

    def pattern_at(self, x: float, y: float) -> NDArray[np.float64]:
        """Return the pattern at a position, photons per incident photon, averaged over the beam's footprint."""
        dx, dy, weights = self._footprint
        film = self._film.at(x + dx, y + dy)
        return pattern(
            LocalFilm(
                *(weights @ value for value in (film.composition, film.strained, film.relaxed, film.tilted, film.tilt))
            )
        )
