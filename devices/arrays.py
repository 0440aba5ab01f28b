"""The Zarr arrays that frames lie in: made, put to length, and packed into shards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BytesCodec, ZstdCodec

from devices.frames import FrameLayout

SHARD_BYTES = 16 * 2**20
"""Size of a shard before compression, bytes."""

WORKSPACE = ".compacting"
"""Folder in a run where arrays are packed before they take their place."""


def create_array(array: Path, layout: FrameLayout) -> None:
    """Make the empty array of a camera, its group, and the coordinates beside it.

    Args:
        array: Folder of the array, ``<run>/<stream>/<key>``.
        layout: What the frames look like.
    """
    zarr.open_group(array.parent, mode="a")
    zarr.create_array(
        array,
        shape=(0, *layout.chunk_shape[1:]),
        chunks=layout.chunk_shape,
        dtype=layout.little_endian,
        compressors=None,
        filters=None,
        serializer=BytesCodec(endian="little"),
        fill_value=0,
        dimension_names=("event", *layout.dimensions),
        attributes={"units": "counts"},
        overwrite=True,
    )
    for name, coordinate in layout.coordinates.items():
        attributes = {"units": coordinate.units, "long_name": coordinate.long_name}
        _write_values(array.parent / name, coordinate.values, (name,), attributes)
    if layout.bad_pixels is not None:
        attributes = {"long_name": "pixels known to be hot or dead"}
        _write_values(array.parent / f"{layout.key}_bad", layout.bad_pixels, layout.dimensions[1:], attributes)


def _write_values(path: Path, values: NDArray[Any], dimensions: tuple[str, ...], attributes: dict[str, Any]) -> None:
    """Write a small array as one chunk."""
    zarr.create_array(
        path, data=np.asarray(values), chunks=values.shape, dimension_names=dimensions, attributes=attributes,
        overwrite=True,
    )  # fmt: skip


def set_length(array: Path, events: int) -> None:
    """Make an array of frames exactly as long as its stream; frames beyond are removed.

    Args:
        array: Folder of the array, not compacted yet.
        events: Number of events of the stream.
    """
    frames = zarr.open_array(array, mode="r+")
    frames.resize((events, *frames.shape[1:]))
    chunks = array / "c"
    for chunk in chunks.iterdir() if chunks.is_dir() else ():
        if chunk.name.isdigit() and int(chunk.name) >= events:
            shutil.rmtree(chunk)


def frame_arrays(run: Path) -> Iterator[Path]:
    """Iterate over the folders of all arrays of frames in a run."""
    for metadata in sorted(Path(run).glob("*/*/zarr.json")):
        if metadata.parent.parent.name == WORKSPACE:
            continue
        node = zarr.open(metadata.parent, mode="r")
        if isinstance(node, zarr.Array) and _is_frames(node, metadata.parent.name):
            yield metadata.parent


def _is_frames(array: zarr.Array[Any], key: str) -> bool:
    """Tell whether an array holds the frames of a camera."""
    names = cast(Any, array.metadata).dimension_names or ()
    return tuple(names[:2]) == ("event", f"{key}_frame")


def compact_run(run: Path) -> None:
    """Pack the single-event chunks of a closed run into compressed shards.

    Each array is packed beside the hierarchy and takes its place by renaming; one that was interrupted is finished
    or begun again by the next call. Arrays packed already are left alone.

    Args:
        run: The run's folder.
    """
    workspace = Path(run) / WORKSPACE
    _recover(Path(run), workspace)
    for array in frame_arrays(run):
        frames = zarr.open_array(array, mode="r")
        if frames.shards is None and frames.shape[0] > 0:
            _compact(array, frames, workspace / array.parent.name / array.name)
    shutil.rmtree(workspace, ignore_errors=True)


def _recover(run: Path, workspace: Path) -> None:
    """Put back an array that was moved aside by a compaction that did not end."""
    for old in workspace.glob("*/*.old"):
        place = run / old.parent.name / old.name.removesuffix(".old")
        if not place.exists():
            old.rename(place)
    shutil.rmtree(workspace, ignore_errors=True)


def _compact(array: Path, frames: zarr.Array[Any], target: Path) -> None:
    """Pack one array into ``target``, then let the two change places."""
    events, inner = frames.shape[0], frames.chunks
    per_shard = max(1, min(events, SHARD_BYTES // max(1, int(np.prod(inner)) * frames.dtype.itemsize)))
    packed = zarr.create_array(
        target,
        shape=frames.shape,
        chunks=inner,
        shards=(per_shard, *inner[1:]),
        dtype=frames.dtype,
        compressors=ZstdCodec(level=3),
        fill_value=0,
        dimension_names=cast(Any, frames.metadata).dimension_names,
        attributes=dict(frames.attrs),
        overwrite=True,
    )
    for start in range(0, events, per_shard):
        packed[start : start + per_shard] = frames[start : start + per_shard]
    old = target.with_name(f"{target.name}.old")
    array.rename(old)
    target.rename(array)
