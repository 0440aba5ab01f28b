"""The figures of a training: a table that spreadsheets read, and TensorBoard's files where it is installed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from daemon.errors import ScanError
from daemon.recorder.disk import write_atomically

METRICS = "metrics.csv"


def write_metrics(folder: Path, history: Sequence[dict[str, float]]) -> None:
    """Write the table of all evaluations; a training that goes on leaves no gap and nothing twice."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(history[0]) if history else ["step"])
    writer.writeheader()
    writer.writerows({name: f"{value:.6g}" for name, value in one.items()} for one in history)
    write_atomically(folder / METRICS, text.getvalue().encode())


class Board:
    """Figures for TensorBoard.

    Args:
        folder: Where its files go.

    Raises:
        ScanError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ScanError("TensorBoard is not installed: pip install 'beampilot[tensorboard]'") from error
        self._writer: Any = SummaryWriter(str(folder))
        self._last = -1.0

    def write(self, history: Sequence[dict[str, float]]) -> None:
        """Add the evaluations that are new."""
        for figures in (one for one in history if one["step"] > self._last):
            for name, value in figures.items():
                self._writer.add_scalar(name, value, int(figures["step"]))
            self._last = figures["step"]
        self._writer.flush()

    def close(self) -> None:
        """End the files."""
        self._writer.close()
