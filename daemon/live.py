"""The live view of a scan in a terminal: map, best so far, next choice and time, redrawn a few times a second."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from daemon.campaign import position_text
from daemon.progress import Progress
from daemon.raster import Raster, colour_bar, draw_points, palette, to_characters, to_lines
from daemon.wording import duration, number, span

FACTS_WIDTH = 44
"""Columns that the text beside the map needs."""
CHROME = 8
"""Lines around the map: title, bounds, colours, and one below for the cursor."""
GAP = 3
"""Columns between the map and the text."""

NEGLIGIBLE = 1e-3
"""Share of the range of all values below which an expected improvement is not worth a line."""

BARS = " ▁▂▃▄▅▆▇█"


Scores = Callable[[], Sequence[tuple[float, float]]]


class ScanView:
    """A renderable that always shows the newest state of a scan.

    Args:
        progress: The scan; another thread may update it while this draws.
        activity: One or two words for what goes on, e.g. ``measuring``; may be changed.
        scores: Asked before each drawing for what all points count now, see `Progress.score_again`.
    """

    def __init__(self, progress: Progress, activity: str = "measuring", scores: Scores = list) -> None:
        self.progress = progress
        self.activity = activity
        self._scores = scores
        self._palette = palette()
        self._colourless = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw for a terminal of any size from 60 × 20 on."""
        self.progress.score_again(self._scores())
        self._colourless = console.no_color or console.color_system is None
        lines = max((options.height or console.size.height) - CHROME, 4)
        picture, width = self._map(max(options.max_width - FACTS_WIDTH - GAP, 16), lines)
        grid = Table.grid()
        grid.add_column(no_wrap=True, width=width + GAP)
        grid.add_column(no_wrap=True, overflow="ellipsis")
        grid.add_row(picture, self._facts())
        yield Group(self._title(), Text(), grid)

    def _title(self) -> Text:
        """What is measured, and what goes on."""
        start = self.progress.start
        parts = [f"scan {start.get('scan_id', '…')}", str(start.get("plan_name", "")).replace("_", " ")]
        parts += [str(start["sample"])] if start.get("sample") else []
        return Text.assemble(
            ("Beampilot", "bold"),
            "  ",
            " · ".join(parts),
            "  ",
            (self.activity, "bold cyan"),
            overflow="ellipsis",
        )

    def _map(self, columns: int, lines: int) -> tuple[RenderableType, int]:
        """The measured points over the search space, with its bounds and colours; and its width."""
        progress = self.progress
        if not progress.axes:
            return Text("waiting for the first point …", style="dim"), columns
        raster = Raster.fitting(progress.axes, columns, lines)
        points = list(progress.points)
        following = progress.choice.position if progress.choice else None
        picture = draw_points(raster, points, progress.best, following, self._palette)
        values = [point.value for point in points if math.isfinite(point.value)]
        width = max(raster.width, len(_bounds_of(progress, 0)), len(_bounds_of(progress, 1)))
        bounds = _spread(number(min(values)), number(max(values)), raster.width) if values else Text()
        parts = [
            Text(_bounds_of(progress, 1), style="dim"),
            *(to_characters(picture) if self._colourless else to_lines(picture)),
            Text(_bounds_of(progress, 0), style="dim"),
        ]
        return Group(*parts, colour_bar(self._palette, raster.width, colourless=self._colourless), bounds), width

    def _facts(self) -> RenderableType:
        """Everything beside the map."""
        progress = self.progress
        text = Text()
        _section(text, "Best so far", self._best_lines())
        _section(text, "Next", self._choice_lines())
        _section(text, "Points", self._count_lines())
        _section(text, "Time", self._time_lines())
        if len(progress.points) > 1:
            _section(text, "Best value, point by point", [_sparkline(progress.best_values(), FACTS_WIDTH - 2)])
        best, following = ("X", "o") if self._colourless else ("■", "■")
        text.append(best, "rgb(255,92,40)").append(" best   ", "dim").append(following, "white").append(" next", "dim")
        return text

    def _best_lines(self) -> list[str]:
        best = self.progress.best
        if best is None:
            return ["nothing yet"]
        error = f" ± {number(best.error)}" if math.isfinite(best.error) else ""
        return [
            f"{number(best.value)}{error}  {self.progress.objective}",
            position_text(self.progress.axes, best.position),
        ]

    def _choice_lines(self) -> list[str]:
        choice = self.progress.choice
        if choice is None:
            return ["–"]
        lines = [position_text(self.progress.axes, choice.position), choice.kind]
        if math.isfinite(choice.mean):
            lines.append(f"expecting {number(choice.mean)} ± {number(choice.deviation)}")
        best = self.progress.best
        improvement = choice.improvement(best.value, self.progress.maximize) if best else math.nan
        # What is nothing beside the values so far was not the reason: the model that chose is no single Gaussian.
        if improvement > NEGLIGIBLE * _range(self.progress):
            lines.append(f"expected improvement {number(improvement)}")
        return lines

    def _count_lines(self) -> list[str]:
        progress = self.progress
        budget = f" of at most {progress.budget}" if progress.budget else ""
        grid = f"; the full grid has {progress.grid_points:,}" if progress.grid_points else ""
        failed = [f"{progress.failed} without a value"] if progress.failed else []
        return [f"{len(progress.points)}{budget}{grid}", *failed]

    def _time_lines(self) -> list[str]:
        progress = self.progress
        lines = [f"{duration(progress.seconds or None)} of instrument time"]
        if (computer := progress.computer_seconds()) is not None:
            lines.append(f"{duration(computer)} of thinking per point")
        if (grid := progress.grid_seconds()) and grid > progress.seconds:
            saved = grid - progress.seconds
            lines.append(f"{duration(saved)} saved of the grid's {duration(grid)}")
        return lines


def _range(progress: Progress) -> float:
    """From the lowest to the highest value so far; 0 where there is none."""
    values = [point.value for point in progress.points if math.isfinite(point.value)]
    return max(values) - min(values) if values else 0.0


def _section(text: Text, title: str, lines: Sequence[str]) -> None:
    """Append a titled block and an empty line."""
    text.append(title + "\n", "bold")
    for line in lines:
        text.append(f" {line}\n")


def _bounds_of(progress: Progress, index: int) -> str:
    """The range of one axis, as it is written along the map."""
    if index >= len(progress.axes):
        return ""
    axis = progress.axes[index]
    arrow = "→" if index == 0 else "↑"
    return f"{arrow} {axis.name} {span(axis.low, axis.high, axis.unit)}"


def _spread(left: str, right: str, width: int) -> Text:
    """Two words at the ends of a line."""
    return Text(left + " " * max(width - len(left) - len(right), 1) + right, style="dim")


def _sparkline(values: Sequence[float], width: int) -> str:
    """A line of bars, the newest value at the right end."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    chosen = np.asarray(finite)[np.unique(np.linspace(0, len(finite) - 1, min(width, len(finite))).astype(int))]
    low, span = chosen.min(), np.ptp(chosen) or 1.0
    return "".join(BARS[1 + round(7 * (value - low) / span)] for value in chosen)
