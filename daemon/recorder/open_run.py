"""One run while it is open: its folder, its journal, and the arrays that follow the journal."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daemon.errors import DiskFull, RecorderError, disk_errors
from daemon.numbers import Register
from daemon.recorder.arrays import fit_frames, write_table
from daemon.recorder.attributes import versions, write_attributes
from daemon.recorder.disk import Reserve, sync_folder
from daemon.recorder.journal import Document, Journal, JournalReader
from daemon.recorder.layout import JOURNAL, run_folder, safe_name, stream_folder
from daemon.recorder.tables import Tables

RESERVE = ".reserve"
RESERVE_BYTES = 4 * 2**20
"""Room put aside for closing a run on a full disk: the arrays of some ten thousand events."""

log = logging.getLogger(__name__)


class OpenRun:
    """A run that is being written.

    The thread of the RunEngine calls `journal`; all else belongs to the recorder's background thread.

    Args:
        path: the run's folder.
        journal: already holds the start document.
        attributes: what the run says about itself.
        reserve: room for closing it.
        sync: whether it must survive a power cut.
        rebuild: whether arrays that are there already came from an earlier process, and are replaced as a whole.
    """

    def __init__(
        self,
        path: Path,
        journal: Journal,
        attributes: dict[str, Any],
        reserve: Reserve | None,
        *,
        sync: bool,
        rebuild: bool = False,
    ) -> None:
        self.path = path
        self.attributes = attributes
        self._journal = journal
        self._reserve = reserve
        self._sync = sync
        self._rebuild = rebuild
        self._reader = JournalReader(path / JOURNAL)
        self._tables = Tables()
        self._closed = False

    @classmethod
    def create(
        cls,
        data: Path,
        start: Document,
        settings: Mapping[str, Any],
        *,
        sync: bool,
        register: Register | None = None,
    ) -> OpenRun:
        """Makes the folder of a run, with its start document in the journal; whole or not at all.

        Raises:
            DiskFull: when there is no room; no folder is left.
            RecorderError: when the run is there already, or for any other error of the file system.
        """
        path = run_folder(data, start)
        made = path.with_name(f".{path.name}.new")
        attributes = {
            "start": start, "stop": None, "versions": versions(), "settings": settings, "statistics": {},
        }  # fmt: skip
        journal = None
        try:
            with disk_errors(path):
                made.mkdir(parents=True)
                reserve = Reserve(made / RESERVE, RESERVE_BYTES)
                journal = Journal(made / JOURNAL, sync=sync, register=register)
                journal.append("start", start, acknowledge=False)
                write_attributes(made, attributes, sync=sync)
                if sync:
                    sync_folder(made)
                made.rename(path)
                reserve.moved(path)
                for folder in path.parents[:3] if sync else ():
                    sync_folder(folder)
        except RecorderError:
            if journal is not None:
                journal.close()
            discard(made)
            raise
        if register is not None:
            register.acknowledge("start", start)
        return cls(path, journal, attributes, reserve, sync=sync)

    def journal(self, name: str, document: Document) -> None:
        """Writes a document to the journal; a stop document may use the room put aside for it.

        Raises:
            DiskFull: when there is no room; the journal is then as it was before.
        """
        try:
            self._journal.append(name, document)
        except DiskFull:
            if name != "stop" or not self.release_reserve():
                raise
            self._journal.append(name, document)

    def release_reserve(self) -> bool:
        """Gives the room put aside back; False when there was none."""
        with contextlib.suppress(OSError):
            return self._reserve is not None and self._reserve.release()
        return False

    def flush(self) -> None:
        """Brings the arrays up to date with the journal.

        Raises:
            DiskFull: when there is no room; the arrays hold what they held.
        """
        if self._closed:
            return
        try:
            self._tables.add(self._reader.read())
            for name, table in self._tables.by_stream.items():
                write_table(table, stream_folder(self.path, name), sync=self._sync, rebuild=self._rebuild)
            self._rebuild = False
        except Exception:
            # What is in memory may be half a block: the next flush begins again from the journal.
            self._reader, self._tables, self._rebuild = JournalReader(self.path / JOURNAL), Tables(), True
            raise

    def finish(self) -> None:
        """Closes the run from its journal, which holds the stop document: arrays exact, attributes complete.

        Raises:
            DiskFull: when there is no room; the run stays interrupted, and can be closed from its journal later.
        """
        try:
            self.flush()
            for name, table in self._tables.by_stream.items():
                for key in table.external:
                    fit_frames(stream_folder(self.path, name) / safe_name(key), len(table), sync=self._sync)
            self.attributes["start"] = self._tables.start or self.attributes["start"]
            self.attributes["stop"] = self._tables.stop
            write_attributes(self.path, self.attributes, sync=self._sync)
        finally:
            self.abandon()
            self._tables = Tables()  # the recorder keeps the latest run, also when it is closed

    def add_statistics(self, statistics: Mapping[str, Any]) -> None:
        """Adds to the statistics; those of a run that is closed already are rewritten."""
        self.attributes["statistics"].update(statistics)
        if self._closed:
            write_attributes(self.path, self.attributes, sync=self._sync)

    def counts(self) -> dict[str, int]:
        """Number of events of each stream, as far as the arrays go."""
        return self._tables.counts()

    def abandon(self) -> None:
        """Lets the run go as it is: its journal is released, and can be closed by whoever comes next."""
        self._closed = True
        self._journal.close()


def discard(folder: Path) -> None:
    """Removes what there is of a run that could not begin, and the folders above it if nothing else is in them."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()
        folder.parent.parent.rmdir()
