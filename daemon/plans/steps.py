"""The steps that scans are made of: plain bluesky messages, few per point.

bluesky sends the messages since the last checkpoint again after a pause, without running the plan's own code again.
So every step is either a message or harmless to leave out on a replay, and nothing here uses the response of a
message: after a pause it may be None.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from bluesky import Msg
from bluesky.utils import IllegalMessageSequence

from daemon.agent import STREAM, Agent, Timing
from daemon.plans.context import ScanContext

Messages = Generator[Msg, Any, None]

DARKS = "darks"
"""The stream of dark frames."""


class Scan:
    """Measures points and writes the agent's rows.

    Args:
        context: the devices.

    Attributes:
        context: the devices.
    """

    def __init__(self, context: ScanContext) -> None:
        self.context = context
        self._unwritten: list[int] = []
        self._bundling = False
        self._doses: dict[tuple[float, ...], float] = {}

    def measure(self, number: int, position: Mapping[str, float]) -> Messages:
        """Moves, exposes and records one point; rows of earlier points are written while the detectors expose."""
        context, timing = self.context, Timing()
        yield from context.before_point()
        where = tuple(position.values())
        self._doses[where] = self._doses.get(where, 0.0) + context.exposure_time
        started = time.perf_counter()
        context.writer.begin_point(number - 1)
        for name, target in position.items():
            yield Msg("set", context.axes[name], target, group="move")
        yield Msg("wait", None, group="move")
        moved = time.perf_counter()
        for detector in context.detectors:
            yield Msg("trigger", detector, group="expose")
        yield from self.write_rows()
        yield Msg("wait", None, group="expose")
        exposed = time.perf_counter()
        yield from self._event("primary", context.readables)
        yield Msg("checkpoint")
        timing.move, timing.expose = (moved - started) * 1e3, (exposed - moved) * 1e3
        timing.record = (time.perf_counter() - exposed) * 1e3
        if context.agent is not None:
            context.agent.timings[number] = timing
            self._unwritten.append(number)

    def overdosed(self, position: Mapping[str, float], limit: float | None) -> bool:
        """Whether one more exposure at a position would go beyond a limit, s."""
        dose = self._doses.get(tuple(position.values()), 0.0) + self.context.exposure_time
        return limit is not None and dose > limit * (1.0 + 1e-9)

    def write_rows(self, *, wait: bool = False) -> Messages:
        """Writes the agent's rows of those points whose values are there; with `wait`, of all."""
        agent = self.context.agent
        while agent is not None and self._unwritten and (wait or agent.ready(self._unwritten[0])):
            number = self._unwritten.pop(0)
            yield Msg("set", agent, number, group="agent")
            if not agent.ready(number):
                yield Msg("wait", None, group="agent")
            yield from self._event(STREAM, [agent])

    def leave(self) -> Messages:
        """Writes the rows that can be written without waiting, when the scan ends early."""
        if self._bundling:
            with suppress(IllegalMessageSequence):
                yield Msg("drop")
        yield from self.write_rows()

    def suggestion(self, agent: Agent, number: int) -> Messages:
        """Waits until the agent knows where to measure a point; the wait is charged to the point before."""
        if agent.suggestion(number) is not None:
            return
        started = time.perf_counter()
        yield Msg("prepare", agent, number, group=f"suggestion {number}")
        yield Msg("wait", None, group=f"suggestion {number}")
        if number - 1 in agent.timings:
            agent.timings[number - 1].waiting += (time.perf_counter() - started) * 1e3

    def dark_frames(self, count: int, first: int) -> Messages:
        """Takes dark frames with the shutter closed.

        Args:
            count: how many.
            first: index of the first one in its stream.
        """
        if not count or not self.context.cameras:
            return
        yield from self.shutter("closed")
        with _in_the_dark(self.context):
            for index in range(first, first + count):
                self.context.writer.begin_point(index)
                for camera in self.context.cameras:
                    yield Msg("trigger", camera, group="dark")
                yield Msg("wait", None, group="dark")
                yield from self._event(DARKS, self.context.cameras)
                yield Msg("checkpoint")

    def shutter(self, state: str) -> Messages:
        """Opens or closes the shutter, where there is one."""
        if self.context.shutter is not None:
            yield Msg("set", self.context.shutter, state, group="shutter")
            yield Msg("wait", None, group="shutter")

    def set_exposure(self, seconds: float | None) -> Messages:
        """Sets the exposure time of all detectors that have one."""
        if seconds is None:
            return
        for detector in self.context.detectors:
            if hasattr(detector, "exposure_time"):
                yield Msg("set", detector.exposure_time, seconds, group="exposure time")
        yield Msg("wait", None, group="exposure time")

    def _event(self, stream: str, devices: Sequence[Any]) -> Messages:
        self._bundling = True
        yield Msg("create", None, name=stream)
        for device in devices:
            yield Msg("read", device)
        yield Msg("save")
        self._bundling = False


@contextmanager
def _in_the_dark(context: ScanContext) -> Iterator[None]:
    stream = context.writer.stream
    context.writer.stream = DARKS
    for camera in context.cameras:
        camera.dark = True
    try:
        yield
    finally:
        context.writer.stream = stream
        for camera in context.cameras:
            camera.dark = False
