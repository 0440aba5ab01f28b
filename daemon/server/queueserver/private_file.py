"""Small files of the data folder that nobody else can read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def read_private(file: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none, or where it is spoilt."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_private(file: Path, content: dict[str, Any]) -> None:
    """Write a JSON object, whole or not at all.

    Raises:
        OSError: when it cannot be written.
    """
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump(content, stream)
    new.replace(file)
