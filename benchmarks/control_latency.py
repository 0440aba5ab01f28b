"""How long an abort takes while a suggestion is computed, and while a device hangs.

A scan of the diffractometer twin waits for suggestions that take 5 s each, and is aborted at a random instant of that:
by the engine's own socket, and over HTTP. "Acts" is the time from the command until the run's stop document, "returns"
until whoever gave the command is told that the scan has ended. Beside it bluesky's RunEngine with the suggestion
computed within the plan, as bluesky-adaptive does, aborted by ``RunEngine.abort()``.

Then the same scan is aborted while an axis never arrives; while it never arrives and does not let itself be stopped,
either; and while a device's ``read`` blocks the RunEngine's loop, so that only the end of the engine's process helps.
For those counts the deadline in the section ``[control]`` of the settings, which is 2 s here for the end and 1 s for
the halt that follows.

Run ``python -m benchmarks.control_latency --help``.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from bluesky import Msg
from rich.progress import Progress

from benchmarks.report import Report, results
from benchmarks.served import ROOT, Daemon, settings_file
from daemon.engine.run_engine import close_run_engine, make_run_engine
from daemon.errors import EngineRefused
from daemon.runs import Run

DELAY = 5.0
"""What a suggestion takes, s."""
CONTROL = {"end_deadline": 2.0, "halt_deadline": 1.0}
ACTS, RETURNS = 0.050, 0.3
"""What must be reached while a suggestion takes long, s."""
HEADS = ("abort while", "given by", "times", "acts, median ms", "worst ms", "returns, median ms", "worst ms", "must be")
AXES = {"stage_x": {"low": 0.0, "high": 150.0, "points": 31}, "stage_y": {"low": 0.0, "high": 150.0, "points": 31}}


@dataclass(slots=True)
class Figures:
    """What the aborts of one kind took, s."""

    acts: list[float] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)

    def row(self, what: str, by: str, target: str) -> list[str]:
        """One row of the table."""
        cells = [
            f"{1e3 * figure(values):.0f}" if values else ""
            for values in (self.acts, self.returns)
            for figure in (np.median, max)
        ]
        return [what, by, str(max(len(self.acts), len(self.returns))), *cells, target]


Abort = Callable[[], object]


def by_socket(daemon: Daemon) -> Abort:
    """Aborts by the engine's own socket; an engine that must end its process for it says so."""

    def abort() -> None:
        with contextlib.suppress(EngineRefused):
            daemon.engine.call("abort", reason="benchmark")

    return abort


def over_http(daemon: Daemon) -> Abort:
    """Aborts over HTTP, with a connection that is open already."""
    client = daemon.http()

    def abort() -> None:
        answer = client.post("/plan/abort", json={"reason": "benchmark"})
        if answer.status_code >= 500:
            answer.raise_for_status()

    return abort


def one_abort(daemon: Daemon, plan: str, wait: Callable[[dict[str, Any]], float], abort: Abort) -> tuple[float, float]:
    """Starts a scan, aborts it after a while, and waits for the end.

    Args:
        daemon: with an engine that is idle.
        plan: what is scanned.
        wait: given the status of the scan once its run is open, how long to wait before it is aborted, s.
        abort: aborts.

    Returns:
        Times until it acted, and until it returned, s.
    """
    more = {"overlap": False, "points": 60} if plan == "autonomous_scan" else {}
    pid = daemon.wait_for(lambda facts: facts["state"] == "idle")["pid"]
    daemon.engine.call("start", plan=plan, parameters={"axes": AXES, **more})
    facts = daemon.wait_for(lambda facts: facts["run"])
    time.sleep(wait(facts))
    told, began = time.time(), time.monotonic()
    abort()
    returned = time.monotonic() - began
    daemon.wait_for(lambda facts: facts["last"] or facts["pid"] != pid)
    stop = Run(Path(facts["run"]["path"])).stop
    if stop is None or stop["exit_status"] != "abort":
        raise SystemExit(f"a scan that was aborted ended as {stop}")
    return stop["time"] - told, returned


