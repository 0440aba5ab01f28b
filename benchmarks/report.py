"""How a benchmark says what it found: tables in Markdown, printed, and kept for the documentation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


class Report:
    """The lines of a benchmark's results, and how busy the machine was meanwhile."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._before = os.getloadavg()[0]

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Add a table."""
        if self._lines:
            self._lines.append("")
        self._lines += [_row(heads), "|---" * len(heads) + "|", *map(_row, rows)]

    def finish(self, results: Path | None, **more: object) -> None:
        """Add the machine, and more facts about the run, print everything, and write it where that is wanted."""
        cores, after = os.cpu_count() or 1, os.getloadavg()[0]
        busy = "yes: others were at work" if self._before > cores / 2 else "no"
        self.table(
            ("machine", ""),
            [
                ("cores", cores),
                ("load before", f"{self._before:.1f}"),
                ("load after", f"{after:.1f}"),
                ("busy", busy),
                *more.items(),
            ],
        )
        text = "\n".join(self._lines) + "\n"
        print(text, end="")
        if results is not None:
            results.parent.mkdir(exist_ok=True)
            results.write_text(text, encoding="utf-8")


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def results(module: str) -> Path:
    """Where the results of a benchmark are kept, by its `__file__`."""
    return Path(module).parent / "results" / f"{Path(module).stem}.md"
