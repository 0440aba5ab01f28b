"""Files that are whole or absent."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(file: Path, content: bytes | memoryview) -> None:
    """Write a file so that a reader finds it whole or not at all; folders are made where they are absent.

    It survives the death of the process, not that of the machine: nothing is forced to the medium.

    Args:
        file: Where to write.
        content: All of it.

    Raises:
        OSError: It could not be written; what was there before is untouched.
    """
    # Plain strings and a try first: this is on the path of every frame, where pathlib costs as much as the write.
    folder, final = os.path.split(os.fspath(file))
    temporary, final = f"{folder}/.{final}.part", f"{folder}/{final}"
    try:
        _write(temporary, content)
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        _write(temporary, content)
    os.replace(temporary, final)  # noqa: PTH105


def _write(path: str, content: bytes | memoryview) -> None:
    """Write all of a file."""
    with open(path, "wb") as stream:  # noqa: PTH123
        stream.write(content)