def while_suggesting(times: int, advance: Abort) -> Iterator[list[str]]:
    """Rows of the aborts while a suggestion takes its time."""
    chance = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        file = settings_file(Path(folder), analyst={"debug_delay": DELAY})
        with Daemon(Path(folder) / "data", file) as daemon:
            daemon.data.mkdir()
            daemon.serve()
            for by, kind in (("engine's socket", by_socket), ("HTTP", over_http)):
                figures, abort = Figures(), kind(daemon)
                for _ in range(times):
                    took = one_abort(daemon, "autonomous_scan", lambda _: chance.uniform(0.2, 0.8 * DELAY), abort)
                    figures.acts.append(took[0])
                    figures.returns.append(took[1])
                    advance()
                target = f"acts < {1e3 * ACTS:.0f}" if by != "HTTP" else f"returns < {1e3 * RETURNS:.0f}"
                yield figures.row(f"a suggestion takes {DELAY:g} s", by, target)


def within_the_plan(times: int, advance: Abort) -> list[str]:
    """Row of bluesky's own RunEngine, with the suggestion computed within the plan."""
    chance, figures = np.random.default_rng(0), Figures()
    logging.getLogger("bluesky").setLevel(logging.CRITICAL)  # it tells of every abort at length

    def plan(computing: threading.Event) -> Iterator[Msg]:
        yield Msg("open_run")
        while True:
            computing.set()
            time.sleep(DELAY)
            yield Msg("checkpoint")

    def once(after: float) -> None:
        stops: list[float] = []
        engine, computing = make_run_engine(lambda _: 1), threading.Event()
        engine.subscribe(lambda name, document: stops.append(document["time"]) if name == "stop" else None)
        running = threading.Thread(target=_quietly, args=(lambda: engine(plan(computing)),))
        running.start()
        computing.wait()
        time.sleep(after)
        told, began = time.time(), time.monotonic()
        _quietly(engine.abort)
        figures.returns.append(time.monotonic() - began)
        running.join()
        figures.acts.append(stops[0] - told)
        close_run_engine(engine)
        advance()

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(once, [chance.uniform(0.2, 0.8 * DELAY) for _ in range(times)]))
    return figures.row(f"a suggestion takes {DELAY:g} s", "bluesky, computed in the plan", "")


def _quietly(action: Abort) -> None:
    from bluesky.utils import RunEngineInterrupted

    with contextlib.suppress(RunEngineInterrupted):
        action()


def while_hanging(kind: str, times: int, advance: Abort) -> Figures:
    """Figures of the aborts while a device hangs."""
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        faults = [{"device": "stage_x", "kind": kind, "points": list(range(3, 3000, 3))}]
        options = {"preset": "smooth", "seed": 0, "clock": "fastest", "faults": faults}
        file = settings_file(Path(folder), instrument={"options": options}, control=CONTROL)
        with Daemon(Path(folder) / "data", file) as daemon:
            daemon.data.mkdir()
            daemon.serve()
            abort = by_socket(daemon)
            for _ in range(times):
                acts, returns = one_abort(daemon, "grid_scan", lambda _: 0.5, abort)
                figures.acts.append(acts)
                figures.returns.append(returns)
                advance()
    return figures


def while_blocked(times: int, advance: Abort) -> Figures:
    """Figures of the aborts that the engine's process does not survive; the next engine closes the run."""
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        instrument = {"factory": "benchmarks.blocking_device:instrument", "path": str(ROOT)}
        file = settings_file(Path(folder), instrument=instrument, control=CONTROL)
        daemon = Daemon(Path(folder) / "data", file)
        daemon.data.mkdir()
        for _ in range(times):
            daemon.start_engine()
            daemon.engine.call("start", plan="grid_scan", parameters={"axes": AXES})
            daemon.wait_for(lambda facts: facts["run"] and facts["loop_age"] > 0.3)
            began = time.monotonic()
            by_socket(daemon)()
            figures.returns.append(time.monotonic() - began)
            daemon.forget()
            advance()
    return figures


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20, help="aborts of each kind")
    parser.add_argument("--write", action="store_true", help=f"write the table to {results(__file__).name}, too")
    options = parser.parse_args(argv)
    report, rows, whole = Report(), [], 1e3 * sum(CONTROL.values())
    with Progress() as progress:
        task = progress.add_task("aborts", total=6 * options.times)

        def advance() -> None:
            progress.advance(task)

        rows += while_suggesting(options.times, advance)
        rows.append(within_the_plan(options.times, advance))
        for what, figures in (
            ("an axis never arrives", while_hanging("stall", options.times, advance)),
            ("an axis never arrives nor stops", while_hanging("hang", options.times, advance)),
            ("a device's read blocks the loop", while_blocked(options.times, advance)),
        ):
            rows.append(figures.row(what, "engine's socket", f"returns < {whole:.0f}"))
    report.table(HEADS, rows)
    report.finish(results(__file__) if options.write else None)


if __name__ == "__main__":
    main()
