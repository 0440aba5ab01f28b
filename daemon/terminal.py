"""Shows a scan in the terminal while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.live import Live

from daemon.analyst.state import STATE_FILE
from daemon.live import ScanView
from daemon.progress import Progress, told_scores

REDRAWS = 8
"""Per second; the terminal, not the scan, pays for them."""


@contextmanager
def live_view(activity: str, run: Callable[[], Path | None], console: Console | None = None) -> Iterator[Progress]:
    """Draw a scan as long as the block lasts, and leave its last state on the terminal.

    Where there is no terminal, as in a batch job, nothing is drawn.

    Args:
        activity: What goes on, in a word or two.
        run: Tells the run's folder once it is known.
        console: Where to draw; standard error when None, so that standard output stays clean.

    Yields:
        Give it every document.
    """
    progress = Progress()
    view = ScanView(progress, activity, _newest_scores(run))
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield progress
        return
    with Live(view, console=console, refresh_per_second=REDRAWS):
        yield progress
        view.activity = "done"


def _newest_scores(run: Callable[[], Path | None]) -> Callable[[], Sequence[tuple[float, float]]]:
    """Make a function that reads the optimiser's newest scores, and reads again only what has changed."""
    seen: tuple[Path | None, int] = (None, 0)
    scores: list[tuple[float, float]] = []

    def newest() -> list[tuple[float, float]]:
        nonlocal seen, scores
        folder = run()
        if folder is None:
            return []
        state = folder / STATE_FILE
        now = (folder, state.stat().st_mtime_ns if state.is_file() else 0)
        if now != seen:
            seen, scores = now, told_scores(folder)
        return scores

    return newest
