"""Events of a stream as columns: what a plot of a run needs, in one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.recorder.layout import stream_folder
from daemon.server.slices import arrays_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.server.run_catalog import RunCatalog

TIMES = "ts_"
"""Columns that begin so hold the times at which another column was read."""
EVENT = ("event",)
"""Dimensions of a column."""


@dataclass(frozen=True, slots=True)
class TableSlice:
    """Some events of a stream.

    Attributes:
        stream: its name.
        start: the first event, from 0.
        length: how many the stream has so far.
        columns: one value per event, by data key.
        units: of the columns that have any.
    """

    stream: str
    start: int
    length: int
    columns: Mapping[str, NDArray[Any]]
    units: Mapping[str, str]


def read_table(
    catalog: RunCatalog, run: Path, stream: str, start: int = 0, limit: int | None = None, times: bool = False
) -> TableSlice:
    """Read some events of a stream; of a run that grows, everything that was acknowledged.

    Args:
        catalog: opens runs.
        run: the run's folder.
        stream: its name.
        start: first event.
        limit: the most events that are wanted; None for all.
        times: whether the times are wanted at which each value was read.

    Returns:
        What there is; no events where the run has no such stream, or not yet.
    """
    stop = None if limit is None else start + limit
    with catalog.opened(run) as opened:
        closed = opened.attributes.get("stop") is not None
        if not closed:
            table, units = opened.table(stream), opened.units(stream)
            found = {name: array[start:stop] for name, array in table.items() if array.ndim == 1}
            return TableSlice(stream, start, len(table.get("seq_num", ())), _wanted(found, times), units)
    return _stored(run, stream, slice(start, stop), times)


def _stored(run: Path, stream: str, part: slice, times: bool) -> TableSlice:
    """Of a closed run, the arrays on disk: they are exact, and quicker than its journal."""
    import numpy as np
    import zarr

    folder = stream_folder(run, stream)
    facts = {each.key: each for each in arrays_in(folder) if each.dimensions == EVENT}
    length = facts["seq_num"].shape[0] if "seq_num" in facts else 0
    columns = {name: np.asarray(zarr.open_array(folder / name, mode="r")[part]) for name in _wanted(facts, times)}
    units = {name: each.units for name, each in facts.items() if each.units and not each.units.startswith("seconds ")}
    return TableSlice(stream, part.start, length, columns, units)


def _wanted(columns: Mapping[str, Any], times: bool) -> dict[str, Any]:
    return {name: column for name, column in columns.items() if times or not name.startswith(TIMES)}
