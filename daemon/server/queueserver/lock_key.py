"""The lock of a queue server: whoever has its key may do what it holds back, whoever they are."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from daemon.errors import RecorderError, disk_errors
from daemon.server.queueserver.private_file import read_private, write_private
from daemon.server.queueserver.refused import RefusedError

if TYPE_CHECKING:
    from daemon.store import LockState, Store

FILE = "queueserver_lock.json"
"""File in the data folder with what the lock holds back, and a digest of its key."""
WORK = 2**12
"""Rounds of the digest: people choose such keys themselves, so guessing must cost something."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is held back, and by which key.

    Attributes:
        environment: whether what is executed is held back.
        queue: whether what is planned is held back.
        holder: who locked it.
        salt: of the digest, hex.
        digest: of the key, hex.
        since: when, as the store has it: another lock of the same holder has another key, or none.
    """

    environment: bool
    queue: bool
    holder: str
    salt: str
    digest: str
    since: str

    def fits(self, key: object) -> bool:
        """Whether this is the key."""
        return isinstance(key, str) and hmac.compare_digest(_digest(key, self.salt), self.digest)


@dataclass(frozen=True, slots=True)
class Locked:
    """The lock as it stands.

    Attributes:
        state: who holds it; None if nobody does.
        held: what is held back by which key; None if it was locked without a key, which holds back everything.
    """

    state: LockState | None
    held: Held | None

    def holds_back(self, part: Literal["environment", "queue"]) -> bool:
        """Whether a part is held back."""
        if self.state is None:
            return False
        return self.held is None or bool(getattr(self.held, part))

    def info(self) -> dict[str, Any]:
        """It, as `lock/info` shows it."""
        since = None if self.state is None else self.state.since
        return {
            "environment": self.holds_back("environment"),
            "queue": self.holds_back("queue"),
            "user": None if self.state is None else self.state.holder,
            "time": None if since is None else since.timestamp(),
            "time_str": "" if since is None else since.astimezone().strftime("%m/%d/%Y %H:%M:%S"),
            "note": None if self.state is None else self.state.note or None,
            "emergency_lock_key_is_set": False,
        }

    def __str__(self) -> str:
        info = self.info()
        parts = [part for part in ("environment", "queue") if info[part]]
        note = f" ({info['note']})" if info["note"] else ""
        return f"{info['user']} locked {' and '.join(parts)} at {info['time_str']}{note}"


class KeyedLock:
    """Puts a key to the control lock that the store keeps for all doors.

    Args:
        store: where the control lock is kept.
        data: the data folder, where the key's digest is kept.
    """

    def __init__(self, store: Store, data: Path) -> None:
        self._store = store
        self._file = data / FILE

    async def state(self) -> Locked:
        """The lock as it stands."""
        return await asyncio.to_thread(self._state)

    async def check(self, part: Literal["environment", "queue"], key: object, name: str) -> None:
        """Make sure that somebody may do what a part of the lock holds back.

        Args:
            part: of the lock.
            key: that came with the request; None if none did.
            name: who asks; whoever locked it without a key needs none.

        Raises:
            RefusedError: when they may not.
        """
        if not (key is None or isinstance(key, str)):
            raise RefusedError("lock_key must be text")
        await asyncio.to_thread(self._check, part, key, name)

    async def lock(self, key: str, parts: tuple[bool, bool], name: str, note: str) -> Locked:
        """Lock it, or change what is locked.

        Args:
            key: without which it is not unlocked.
            parts: whether environment and queue are held back.
            name: who locks it.
            note: what for.

        Raises:
            RefusedError: when another key has locked it, or somebody else without one.
            RecorderError: when the key's digest cannot be written.
        """
        return await asyncio.to_thread(self._lock, key, parts, name, note)

    async def unlock(self, key: str, name: str) -> Locked:
        """Unlock it; it may be unlocked already.

        Raises:
            RefusedError: when the key does not fit.
        """
        return await asyncio.to_thread(self._unlock, key, name)

    def _state(self) -> Locked:
        state = self._store.lock_state()
        held = self._read() if state is not None else None
        # Another door may have unlocked it, and somebody locked it again, without the file being told.
        same = held is not None and state is not None and (held.holder, held.since) == (state.holder, _moment(state))
        return Locked(state, held if same else None)

    def _check(self, part: Literal["environment", "queue"], key: str | None, name: str) -> None:
        locked = self._state()
        if locked.holds_back(part) and not _opens(locked, key, name):
            raise RefusedError(f"wrong lock_key or none: {locked}")

    def _lock(self, key: str, parts: tuple[bool, bool], name: str, note: str) -> Locked:
        locked = self._state()
        if locked.state is not None:
            if not _opens(locked, key, name):
                raise RefusedError(f"another lock_key: {locked}")
            self._store.unlock(locked.state.holder, force=True)
        salt = secrets.token_hex(16)
        state = self._store.lock(name, note)
        try:
            with disk_errors(self._file):
                write_private(self._file, asdict(Held(*parts, name, salt, _digest(key, salt), _moment(state))))
        except RecorderError:
            self._store.unlock(name, force=True)
            raise
        return self._state()

    def _unlock(self, key: str, name: str) -> Locked:
        locked = self._state()
        if locked.state is not None:
            if not _opens(locked, key, name):
                raise RefusedError(f"wrong lock_key: {locked}")
            self._store.unlock(locked.state.holder, force=True)
        self._file.unlink(missing_ok=True)
        return self._state()

    def _read(self) -> Held | None:
        with contextlib.suppress(TypeError):
            return Held(**read_private(self._file))
        return None


def _opens(locked: Locked, key: str | None, name: str) -> bool:
    """Whether a key opens it; where there is none, whether it is their own."""
    if locked.held is not None:
        return locked.held.fits(key)
    return locked.state is None or locked.state.holder == name


def _moment(state: LockState) -> str:
    return state.since.isoformat()


def _digest(key: str, salt: str) -> str:
    return hashlib.scrypt(key.encode(), salt=bytes.fromhex(salt), n=WORK, r=8, p=1).hex()
