"""The settings' section `retention`: how long what is kept."""

from __future__ import annotations

from pydantic import Field

from daemon.base import StrictModel


class RetentionSettings(StrictModel):
    """How long what is kept; without a number, for ever."""

    runs_days: float | None = Field(default=None, gt=0)
    """Closed runs are removed so many days after their end, unless they hold a file named `keep`."""
    logs_days: float | None = Field(default=90.0, gt=0)
    """Log files that were put aside are removed so many days after their last line."""
    history_days: float | None = Field(default=None, gt=0)
    """Entries of the queue's history are forgotten so many days after their end."""
    accesses_days: float | None = Field(default=365.0, gt=0)
    """Entries of the access log are forgotten after so many days."""
