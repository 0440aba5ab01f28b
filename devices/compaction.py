"""Packing the frames of a closed run that were written as they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import zarr
from zarr.codecs import ZstdCodec

from devices.arrays import METADATA
from devices.files import sync_file, sync_tree

SHARD_BYTES = 16 * 2**20
"""Size of a shard before compression, bytes."""

WORKSPACE = ".compacting"
"""Folder in a run where arrays are packed before they take their place."""


def compact_run(run: Path, wanted: Callable[[], bool] = lambda: True) -> None:
    """Pack the frames of a closed run that were written without a codec.

    Each array is packed beside the hierarchy and takes its place by renaming; what an interruption left is put right
    by the next call. Arrays that are packed already are left alone.

    Args:
        run: The run's folder.
        wanted: Asked before each shard; once it says no, what is not packed yet stays as it is.
    """
    workspace = run / WORKSPACE
    _put_back(run, workspace)
    for array, metadata in _frame_arrays(run):
        if metadata["shape"][0] > 0 and not _is_packed(metadata):
            _compact(array, metadata, workspace / array.parent.name / array.name, wanted)
    shutil.rmtree(workspace, ignore_errors=True)


def _put_back(run: Path, workspace: Path) -> None:
    """Put back an array that was moved aside by a compaction that did not end."""
    for old in workspace.glob("*/*.old"):
        place = run / old.parent.name / old.name.removesuffix(".old")
        if not place.exists():
            old.rename(place)
    shutil.rmtree(workspace, ignore_errors=True)


def _frame_arrays(run: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Iterate over the folders and descriptions of all arrays of frames in a run."""
    for file in sorted(run.glob(f"*/*/{METADATA}")):
        metadata = json.loads(file.read_text(encoding="utf-8"))
        names = metadata.get("dimension_names") or ()
        if list(names[:2]) == ["event", f"{file.parent.name}_frame"]:
            yield file.parent, metadata


def _compact(array: Path, metadata: dict[str, Any], target: Path, wanted: Callable[[], bool]) -> None:
    """Pack one array into ``target``, then let the two change places; neither where it is not wanted any more."""
    events, *frame = metadata["shape"]
    dtype = np.dtype(metadata["data_type"]).newbyteorder("<")
    per_shard = max(1, min(events, SHARD_BYTES // (int(np.prod(frame)) * dtype.itemsize)))
    source = cast(Any, zarr.open_array(array, mode="r"))
    packed = zarr.create_array(
        target,
        shape=metadata["shape"],
        chunks=(1, 1, *frame[1:]),
        shards=(per_shard, *frame),
        dtype=dtype,
        compressors=ZstdCodec(level=3),
        fill_value=metadata["fill_value"],
        dimension_names=metadata["dimension_names"],
        attributes=metadata["attributes"],
        overwrite=True,
    )
    for start in range(0, events, per_shard):
        if not wanted():
            return
        stop = min(events, start + per_shard)
        packed[start:stop] = source[start:stop]
    # The frames that are removed afterwards may have been on the medium already: these must be there first.
    sync_tree(target)
    array.rename(target.with_name(f"{target.name}.old"))
    target.rename(array)
    sync_file(array.parent)


def _is_packed(metadata: dict[str, Any]) -> bool:
    """Tell whether a codec made the frames of an array smaller."""
    codecs = metadata["codecs"]
    if codecs[0]["name"] == "sharding_indexed":
        codecs = codecs[0]["configuration"]["codecs"]
    return len(codecs) > 1
