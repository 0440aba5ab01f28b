"""Puts tables on disk as Zarr arrays: a file per chunk that changed, then the lengths, all of a stream at once.

The files are written here rather than through zarr, because resizing through zarr costs milliseconds per array, and the
interpreter's lock is shared with the loop that moves the instrument.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from daemon.errors import disk_errors
from daemon.recorder.columns import TEXT, Column
from daemon.recorder.disk import commit, stage, write_atomically
from daemon.recorder.layout import METADATA, array_metadata, group_metadata, safe_name
from daemon.recorder.tables import Table


def write_table(table: Table, folder: Path, *, sync: bool = False, rebuild: bool = False) -> None:
    """Brings a stream's folder up to date with its table.

    Args:
        table: the events; its columns are clean afterwards.
        folder: of the stream; made, with its parents up to the run, if it is not there.
        sync: whether it must be on the medium before this returns.
        rebuild: whether arrays that are there already are replaced as a whole.

    Raises:
        DiskFull: when there is no room; the arrays on disk stay readable, with what they held.
        RecorderError: for any other error of the file system.
    """
    _make_groups(table, folder, sync)
    staged = []
    for name, column in table.columns.items():
        place = folder / safe_name(name)
        _write_chunks(column, place, sync, column.retyped or rebuild)
        stage(place / METADATA, _metadata(column, len(table)), sync=sync)
        staged.append(place / METADATA)
    # Lengths change together, so that a reader hardly ever meets two arrays of one stream that differ.
    for path in staged:
        commit(path)
    for column in table.columns.values():
        column.dirty.clear()
        column.retyped = False


def fit_frames(array: Path, events: int, *, sync: bool = False) -> None:
    """Gives an array that a frame writer filled the length of its stream.

    A frame whose event never came (its point was aborted) is dropped; an event without a frame reads as blank.

    Args:
        array: folder of the array; nothing is done where there is none.
        events: number of events of the stream.
        sync: whether it must be on the medium before this returns.
    """
    path = array / METADATA
    if not path.is_file():
        return
    metadata = json.loads(path.read_bytes())
    if metadata["shape"][0] != events:
        metadata["shape"][0] = events
        write_atomically(path, json.dumps(metadata, indent=1).encode(), sync=sync)
    per_chunk = metadata["chunk_grid"]["configuration"]["chunk_shape"][0]
    for chunk in (array / "c").glob("[0-9]*"):
        if chunk.name.isdigit() and int(chunk.name) * per_chunk >= events:
            _remove(chunk)


def _make_groups(table: Table, folder: Path, sync: bool) -> None:
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    # A stream below another folder of the run (analysis/suggestions) needs that folder to be a group as well.
    if folder.parent.suffix != ".zarr" and not (folder.parent / METADATA).exists():
        write_atomically(folder.parent / METADATA, group_metadata({}), sync=sync)
    attributes = {
        "stream": table.name,
        "coordinates": " ".join(safe_name(name) for name in table.coordinates),
        "descriptors": table.descriptors,
    }
    write_atomically(folder / METADATA, group_metadata(attributes), sync=sync)


def _write_chunks(column: Column, place: Path, sync: bool, anew: bool) -> None:
    with disk_errors(place):
        place.mkdir(exist_ok=True)
        if anew and (place / "c").exists():
            _remove(place / "c")
        for index in sorted(column.dirty):
            chunk = place / "c" / "/".join([str(index), *("0" for _ in column.shape)])
            chunk.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(chunk, _encoded(column.chunk(index)), sync=sync)


def _encoded(values: NDArray[Any]) -> bytes:
    """Plain little-endian numbers, or Zarr's `vlen-utf8`: a count, then each string after its length in bytes."""
    if values.dtype != TEXT:
        return values.astype(values.dtype.newbyteorder("<")).tobytes()
    texts = [str(value).encode() for value in values]
    return b"".join([struct.pack("<I", len(texts)), *(struct.pack("<I", len(text)) + text for text in texts)])


def _metadata(column: Column, events: int) -> bytes:
    return array_metadata(
        (events, *column.shape),
        (column.chunk_events, *column.shape),
        column.data_type,
        ("event", *column.dimensions),
        column.attributes,
    )


def _remove(chunk: Path) -> None:
    """Removes a chunk: a file, or a folder that holds one."""
    with disk_errors(chunk):
        if chunk.is_dir():
            for part in chunk.iterdir():
                _remove(part)
            chunk.rmdir()
        else:
            chunk.unlink()
