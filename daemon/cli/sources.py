"""What commands read that take a run as well as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.settings import Settings


def find_source(text: str, settings: Settings) -> Path:
    """Find a file or a folder, or a run.

    Args:
        text: A path, or what names a run.
        settings: Say where runs are.

    Raises:
        RunNotFound: There is neither a file nor a run of that name.
    """
    from daemon.errors import RunNotFound
    from daemon.runs import RunStore

    path = Path(text).expanduser()
    if path.exists():
        return path.absolute()
    if path.suffix or len(path.parts) > 1:
        raise RunNotFound(f"there is no file {text}; check the name, or give a run (see `beampilot runs`)")
    return RunStore(settings.data).find(text)
