"""Whether the arrays of a run hold what its journal says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from daemon.recorder.columns import TEXT
from daemon.recorder.layout import METADATA, safe_name, stream_folder
from daemon.recorder.tables import Table
from daemon.verify.documents import Complain

Advance = Callable[[int], None]
"""Told of so many more frames that were read."""

BLOCK_BYTES = 64 * 2**20
"""Frames are read in blocks of about this size."""


def check_table(run: Path, table: Table, complain: Complain) -> int:
    """Compare the arrays of one stream with the events of the journal, value by value.

    Args:
        run: The run's folder.
        table: The stream as the journal tells it.
        complain: Called with each problem.

    Returns:
        Number of arrays that were compared.
    """
    folder = stream_folder(run, table.name)
    expected = table.arrays()
    for name, values in expected.items():
        where = f"{table.name}/{name}"
        found = _read(folder / safe_name(name), where, complain)
        if found is not None:
            _compare(found, values, where, complain)
    return len(expected)


def check_frames(run: Path, table: Table, key: str, complain: Complain, advance: Advance) -> int:
    """Read every frame of a camera: is there one per event, and does each hold what its event says of it?

    Args:
        run: The run's folder.
        table: The stream as the journal tells it.
        key: Data key of the frames.
        complain: Called with each problem.
        advance: Told how many frames were read.

    Returns:
        Number of frames on disk.
    """
    where = f"{table.name}/{key}"
    array = _open(stream_folder(run, table.name) / safe_name(key), where, complain)
    if array is None:
        return 0
    if array.shape[0] != len(table):
        complain(where, f"it holds {array.shape[0]} frames for {len(table)} events")
    totals = table.arrays().get(f"{key}_total")
    block = max(1, BLOCK_BYTES // max(1, int(np.prod(array.shape[1:])) * array.dtype.itemsize))
    for first in range(0, array.shape[0], block):
        after = min(first + block, array.shape[0])
        try:
            frames = np.asarray(array[first:after])
        except Exception as error:  # whatever a codec says of damaged bytes
            complain(where, f"frames {first} to {after - 1} cannot be read: {error}")
        else:
            _check_blanks(frames, first, totals, where, complain)
        advance(after - first)
    return int(array.shape[0])


def _check_blanks(
    frames: NDArray[Any], first: int, totals: NDArray[Any] | None, where: str, complain: Complain
) -> None:
    """Zarr reads a chunk that is not there as zeros; a dark frame is zeros as well, but its event says so."""
    if totals is None or totals.dtype.kind not in "iuf":
        return
    blank = ~frames.reshape(len(frames), -1).any(axis=1)
    for index in first + np.flatnonzero(blank):
        if index < len(totals) and totals[index] > 0:
            complain(where, f"frame {index} is blank, but its event counted {totals[index]:.0f}")


def _open(path: Path, where: str, complain: Complain) -> Any | None:  # noqa: ANN401 - zarr's own type is generic
    if not (path / METADATA).is_file():
        complain(where, "the array is missing")
        return None
    try:
        return zarr.open_array(path, mode="r")
    except Exception as error:  # whatever zarr says of damaged metadata
        complain(where, f"the array cannot be opened: {error}")
        return None


def _read(path: Path, where: str, complain: Complain) -> NDArray[Any] | None:
    array = _open(path, where, complain)
    try:
        return None if array is None else np.asarray(array[...])
    except Exception as error:  # whatever a codec says of damaged bytes
        complain(where, f"the array cannot be read: {error}")
        return None


def _compare(found: NDArray[Any], expected: NDArray[Any], where: str, complain: Complain) -> None:
    if found.shape != expected.shape:
        complain(where, f"its shape is {found.shape}, but the journal makes it {expected.shape}")
        return
    same = np.asarray(found == expected)
    if expected.dtype != TEXT and expected.dtype.kind == "f":
        same |= np.isnan(found) & np.isnan(expected)
    wrong = np.flatnonzero(~same.reshape(len(expected), -1).all(axis=1)) if len(expected) else []
    if len(wrong):
        index = int(wrong[0])
        more = f", and {len(wrong) - 1} more events differ" if len(wrong) > 1 else ""
        complain(where, f"event {index + 1} holds {found[index]}, but the journal says {expected[index]}{more}")
