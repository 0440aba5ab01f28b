"""A snake-wise scan of every position of a grid."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from bluesky import Msg

from daemon.plans.context import ScanContext
from daemon.plans.frame import in_run
from daemon.plans.models import GridScan
from daemon.plans.steps import Messages, Scan


def grid_scan(context: ScanContext, parameters: GridScan) -> Messages:
    """Measures every position of a grid, the first axis fastest; the objective is computed where one is given."""
    scan = Scan(context)
    yield from in_run(scan, parameters, _points(scan, parameters))


def _points(scan: Scan, parameters: GridScan) -> Messages:
    agent = scan.context.agent
    number = 0
    for number, position in enumerate(grid_positions(parameters), start=1):
        yield from scan.measure(number, position)
        if agent is not None:
            agent.observe(number)
    if agent is not None:
        agent.end_after(number, f"all {number} points are measured")
        yield from scan.write_rows(wait=True)
        yield Msg("checkpoint")


def grid_positions(parameters: GridScan) -> Iterator[dict[str, float]]:
    """The positions in the order of measuring, the first axis fastest.

    Yields:
        Position by axis, in the axes' units.
    """
    names = list(parameters.axes)
    lines = [np.linspace(axis.low, axis.high, axis.points or 1).tolist() for axis in parameters.axes.values()]
    slow = list(itertools.product(*(range(len(line)) for line in lines[:0:-1])))
    for row, indices in enumerate(slow):
        fast = lines[0][::-1] if parameters.snake and row % 2 else lines[0]
        rest = {name: line[i] for name, line, i in zip(names[:0:-1], lines[:0:-1], indices, strict=True)}
        for value in fast:
            yield {names[0]: value, **{name: rest[name] for name in names[1:]}}
