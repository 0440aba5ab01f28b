"""What the engine costs per point, against bluesky's own ``list_scan``, and what a campaign waits for.

Three comparisons, on the diffractometer twin with its 64 × 64 frames:

* Engine: our plans and ``list_scan`` visit the same positions with the same devices and the same frame writer, in
  turns within one process, with a clock whose motions and exposures take no time. ``list_scan`` runs on a bare
  RunEngine, without and with our recorder; ``autonomous_scan`` gets its positions from a stand-in that answers at once,
  so only the engine's side of it counts. Wall time is the median between two primary events, processor time the mean.
* Campaign: the demo's scan with the real analyst (unmixing, ensemble), without overlap on the clock of no time, and
  with overlap on one where a point takes a fraction of a second. Visible is what the instrument waits for: recording,
  and a suggestion that is not there yet. Beyond is all wall time from event to event minus what the simulated axes and
  camera take: ``list_scan`` over the same positions says what of that is bluesky's own and the machine's. The analyst's
  processor time, and the time it was ready but another process ran, are means per point.
* Loop: how late the RunEngine's loop comes to a call that is due, as the runs themselves record it. The "own" figures
  leave out the time in which another process had the processor.

Run ``python -m benchmarks.engine_overhead --help``.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import numpy as np

from benchmarks.report import Report, results
from benchmarks.timed_runs import StandIn, Stopwatch, run_list_scan, run_plan, settings_for
from daemon.analyst import AnalystClient
from daemon.engine import Engine
from daemon.plans.grid_scan import grid_positions
from daemon.plans.models import GridScan

ENGINE = ("per point", "wall, ms", "×", "× recorded", "processor, ms", "×", "× recorded")
BARE, RECORDED = "list_scan, no recorder", "list_scan, our recorder"
GRID, AUTONOMOUS = "grid_scan, all on", "autonomous_scan, all on"
STAGES = ("record_ms", "analyse_ms", "tell_ms", "milliseconds")
CAMPAIGN = (
    "record", "analyse", "tell", "ask", "together", "95 %", "visible", "95 %",
    "beyond", "list_scan's", "analyst's processor", "analyst queued",
)  # fmt: skip
LOOP = ("calls", "median", "p99", "worst", "stalls", "own_p99", "own_worst", "own_stalls")


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

        def run(name: str) -> Stopwatch:
            if name in (BARE, RECORDED):
                return run_list_scan(engine.devices, positions, data, record=name == RECORDED)
            engine.analyst = stand_in if name == AUTONOMOUS else analyst
            plan, given = ("autonomous_scan", {"points": len(positions)}) if name == AUTONOMOUS else ("grid_scan", {})
            watch, result = run_plan(engine, plan, axes=axes, **given)
            loops.append({"run": name.partition(",")[0], **result.statistics["loop"]})
            engine.analyst = analyst
            return watch

        run(BARE)  # first calls pay for what is made once
        for number in range(rounds):
            # Every way comes first in turn, for the machine's load changes.
            for name in np.roll(list(watches), -number):
                watches[name].append(run(str(name)))
    return watches, loops


def engine_rows(watches: Mapping[str, Sequence[Stopwatch]]) -> list[list[str]]:
    """Wall and processor time per point of every way, and the ratio to the bare ``list_scan``."""
    wall = {name: float(np.median(np.concatenate([w.intervals() for w in runs]))) for name, runs in watches.items()}
    cpu = {name: float(np.median([w.cpu_per_point() for w in runs])) for name, runs in watches.items()}
    rows = []
    for name in watches:
        cells = [wall[name], wall[name] / wall[BARE], wall[name] / wall[RECORDED]]
        cells += [cpu[name], cpu[name] / cpu[BARE], cpu[name] / cpu[RECORDED]]
        rows.append([name, *(f"{cell:.2f}" for cell in cells)])
    return rows


def scheduled(pid: int | None) -> np.ndarray:
    """Processor time of a process' main thread, and time it was ready but another one had the processor; ms."""
    try:
        figures = Path(f"/proc/{pid}/schedstat").read_text().split()
    except OSError:  # only Linux tells
        return np.full(2, np.nan)
    return 1e-6 * np.array(figures[:2], float)


def campaign(points: int, clock: str, *, overlap: bool) -> list[str]:
    """Run the demo's campaign; returns its row of the table."""
    rate = float(clock.removeprefix("x")) if clock.startswith("x") else math.inf
    with tempfile.TemporaryDirectory() as folder, Engine(settings_for(Path(folder), clock)) as engine:
        run_plan(engine, "autonomous_scan", points=1)  # the analyst imports what it needs
        before = scheduled(engine.analyst.pid)
        watch, _ = run_plan(engine, "autonomous_scan", points=points, overlap=overlap)
        busy = (scheduled(engine.analyst.pid) - before) / points
        floor = run_list_scan(engine.devices, watch.positions, Path(folder), record=True)
        beyond, own = (np.median(w.beyond(engine.devices, rate)) for w in (watch, floor))
    table = {key: np.array([row[key] for row in watch.rows]) for key in STAGES}
    visible = table["record_ms"] + [row["waiting_ms"] for row in watch.rows]
    together = np.sum(list(table.values()), axis=0)
    cells = [np.nanmedian(values) for values in (*table.values(), together)]
    cells += [np.nanpercentile(together, 95), np.median(visible), np.percentile(visible, 95), beyond, own, *busy]
    name = f"{clock}, overlap {'on' if overlap else 'off'}"
    return [name, *(f"{cell:.1f}" for cell in cells)]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=300, help="positions of a run in the comparison with list_scan")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each way")
    parser.add_argument("--campaign", type=int, default=60, help="points of a campaign")
    parser.add_argument("--clock", default="x60", help="clock of the campaign with overlap")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options, report = parser.parse_args(argv), Report()
    watches, loops = compare(options.points, options.rounds)
    report.table(ENGINE, engine_rows(watches))
    ways = (("fastest", False), (options.clock, False), (options.clock, True))
    rows = [campaign(options.campaign, clock, overlap=overlap) for clock, overlap in ways]
    report.table(("campaign, ms", *CAMPAIGN), rows)
    heads = ("loop, ms", *(key.replace("_", " ") for key in LOOP))
    report.table(heads, [[loop["run"], *(f"{loop[key]:.4g}" for key in LOOP)] for loop in loops])
    report.finish(results(__file__) if options.write else None)


if __name__ == "__main__":
    main()
