"""The Zarr array that a camera's frames lie in: made, and put to length."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, cast

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.buffer import Buffer
from zarr.codecs import BloscCodec, BytesCodec, ZstdCodec
from zarr.storage import MemoryStore

from devices.codecs import FrameCodec
from devices.files import write_whole
from devices.frames import FrameLayout

METADATA = "zarr.json"
"""Name of the file that describes an array or a group."""

Files = dict[str, bytes]
"""Contents by path, relative to the folder of a stream."""


def render_array(layout: FrameLayout, codec: FrameCodec) -> Files:
    """Return the files of a camera's empty array, of the coordinates beside it, and of the group around them.

    zarr takes 10 ms to make them, too long for an event loop that must not stall: they are rendered before a run
    and only copied during it.

    Args:
        layout: What the frames look like.
        codec: How they are packed.
    """
    content: dict[str, Buffer] = {}
    store = MemoryStore(content)
    zarr.create_group(store)
    zarr.create_array(
        store,
        name=layout.key,
        shape=(0, *layout.shard_shape[1:]),
        chunks=layout.chunk_shape,
        shards=cast(Any, {"shape": layout.shard_shape, "index_location": "start"}),
        dtype=layout.little_endian,
        compressors=_compressors(codec, layout.dtype.itemsize),
        filters=None,
        serializer=BytesCodec(endian="little"),
        fill_value=0,
        dimension_names=("event", *layout.dimensions),
        attributes={"units": layout.units},
    )
    for name, coordinate in layout.coordinates.items():
        attributes = {"units": coordinate.units, "long_name": coordinate.long_name}
        _create_small(store, name, coordinate.values, (name,), attributes)
    if layout.bad_pixels is not None:
        attributes = {"long_name": "pixels known to be hot or dead"}
        _create_small(store, f"{layout.key}_bad", layout.bad_pixels, layout.dimensions[1:], attributes)
    return {name: content[name].to_bytes() for name in sorted(content)}


def _compressors(codec: FrameCodec, size: int) -> tuple[BloscCodec | ZstdCodec, ...]:
    """Return what the description says of the packing of frames whose pixels have that many bytes."""
    if codec.library == "blosc":
        return (BloscCodec(typesize=size, **codec.options),)
    return (ZstdCodec(**codec.options),) if codec.library else ()


def _create_small(
    store: MemoryStore, name: str, values: NDArray[Any], dimensions: tuple[str, ...], attributes: dict[str, Any]
) -> None:
    """Make an array of one chunk."""
    values = np.asarray(values)
    zarr.create_array(
        store, name=name, data=values, chunks=values.shape, dimension_names=dimensions, attributes=attributes
    )


def place_array(stream: Path, files: Files, *, sync: bool = False) -> None:
    """Write rendered files into the folder of a stream; a group that is there keeps its own description.

    Args:
        stream: Folder of the stream, made where it is absent.
        files: From :func:`render_array`.
        sync: Whether they must survive a power cut once this returns.
    """
    for name, content in files.items():
        path = stream / name
        if name != METADATA or not path.exists():
            write_whole(path, content, sync=sync)


def set_length(array: Path, events: int) -> None:
    """Make an array of frames exactly as long as its stream; shards beyond are removed.

    Args:
        array: Folder of the array, not compacted yet.
        events: Number of events of the stream.
    """
    metadata = json.loads((array / METADATA).read_text(encoding="utf-8"))
    metadata["shape"][0] = events
    write_whole(array / METADATA, json.dumps(metadata, indent=2).encode())
    per_shard = metadata["chunk_grid"]["configuration"]["chunk_shape"][0]
    shards = array / "c"
    for shard in shards.iterdir() if shards.is_dir() else ():
        if shard.name.isdigit() and int(shard.name) * per_shard >= events:
            shutil.rmtree(shard)
