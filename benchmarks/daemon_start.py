"""How long `beampilot serve` takes from its start until it is ready, what it costs, and how long it takes to end.

Every start is a new process on a new data folder. Ready is the server when ``/api/v1/healthz`` gives its first answer,
the engine when it answers for its status, and all when `serve` says so, which it does when both have answered its own
questions. Resident memory is read two seconds after that. The end is asked for with SIGTERM: of an idle daemon, and in
the middle of a scan of the diffractometer twin with its frames.

Run ``python -m benchmarks.daemon_start --help``.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import numpy as np
from rich.progress import Progress

from benchmarks.report import Report, results
from benchmarks.served import PATIENCE, Daemon, resident
from daemon.errors import EngineUnreachable

SETTLE = 2.0
"""Time from ready until memory is read, s."""
START, STOP = 3.0, 5.0
"""What the server's start and the end must stay below, s."""
SERVER, SUPERVISOR = 150.0, 60.0
"""What resident memory must stay below, MB."""
TARGETS = {
    "server ready, s": START,
    "engine ready, s": None,
    "serve says ready, s": None,
    "server, MB": SERVER,
    "engine, MB": None,
    "analyst, MB": None,
    "supervisor, MB": SUPERVISOR,
    "end, idle, s": STOP,
    "end during a scan, s": STOP,
}


def until(answers: Callable[[], object], failures: tuple[type[Exception], ...]) -> float:
    """Ask until there is an answer; returns when that was."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            answers()
        except failures:
            time.sleep(0.01)
        else:
            return time.monotonic()
    raise SystemExit("the daemon did not start")


def trial(folder: Path, *, scanning: bool) -> dict[str, float]:
    """One start and one end; returns its figures."""
    daemon, ready = Daemon(folder), {}

    def watch_server() -> None:
        with httpx.Client(trust_env=False, timeout=1.0) as client:
            ready["server"] = until(lambda: client.get(f"{daemon.url}/healthz"), (httpx.TransportError,))

    def watch_engine() -> None:
        ready["engine"] = until(lambda: daemon.engine.call("status", timeout=1.0), (EngineUnreachable,))

    watchers = [threading.Thread(target=watch) for watch in (watch_server, watch_engine)]
    began = time.monotonic()
    for watcher in watchers:
        watcher.start()
    daemon.serve()
    ready["serve says"] = time.monotonic()
    for watcher in watchers:
        watcher.join()
    found = {f"{name} ready, s": when - began for name, when in ready.items()}
    time.sleep(SETTLE)
    found |= {f"{name}, MB": resident(pid) for name, pid in daemon.pids().items()}
    if scanning:
        daemon.engine.call("start", plan="grid_scan", parameters={"detectors": ["detector"]})
        daemon.wait_for(lambda facts: facts["run"] and facts["run"]["points"] > 20)
    return found | {"end during a scan, s" if scanning else "end, idle, s": daemon.end()}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=10, help="how often the daemon is started")
    parser.add_argument("--write", action="store_true", help=f"write the table to {results(__file__).name}, too")
    options = parser.parse_args(argv)
    report, figures = Report(), {name: [] for name in TARGETS}
    with Progress() as progress:
        for number in progress.track(range(options.starts), description="starts"):
            with tempfile.TemporaryDirectory() as folder:
                for name, value in trial(Path(folder), scanning=number % 2 == 1).items():
                    figures[name].append(value)
    rows = []
    for name, limit in TARGETS.items():
        values = figures[name]
        if values:
            digits = 0 if name.endswith("MB") else 2
            verdict = ["", ""] if limit is None else [f"{limit:g}", "yes" if np.median(values) < limit else "no"]
            rows.append([name, f"{np.median(values):.{digits}f}", f"{max(values):.{digits}f}", len(values), *verdict])
    report.table(("", "median", "worst", "starts", "must be below", "is, in the median"), rows)
    report.finish(results(__file__) if options.write else None)


if __name__ == "__main__":
    main()
