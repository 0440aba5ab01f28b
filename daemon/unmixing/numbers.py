"""Numbers that a person hands over in a file of their own: energies, I0, a dark frame, standards."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.errors import StackError

Floats = NDArray[np.float64]


def read_numbers(file: Path, option: str) -> Floats:
    """Read numbers from a NumPy file, a TIFF, or a text file: one number per line, or the first column of a table.

    Args:
        file: The file.
        option: The option that named it, for errors.

    Returns:
        The numbers, any shape.

    Raises:
        StackError: It holds no numbers.
    """
    try:
        if file.suffix == ".npy":
            return np.load(file, allow_pickle=False).astype(float)
        if file.suffix.lower() in (".tif", ".tiff"):
            import tifffile

            return tifffile.imread(file).astype(float)
        titles, columns = read_table(file)
    except (OSError, ValueError) as error:
        raise StackError(f"{option} {file}: cannot be read: {error}") from error
    if not columns.size or not np.isfinite(columns[:, 0]).any():
        raise StackError(
            f"{option} {file}: holds no numbers; write one per line" + (f" below {titles[0]}" * bool(titles))
        )
    return columns[:, 0]


def read_table(file: Path) -> tuple[list[str], Floats]:
    """Read a text table: columns parted by commas, semicolons, tabs or spaces, comments after ``#``.

    Args:
        file: The file.

    Returns:
        Titles, empty without a line of them, and numbers, shape (row, column); NaN where there is none.

    Raises:
        ValueError: A line is no row of numbers.
        OSError: The file cannot be read.
    """
    text = file.read_text(encoding="utf-8-sig")
    kept = [(number, line.partition("#")[0].strip()) for number, line in enumerate(text.splitlines(), start=1)]
    kept = [(number, line) for number, line in kept if line]
    commented = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
    if not kept:
        return [], np.empty((0, 0))
    separator = next((mark for mark in ";\t," if mark in kept[0][1]), None)
    rows = [(number, _cells(line, separator)) for number, line in kept]
    titles: list[str] = []
    if not _is_row(rows[0][1]):
        titles = rows.pop(0)[1]
    elif commented and len(_cells(commented[-1], separator)) == len(rows[0][1]):
        titles = _cells(commented[-1], separator)
    return titles, _matrix(rows)


def _cells(line: str, separator: str | None) -> list[str]:
    """The cells of a line."""
    if separator is None:
        return line.split()
    return [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=separator))]


def _is_row(cells: list[str]) -> bool:
    """Whether a line holds numbers and not titles."""
    return any(np.isfinite(_number(cell)) for cell in cells)


def _number(cell: str) -> float:
    """A cell as a number; NaN where it is none."""
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _matrix(rows: list[tuple[int, list[str]]]) -> Floats:
    """Rows of equal length as numbers.

    Raises:
        ValueError: A row is longer or shorter than the first, or holds words.
    """
    width = len(rows[0][1]) if rows else 0
    for number, cells in rows:
        if len(cells) != width:
            raise ValueError(f"line {number} has {len(cells)} columns, those before it {width}")
        if words := [
            cell for cell in cells if cell and cell.lower() not in ("nan", "na", "-") and _number(cell) != _number(cell)
        ]:
            raise ValueError(f"line {number}: {words[0]!r} is no number")
    return np.array([[_number(cell) for cell in cells] for _, cells in rows], float)
