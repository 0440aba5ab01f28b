"""Closes runs whose process died, from their journals."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.errors import RecorderError
from daemon.numbers import Register
from daemon.recorder.attributes import read_attributes, versions
from daemon.recorder.journal import Document, Journal, JournalReader, is_locked
from daemon.recorder.layout import JOURNAL, runs_folder
from daemon.recorder.open_run import RESERVE, OpenRun, discard
from daemon.recorder.tables import Tables

REASON = "the process ended before the run did; closed from its journal"
"""Stands in the stop document of a run that was closed here."""
ATTEMPTS = 5
"""How often a lock is tried: someone who only asks whether a run is alive holds it for an instant."""

log = logging.getLogger(__name__)


def close_interrupted_runs(
    data: Path, compact: Callable[[Path], object] | None = None, register: Register | None = None
) -> list[Path]:
    """Closes every run that nobody writes any more and that has no stop document.

    Runs that a living process writes are left alone. A run that cannot be closed (a full disk) is logged and left for
    the next time; all that was acknowledged can be read from its journal meanwhile.

    Args:
        data: the data folder; it need not exist.
        compact: called with every run that was closed, to compact its frames; what it raises is logged.
        register: numbers the documents that are added, and is told of each.

    Returns:
        Folders of the runs that were closed, oldest first.
    """
    for unborn in runs_folder(data).glob("*/.*.zarr.new"):
        if not is_locked(unborn / JOURNAL):
            discard(unborn)
    closed = []
    for path in sorted(runs_folder(data).glob("*/*.zarr")):
        try:
            if not _is_closed(path) and _close(path, register):
                closed.append(path)
        except RecorderError as error:
            log.warning("the run %s stays interrupted: %s", path, error)
    if compact is not None:
        _compact(closed, compact)
    return closed


def _compact(closed: list[Path], compact: Callable[[Path], object]) -> None:
    for path in closed:
        try:
            compact(path)
        except Exception:
            log.exception("compaction of the frames of %s failed", path)


def _is_closed(path: Path) -> bool:
    try:
        return read_attributes(path)["stop"] is not None
    except (RecorderError, KeyError):
        return False


def _close(path: Path, register: Register | None) -> bool:
    """Closes one run; False when it is alive, or was closed by someone else meanwhile."""
    journal = _lock(path, register)
    if journal is None:
        return False
    try:
        if _is_closed(path):
            return False
        _sweep(path)
        run = _reopen(path, journal)
        run.finish()
    finally:
        journal.close()
    return True


def _lock(path: Path, register: Register | None) -> Journal | None:
    for attempt in range(ATTEMPTS):
        try:
            return Journal(path / JOURNAL, register=register)
        except RecorderError:
            if not is_locked(path / JOURNAL):
                raise
            time.sleep(0.01 * attempt)
    return None


def _sweep(path: Path) -> None:
    """Removes what only a living process needs: half-written files, and the room put aside for closing."""
    (path / RESERVE).unlink(missing_ok=True)
    for part in path.rglob(".*.part"):
        part.unlink(missing_ok=True)


def _reopen(path: Path, journal: Journal) -> OpenRun:
    """Makes the journal complete: no torn last line, a start document first, a stop document last.

    Raises:
        RecorderError: when neither the journal nor the attributes know how the run began.
    """
    reader, tables = JournalReader(path / JOURNAL), Tables()
    documents = reader.read()
    tables.add(documents)
    journal.truncate(reader.length)
    if reader.damaged:
        log.warning("%d damaged lines of %s were left out", reader.damaged, reader.path)
    attributes = _attributes(path, tables)
    if not documents:
        journal.append("start", attributes["start"])
    if tables.stop is None:
        journal.append("stop", _stop(attributes["start"], documents[-1:], tables.counts()))
    return OpenRun(path, journal, attributes, None, sync=False, rebuild=True)


def _attributes(path: Path, tables: Tables) -> dict[str, Any]:
    try:
        return read_attributes(path)
    except RecorderError:
        if tables.start is None:
            raise
    return {"start": tables.start, "stop": None, "versions": versions(), "settings": {}, "statistics": {}}


def _stop(start: Document, last: list[tuple[str, Document]], counts: dict[str, int]) -> Document:
    """The stop document of a run that could not write its own; its time is that of the last thing known."""
    ended = max([start["time"], *(document["time"] for _, document in last if "time" in document)])
    return {
        "uid": str(uuid.uuid4()),
        "time": ended,
        "run_start": start["uid"],
        "exit_status": "abort",
        "reason": REASON,
        "num_events": counts,
    }
