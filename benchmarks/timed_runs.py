"""Runs of our plans and of bluesky's ``list_scan`` on the same devices, with a stopwatch on their events."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from bluesky.plans import list_scan

from daemon.analyst.messages import Ask, Done, Observe, Observed, Request, Suggested
from daemon.engine import Engine
from daemon.engine.handle import PlanResult
from daemon.engine.run_engine import close_run_engine, make_run_engine
from daemon.recorder import Recorder, next_scan_id
from daemon.settings import Settings, load_settings

Position = dict[str, float]


@dataclass(slots=True, eq=False)
class Stopwatch:
    """Notes when the primary events of one run came, and how much processor time had gone by; s."""

    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    _streams: dict[str, str] = field(default_factory=dict)

    def __call__(self, name: str, document: Mapping[str, Any]) -> None:
        """Take a document; an event says itself when it was made."""
        if name == "descriptor":
            self._streams[document["uid"]] = document["name"]
        elif name == "event" and self._streams[document["descriptor"]] == "primary":
            self.times.append(document["time"])
            self.cpu.append(time.process_time())
            self.positions.append({axis: document["data"][axis] for axis in ("stage_x", "stage_y")})
        elif name == "event" and self._streams[document["descriptor"]] == "suggestions":
            self.rows.append({key.removeprefix("agent_"): value for key, value in document["data"].items()})

    def intervals(self) -> np.ndarray:
        """Wall time from each event to the next, ms, shape (points - 1,)."""
        return 1e3 * np.diff(self.times)

    def cpu_per_point(self) -> float:
        """Processor time of this process, all threads, ms."""
        return 1e3 * (self.cpu[-1] - self.cpu[0]) / (len(self.cpu) - 1)

    def beyond(self, devices: Mapping[str, Any], rate: float) -> np.ndarray:
        """Wall time from each event to the next that neither motion nor exposure take, ms, shape (points - 1,)."""
        stage, camera = devices["stage"], devices["detector"].backend
        exposure = camera.exposure_time + camera.readout_time
        needed = []
        for before, after in zip(self.positions, self.positions[1:], strict=False):
            moves = [(axis.backend, abs(after[axis.name] - before[axis.name])) for axis in (stage.x, stage.y)]
            needed.append(exposure + max(way / axis.speed + axis.settling_time for axis, way in moves))
        return self.intervals() - 1e3 * np.array(needed) / rate


class StandIn:
    """An analyst that has thought of everything before: it answers within the call.

    Args:
        engine: whose agent gets the answers.
        positions: where to measure, in order.
    """

    restarts = 0

    def __init__(self, engine: Engine, positions: Sequence[Position]) -> None:
        self._engine, self._positions = engine, positions

    def request(self, message: Request) -> None:
        """Answer at once."""
        answer: Any = Done(message.key)
        if isinstance(message, Ask):
            answer = Suggested(message.number, self._positions[message.number - 1], "given")
        elif isinstance(message, Observe):
            answer = Observed(message.number, 0.0, math.nan, 0.0, message.position, 0.0, 0.0)
        self._engine._answered(message.key, answer)

    def abandon_questions(self) -> bool:
        """Nothing is ever open."""
        return False

    def forget(self) -> None:
        """Nothing is remembered."""


def settings_for(data: Path, clock: str) -> Settings:
    """The demo's settings with another clock and data folder."""
    return load_settings(None, data=data, instrument={"options": {"clock": clock}})


def run_list_scan(devices: Mapping[str, Any], positions: Sequence[Position], data: Path, *, record: bool) -> Stopwatch:
    """Run bluesky's ``list_scan`` on a RunEngine of its own, with or without our recorder."""
    watch, writer, stage = Stopwatch(), devices["detector"].writer, devices["stage"]
    engine = make_run_engine(lambda _: next_scan_id(data))
    recorder = Recorder(data, None, {}, [writer]) if record else None

    def follow(name: str, document: Mapping[str, Any]) -> None:
        if name == "start":
            writer.open_run(data / f"{document['uid']}.zarr")
        elif name == "stop":
            writer.close_run()

    engine.subscribe(recorder or follow)
    engine.subscribe(watch)
    x, y = ([position[axis] for position in positions] for axis in ("stage_x", "stage_y"))
    try:
        engine(list_scan([devices["detector"], devices["monitor"]], *cast(Any, (stage.x, x, stage.y, y))))
    finally:
        close_run_engine(engine)
        if recorder is not None:
            recorder.close()
    return watch


def run_plan(engine: Engine, name: str, **parameters: Any) -> tuple[Stopwatch, PlanResult]:
    """Run one of our plans in an engine."""
    watch = Stopwatch()
    token = engine.subscribe(watch)
    try:
        return watch, engine.start_plan(name, parameters).wait(600.0)
    finally:
        engine.unsubscribe(token)
