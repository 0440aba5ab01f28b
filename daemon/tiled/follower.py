"""Follows the journals of a data folder, and remembers which runs are registered."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from daemon.errors import BeampilotError, TiledUnreachable
from daemon.recorder.disk import write_atomically
from daemon.recorder.layout import JOURNAL, runs_folder
from daemon.tiled.registrar import Registrar

MEMORY = "tiled.json"
"""File in the data folder that names the runs which are registered for good."""
SETTLED = 2.0
"""A folder's time tells of every change when it is older than this, s."""
FIRST, LONGEST = 0.5, 60.0
"""The first and the longest pause after a failure, s."""

log = logging.getLogger(__name__)


class Memory:
    """Which runs are registered for good, on disk; losing the file costs time, and nothing else.

    Args:
        data: the data folder.
        place: the catalog; another one knows nothing yet.
    """

    def __init__(self, data: Path, place: str) -> None:
        self._path, self._place = data / MEMORY, place
        self._runs: dict[str, None] = {}
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            content = json.loads(self._path.read_bytes())
            if content["place"] == place:
                self._runs = dict.fromkeys(content["runs"])

    def __contains__(self, run: Path) -> bool:
        return _name(run) in self._runs

    def add(self, run: Path) -> None:
        """Remembers a run; when this returns, also for the next process."""
        self._runs[_name(run)] = None
        content = {"place": self._place, "runs": list(self._runs)}
        write_atomically(self._path, json.dumps(content, indent=0).encode())


class Follower:
    """Looks at the runs of a data folder again and again, and has each registered.

    A run that cannot be registered waits for its next attempt, longer each time, while others have their turn. None is
    ever given up.

    Args:
        data: the data folder.
        registrar: registers runs.
        memory: which runs are registered already.
        live: whether runs that go on are registered too.
        clock: monotonic time, s.
    """

    def __init__(
        self,
        data: Path,
        registrar: Registrar,
        memory: Memory,
        *,
        live: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._data, self._registrar, self._memory = data, registrar, memory
        self._live, self._clock = live, clock
        self._days: dict[Path, tuple[int, list[Path]]] = {}
        self._pauses: dict[Path, tuple[float, float]] = {}
        self._away = (0.0, 0.0)

    def step(self) -> bool:
        """Looks at every run once.

        Returns:
            Whether anything was done, so that there may be more to do at once.
        """
        busy = False
        if self._clock() < self._away[0]:
            return False
        for run in self._pending():
            if self._clock() < self._pauses.get(run, (0.0, 0.0))[0]:
                continue
            try:
                done, told = self._registrar.advance(run, live=self._live)
                if done:
                    self._memory.add(run)
                busy = busy or told
                self._away = (0.0, 0.0)
                self._pauses.pop(run, None)
            except TiledUnreachable as error:
                # The others would meet the same silence; they go first when it is over, for it may be this one's fault.
                self._away = self._after(self._away[1])
                self._pause(run, 2 * self._away[1], error)
                return False
            except BeampilotError as error:
                self._pause(run, self._pauses.get(run, (0.0, 0.0))[1], error)
        return busy

    @property
    def waiting(self) -> int:
        """Number of runs that are not registered for good."""
        return len(list(self._pending()))

    def _pause(self, run: Path, before: float, error: BeampilotError) -> None:
        self._pauses[run] = self._after(before)
        log.warning("%s is not registered yet, again in %g s: %s", run, self._pauses[run][1], error)

    def _after(self, before: float) -> tuple[float, float]:
        """When to try again, and how long that is, after a pause of `before`."""
        pause = min(max(FIRST, 2 * before), LONGEST)
        return self._clock() + pause, pause

    def _pending(self) -> Iterator[Path]:
        """The runs that are not registered for good, oldest first."""
        for day in sorted(runs_folder(self._data).glob("*")):
            for run in self._runs_of(day):
                if run not in self._memory:
                    yield run

    def _runs_of(self, day: Path) -> list[Path]:
        """The runs of a day, read again only when the day's folder has changed."""
        try:
            changed = day.stat().st_mtime_ns
        except OSError:  # an empty day was removed
            return []
        known = self._days.get(day)
        if known is None or known[0] != changed:
            runs = sorted(path.parent for path in day.glob(f"*.zarr/{JOURNAL}"))
            recent = time.time() - changed / 1e9 < SETTLED
            known = self._days[day] = (-1 if recent else changed, runs)
        return known[1]


def _name(run: Path) -> str:
    return f"{run.parent.name}/{run.name}"
