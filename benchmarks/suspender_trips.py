"""Whether a short trip of a suspender is acted on while heavy analysis goes on, against bluesky's own suspender.

The ring current of the diffractometer twin falls to zero for 20 ms (where a suspender's callback holds up the thread
that brings the change: for as much longer), at random times. Acted on is a trip after which the RunEngine went back to
its checkpoint before the next trip came; this is read from the messages that it processed, not from what a suspender
says of itself. Three ways:

* Engine: an autonomous scan with frames, with unmixing at every point and suggestions in the analyst process.
* In the loop, ours: our suspenders on a bare RunEngine, with a plan that computes such an analysis itself, in the loop,
  which is blocked for as long.
* In the loop, bluesky's: `SuspendFloor` on the same signal, with the same plan.

Run ``python -m benchmarks.suspender_trips --help``.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read once, when the libraries below are loaded

import numpy as np  # noqa: E402
from bluesky import Msg, RunEngine  # noqa: E402
from bluesky.suspenders import SuspendFloor  # noqa: E402

from analysis.optimization import Optimizer, SearchSpace  # noqa: E402
from analysis.unmixing import OnlineNMF  # noqa: E402
from benchmarks.report import Report, results  # noqa: E402
from daemon.engine import Engine  # noqa: E402
from daemon.engine.interruptions import Interruptions  # noqa: E402
from daemon.engine.run_engine import close_run_engine, make_run_engine  # noqa: E402
from daemon.engine.signal_guards import make_guards  # noqa: E402
from daemon.engine.suspenders import Suspenders  # noqa: E402
from daemon.guard_settings import SuspenderSettings  # noqa: E402
from daemon.settings import load_settings  # noqa: E402
from simulators.diffractometer import instrument  # noqa: E402
from simulators.outages import Outage  # noqa: E402

CLOCK = "x100"
FLOOR = 50.0
"""Ring current below which is suspended, mA; the twin's is 100."""
STACK = 8
"""Frames that the analysis in the loop unmixes."""


@dataclass(slots=True)
class Score:
    """What came of the trips of one way; times in s on the monotonic clock.

    Attributes:
        trips: when they came.
        acts: when the RunEngine went back to its checkpoint.
        blocked: how long each analysis in the loop took, s.
        recorded: trips that the run itself has on record; None where there is no such record.
    """

    trips: list[float] = field(default_factory=list)
    acts: list[float] = field(default_factory=list)
    blocked: list[float] = field(default_factory=list)
    recorded: int | None = None

    def delays(self) -> np.ndarray:
        """Time from each trip that was acted on until it was, ms."""
        ends = [*self.trips[1:], np.inf]
        found = [
            next((act for act in self.acts if trip <= act < end), None)
            for trip, end in zip(self.trips, ends, strict=True)
        ]
        return 1e3 * np.array([act - trip for act, trip in zip(found, self.trips, strict=True) if act is not None])

    def hook(self, msg: Msg) -> None:
        """Note what the RunEngine does."""
        if msg.command == "_start_suspender":
            self.acts.append(time.monotonic())


def trip(outage: Outage, score: Score, count: int, seconds: float, seed: int, ready: Callable[[], bool]) -> None:
    """Trip at random times, 0.8 to 1.6 s apart."""
    rng = np.random.default_rng(seed)
    for gap in rng.uniform(0.8, 1.6, count):
        time.sleep(gap)
        while not ready():
            time.sleep(0.01)
        score.trips.append(time.monotonic())
        outage.trip(seconds)
    time.sleep(1.6)


def with_engine(count: int, seconds: float, seed: int) -> Score:
    """An autonomous scan in the engine, the analysis in its analyst."""
    score = Score()
    with tempfile.TemporaryDirectory() as folder:
        watched = {"device": "monitor", "signal": "current", "below": FLOOR, "reason": "beam lost"}
        settings = load_settings(
            data=Path(folder),
            instrument={"options": {"clock": CLOCK}},
            suspenders=[watched],
            analysis={"unmixing": {"refit_every": 1}},
        )
        with Engine(settings) as engine:
            setattr(engine._run_engine, "msg_hook", score.hook)  # noqa: B010 - declared as None
            outage = engine.devices["monitor"].backends["current"].outage
            parameters = {"points": 961, "improvement_fraction": None, "surrogate": "gp"}
            handle = engine.start_plan("autonomous_scan", parameters)
            handle.wait_open(60)
            trip(outage, score, count, seconds, seed, lambda: engine.state == "running")
            engine.stop()
            found = handle.wait(120).statistics["interruptions"]
            score.recorded = sum(one["trips"] for one in found)
    return score


