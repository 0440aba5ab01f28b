"""A catalog in a folder, which outlives the process that writes it, as a Tiled server does."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.errors import TiledError, TiledUnreachable


class FolderCatalog:
    """Keeps each run in a file, a line per document, and treats it as Tiled does: what is told twice is there twice.

    Args:
        folder: where; made if it is not there.

    Attributes:
        calls: number of requests so far.
        before: called before each request with its number; it may raise, or end the process.
        after: called after each request, before anybody hears of its success.
        away: whether the server does not answer.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.calls = 0
        self.away = False
        self.before: Callable[[int], object] = lambda number: None
        self.after: Callable[[int], object] = lambda number: None
        self.refused: set[str] = set()

    def documents(self, uid: str) -> list[tuple[str, dict[str, Any]]]:
        """What was told of a run."""
        path = self.folder / uid
        return [tuple(json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []

    def find(self, uid: str) -> dict[str, Any] | None:
        """See `Catalog`."""
        self._request()
        told = self.documents(uid)
        self.after(self.calls)
        return {name: document for name, document in told if name in ("start", "stop")} or None

    def rows(self, uid: str) -> dict[str, int]:
        """See `Catalog`."""
        self._request()
        told = self.documents(uid)
        names = {document["uid"]: document["name"] for name, document in told if name == "descriptor"}
        self.after(self.calls)
        return dict(Counter(names[document["descriptor"]] for name, document in told if name == "event"))

    def delete(self, uid: str) -> None:
        """See `Catalog`."""
        self._request()
        (self.folder / uid).unlink()
        self.after(self.calls)

    def writer(self, *, live: bool) -> Callable[[str, dict[str, Any]], None]:
        """See `Catalog`."""
        file: list[Path] = []

        def write(name: str, document: dict[str, Any]) -> None:
            self._request()
            if name == "start":
                if document["uid"] in self.refused:
                    raise TiledError("409")
                file.append(self.folder / document["uid"])
                file[0].open("x").close()
            with file[0].open("a") as lines:
                lines.write(json.dumps([name, document]) + "\n")
            self.after(self.calls)

        return write

    def _request(self) -> None:
        self.calls += 1
        if self.away:
            raise TiledUnreachable("nobody there")
        self.before(self.calls)
