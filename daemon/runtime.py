"""Where the processes of one data folder meet: a private folder for their sockets and locks."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from daemon.errors import SettingsError

ENGINE_SOCKET = "engine.sock"
ENGINE_LOCK = "engine.lock"
TILED_HEARTBEAT = "tiled.heartbeat"


def runtime_folder(data: Path) -> Path:
    """The folder for sockets and locks of a data folder's processes; made if it is not there.

    It is not in the data folder itself, because a Unix socket's path may have no more than 107 characters, and a
    data folder may lie on a file system that knows no sockets.

    Args:
        data: the data folder.

    Raises:
        SettingsError: when somebody else has a folder of that name, who could listen to us.
    """
    digest = hashlib.sha256(os.fsencode(data.expanduser().resolve())).hexdigest()[:10]
    folder = Path(tempfile.gettempdir()) / f"beampilot-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if folder.is_symlink() or facts.st_uid != os.getuid() or facts.st_mode & 0o077:
        raise SettingsError(f"{folder} belongs to somebody else or is open to others; remove it, or set TMPDIR")
    return folder


def engine_address(data: Path) -> str:
    """Path of the Unix socket on which the engine of a data folder takes commands."""
    return str(runtime_folder(data) / ENGINE_SOCKET)
