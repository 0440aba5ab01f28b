"""Files that are whole or absent."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_whole(file: Path, content: bytes | memoryview, *, sync: bool = False) -> None:
    """Write a file so that a reader finds it whole or not at all; folders are made where they are absent.

    Args:
        file: Where to write.
        content: All of it.
        sync: Whether it must survive a power cut once this returns, and not only the death of the process: it is
            forced to the medium, with the names of the file and of the folders that were made for it.

    Raises:
        OSError: It could not be written; what was there before is untouched, and nothing is left beside it.
    """
    # Plain strings and a try first: this is on the path of every frame, where pathlib costs as much as the write.
    folder, final = os.path.split(os.fspath(file))
    temporary, final = f"{folder}/.{final}.part", f"{folder}/{final}"
    changed = [folder]
    try:
        _write(temporary, content, sync)
    except FileNotFoundError:
        changed += _make_folders(folder)
        _write(temporary, content, sync)
    os.replace(temporary, final)  # noqa: PTH105
    for parent in changed if sync else ():
        sync_file(parent)


def sync_file(path: str | Path) -> None:
    """Force a file's content, or a folder's names, to the medium."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Force all files below a folder, and all names, to the medium."""
    for path in (*folder.rglob("*"), folder):
        sync_file(path)


def _make_folders(folder: str) -> list[str]:
    """Make a folder and those above it; tell which folders have a new name in them."""
    changed = []
    above = os.path.dirname(folder)  # noqa: PTH120
    while not os.path.exists(above):  # noqa: PTH110
        changed.append(above)
        above = os.path.dirname(above)  # noqa: PTH120
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    return [*changed, above]


def _write(path: str, content: bytes | memoryview, sync: bool) -> None:
    """Write all of a file; nothing is left of it where that fails."""
    try:
        with open(path, "wb") as stream:  # noqa: PTH123
            stream.write(content)
            if sync:
                stream.flush()
                os.fsync(stream.fileno())
    except OSError as error:
        error.filename = error.filename or path  # a write, unlike an open, does not know it
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108
        raise
