"""Registers runs, each exactly once: what a killed process left half done is deleted and done again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from daemon.errors import TiledError, disk_errors
from daemon.recorder.journal import Document, JournalReader, Named, encode, is_locked
from daemon.recorder.layout import JOURNAL
from daemon.tiled.catalog import Catalog
from daemon.tiled.documents import counts, live, settled

PIECE = 50
"""How many documents of a run that goes on are told before others have their turn."""

log = logging.getLogger(__name__)


class Feed:
    """A run that is told while it goes on.

    Args:
        run: its folder.
        catalog: where it is registered.
    """

    def __init__(self, run: Path, catalog: Catalog) -> None:
        self._reader = JournalReader(run / JOURNAL)
        self._waiting: list[Named] = []
        self._streams: dict[str, Document] = {}
        self._catalog = catalog
        self._write = catalog.writer(live=True)
        self._told: dict[str, bytes] = {}
        self._certain = True

    def advance(self) -> bool:
        """Tells what is new, at most one piece of it.

        Returns:
            Whether anything was told.
        """
        self._waiting += live(self._reader.read(), self._streams)
        piece, self._waiting = self._waiting[:PIECE], self._waiting[PIECE:]
        for name, document in piece:
            if name == "start":
                _remove_rest(self._catalog, document["uid"])
            self._write(name, document)
            self._told[document["uid"]] = encode(name, document)
            # A column that begins with nothing has no type yet: Tiled takes it for text.
            self._certain = self._certain and None not in document.get("data", {}).values()
        return bool(piece)

    def finish(self, documents: list[Named]) -> bool:
        """Tells what is left of a run that was closed.

        Tiled's tables only grow, so that a point which was measured again cannot be put right in them.

        Args:
            documents: all of it, settled.

        Returns:
            False when it has to be told from the beginning, because it differs from what was told, or much is left.
        """
        known = [encode(*named) for named in documents if named[1]["uid"] in self._told]
        rest = [named for named in documents if named[1]["uid"] not in self._told]
        same = self._certain and sorted(known) == sorted(self._told.values())
        if not same or sum(counts(documents, rest).values()) > PIECE:
            return False
        for name, document in rest:
            self._write(name, document)
        return True


class Registrar:
    """Registers runs in a catalog.

    Args:
        catalog: where.
        sign: called after each step that may take long, as a sign of life.
    """

    def __init__(self, catalog: Catalog, sign: Callable[[], object] = lambda: None) -> None:
        self._catalog = catalog
        self._sign = sign
        self._feeds: dict[Path, Feed] = {}
        self._open: dict[Path, int] = {}

    def advance(self, run: Path, *, live: bool) -> tuple[bool, bool]:
        """Brings what is registered of a run up to date.

        Args:
            run: its folder.
            live: whether a run that goes on is registered too.

        Returns:
            Whether the run is registered for good, and whether anything was done for it.

        Raises:
            TiledError: when it is not up to date now; nothing is lost by trying again.
            RecorderError: when its journal cannot be read.
        """
        closed = self._closed(run)
        try:
            if closed is not None:
                self._register(run, closed)
                return True, True
            return False, live and self._feed(run).advance()
        except TiledError:
            # What the server has of a failed request is not known: begin again, with nothing doubled.
            self._feeds.pop(run, None)
            raise
        finally:
            self._sign()

    def _closed(self, run: Path) -> list[Named] | None:
        """What is told of a closed run; None if it goes on, or its process died and nobody has closed it yet."""
        journal = run / JOURNAL
        with disk_errors(journal):
            size = journal.stat().st_size
        if is_locked(journal) or self._open.get(run) == size:
            return None
        self._open[run] = size
        documents = settled(JournalReader(journal).read(), run)
        if documents[-1:] and documents[-1][0] == "stop":
            del self._open[run]
            return documents
        return None

    def _feed(self, run: Path) -> Feed:
        if run not in self._feeds:
            self._feeds[run] = Feed(run, self._catalog)
        return self._feeds[run]

    def _register(self, run: Path, documents: list[Named]) -> None:
        uid, stop = documents[0][1]["uid"], documents[-1][1]
        feed = self._feeds.pop(run, None)
        if feed is None and self._complete(uid, stop, documents):
            return
        if feed is None or not feed.finish(documents):
            _remove_rest(self._catalog, uid)
            write = self._catalog.writer(live=False)
            for name, document in documents:
                write(name, document)
                self._sign()
        if not self._complete(uid, stop, documents):
            raise TiledError(f"Tiled does not hold what it was told of {run.name}; it is told again")
        log.info("%s is registered as %s", run, uid)

    def _complete(self, uid: str, stop: dict[str, object], documents: list[Named]) -> bool:
        """Whether a run is registered with its stop document and as many events as it has."""
        found = self._catalog.find(uid)
        if not found or (found.get("stop") or {}).get("uid") != stop["uid"]:
            return False
        rows = {name: number for name, number in self._catalog.rows(uid).items() if number}
        return rows == counts(documents, documents)


def _remove_rest(catalog: Catalog, uid: str) -> None:
    """Removes what an earlier attempt left."""
    if catalog.find(uid) is not None:
        catalog.delete(uid)
