"""What can be seen from outside while a scan runs: the hardware's log, and the journals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Tail:
    """Reads the lines that a growing file of JSON lines got since the last time.

    Args:
        path: of the file; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at = 0

    def new(self) -> Iterator[Any]:
        """The new lines; one that is still being written comes the next time."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._at)
                lines = file.read().split(b"\n")
        except OSError:
            return
        for line in lines[:-1]:
            self._at += len(line) + 1
            if line.strip():
                yield json.loads(line)


class HardwareWatch:
    """Counts what the hardware did.

    Args:
        log: file of the hardware's log.

    Attributes:
        exposures: how many have ended.
        last_exposure: when the last one ended, s since 1970.
        last_move: when an axis was last told to move.
    """

    def __init__(self, log: Path) -> None:
        self._tail = Tail(log)
        self.exposures = 0
        self.last_exposure = 0.0
        self.last_move = 0.0

    def look(self) -> HardwareWatch:
        """Take in what is new."""
        for entry in self._tail.new():
            if entry["what"] == "exposure":
                self.exposures += 1
                self.last_exposure = entry["time"]
            elif entry["what"] == "command" and entry["call"] == "move":
                self.last_move = entry["time"]
        return self


class JournalWatch:
    """Counts the points on record in the newest run of a data folder.

    Args:
        data: the data folder.
    """

    def __init__(self, data: Path) -> None:
        self._runs = data / "runs"
        self._tail = Tail(self._runs)
        self._primary = ""
        self.run: Path | None = None
        self.points = 0

    def look(self) -> JournalWatch:
        """Take in what is new, also a new run."""
        newest = max(self._runs.glob("*/*.zarr"), key=lambda run: int(run.name.partition("-")[0]), default=None)
        if newest != self.run and newest is not None:
            self.run, self.points, self._primary = newest, 0, ""
            self._tail = Tail(newest / "journal.jsonl")
        for name, document, *_ in self._tail.new():
            if name == "descriptor" and document["name"] == "primary":
                self._primary = document["uid"]
            self.points += name == "event" and document["descriptor"] == self._primary
        return self


def read_journals(data: Path) -> dict[Path, list[tuple[str, Entry, tuple[int, int] | None]]]:
    """All documents of all runs, oldest run first: (name, document, number)."""
    found = {}
    for run in sorted((data / "runs").glob("*/*.zarr"), key=lambda run: int(run.name.partition("-")[0])):
        lines = (run / "journal.jsonl").read_text(encoding="utf-8").splitlines()
        parsed = [json.loads(line) for line in lines]
        found[run] = [(one[0], one[1], tuple(one[2]) if len(one) > 2 else None) for one in parsed]
    return found
