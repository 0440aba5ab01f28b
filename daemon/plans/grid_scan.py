"""A snake-wise scan of every position of a grid."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from daemon.plans.context import ScanContext
from daemon.plans.frame import in_run
from daemon.plans.models import GridScan, StackScan
from daemon.plans.points import given_points
from daemon.plans.steps import Messages, Scan


def grid_scan(context: ScanContext, parameters: GridScan) -> Messages:
    """Measures every position of a grid, the first axis fastest; the objective is computed where one is given."""
    scan = Scan(context)
    yield from in_run(scan, parameters, given_points(scan, grid_positions(parameters)))


def grid_positions(parameters: GridScan | StackScan) -> Iterator[dict[str, float]]:
    """The positions in the order of measuring, the first axis fastest.

    Yields:
        Position by axis, in the axes' units.
    """
    names = list(parameters.axes)
    lines = [np.linspace(axis.low, axis.high, axis.points or 1).tolist() for axis in parameters.axes.values()]
    slow = list(itertools.product(*(range(len(line)) for line in lines[:0:-1])))
    snake = isinstance(parameters, GridScan) and parameters.snake
    for row, indices in enumerate(slow):
        fast = lines[0][::-1] if snake and row % 2 else lines[0]
        rest = {name: line[i] for name, line, i in zip(names[:0:-1], lines[:0:-1], indices, strict=True)}
        for value in fast:
            yield {names[0]: value, **{name: rest[name] for name in names[1:]}}
