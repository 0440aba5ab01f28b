"""How fast the server answers for the status while a camera streams and others watch.

`beampilot serve` scans the diffractometer twin with a camera of 512 × 512 pixels (16 bits) that gives 50 frames a
second; every frame is written to the run before its event. Two clients take previews of all frames over
``/api/v1/ws/frames`` and one takes all documents over ``/api/v1/ws/documents``, each in a process of its own. Another
asks ``GET /api/v1/status`` again and again, every 10 ms over one connection, with an answer awaited before the next
question. The same without clients, and without a scan, says what the rest is. Latency of frames and documents is the
time from the camera's frame or the document's own time until the client has it. Of the server's main thread the table
says which part of the time it computed, and which part it could have but other processes had the processor: where that
is not small, the figures are the machine's rather than the server's.

Run ``python -m benchmarks.status_latency --help``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import websockets
from rich.progress import Progress, TaskID

from benchmarks.report import Report, results
from benchmarks.served import ROOT, Daemon, scheduled, settings_file

PERIOD = 0.01
"""Time between two questions for the status, s."""
TARGET = 20.0
"""What the 99th percentile must stay below, ms."""
TIME = struct.Struct("<d")
TIME_AT = 24
"""Place of a frame's time in the header of a preview, bytes."""
HEADER = 32
"""Length of that header, bytes."""
WARM = 2.0
"""Time after the scan has begun, or clients have come, until figures count, s."""
HEADS = ("p50, ms", "p99", "worst")


@dataclass(slots=True)
class Heard:
    """What one client received: kind, and the latency of each message, s."""

    kind: str
    latencies: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """How the server answered.

    Attributes:
        took: time until each answer, s.
        busy: part of the time in which the server's main thread computed.
        queued: part of the time in which it could have, but others had the processor.
    """

    took: list[float]
    busy: float
    queued: float


def ask(daemon: Daemon, seconds: float, progress: Progress, task: TaskID) -> Asked:
    """Ask for the status again and again."""
    took, server = [], daemon.pids()["server"]
    with daemon.http() as client:
        before = np.array(scheduled(server))
        client.get("/status")
        end = time.monotonic() + seconds
        while (began := time.monotonic()) < end:
            client.get("/status").raise_for_status()
            took.append(time.monotonic() - began)
            progress.advance(task, max(took[-1], PERIOD))
            time.sleep(max(PERIOD - took[-1], 0.0))
    busy, queued = (np.array(scheduled(server)) - before) / seconds
    return Asked(took, float(busy), float(queued))


@contextmanager
def watchers(daemon: Daemon, frames: int, documents: int) -> Iterator[Callable[[], list[Heard]]]:
    """Clients in processes of their own, while the block lasts; the function ends them and gives what they heard."""
    address, context = daemon.url.replace("http", "ws", 1), multiprocessing.get_context("spawn")
    found: list[Heard] = []
    clients: list[tuple[Any, Connection]] = []
    for kind in ["frames"] * frames + ["documents"] * documents:
        ours, theirs = context.Pipe()
        client = context.Process(target=watch, args=(kind, f"{address}/ws/{kind}", daemon.key, theirs), daemon=True)
        client.start()
        clients.append((client, ours))

    def heard() -> list[Heard]:
        for _, ours in clients:
            ours.send("end")
        found.extend(ours.recv() for _, ours in clients)
        return found

    try:
        for _, ours in clients:
            ours.recv()
        time.sleep(WARM)
        for _, ours in clients:
            ours.send("count")
        yield heard
    finally:
        for client, _ in clients:
            client.terminate()
            client.join()


def watch(kind: str, url: str, key: str, told: Connection) -> None:
    """Receive from a WebSocket until told to end; the process of one client."""
    asyncio.run(_watch(kind, url, key, told))


async def _watch(kind: str, url: str, key: str, told: Connection) -> None:
    heard = Heard(kind)
    async with websockets.connect(url, max_size=None, compression=None, proxy=None) as socket:
        await socket.send(json.dumps({"authorization": key}))
        told.send("ready")
        while True:
            message = await socket.recv()
            if told.poll():
                if told.recv() == "end":
                    told.send(heard)
                    return
                heard.latencies.clear()
            if (when := _time(message)) is not None:
                heard.latencies.append(time.time() - when)


