"""The data folder, made sure of."""

from __future__ import annotations

import os
from pathlib import Path

from daemon.errors import SettingsError


def check_data_folder(folder: Path) -> None:
    """Make sure that runs can be written; the folder is made where it does not exist.

    Raises:
        SettingsError: When it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"data: cannot make the folder {folder}: {error.strerror}; choose another one with --data DIR"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(f"data: cannot write to {folder}: permission denied; choose another one with --data DIR")
