"""Shows a scan in the terminal while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from daemon.live import ScanView
from daemon.progress import Progress

REDRAWS = 8
"""Per second; the terminal, not the scan, pays for them."""


@contextmanager
def live_view(activity: str, console: Console | None = None) -> Iterator[Progress]:
    """Draw a scan as long as the block lasts, and leave its last state on the terminal.

    Args:
        activity: What goes on, in a word or two.
        console: Where to draw; standard error when None, so that standard output stays clean.

    Yields:
        Give it every document.
    """
    progress = Progress()
    view = ScanView(progress, activity)
    console = console or Console(stderr=True)
    with Live(view, console=console, refresh_per_second=REDRAWS, screen=False, transient=False):
        yield progress
        view.activity = "done"
