"""Maps in text tables: columns x, y and values, or a plain matrix."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.protocols import Coordinate
from simulators.errors import SimulatorError
from simulators.recorded.layout import StoredArray, table_to_map
from simulators.recorded.recorded_map import RecordedMap
from simulators.recorded.selection import choose

Floats = NDArray[np.float64]


def read_table(file: Path, dataset: str | None) -> StoredArray | RecordedMap:
    """Read a table.

    With a heading that names columns x and y (units may follow in brackets, as in ``x (µm)``) every row is one
    position; further columns hold values, and where their names are numbers, a spectrum over these. Without a
    heading the table is a matrix whose rows are y.

    Args:
        file: The file; separated by commas, semicolons, tabs or spaces, ``#`` begins a comment.
        dataset: Name of the column with the values, where there are several.

    Returns:
        The map.
    """
    lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise SimulatorError(f"{file}: is empty")
    heading = _split(lines[0])
    if all(_is_number(cell) for cell in heading):
        if dataset is not None:
            raise SimulatorError(f"{file}: has no heading, so there is no column {dataset!r}")
        return StoredArray(_numbers(file, lines), source=str(file))
    return _positions(file, heading, _numbers(file, lines[1:]), dataset)


def _positions(file: Path, heading: list[str], numbers: Floats, dataset: str | None) -> RecordedMap:
    """Sort the rows of a table with a heading into a map."""
    names, units = zip(*(_name_and_unit(cell) for cell in heading), strict=True)
    lower = [name.lower().split("_")[-1] for name in names]
    if lower.count("x") != 1 or lower.count("y") != 1 or numbers.shape[1] != len(names):
        raise SimulatorError(
            f"{file}: name one column x and one y, and all others, in the heading; it has {', '.join(names)}"
        )
    x, y = lower.index("x"), lower.index("y")
    others = [column for column in range(len(names)) if column not in (x, y)]
    positions, at = numbers[:, [x, y]], (units[x], units[y])
    if dataset is None and len(others) > 1 and all(_is_number(names[column]) for column in others):
        pattern = Coordinate(np.array([float(names[column]) for column in others]), "", "")
        return table_to_map(positions, numbers[:, others], pattern=pattern, units=at, source=str(file))
    chosen = list(names).index(choose(file, [names[column] for column in others], dataset))
    return table_to_map(
        positions,
        numbers[:, chosen],
        units=at,
        value_units=units[chosen],
        name=names[chosen],
        source=f"{file}:{names[chosen]}",
    )


def _split(line: str) -> list[str]:
    """Cut a line into cells."""
    separator = next((mark for mark in (",", ";", "\t") if mark in line), None)
    if separator is None:
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]


def _numbers(file: Path, lines: list[str]) -> Floats:
    """Read rows of numbers; an empty cell is NaN."""
    rows = [_split(line) for line in lines]
    for number, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise SimulatorError(
                f"{file}: row {number + 1} of the numbers has {len(row)} cells instead of {len(rows[0])}"
            )
    try:
        return np.array([[float(cell) if cell else np.nan for cell in row] for row in rows])
    except ValueError as error:
        raise SimulatorError(f"{file}: {error}") from None


def _name_and_unit(cell: str) -> tuple[str, str]:
    """Take the unit from a heading such as ``x (µm)`` or ``x [µm]``."""
    match = re.fullmatch(r"\s*(.*?)\s*[(\[]([^)\]]*)[)\]]\s*", cell)
    return (match[1], match[2]) if match else (cell, "")


def _is_number(cell: str) -> bool:
    """Whether a cell holds a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True
