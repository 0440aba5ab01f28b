"""Whether the daemon grows or stalls over a million events.

`beampilot serve` runs the diffractometer twin on a clock that takes no time, and measures scalars alone over grids, one
scan after the other, at the highest rate that the engine reaches. Resident memory of its processes is read all the
while; growth is how much the greatest memory after the warm-up lies above that at its end. Stalls are those of the
RunEngine's loop, as the runs themselves record them; the "own" ones leave out the time in which another process had
the processor.

    python -m benchmarks.soak --events 1000000 --write

takes half an hour on a free machine; ``--run`` says how many events are one scan. While a scan is open the engine
holds its numbers (8 bytes each) in memory, so that a single scan of a million events does grow.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from benchmarks.report import Report, results
from benchmarks.served import Daemon, resident
from daemon.runs import Run

LOOK = 1.0
"""Memory is read this often, s."""
ALLOWED = 0.05
"""Growth after the warm-up that is allowed."""


@dataclass(slots=True)
class Soak:
    """What was seen.

    Attributes:
        memory: events so far, and resident memory by process, MB, in the order of time.
        loops: figures of the loop, one per run.
        seconds: from the first event to the last, without what lies between two runs.
        events: in all runs.
    """

    memory: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    loops: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    events: int = 0


def soak(events: int, size: int, progress: Progress, data: Path) -> Soak:
    """Measure so many events."""
    seen, task = Soak(), progress.add_task("events", total=events)
    data.mkdir()
    with Daemon(data) as daemon:
        daemon.serve()
        pids = daemon.pids()

        def look(run: dict[str, Any] | None) -> None:
            total = seen.events + (run["points"] if run else 0)
            seen.memory.append((total, {name: resident(pid) for name, pid in pids.items()}))
            progress.update(task, completed=total)

        while seen.events < events:
            columns = max(2, math.ceil(math.sqrt(min(size, events - seen.events))))
            span = {"low": 0.0, "high": 150.0, "points": columns}
            parameters = {"axes": {"stage_x": span, "stage_y": span}, "detectors": ["monitor"]}
            daemon.engine.call("start", plan="grid_scan", parameters=parameters)
            while not (facts := daemon.engine.call("status"))["last"]:
                look(facts["run"])
                time.sleep(LOOK)
            if facts["last"]["exit_status"] != "success":
                raise SystemExit(f"a scan ended: {facts['last']}")
            found = Run(Path(facts["last"]["path"])).attributes["statistics"]
            seen.loops.append(found["loop"])
            seen.seconds += found["seconds"]
            seen.events += facts["last"]["points"]
            look(None)
    return seen


def memory_rows(seen: Soak, warm: int) -> list[list[str]]:
    """Memory at the end of the warm-up, at the end, its greatest value since, and the growth."""
    rows = []
    after = [memory for total, memory in seen.memory if total >= warm]
    for name in after[0]:
        first, last, most = after[0][name], after[-1][name], max(memory[name] for memory in after)
        verdict = "yes" if most <= (1 + ALLOWED) * first else "no"
        rows.append([name, f"{first:.1f}", f"{last:.1f}", f"{most:.1f}", f"{100 * (most / first - 1):+.1f} %", verdict])
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000, help="events in all")
    parser.add_argument("--run", type=int, default=10_000, help="events of one scan")
    parser.add_argument("--warm", type=int, default=None, help="events of the warm-up; by default a tenth")
    parser.add_argument("--keep", type=Path, help="folder for the runs, which are removed otherwise")
    parser.add_argument("--write", action="store_true", help=f"write the table to {results(__file__).name}, too")
    options = parser.parse_args(argv)
    report = Report()
    with tempfile.TemporaryDirectory() as folder, Progress(*_columns()) as progress:
        seen = soak(options.events, options.run, progress, (options.keep or Path(folder)) / "data")
    warm = options.warm or options.events // 10
    heads = ("process", f"resident after {warm} events, MB", "at the end", "most", "growth", f"below {ALLOWED:.0%}")
    report.table(heads, memory_rows(seen, warm))
    worst = {name: max(loop[name] for loop in seen.loops) for name in ("p99", "worst", "own_p99", "own_worst")}
    stalls = {name: sum(loop[name] for loop in seen.loops) for name in ("stalls", "own_stalls")}
    heads = (
        "events",
        "scans",
        "events/s",
        "loop late, p99 ms",
        "worst",
        "stalls > 50 ms",
        "own p99",
        "own worst",
        "own stalls",
    )
    cells = [f"{worst['p99']:.1f}", f"{worst['worst']:.1f}", stalls["stalls"]]
    cells += [f"{worst['own_p99']:.1f}", f"{worst['own_worst']:.1f}", stalls["own_stalls"]]
    report.table(heads, [[seen.events, len(seen.loops), f"{seen.events / seen.seconds:.0f}", *cells]])
    report.finish(results(__file__) if options.write else None)


def _columns() -> list[Any]:
    return [*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn()]


if __name__ == "__main__":
    main()
