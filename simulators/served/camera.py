"""A camera that notes what each of its frames is made of, so that anybody can make it again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from simulators.diffractometer.detector import Exposure, SimulatedCamera
from simulators.diffractometer.instrument import InstrumentOptions, make_camera, make_parts
from simulators.diffractometer.scene import Position, Scene


@dataclass(frozen=True, slots=True)
class Shot:
    """What a frame is made of, beside the options of the instrument.

    Attributes:
        number: How many frames the camera took before this one.
        start: Beginning of the exposure, the instrument's time.
        exposure_time: Its length, s.
        dark: Whether the camera was kept from the light.
        lit: Whether the shutter was open.
        way: Positions of the film under the beam, from the beginning to the end, µm; only the first one without light.
    """

    number: int
    start: float
    exposure_time: float
    dark: bool
    lit: bool
    way: tuple[Position, ...]


class NotedScene(Scene):
    """A scene that keeps what it told its camera, for each thread that asks."""

    _told = threading.local()

    def begin(self) -> None:
        """Forget what this thread was told."""
        self._told.way, self._told.lit = [], False

    def told(self) -> tuple[list[Position], bool]:
        """Return the positions that this thread was told, and whether there was light."""
        return self._told.way, self._told.lit

    def locate(self, time: float) -> Position:
        """Return the position of the film, and keep it."""
        position = super().locate(time)
        if hasattr(self._told, "way"):
            self._told.way.append(position)
        return position

    def is_lit(self) -> bool:
        """Tell whether the beam reaches the film, and keep the answer."""
        self._told.lit = super().is_lit()
        return self._told.lit


class ServedCamera(SimulatedCamera):
    """A camera that tells of every frame when it is drawn.

    Attributes:
        told: Called with the shot before its frame is handed over.
    """

    told: Callable[[Shot], object] = staticmethod(lambda _: None)
    _count = 0

    def draw(self, exposure: Exposure) -> NDArray[np.unsignedinteger]:
        """Draw the counts of an exposure, and tell what they are made of."""
        scene = cast(NotedScene, self._scene)
        scene.begin()
        frame = super().draw(exposure)
        way, lit = scene.told()
        # Both are times since 1970, so this difference is exact: added to the start it gives the same end again.
        seconds = exposure.end - exposure.start
        shot = Shot(self._count, exposure.start, seconds, exposure.dark, lit, (exposure.origin, *way))
        self._count += 1
        self.told(shot)
        return frame


class _PastClock:
    """A clock that is set, and at which everything that is to come comes at once."""

    now = 0.0

    def time(self) -> float:
        """Return the time that was set."""
        return self.now

    def call_after(self, seconds: float, callback: Callable[[], None]) -> _PastClock:
        """Call back now."""
        callback()
        return self

    def cancel(self) -> None:
        """Do nothing: it has come already."""


class _PastScene(Scene):
    """A scene whose film is where it was."""

    way: Iterator[Position]
    lit = True

    def locate(self, time: float) -> Position:
        """Return the next position of the shot."""
        return next(self.way)

    def is_lit(self) -> bool:
        """Tell whether the beam reached the film."""
        return self.lit


def frames_again(
    options: InstrumentOptions, beam_start: float, shots: Iterable[Shot]
) -> Iterator[tuple[Shot, NDArray[Any]]]:
    """Make the frames of a camera again from the seed.

    Args:
        options: Of the instrument.
        beam_start: When its beam was filled, the instrument's time.
        shots: All of them from the first one on, in order: the noise depends on how often a position was exposed.

    Yields:
        Each shot and its frame, shape (y, x).
    """
    parts = make_parts(options.model_copy(update={"beam_losses": ()}))
    beam = replace(parts.beam, start=beam_start)
    scene = _PastScene(parts.film, beam, parts.shutter, parts.axes["x"], parts.axes["y"], options.beam_size)
    clock = _PastClock()
    camera = make_camera(clock, scene, options)
    frames: list[NDArray[Any]] = []
    for shot in shots:
        clock.now, camera.exposure_time = shot.start, shot.exposure_time
        scene.way, scene.lit = iter(shot.way), shot.lit
        camera.expose(lambda frame, _: frames.append(frame) if frame is not None else None, shot.dark)
        yield shot, frames.pop()


def frames_of_log(log: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], NDArray[Any]]]:
    """Make all frames of a log again.

    Args:
        log: From its beginning, see :func:`simulators.served.log.read_log`.

    Yields:
        The log's entry of each exposure, and the frame.
    """
    began, entries = log[0], [entry for entry in log if entry["what"] == "exposure"]
    shots = [Shot(**{**entry["shot"], "way": tuple(map(tuple, entry["shot"]["way"]))}) for entry in entries]
    again = frames_again(InstrumentOptions(**began["options"]), began["beam_start"], shots)
    for entry, (_, frame) in zip(entries, again, strict=True):
        yield entry, frame
