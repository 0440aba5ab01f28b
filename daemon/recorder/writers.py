"""The seam between the recorder and whoever writes frames into a run."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class RunWriter(Protocol):
    """Writes large arrays (frames) into a run's folder while the run goes on."""

    def open_run(self, run: Path) -> object:
        """Called in the RunEngine's thread when a run has its folder, before anyone else hears of the run.

        Raising ends the run before it began, and its folder is removed.
        """
        ...

    def close_run(self) -> object:
        """Called in the RunEngine's thread when the stop document is in the journal; nothing is written afterwards.

        Raising is logged; the recorder gives the arrays their final length in any case.
        """
        ...

    def compact(self, run: Path) -> object:
        """Called in the recorder's background thread once the run is closed; raising is logged, the run stays whole."""
        ...
