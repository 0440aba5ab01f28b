"""How plans were told to end: what the history itself does not tell apart, kept through restarts of the server."""

from __future__ import annotations

import contextlib
from pathlib import Path

from daemon.server.queueserver.private_file import read_private, write_private

FILE = "queueserver_endings.json"
"""File in the data folder."""
MOST = 500
"""How many are remembered, the latest of them."""


class Endings:
    """How items were told to end: "stopped", "aborted" or "halted".

    Args:
        data: the data folder.
    """

    def __init__(self, data: Path) -> None:
        self._file = data / FILE
        self._known = {str(uid): str(how) for uid, how in read_private(self._file).items()}

    def get(self, uid: str) -> str | None:
        """How an item was told to end; None if nobody told it."""
        return self._known.get(uid)

    def note(self, uid: str, how: str) -> None:
        """Remember how an item was told to end; blocks until it is on disk."""
        self._known.pop(uid, None)
        self._known[uid] = how
        self._keep()

    def forget(self, uid: str) -> None:
        """It was not ended after all."""
        self._known.pop(uid, None)
        self._keep()

    def _keep(self) -> None:
        self._known = dict(list(self._known.items())[-MOST:])
        # A full disk must never stand between a person and an abort; what is lost is one word in the history.
        with contextlib.suppress(OSError):
            write_private(self._file, self._known)