def analysing_plan(devices: dict[str, Any], score: Score, ended: threading.Event) -> Iterator[Msg]:
    """Measure and analyse in the loop, until it is told to end."""
    stage, detector = devices["stage"], devices["detector"]
    space = SearchSpace(bounds={"x": (0.0, 150.0), "y": (0.0, 150.0)}, grid={"x": 31, "y": 31})
    optimizer, frames = Optimizer(space, seed=0), []
    while not ended.is_set():
        position = optimizer.ask().position
        yield Msg("checkpoint")
        yield Msg("set", stage.x, position["x"], group="move")
        yield Msg("set", stage.y, position["y"], group="move")
        yield Msg("wait", None, group="move")
        yield Msg("trigger", detector, group="expose")
        yield Msg("wait", None, group="expose")
        began = time.monotonic()
        frames = [*frames, detector.last_frame.ravel().astype(float)][-STACK:]
        if len(frames) == STACK:
            OnlineNMF(4, max_iter=60).fit(np.array(frames))
        optimizer.tell(position, float(frames[-1].sum()))
        score.blocked.append(time.monotonic() - began)


def in_the_loop(
    count: int, seconds: float, seed: int, guard: Callable[[RunEngine, dict[str, Any]], Interruptions | None]
) -> Score:
    """A bare RunEngine whose loop is blocked by the analysis in its plan."""
    score, ended = Score(), threading.Event()
    devices, engine = instrument(clock=CLOCK), make_run_engine(lambda _: 1)
    setattr(engine, "msg_hook", score.hook)  # noqa: B010 - declared as None
    kept = guard(engine, devices)
    thread = threading.Thread(target=lambda: engine(analysing_plan(devices, score, ended)))
    thread.start()
    while thread.is_alive() and len(score.blocked) < 2 * STACK:
        time.sleep(0.05)
    trip(devices["monitor"].backends["current"].outage, score, count, seconds, seed, lambda: True)
    ended.set()
    thread.join(60)
    close_run_engine(engine)
    if kept is not None:
        score.recorded = sum(one["trips"] for one in kept.statistics()["interruptions"])
    return score


def ours(engine: RunEngine, devices: dict[str, Any]) -> Interruptions:
    """Watch the ring current with our suspenders; returns what they have on record."""
    kept = Interruptions()
    condition = SuspenderSettings(device="monitor", signal="current", below=FLOOR)
    for guard in make_guards([condition], devices, Suspenders(engine, kept)):
        guard.start()
    return kept


def theirs(engine: RunEngine, devices: dict[str, Any]) -> None:
    """Watch the ring current with bluesky's suspender."""
    engine.install_suspender(SuspendFloor(devices["monitor"].current, FLOOR))


def row(name: str, score: Score) -> list[str]:
    """One row of the table."""
    delays = score.delays()
    cells = [f"{len(score.trips)}", f"{len(delays)}", "" if score.recorded is None else f"{score.recorded}"]
    cells += [f"{np.median(delays):.1f}", f"{delays.max():.1f}"] if len(delays) else ["", ""]
    cells += (
        [f"{1e3 * np.median(score.blocked[2 * STACK :]):.0f}", f"{1e3 * max(score.blocked):.0f}"]
        if score.blocked
        else ["", ""]
    )
    return [name, *cells]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trips", type=int, default=100, help="trips of each way")
    parser.add_argument("--seconds", type=float, default=0.02, help="length of a trip, s")
    parser.add_argument("--seed", type=int, default=0, help="of the times of the trips")
    parser.add_argument("--write", action="store_true", help=f"write the table to {results(__file__).name}, too")
    options = parser.parse_args(argv)
    # Of every miss bluesky has a traceback, and of every recovery a line.
    logging.disable(logging.CRITICAL)
    given = (options.trips, options.seconds, options.seed)
    report = Report()
    heads = (
        "analysis",
        "trips",
        "acted on",
        "in the run's record",
        "delay, median ms",
        "worst ms",
        "loop blocked, median ms",
        "worst ms",
    )
    with contextlib.redirect_stdout(sys.stderr):
        rows = [
            row("in the analyst: the engine", with_engine(*given)),
            row("in the loop: our suspenders", in_the_loop(*given, ours)),
            row("in the loop: bluesky's SuspendFloor", in_the_loop(*given, theirs)),
        ]
    report.table(heads, rows)
    report.finish(results(__file__) if options.write else None)


if __name__ == "__main__":
    main()
