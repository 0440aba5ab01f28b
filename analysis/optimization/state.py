"""Saving an optimiser beside its run, so that a crash at any moment leaves the old state or the new one, whole."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from analysis.optimization.errors import StateError
from analysis.optimization.optimizer import Optimizer


def save_state(path: str | os.PathLike[str], optimizer: Optimizer) -> None:
    """Write an optimiser's state atomically: a temporary file beside the target, flushed to disk, then renamed.

    Args:
        path: File to write or replace; its folder must exist.
        optimizer: The optimiser.

    Raises:
        OSError: The folder is missing or the disk is full; the old file is untouched.
    """
    target = Path(path)
    text = json.dumps(optimizer.state(), allow_nan=False)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def load_state(path: str | os.PathLike[str]) -> Optimizer:
    """Read an optimiser that asks for the same next point as the one saved.

    Raises:
        FileNotFoundError: There is no such file.
        StateError: The file is not a state, or not one of this version.
    """
    try:
        state = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise StateError(f"{path} is not an optimiser's state: {error}") from error
    if not isinstance(state, dict):
        raise StateError(f"{path} is not an optimiser's state: it holds a {type(state).__name__}")
    return Optimizer.from_state(state)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable: the folder's entry must reach the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
