"""What happened at the served hardware, line by line: the record that no client writes."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from devices.protocols import Clock


class HardwareLog:
    """Keeps every command, every change of state and every exposure, in memory and in a file of JSON lines.

    Each entry has ``number`` (from 0), ``time`` (wall time, s since 1970), ``instrument`` (the hardware's own time, s
    since 1970) and ``what``:

    * ``began``: ``options`` and when the beam was filled, ``beam_start``; always the first one;
    * ``client``: ``client`` (a number) is ``connected`` or ``gone``, see ``state``;
    * ``command``: ``client`` told ``device`` to ``call`` with ``arguments``;
    * ``motion``: ``device`` is ``moving``, or has come to rest (``arrived``, ``stopped``) at ``position``;
    * ``shutter``: is ``open`` or ``closed``;
    * ``exposure``: all that its frame is made of, see :class:`simulators.served.camera.Shot`.

    Args:
        path: The file; one that is there is begun anew.
        clock: Of the hardware.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []
        self._file = path.open("w", encoding="utf-8")

    def note(self, what: str, **facts: object) -> None:
        """Add an entry."""
        with self._lock:
            entry = {"number": len(self._entries), "time": time.time(), "instrument": self._clock.time(), "what": what}
            entry |= facts
            self._entries.append(entry)
            if not self._file.closed:
                self._file.write(json.dumps(entry) + "\n")
                self._file.flush()

    def since(self, number: int = 0) -> list[dict[str, Any]]:
        """Return the entries from a number on."""
        with self._lock:
            return self._entries[number:]

    def close(self) -> None:
        """Close the file; what happens later is kept in memory only."""
        with self._lock:
            self._file.close()


def read_log(path: Path) -> list[dict[str, Any]]:
    """Read a log's file; a line that is still being written is left out."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]
