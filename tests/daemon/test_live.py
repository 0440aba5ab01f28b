"""The live view fits an 80 × 24 terminal and says what matters."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from daemon.live import ScanView
from daemon.progress import Progress
from daemon.runs import Run
from daemon.terminal import live_view


def follow(run: Path, points: int) -> Progress:
    """A scan up to some point."""
    progress = Progress()
    for name, document in Run(run).documents():
        if name == "stop" or len(progress.points) >= points:
            break
        progress(name, document)
    return progress


def draw(view: ScanView, width: int, height: int) -> list[str]:
    """The lines that a terminal of this size shows."""
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 20), (120, 40), (200, 60)])
@pytest.mark.parametrize("points", [0, 1, 11])
def test_fits_the_terminal(demo: dict[str, Any], width: int, height: int, points: int) -> None:
    """No line is longer than the terminal is wide, and the last line stays free for the cursor."""
    lines = draw(ScanView(follow(Path(demo["run"]), points)), width, height)
    assert len(lines) < height
    assert max(map(len, lines)) <= width


def test_what_an_operator_reads(demo: dict[str, Any]) -> None:
    """Best so far with position and unit, next point with its reason, points, time and what the grid would cost."""
    progress = follow(Path(demo["run"]), 11)
    text = "\n".join(draw(ScanView(progress, "measuring"), 80, 24))
    assert "measuring" in text
    assert "µm" in text
    assert "expected improvement" in text
    assert "11 of at most 12; the full grid has 961" in text
    assert "saved of the grid's" in text
    for section in ("Best so far", "Next", "Points", "Time"):
        assert section in text


def test_the_map_is_drawn_at_true_scale(demo: dict[str, Any]) -> None:
    """31 positions are 31 columns wide and 15.5 lines high."""
    lines = draw(ScanView(follow(Path(demo["run"]), 11)), 80, 24)
    rows = [line[:31] for line in lines if line.startswith("▀")]
    assert rows == ["▀" * 31] * 16


def test_before_the_first_document() -> None:
    """There is something to look at from the first moment on."""
    assert "waiting" in "\n".join(draw(ScanView(Progress()), 80, 24))


def test_newest_scores_are_shown(demo: dict[str, Any]) -> None:
    """What the analyst thinks now, not what it thought then."""
    progress = follow(Path(demo["run"]), 3)
    text = "\n".join(draw(ScanView(progress, scores=lambda: [(1.0, 0.1), (123456.0, 7.0), (2.0, 0.1)]), 80, 24))
    assert "123,500 ± 7" in text


def test_live_view_ends_with_the_last_state(demo: dict[str, Any]) -> None:
    """The finished map stays on the terminal."""
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True, color_system=None)
    run = Path(demo["run"])
    with live_view("replaying", lambda: run, console) as progress:
        for name, document in Run(run).documents():
            progress(name, document)
    assert isinstance(console.file, io.StringIO)
    last = console.file.getvalue().rpartition("Beampilot")[2]
    assert "done" in last
    assert "12 of at most 12" in last
