"""Frames of a stack scan on their way to the disk while they are registered, normalised, unmixed and watched.

`beampilot serve` runs a stack scan: 100 frames of 512 × 512 pixels (16 bits) at each of 100 photon energies, 10,000 in
all, from a camera that gives them as fast as they are taken from it. They go through shared memory to the run's shards;
the analyst takes them from there through the chain of a stack scan (dark frames, normalisation by I0, registration,
NMF), and two clients watch previews in processes of their own. Before and after each scan the same number of bytes is
written to one plain file by a process that has the machine for itself, the servers being idle: a ratio is that of a
scan and the mean of its two neighbours. All turns begin after a rest: a virtual machine gives memory back that nobody
uses, within seconds, and to find it again takes longer than to write to it, so that whoever writes right after another
file was removed is several times as fast. The rate of a scan is that of its frames from the first energy's beginning to
the last event; the analyst, which runs at a lower priority, may be behind by then, and the table says by how much.
Every frame is read back and compared with what the camera gave.

Run ``python -m benchmarks.streamed_stack --write``; ``--folder`` names a folder on the disk to be tried.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from rich.progress import Progress

from benchmarks.report import Report, results
from benchmarks.served import ROOT, Daemon, settings_file
from benchmarks.stack_camera import ENERGIES, RANGE, VARIANTS, bank
from benchmarks.status_latency import watchers
from daemon.runs import Run

SIZE = 512
FRAME_BYTES = SIZE * SIZE * 2
REST = 15.0
"""How long nothing is written before each turn, s."""
PATIENCE = 1800.0
"""The longest that a scan and its analysis may take, s."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """How a scan went.

    Attributes:
        seconds: From the first move to the last event.
        analysed: From there until the last frame was unmixed.
        frames: On disk and as the camera gave them.
        stall: Longest time that the engine's loop did not answer, ms.
        previews: That each client saw, per second.
        failures: Of on-line steps.
        restarts: Of the analyst.
    """

    seconds: float
    analysed: float
    frames: int
    stall: float
    previews: tuple[float, ...]
    failures: int
    restarts: int


def plain(folder: Path, content: bytes, frames: int) -> float:
    """Write frames to one file; returns how long that took, s."""
    path = folder / "plain"
    began = time.perf_counter()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    count = len(content) // FRAME_BYTES
    view = memoryview(content)
    for number in range(frames):
        start = number % count * FRAME_BYTES
        os.write(descriptor, view[start : start + FRAME_BYTES])
    os.close(descriptor)
    seconds = time.perf_counter() - began
    path.unlink()
    return seconds


def scan(daemon: Daemon, per_energy: int, known: np.ndarray) -> Scanned:
    """Run a stack scan with two clients that watch it."""
    low, high = RANGE
    parameters = {
        "axes": {"energy": {"low": low, "high": high, "points": ENERGIES}},
        "frames_per_point": per_energy,
        "dark_frames": 1,
        "components": 3,
    }
    with watchers(daemon, frames=2, documents=0) as ended:
        began = time.monotonic()
        daemon.engine.call("start", plan="stack_scan", parameters=parameters)
        daemon.wait_for(lambda facts: facts["run"] and facts["run"]["points"] == ENERGIES, PATIENCE)
        watched = time.monotonic() - began
        heard = ended()
    daemon.wait_for(lambda facts: facts["state"] == "idle" and not facts.get("plan"), PATIENCE)
    run = Run(max((daemon.data / "runs").glob("*/*.zarr"), key=lambda path: path.stat().st_mtime))
    table = run.table()
    seconds = float(table["time"][-1] - run.start["time"])
    stop: dict[str, Any] = dict(run.attributes["stop"])
    kept: dict[str, Any] = dict(run.attributes["statistics"])
    about = json.loads((run.path / "analysis" / "stream" / "zarr.json").read_text())["attributes"]
    return Scanned(
        seconds,
        float(stop["time"] - table["time"][-1]),
        check(run.path, known, per_energy) if about["frames"] == ENERGIES * per_energy else 0,
        float(kept["loop"]["worst"]),
        tuple(len(one.latencies) / watched for one in heard),
        int(about["failed"]),
        int(kept["analyst"]["restarts"]),
    )


def check(run: Path, known: np.ndarray, per_energy: int) -> int:
    """Read every frame back with zarr; returns how many are there and as the camera gave them."""
    stored = zarr.open_array(run / "primary" / "detector", mode="r")
    first, good = None, 0
    for event in range(stored.shape[0]):
        frames = np.array(stored[event])
        for place in range(per_energy):
            number = int(frames[place, 0, 0])
            first = number if first is None else first
            expected = known[event, number % VARIANTS].copy()
            expected[0, 0] = number
            in_order = number == (first + event * per_energy + place) % 2**16
            good += in_order and np.array_equal(frames[place], expected)
    return good


def measure(
    daemon: Daemon, folder: Path, options: argparse.Namespace
) -> list[tuple[int, float, float, float, Scanned]]:
    """Let scans and plain files take turns; returns the table's rows."""
    known = bank(SIZE)
    content, rows = known[:, 0].tobytes(), []
    with Progress() as progress:
        task = progress.add_task("scans", total=options.rounds + 1)
        counts = [options.frames] * options.rounds + [options.most]
        for count in counts:
            per_energy = count // ENERGIES
            before = plain(folder, content, count)
            time.sleep(REST)
            one = scan(daemon, per_energy, known)
            time.sleep(REST)
            after = plain(folder, content, count)
            time.sleep(REST)
            total = count * FRAME_BYTES / 1e6
            alone = total / statistics.mean((before, after))
            rows.append((count, alone, total / one.seconds, total / one.seconds / alone, one))
            progress.advance(task)
    return rows


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2000, help="frames of a scan")
    parser.add_argument("--most", type=int, default=10_000, help="frames of the last scan")
    parser.add_argument("--rounds", type=int, default=5, help="scans before the last one")
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to be tried; default: where you are")
    parser.add_argument("--codec", default="none", help="how frames are packed")
    parser.add_argument("--write", action="store_true", help=f"write the table to {results(__file__).name}, too")
    options = parser.parse_args()
    factory = {
        "factory": "benchmarks.stack_camera:instrument",
        "path": str(ROOT),
        "options": {"size": SIZE, "clock": "fastest"},
    }
    report = Report()
    with tempfile.TemporaryDirectory(dir=options.folder or Path.cwd()) as name:
        folder = Path(name)
        (data := folder / "data").mkdir()
        settings = settings_file(folder, instrument=factory, recorder={"codec": options.codec})
        with Daemon(data, settings) as daemon:
            daemon.serve()
            rows = measure(daemon, folder, options)
    cells = [
        (
            f"{count:,}",
            f"{alone:.0f}",
            f"{ours:.0f}",
            f"{ratio:.2f}",
            f"{count - one.frames}",
            f"{one.stall:.0f}",
            f"{one.analysed:.0f}",
            " and ".join(f"{rate:.0f}" for rate in one.previews),
            f"{one.failures}",
            f"{one.restarts}",
        )
        for count, alone, ours, ratio, one in rows
    ]
    heads = ("frames", "plain file, MB/s", "scan, MB/s", "ratio", "lost", "longest stall, ms", "analyst behind, s")
    report.table((*heads, "previews per s", "failed steps", "restarts"), cells)
    ratios = [row[3] for row in rows]
    report.table(("", "ratio", "wanted"), [("median of all scans", f"{statistics.median(ratios):.2f}", "≥ 0.6")])
    report.finish(results(__file__) if options.write else None)


if __name__ == "__main__":
    main()
