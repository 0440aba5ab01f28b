"""What the engine costs per point, against bluesky's own ``list_scan``, and what a campaign waits for.

Three comparisons, on the diffractometer twin with its 64 × 64 frames:

* Engine: our plans and ``list_scan`` visit the same positions with the same devices and the same frame writer, in
  turns within one process, with a clock whose motions and exposures take no time. ``list_scan`` runs on a bare
  RunEngine, without and with our recorder; ``autonomous_scan`` gets its positions from a stand-in that answers at once,
  so only the engine's side of it counts. Wall time is the median between two primary events, processor time the mean.
* Campaign: the demo's scan with the real analyst (unmixing, ensemble), without overlap on the clock of no time, and
  with overlap on one where a point takes a fraction of a second. Beyond: wall time from event to event minus what the
  simulated axes and camera take; ``list_scan`` over the same positions says what of that is bluesky's own.
* Loop: how late the RunEngine's loop comes to a call that is due, as the runs themselves record it. The "own" figures
  leave out the time in which another process had the processor.

Run ``python -m benchmarks.engine_overhead --help``.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from bluesky.plans import list_scan

from daemon.analyst import AnalystClient
from daemon.analyst.messages import Ask, Done, Observe, Observed, Request, Suggested
from daemon.engine import Engine
from daemon.engine.handle import PlanResult
from daemon.engine.run_engine import close_run_engine, make_run_engine
from daemon.plans.grid_scan import grid_positions
from daemon.plans.models import GridScan
from daemon.recorder import Recorder, next_scan_id
from daemon.settings import Settings, load_settings

Position = dict[str, float]
RESULTS = Path(__file__).with_name("results") / "engine_overhead.md"
BARE, RECORDED = "list_scan, no recorder", "list_scan, our recorder"
GRID, AUTONOMOUS = "grid_scan, all on", "autonomous_scan, all on"
STAGES = ("record", "analyse", "tell", "milliseconds")


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


def compare(points: int, rounds: int) -> tuple[dict[str, list[Stopwatch]], list[dict[str, Any]]]:
    """Run every way in turns; returns the runs of each, and the loop's figures of ours."""
    columns = max(2, round(math.sqrt(points)))
    axes = {"stage_x": {"low": 0.0, "high": 150.0, "points": columns}}
    axes["stage_y"] = {"low": 0.0, "high": 150.0, "points": max(2, points // columns)}
    positions = list(grid_positions(GridScan.model_validate({"axes": axes})))
    watches: dict[str, list[Stopwatch]] = {name: [] for name in (BARE, RECORDED, GRID, AUTONOMOUS)}
    loops = []
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = stack.enter_context(Engine(settings_for(data, "fastest")))
        analyst, stand_in = engine.analyst, cast(AnalystClient, StandIn(engine, positions))
        for _ in range(rounds):
            watches[BARE].append(run_list_scan(engine.devices, positions, data, record=False))
            watches[GRID].append(run_plan(engine, "grid_scan", axes=axes)[0])
            watches[RECORDED].append(run_list_scan(engine.devices, positions, data, record=True))
            engine.analyst = stand_in
            watch, result = run_plan(engine, "autonomous_scan", axes=axes, points=len(positions))
            engine.analyst = analyst
            watches[AUTONOMOUS].append(watch)
            loops.append(result.statistics["loop"])
    return watches, loops


def engine_table(watches: Mapping[str, Sequence[Stopwatch]]) -> list[str]:
    """Wall and processor time per point of every way, and the ratio to the bare ``list_scan``."""
    wall = {name: float(np.median(np.concatenate([w.intervals() for w in runs]))) for name, runs in watches.items()}
    cpu = {name: float(np.median([w.cpu_per_point() for w in runs])) for name, runs in watches.items()}
    lines = [
        "| per point | wall, ms | × | × recorded | processor, ms | × | × recorded |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in watches:
        cells = [wall[name], wall[name] / wall[BARE], wall[name] / wall[RECORDED]]
        cells += [cpu[name], cpu[name] / cpu[BARE], cpu[name] / cpu[RECORDED]]
        lines.append(f"| {name} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")
    return lines


def campaign(points: int, clock: str, *, overlap: bool) -> str:
    """Run the demo's campaign; returns its row of the table."""
    rate = float(clock.removeprefix("x")) if clock.startswith("x") else math.inf
    with tempfile.TemporaryDirectory() as folder, Engine(settings_for(Path(folder), clock)) as engine:
        watch, _ = run_plan(engine, "autonomous_scan", points=points, overlap=overlap)
        floor = run_list_scan(engine.devices, watch.positions, Path(folder), record=True)
        beyond, own = (w.beyond(engine.devices, rate) for w in (watch, floor))
    table = {
        key: np.array([row[key if key == "milliseconds" else f"{key}_ms"] for row in watch.rows]) for key in STAGES
    }
    cells = [np.nanmedian(values) for values in table.values()]
    cells += [np.nanmedian(sum(table.values())), np.median([row["waiting_ms"] for row in watch.rows])]
    cells += [np.median(beyond), np.median(own), np.median(beyond) - np.median(own)]
    name = f"{clock}, overlap {'on' if overlap else 'off'}"
    return f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |"


def loop_table(loops: Sequence[Mapping[str, Any]]) -> list[str]:
    """How late the loop was in each run, ms."""
    keys = ("calls", "median", "p99", "worst", "stalls", "own_p99", "own_worst", "own_stalls")
    lines = ["| run | " + " | ".join(keys).replace("_", " ") + " |", "|---|" + "---|" * len(keys)]
    for number, loop in enumerate(loops, 1):
        lines.append(f"| {number} | " + " | ".join(f"{loop[key]:.4g}" for key in keys) + " |")
    return lines


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=300, help="positions of a run in the comparison with list_scan")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each way")
    parser.add_argument("--campaign", type=int, default=60, help="points of a campaign")
    parser.add_argument("--clock", default="x60", help="clock of the campaign with overlap")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {RESULTS.name}, too")
    options = parser.parse_args(argv)
    watches, loops = compare(options.points, options.rounds)
    head = (
        "| campaign, medians in ms | record | analyse | tell | ask | together | waiting | beyond | list_scan | more |"
    )
    lines = [*engine_table(watches), "", head, "|---|" + "---|" * 9]
    for clock, overlap in (("fastest", False), (options.clock, False), (options.clock, True)):
        lines.append(campaign(options.campaign, clock, overlap=overlap))
    lines += ["", *loop_table(loops)]
    lines += ["", "| machine | |", "|---|---|", f"| cores | {os.cpu_count()} |"]
    lines += [f"| load over 5 min | {os.getloadavg()[1]:.1f} |"]
    print("\n".join(lines))
    if options.write:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
