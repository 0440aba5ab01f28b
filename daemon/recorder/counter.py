"""The number of the next scan: it goes on counting through restarts, whoever starts the scans."""

from __future__ import annotations

import contextlib
import fcntl
from pathlib import Path

from daemon.errors import disk_errors
from daemon.recorder.disk import write_atomically
from daemon.recorder.layout import runs_folder

COUNTER = "scan_id"


def next_scan_id(data: Path) -> int:
    """Counts one up in the data folder; safe for several processes at once.

    Where the counter's file is missing or damaged, counting goes on from the highest number among the runs.

    Raises:
        DiskFull: when there is no room; the count is then as it was.
        RecorderError: for any other error of the file system.
    """
    path = data / COUNTER
    with disk_errors(path):
        data.mkdir(parents=True, exist_ok=True)
        with (data / f".{COUNTER}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            number = _last(path, data) + 1
            write_atomically(path, f"{number}\n".encode())
    return number


def _last(path: Path, data: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text())
    names = [run.name.partition("-")[0] for run in runs_folder(data).glob("*/*.zarr")]
    return max((int(name) for name in names if name.isdecimal()), default=0)
