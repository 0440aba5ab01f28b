"""The runs of the data folder, as often as somebody asks: what does not change any more is read once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.runs import Run, RunSummary

OPEN = 4
"""Runs that are kept open: of one that grows, only what is new is read."""
GROWING = frozenset({"running", "interrupted"})


class RunCatalog:
    """Lists and opens runs; every method blocks, and may be called from any thread.

    Args:
        data: the data folder.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._summaries: dict[Path, tuple[int, RunSummary]] = {}
        self._open: OrderedDict[Path, tuple[Run, threading.Lock]] = OrderedDict()

    def page(self, limit: int, offset: int = 0, search: str | None = None) -> tuple[list[RunSummary], int]:
        """Some of the runs, the newest first, and how many there are.

        Args:
            limit: the most that are wanted.
            offset: how many of the newest are left out.
            search: only those with this text in their metadata, whatever its case.
        """
        from daemon.runs import RunStore

        paths = RunStore(self._data).paths()[::-1]
        if not search:
            return list(self._read(paths[offset : offset + limit])), len(paths)
        found = [each for each in self._read(paths) if search.casefold() in _words(each)]
        return found[offset : offset + limit], len(found)

    def find(self, text: str) -> Path:
        """The folder of a run: by uid or its beginning, scan number, or `latest`.

        Raises:
            RunNotFound: one line that says what there is.
        """
        from daemon.runs import RunStore

        return RunStore(self._data).find(text)

    def summary(self, path: Path) -> RunSummary:
        """A run in one line.

        Raises:
            RecorderError: when it cannot be read.
        """
        with self.opened(path) as run:
            return run.summary()

    @contextmanager
    def opened(self, path: Path) -> Iterator[Run]:
        """A run, for one thread at a time.

        Raises:
            RecorderError: when it cannot be read.
        """
        from daemon.runs import Run

        with self._lock:
            if path not in self._open:
                self._open[path] = (Run(path), threading.Lock())
                if len(self._open) > OPEN:
                    self._open.popitem(last=False)
            self._open.move_to_end(path)
            run, lock = self._open[path]
        with lock:
            yield run

    def _read(self, paths: list[Path]) -> Iterator[RunSummary]:
        from daemon.errors import RecorderError
        from daemon.runs import Run

        for path in paths:
            try:
                changed = (path / "zarr.json").stat().st_mtime_ns
                known = self._summaries.get(path)
                if known is not None and known[0] == changed:
                    yield known[1]
                    continue
                closed = Run(path).attributes.get("stop") is not None
                summary = Run(path).summary() if closed else self.summary(path)
            except (RecorderError, OSError, KeyError):  # one damaged run must not hide the others
                continue
            if closed and summary.exit_status not in GROWING:
                self._summaries[path] = (changed, summary)
            yield summary


def _words(summary: RunSummary) -> str:
    words = (summary.scan_id, summary.uid, summary.plan_name, summary.exit_status, summary.reason)
    return " ".join(map(str, (*words, summary.sample, summary.operator, summary.proposal))).casefold()
