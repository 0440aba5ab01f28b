"""What reaches the camera."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.clock import SimulatedClock
from simulators.diffractometer.beam import Beam
from simulators.diffractometer.film import LocalFilm, draw_film
from simulators.diffractometer.pattern import pattern
from simulators.diffractometer.scene import Scene
from simulators.hardware import SimulatedShutter
from simulators.motion import MotionController, SimulatedAxis

FILM = draw_film("source", 2)


class Stepped(SimulatedClock):
    """A clock whose time the test sets, and that forgets timers."""

    now = 0.0

    def time(self) -> float:
        """Return what the test has set."""
        return self.now

    def call_after(self, seconds: float, callback: object) -> object:
        """Forget it."""
        return None


def make_scene(clock: SimulatedClock, beam_size: float = 1.0, at: tuple[float, float] = (0.0, 0.0)) -> Scene:
    """Make a scene with axes of 10 µm/s that are somewhere."""
    controller = MotionController(clock)
    x, y = (
        SimulatedAxis(controller, name, limits=(0.0, 150.0), speed=10.0, position=position)
        for name, position in zip("xy", at, strict=True)
    )
    beam = Beam.draw(0, flux=1e9, start=0.0, fluctuation=0.0)
    return Scene(FILM, beam, SimulatedShutter(clock), x, y, beam_size)


def local(x: float, y: float) -> LocalFilm:
    """Evaluate the film at a point."""
    return FILM.at(x, y)


def test_a_small_beam_sees_the_film_at_its_point() -> None:
    """As the footprint shrinks the pattern becomes that of the point."""
    scene = make_scene(SimulatedClock(), beam_size=1e-6)
    np.testing.assert_allclose(scene.pattern_at(40.0, 70.0), pattern(local(40.0, 70.0)), rtol=1e-6)


def test_the_footprint_averages_the_film_around() -> None:
    """Against a fine quadrature over a wide beam: the tilted fraction of the average is the average of it."""
    sigma = 8.0 / 2.354820045
    offsets = np.linspace(-4 * sigma, 4 * sigma, 81)
    weight = np.exp(-0.5 * (offsets / sigma) ** 2)
    weights = np.outer(weight, weight) / weight.sum() ** 2
    exact = (weights * FILM.at(75.0 + offsets[None, :], 75.0 + offsets[:, None]).tilted).sum()
    from simulators.diffractometer.beam import footprint

    dx, dy, nodes = footprint(8.0)
    assert nodes @ FILM.at(75.0 + dx, 75.0 + dy).tilted == pytest.approx(exact, rel=0.05, abs=0.002)


def test_photons_are_flux_times_time_times_pattern() -> None:
    """At rest, with a steady beam."""
    clock = Stepped()
    scene = make_scene(clock, at=(40.0, 70.0))
    photons = scene.photons((40.0, 70.0), 0.0, 10.0)
    current = np.exp(-5.0 / 36000.0)
    np.testing.assert_allclose(photons, 1e10 * current * scene.pattern_at(40.0, 70.0), rtol=1e-12)


def test_an_exposure_during_a_motion_is_smeared() -> None:
    """It is the average of the patterns along the way, neither that of the beginning nor that of the end."""
    clock = Stepped()
    scene = make_scene(clock, at=(40.0, 70.0))
    origin = scene.locate(0.0)
    scene._x.move(140.0, lambda _: None)
    clock.now = 10.0
    photons = scene.photons(origin, 0.0, 10.0)
    way = [scene.pattern_at(x, 70.0) for x in (40.0, 65.0, 90.0, 115.0, 140.0)]
    current = np.exp(-5.0 / 36000.0)
    np.testing.assert_allclose(photons, 1e10 * current * np.mean(way, axis=0), rtol=1e-9)
