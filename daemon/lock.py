"""One daemon per data folder: a lock file that names its holder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from daemon.errors import AlreadyServing, disk_errors

LOCK_FILE = "daemon.lock"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds, or held last, a data folder.

    Attributes:
        pid: the daemon's process.
        address: where its HTTP server answers, as a URL.
        since: when it began, epoch time, s.
    """

    pid: int
    address: str
    since: float


@contextlib.contextmanager
def hold(data: Path, address: str) -> Iterator[Holder]:
    """Holds a data folder for the length of a block; the system lets go of it however the process ends.

    Args:
        data: the data folder; it must exist.
        address: where this daemon's HTTP server answers.

    Raises:
        AlreadyServing: when another daemon has it; the text names its pid and address.
    """
    path = data / LOCK_FILE
    with disk_errors(path), path.open("a+b", buffering=0) as file:
        path.chmod(0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyServing(_refusal(data, _read(path))) from None
        holder = Holder(os.getpid(), address, time.time())
        file.truncate(0)
        file.write(json.dumps(asdict(holder)).encode())
        yield holder


def last_holder(data: Path) -> Holder | None:
    """The daemon that holds a data folder, or held it last.

    When a supervisor was killed its server goes on, so its address is worth a try even then.
    """
    return _read(data / LOCK_FILE)


def _read(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _refusal(data: Path, other: Holder | None) -> str:
    if other is None:
        return f"another daemon is just taking the data folder {data}; wait for it, or choose another with --data DIR"
    return (
        f"a daemon with pid {other.pid} already serves the data folder {data} at {other.address}; "
        f"use that one, end it with `kill {other.pid}`, or choose another folder with --data DIR"
    )
