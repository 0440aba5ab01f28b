"""Removes what is older than the settings keep: closed runs, and logs that were put aside."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daemon.errors import RecorderError
from daemon.logs import logs_folder
from daemon.recorder.attributes import read_attributes
from daemon.recorder.journal import is_locked
from daemon.recorder.layout import JOURNAL, runs_folder
from daemon.retention_settings import RetentionSettings

KEEP = "keep"
"""A file of this name in a run's folder keeps the run for ever."""
REMOVED = ".removed-"
"""Beginning of the name under which a run vanishes from all lists before its files are removed."""
DAY = 86400.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed.

    Attributes:
        runs: folders of runs.
        logs: log files.
    """

    runs: tuple[Path, ...] = ()
    logs: tuple[Path, ...] = ()


def remove_old(data: Path, settings: RetentionSettings, now: float | None = None) -> Removed:
    """Removes what the settings do not keep; what cannot be removed is logged and left for the next time.

    A run goes whole or not at all. Never removed are runs that are not closed, that somebody writes, that another
    run continues which stays, or that hold a file named `keep`.

    Args:
        data: the data folder; it need not exist.
        settings: how long what is kept.
        now: the time, s since 1970.
    """
    today = time.time() if now is None else now
    for left in runs_folder(data).glob(f"*/{REMOVED}*"):
        shutil.rmtree(left, ignore_errors=True)
    runs = [run for run in _old_runs(data, settings, today) if _remove_run(run)]
    return Removed(tuple(runs), tuple(_remove_logs(data, settings, today)))


def _old_runs(data: Path, settings: RetentionSettings, now: float) -> list[Path]:
    """Runs that need not be kept, the oldest first."""
    if settings.runs_days is None:
        return []
    old: dict[Path, str] = {}
    origins: dict[Path, str] = {}
    for path in runs_folder(data).glob("*/*.zarr"):
        try:
            attributes = read_attributes(path)
        except RecorderError:
            continue
        start, stop = attributes["start"], attributes["stop"]
        origins[path] = str(start.get("continues") or "")
        kept = (path / KEEP).exists() or is_locked(path / JOURNAL)
        if stop is not None and not kept and stop["time"] < now - settings.runs_days * DAY:
            old[path] = str(stop["time"])
    return [path for path in sorted(old, key=lambda path: old[path]) if not _needed(path, origins, set(old))]


def _needed(path: Path, origins: dict[Path, str], old: set[Path]) -> bool:
    """Whether a run that stays continues this one, directly or through others."""
    followers = [run for run, origin in origins.items() if origin and Path(origin) == path]
    return any(run not in old or _needed(run, origins, old) for run in followers)


def _remove_run(path: Path) -> bool:
    try:
        gone = path.rename(path.with_name(f"{REMOVED}{path.name}"))
    except OSError as error:
        log.warning("the run %s cannot be removed: %s", path, error)
        return False
    shutil.rmtree(gone, ignore_errors=True)
    if not any(path.parent.iterdir()):
        path.parent.rmdir()
    log.info("removed the run %s: it was older than retention.runs_days", path)
    return True


def _remove_logs(data: Path, settings: RetentionSettings, now: float) -> Iterator[Path]:
    """Removes files that were put aside; a file that is still written to stays."""
    if settings.logs_days is None:
        return
    for path in logs_folder(data).glob("*.*.[0-9]*"):
        try:
            if path.stat().st_mtime < now - settings.logs_days * DAY:
                path.unlink()
                yield path
        except OSError as error:
            log.warning("the log %s cannot be removed: %s", path, error)
