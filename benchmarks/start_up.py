"""How long ``beampilot --help`` takes, and ``beampilot demo`` until its first point is in the journal.

Both are started as an operator starts them, as new processes; the time counts from the start of the process. With
``--fresh`` Beampilot is installed anew beside the dependencies of this Python, so that nothing of the working tree is
used: not its folder, and not an editable install. The first start after an installation is left out, because it alone
compiles; processor time is that of the process and its children, and tells more than wall time on a busy machine.

Run ``python -m benchmarks.start_up --help``.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.report import Report, results

HEADS = ("s", "median", "slowest", "processor", "starts")
DEADLINE = 120.0
"""The longest that a demo may take to its first point, s."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start: wall time and the processor time of all its processes, s."""

    wall: float
    processor: float


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def install(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Install Beampilot into a folder; returns the command and the environment that use it and nothing else of ours."""
    source = Path(__file__).resolve().parents[1]
    options = ["--quiet", "--no-deps", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], check=True)
    command = [sys.executable, str(folder / "bin" / "beampilot")]
    return command, {**os.environ, "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}


def time_help(command: Sequence[str], environment: dict[str, str], folder: Path) -> Start:
    """Time ``beampilot --help`` from its start to its end."""
    began, used = time.perf_counter(), _children()
    subprocess.run([*command, "--help"], env=environment, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return Start(time.perf_counter() - began, _children() - used)


def time_demo(command: Sequence[str], environment: dict[str, str], folder: Path) -> Start:
    """Time ``beampilot demo`` from its start until the journal holds its first primary event, then end it."""
    arguments = ["demo", "--headless", "--data", str(folder)]
    known = set(folder.glob("runs/*/*.zarr"))
    quiet = subprocess.DEVNULL
    began = time.perf_counter()
    with subprocess.Popen([*command, *arguments], env=environment, cwd=folder, stdout=quiet, stderr=quiet) as demo:
        try:
            while not any(_has_point(run) for run in set(folder.glob("runs/*/*.zarr")) - known):
                if demo.poll() is not None or time.perf_counter() - began > DEADLINE:
                    raise SystemExit(f"the demo measured nothing; see {folder}")
                time.sleep(0.005)
            wall = time.perf_counter() - began
            processor = _processor_time(demo.pid)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(DEADLINE)
    return Start(wall, processor)


def _has_point(run: Path) -> bool:
    """Whether a journal holds an event of the primary stream; only an event with a frame has its datum before it."""
    try:
        journal = (run / "journal.jsonl").read_bytes()
    except OSError:
        return False
    _, found, after = journal.partition(b'["stream_datum"')
    return bool(found) and b'\n["event"' in after


def _processor_time(pid: int) -> float:
    """Processor time so far of a process and its children, s; NaN where the system does not tell."""
    try:
        processes = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
        stats = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in processes]
    except OSError:
        return float("nan")
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def row(name: str, runs: Sequence[Start]) -> list[object]:
    """Median and slowest start of a command."""
    wall, processor = np.array([[run.wall, run.processor] for run in runs]).T
    return [name, f"{np.median(wall):.2f}", f"{wall.max():.2f}", f"{np.median(processor):.2f}", len(runs)]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5, help="how often each command is started")
    parser.add_argument("--fresh", action="store_true", help="install Beampilot anew into a folder of its own")
    parser.add_argument("--write", action="store_true", help=f"write the table to {results(__file__).name}, too")
    options, report = parser.parse_args(argv), Report()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        command, environment = [str(Path(sys.executable).with_name("beampilot"))], dict(os.environ)
        if options.fresh:
            command, environment = install(folder / "installed")
        data = folder / "data"
        data.mkdir()
        starts: dict[str, list[Start]] = {}
        for name, measure in (("beampilot --help", time_help), ("beampilot demo to its first point", time_demo)):
            measure(command, environment, data)
            starts[name] = [measure(command, environment, data) for _ in range(options.starts)]
    report.table(HEADS, [row(name, runs) for name, runs in starts.items()])
    report.finish(results(__file__) if options.write else None)


if __name__ == "__main__":
    main()
