"""The steps that scans are made of: plain bluesky messages, few per point.

bluesky sends the messages since the last checkpoint again after a pause, without running the plan's own code again.
So every step is either a message or harmless to leave out on a replay, and nothing here uses the response of a
message: after a pause it may be None.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from bluesky import Msg
from bluesky.utils import FailedStatus, IllegalMessageSequence

from daemon.agent import STREAM, Agent, Timing
from daemon.analyst.messages import Suggested
from daemon.detection_rows import STREAM as DETECTIONS
from daemon.plans.context import ScanContext
from daemon.plans.deadlines import exposure_deadline, move_deadline
from daemon.plans.tries import Attempt, Messages, Tries
from devices.streaming import StreamingDetector

DARKS = "darks"
"""The stream of dark frames."""


class Scan:
    """Measures points and writes the agent's rows.

    Args:
        context: the devices.
        doses: whether to keep what each position was exposed to, for `overdosed`.

    Attributes:
        context: the devices.
    """

    def __init__(self, context: ScanContext, *, doses: bool = False) -> None:
        self.context = context
        self._unwritten: list[int] = []
        self._bundling = False
        self._doses: dict[tuple[float, ...], float] | None = {} if doses else None
        self._tries = Tries(context.faults, context.fault_log)

    def measure(self, number: int, position: Mapping[str, float]) -> Messages:
        """Moves, exposes and records one point; rows of earlier points are written while the detectors expose."""
        timing = Timing()
        yield from self.context.before_point()

        def step(attempt: Attempt) -> Messages:
            return self._point(attempt, number, position, timing)

        yield from self._tries.run(f"at point {number}", step, number, self._drop)
        yield Msg("checkpoint")
        if self.context.agent is not None:
            self.context.agent.timings[number] = timing
            self._unwritten.append(number)

    def _point(self, attempt: Attempt, number: int, position: Mapping[str, float], timing: Timing) -> Messages:
        """One try of a point, from the first set-point until its event is saved."""
        context = self.context
        started = time.perf_counter()
        context.writer.begin_point(number - 1)
        for name, target in position.items():
            axis = context.axes[name]
            allowed, late = move_deadline(axis, target, context.faults)
            yield from attempt.start("set", axis, target, group="move", seconds=allowed, late=late)
        yield from attempt.wait("move")
        moved = time.perf_counter()
        yield from self._expose(attempt, context.detectors)
        if self._doses is not None:
            where = tuple(position.values())
            self._doses[where] = self._doses.get(where, 0.0) + context.exposure_time
        yield from self.write_rows()
        yield from attempt.wait("expose")
        exposed = time.perf_counter()
        yield from attempt.event("primary", context.readables)
        timing.move, timing.expose = (moved - started) * 1e3, (exposed - moved) * 1e3
        timing.record = (time.perf_counter() - exposed) * 1e3

    def _expose(self, attempt: Attempt, detectors: Sequence[Any]) -> Messages:
        for detector in detectors:
            allowed, late = exposure_deadline(detector, self.context.faults, self.context.frames)
            yield from attempt.start("trigger", detector, group="expose", seconds=allowed, late=late)

    def overdosed(self, position: Mapping[str, float], limit: float | None) -> bool:
        """Whether one more exposure at a position would go beyond a limit, s."""
        before = 0.0 if self._doses is None else self._doses.get(tuple(position.values()), 0.0)
        dose = before + self.context.exposure_time
        return limit is not None and dose > limit * (1.0 + 1e-9)

    def write_rows(self, *, wait: bool = False) -> Messages:
        """Writes the agent's rows of those points whose values are there; with `wait`, of all."""
        agent = self.context.agent
        while agent is not None and self._unwritten and (wait or agent.ready(self._unwritten[0])):
            number = self._unwritten[0]
            yield Msg("set", agent, number, group="agent")
            if not agent.ready(number):
                yield Msg("wait", None, group="agent")
            for place in agent.found.waiting(number):
                yield Msg("set", agent.found, place, group="detections")
                yield from self._event(DETECTIONS, agent.found)
            yield from self._event(STREAM, agent)
            self._unwritten.remove(number)

    def leave(self) -> Messages:
        """Writes the rows that can be written without waiting, when the scan ends early."""
        yield from self._drop()
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

    def chosen(self, agent: Agent, number: int) -> Generator[Msg, Any, Suggested]:
        """Waits until the agent knows where to measure a point; once more where an operator has excluded the place."""
        while True:
            yield from self.suggestion(agent, number)
            found = agent.take_up(number)
            if found is not None:
                return found

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
                yield from self._tries.run(f"while dark frame {index + 1} was taken", self._dark_frame(index))
                yield Msg("checkpoint")

    def _dark_frame(self, index: int) -> Callable[[Attempt], Messages]:
        def step(attempt: Attempt) -> Messages:
            self.context.writer.begin_point(index)
            yield from self._expose(attempt, self.context.cameras)
            yield from attempt.wait("expose")
            yield from attempt.event(DARKS, self.context.cameras)

        return step

    def shutter(self, state: str) -> Messages:
        """Opens or closes the shutter, where there is one."""
        shutter, allowed = self.context.shutter, self.context.faults.margin
        if shutter is None:
            return

        def step(attempt: Attempt) -> Messages:
            late = f"was not {state}"
            yield from attempt.start("set", shutter, state, group="shutter", seconds=allowed, late=late)
            yield from attempt.wait("shutter")

        yield from self._tries.run(f"when it should be {state}", step)

    def set_exposure(self, seconds: float | None) -> Messages:
        """Sets the exposure time of all detectors that have one."""
        if seconds is None:
            return
        signals = [d.exposure_time for d in self.context.detectors if hasattr(d, "exposure_time")]

        def step(attempt: Attempt) -> Messages:
            allowed, late = self.context.faults.margin, f"was not set to {seconds:g} s"
            for signal in signals:
                yield from attempt.start("set", signal, seconds, group="exposure time", seconds=allowed, late=late)
            yield from attempt.wait("exposure time")

        yield from self._tries.run("when it was set before the scan", step)

    def set_frames(self, count: int) -> Messages:
        """Sets how many frames each camera takes of a point; before it is staged, which is when it asks."""
        for camera in self.context.cameras:
            if isinstance(camera, StreamingDetector):
                yield Msg("set", camera.frames, count, group="frames")
        yield Msg("wait", None, group="frames")

    def _event(self, stream: str, device: object) -> Messages:
        self._bundling = True
        yield Msg("create", None, name=stream)
        yield Msg("read", device)
        yield Msg("save")
        self._bundling = False

    def _drop(self) -> Messages:
        """Takes back a row that was being written; one that has been saved already is not written again."""
        agent = self.context.agent
        if self._bundling:
            with suppress(IllegalMessageSequence, FailedStatus):
                yield Msg("drop")
            self._bundling = False
        if agent is not None:
            self._unwritten = [number for number in self._unwritten if number not in agent.rows]


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