def _time(message: str | bytes) -> float | None:
    """When what a message tells of happened, s since 1970; None where it tells of nothing."""
    if isinstance(message, bytes):
        return TIME.unpack_from(message, TIME_AT)[0] if len(message) > HEADER else None
    content = json.loads(message)
    return content[2].get("time") if isinstance(content, list) else None


def start(daemon: Daemon) -> None:
    """Begin a scan that lasts longer than we do."""
    axes = {name: {"low": 0.0, "high": 150.0, "points": 1000} for name in ("stage_x", "stage_y")}
    daemon.engine.call("start", plan="grid_scan", parameters={"axes": axes})
    daemon.wait_for(lambda facts: facts["run"] and facts["run"]["points"] > 0)
    time.sleep(WARM)


def figures(latencies: Sequence[Sequence[float]]) -> list[str]:
    """Median, 99th percentile and worst of several trials, ms; of the first two the median over the trials."""
    trials = [1e3 * np.array(one) for one in latencies]
    p50, p99 = (np.median([np.percentile(trial, percent) for trial in trials]) for percent in (50, 99))
    return [f"{p50:.1f}", f"{p99:.1f}", f"{max(trial.max() for trial in trials):.1f}"]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each trial, s")
    parser.add_argument("--trials", type=int, default=5, help="trials of each kind")
    parser.add_argument("--rate", type=float, default=50.0, help="frames per second")
    parser.add_argument("--size", type=int, default=512, help="rows and columns of a frame")
    parser.add_argument("--write", action="store_true", help=f"write the table to {results(__file__).name}, too")
    options = parser.parse_args(argv)
    report, seconds = Report(), options.seconds
    camera = {"size": options.size, "rate": options.rate, "preset": "smooth", "seed": 0, "clock": "fastest"}
    factory = {"factory": "benchmarks.streaming_camera:instrument", "path": str(ROOT), "options": camera}
    with tempfile.TemporaryDirectory() as folder, Progress() as progress:
        task = progress.add_task("asking", total=3 * seconds * options.trials)
        (data := Path(folder) / "data").mkdir()
        with Daemon(data, settings_file(Path(folder), instrument=factory)) as daemon:
            daemon.serve()
            idle = [ask(daemon, seconds, progress, task) for _ in range(options.trials)]
            start(daemon)
            alone = [ask(daemon, seconds, progress, task) for _ in range(options.trials)]
            watched, heard, taken = [], [], []
            for _ in range(options.trials):
                with watchers(daemon, frames=2, documents=1) as ended:
                    before, began = daemon.engine.call("status")["run"]["points"], time.monotonic()
                    watched.append(ask(daemon, seconds, progress, task))
                    points = daemon.engine.call("status")["run"]["points"] - before
                    taken.append(points / (time.monotonic() - began))
                    heard.append(ended())
            daemon.engine.call("abort")
    rows = []
    for name, trials in (("nothing is scanned", idle), ("frames stream", alone), ("and clients watch", watched)):
        cells = figures([trial.took for trial in trials])
        shares = [f"{np.median([getattr(trial, kind) for trial in trials]):.0%}" for kind in ("busy", "queued")]
        count, verdict = sum(len(trial.took) for trial in trials), "yes" if float(cells[1]) < TARGET else "no"
        rows.append([name, count, *cells, verdict, *shares])
    heads = ("status while", "asked", *HEADS, f"p99 < {TARGET:.0f}", "server computed", "waited for a processor")
    report.table(heads, rows)
    rows = [["taken by the scan", f"{np.median(taken):.1f}", "", "", ""]]
    for place, kind in enumerate(one.kind for one in heard[0]):
        latencies = [trial[place].latencies for trial in heard]
        rows.append([kind, f"{np.median([len(one) for one in latencies]) / seconds:.1f}", *figures(latencies)])
    report.table(("client of", "per second", *HEADS), rows)
    report.finish(results(__file__) if options.write else None)


if __name__ == "__main__":
    main()
