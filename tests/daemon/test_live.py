"""The live view fits an 80 × 24 terminal and says what matters."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

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
    """The lines that a terminal of this size shows, without their colours."""
    return Text.from_ansi(shown(view, width, height, color_system="truecolor")).plain.splitlines()


def shown(view: ScanView, width: int, height: int, **options: Any) -> str:
    """What is written to a terminal of this size."""
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, **options)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


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


@pytest.mark.parametrize("options", [{"color_system": None}, {"no_color": True, "color_system": "truecolor"}])
def test_without_colours_signs_tell_the_values_apart(demo: dict[str, Any], options: dict[str, Any]) -> None:
    """Else a terminal without colours, or one that was asked for none, would show a plain square."""
    lines = shown(ScanView(follow(Path(demo["run"]), 11)), 80, 24, **options).splitlines()
    drawn = [Text.from_ansi(line).plain[:31] for line in lines[3:19]]
    assert {len(row) for row in drawn} == {31}
    signs = "".join(drawn)
    assert set(signs) <= set("·░▒▓█oX")
    assert (signs.count("X"), signs.count("o")) == (1, 1)
    assert 5 <= sum(signs.count(sign) for sign in "░▒▓█") <= 11
    assert Text.from_ansi(lines[20]).plain.strip()[:31].startswith("░")


def test_nothing_is_drawn_where_there_is_no_terminal(demo: dict[str, Any]) -> None:
    """The log of a batch job is no place for pictures; the scan is followed all the same."""
    console = Console(file=io.StringIO(), force_terminal=False)
    with live_view("measuring", lambda: None, console) as progress:
        for name, document in Run(Path(demo["run"])).documents():
            progress(name, document)
    assert len(progress.points) == 12
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == ""


def test_a_negligible_improvement_is_no_reason(demo: dict[str, Any]) -> None:
    """An expectation far below the best value is told without a number of many zeros."""
    progress = follow(Path(demo["run"]), 11)
    row = progress.rows[max(progress.rows)]
    row |= {"next_kind": "variance", "next_mean": 0.0, "next_deviation": 1.0}
    text = "\n".join(draw(ScanView(progress), 80, 24))
    assert "expecting 0 ± 1" in text
    assert "expected improvement" not in text


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
