"""The sign of life of the process that registers runs: the time of a file, which is also its lock."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from daemon.errors import ProcessError, disk_errors
from daemon.runtime import TILED_HEARTBEAT, runtime_folder

PERIOD = 0.5
"""How often the file's time is renewed at the most, s."""


class Heartbeat:
    """The sign of life, as the process itself gives it; one process per data folder can.

    Args:
        data: the data folder.

    Attributes:
        file: descriptor of the file.

    Raises:
        ProcessError: when another process gives it for this data folder.
    """

    def __init__(self, data: Path) -> None:
        path = runtime_folder(data) / TILED_HEARTBEAT
        with disk_errors(path):
            self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.file)
            raise ProcessError(f"another process registers the runs of {data} in Tiled already") from None
        self._last = 0.0
        self.beat()

    def beat(self) -> None:
        """Shows that the process is alive and goes on."""
        now = time.monotonic()
        if now - self._last >= PERIOD:
            self._last = now
            os.utime(self.file)

    def close(self) -> None:
        """Lets another process take over."""
        os.close(self.file)
