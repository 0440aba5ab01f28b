"""Reading runs: those that are closed, those whose process died, and those that are still growing."""

from daemon.runs.run import Run, RunSummary
from daemon.runs.store import RunStore

__all__ = ["Run", "RunStore", "RunSummary"]
