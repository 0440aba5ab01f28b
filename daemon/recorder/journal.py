"""The journal of a run: every document on a line of its own, written before anyone else is told of it.

A line is the JSON array of the document's name, the document, and the number under which an engine published it
(`[epoch, sequence]`, see `daemon.numbers`); lines without a number were never published.

The journal is the record; arrays are made from it and can be made again. A line counts when its newline is there: what
a killed process or a full disk left of a last line was never acknowledged and is dropped.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from daemon.errors import RecorderError, disk_errors
from daemon.numbers import Number, Register
from daemon.recorder.disk import write_all

Document: TypeAlias = dict[str, Any]
Named: TypeAlias = tuple[str, Document]


_force = getattr(os, "fdatasync", os.fsync)
"""Not every system can leave a file's times out of what is forced to the medium."""


def encode(name: str, document: Mapping[str, Any], number: Number | None = None) -> bytes:
    """One line of the journal, with its newline.

    NaN and infinities are written as Python and JavaScript name them, so that they come back as they were.
    """
    content = [name, document] if number is None else [name, document, number]
    return json.dumps(content, default=plain, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Named | None:
    """The document on a line; None when the line is damaged."""
    try:
        name, document, *_ = json.loads(line)
    except (ValueError, TypeError):
        return None
    return (name, document) if isinstance(name, str) and isinstance(document, dict) else None


def plain(value: object) -> object:
    """What JSON can hold in place of something it cannot; metadata must never stop a run."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


class Journal:
    """A journal that is being written; it is locked as long as it is open, so that others know the run is alive.

    Args:
        path: the file; made if it is not there.
        sync: whether every line must be on the medium before `append` returns.
        register: numbers the documents, and is told of each when it is on disk.

    Raises:
        RecorderError: when another process (or another journal of this one) writes that file.
        DiskFull: when there is no room for it.
    """

    def __init__(self, path: Path, *, sync: bool = False, register: Register | None = None) -> None:
        self.path = path
        self._register = register
        self._sync = sync
        with disk_errors(path):
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise RecorderError(f"another process is writing {path}") from error
        self._length = os.fstat(self._file).st_size

    def append(self, name: str, document: Mapping[str, Any], *, acknowledge: bool = True) -> None:
        """Writes one document; when this returns, the document survives the process (or a power cut, with sync).

        Args:
            name: the document's name.
            document: the document.
            acknowledge: whether the register is told of it now; else whoever calls tells it.

        Raises:
            DiskFull: when there is no room; the journal is then as it was before.
        """
        line = encode(name, document, None if self._register is None else self._register.next)
        with disk_errors(self.path):
            try:
                write_all(self._file, line)
                if self._sync:
                    _force(self._file)
            except OSError:
                self.truncate(self._length)
                raise
        self._length += len(line)
        if acknowledge and self._register is not None:
            self._register.acknowledge(name, document)

    def truncate(self, length: int) -> None:
        """Drops everything after the first `length` bytes."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, length)
        self._length = length

    def close(self) -> None:
        """Closes the file and releases its lock; closing twice does nothing."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


class JournalReader:
    """Reads a journal from its beginning, and goes on where it stopped when there is more.

    Args:
        path: the file; it may be growing.

    Attributes:
        length: bytes of complete lines read so far.
        damaged: complete lines so far that hold no document.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.length = 0
        self.damaged = 0

    def read(self) -> list[Named]:
        """The documents that were completed since the last call.

        Raises:
            RecorderError: when the file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self.length)
                content = file.read()
        except OSError as error:
            raise RecorderError(f"cannot read {self.path}: {error.strerror}") from error
        complete = content[: content.rfind(b"\n") + 1]
        self.length += len(complete)
        documents = [decode(line) for line in complete.split(b"\n")[:-1]]
        found = [document for document in documents if document is not None]
        self.damaged += len(documents) - len(found)
        return found


def is_locked(path: Path) -> bool:
    """Whether a living process is writing this journal."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
