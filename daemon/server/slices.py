"""Slices of a run's arrays, as JSON, as plain bytes or as Arrow."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.errors import ArrayNotFound, SliceRefused
from daemon.recorder.layout import METADATA, safe_name, stream_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.server.run_catalog import RunCatalog

JSON, BINARY, ARROW = "application/json", "application/octet-stream", "application/vnd.apache.arrow.stream"
LARGEST = {JSON: 1 << 20, BINARY: 1 << 25, ARROW: 1 << 25}
"""Largest slice by media type: values of JSON, bytes of the others."""
TRIALS, REST = 12, 0.05
"""How often an array is read while it is being replaced, and the time in between, s."""


@dataclass(frozen=True, slots=True)
class ArrayFacts:
    """An array of a run, as its metadata have it.

    Attributes:
        key: its name.
        shape: so far; the first axis counts events.
        dtype: of its values.
        dimensions: names of its axes.
        units: of its values; None if they have none.
    """

    key: str
    shape: tuple[int, ...]
    dtype: str
    dimensions: tuple[str, ...]
    units: str | None


def arrays_in(folder: Path) -> Iterator[ArrayFacts]:
    """The arrays in a folder of a run, by name; empty if there is no such folder."""
    with contextlib.suppress(OSError):  # no file system takes so long a name
        yield from _arrays_in(sorted(folder.glob(f"*/{METADATA}")))


def _arrays_in(paths: Iterable[Path]) -> Iterator[ArrayFacts]:
    for path in paths:
        try:
            facts = json.loads(path.read_bytes())
            if facts["node_type"] != "array":
                continue
            kind = facts["data_type"]
            yield ArrayFacts(
                path.parent.name,
                tuple(facts["shape"]),
                kind if isinstance(kind, str) else kind["name"],
                tuple(facts.get("dimension_names") or ()),
                facts.get("attributes", {}).get("units"),
            )
        except (OSError, ValueError, LookupError, TypeError):  # just being written, or damaged
            continue


def read_slice(
    catalog: RunCatalog, run: Path, folder: Path, key: str, start: int, stop: int | None, media_type: str
) -> NDArray[Any]:
    """Read some of an array; of a run that grows, what is on disk.

    Args:
        catalog: opens runs.
        run: the run's folder.
        folder: of the array.
        key: its name.
        start: first event.
        stop: event behind the last one; None for all.
        media_type: that it is sent as, which says how much may be sent.

    Raises:
        ArrayNotFound: when there is none.
        SliceRefused: when it is too much at once; the text says how much is not.
    """
    path = folder / safe_name(key)
    facts = next((each for each in arrays_in(folder) if each.key == path.name), None)
    if facts is None:
        known = ", ".join(each.key for each in arrays_in(folder)) or "none"
        raise ArrayNotFound(f"{run.name} has no array {key!r} in {folder.relative_to(run)}; there are: {known}")
    growing = _length(catalog, run, folder) if len(facts.shape) == 4 else None
    length = facts.shape[0] if growing is None else growing
    stop = length if stop is None else min(stop, length)
    start = min(start, stop)
    _check_size(facts, stop - start, media_type)
    return _frames(path, facts, start, stop) if growing is not None else _stored(path, start, stop)


def _stored(path: Path, start: int, stop: int) -> NDArray[Any]:
    """Read an array from its file; again when the analyst replaced it in between: values come before their shape."""
    import numpy as np
    import zarr

    for _ in range(TRIALS):
        try:
            return np.asarray(zarr.open_array(path, mode="r")[start:stop])
        except (ValueError, OSError):
            time.sleep(REST)
    raise ArrayNotFound(f"{path.name} is just being written, or damaged: ask again")


def _frames(path: Path, facts: ArrayFacts, start: int, stop: int) -> NDArray[Any]:
    """Frames of a run that grows, whose array does not know its length yet."""
    import numpy as np

    from devices.frames import read_frames

    frames = np.zeros((stop - start, *facts.shape[1:]), np.dtype(facts.dtype))
    for index in range(start, stop):
        frames[index - start] = read_frames(path, index)
    return frames


def _length(catalog: RunCatalog, run: Path, folder: Path) -> int | None:
    """Events of a stream of a run that grows; None if it is closed."""
    with catalog.opened(run) as opened:
        if opened.attributes.get("stop") is not None:
            return None
        stream = next((name for name in opened.streams if stream_folder(run, name) == folder), None)
        return 0 if stream is None else len(opened.table(stream)["seq_num"])


def _check_size(facts: ArrayFacts, events: int, media_type: str) -> None:
    values = 1
    for size in facts.shape[1:]:
        values *= size
    width = 1 if media_type == JSON else _width(facts.dtype)
    if events * values * width > LARGEST[media_type]:
        most = LARGEST[media_type] // max(values * width, 1)
        raise SliceRefused(f"{events} events are too many at once: ask for {max(most, 1)} at the most, or for bytes")


def _width(dtype: str) -> int:
    bits = "".join(filter(str.isdigit, dtype))
    return int(bits) // 8 if bits else 64


def encode(array: NDArray[Any], key: str, media_type: str) -> tuple[bytes, dict[str, str]]:
    """An array as bytes, and the headers that describe them.

    Args:
        array: the slice.
        key: its name.
        media_type: JSON, BINARY or ARROW.

    Raises:
        SliceRefused: when text is asked for as plain bytes.
    """
    headers = {"X-Shape": ",".join(map(str, array.shape)), "X-Dtype": "text"}
    if array.dtype.kind in "biufc":
        headers["X-Dtype"] = array.dtype.newbyteorder("<").str
    if media_type == BINARY:
        if headers["X-Dtype"] == "text":
            raise SliceRefused(f"{key} is text: ask for JSON or Arrow")
        return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes(), headers
    return (_arrow(array, key) if media_type == ARROW else _json(array, key, headers["X-Dtype"])), headers


def _json(array: NDArray[Any], key: str, dtype: str) -> bytes:
    from pydantic_core import to_json

    content = {"key": key, "shape": array.shape, "dtype": dtype, "data": array.tolist()}
    return to_json(content, inf_nan_mode="null", fallback=str)


def _arrow(array: NDArray[Any], key: str) -> bytes:
    """A table with one column: values, or fixed-size lists of them, nested as the array's axes are."""
    import numpy as np
    import pyarrow as pa

    flat = np.ascontiguousarray(array).reshape(-1)
    column = pa.array(flat.tolist() if array.dtype.kind in "OUST" else flat)
    for size in reversed(array.shape[1:]):
        column = pa.FixedSizeListArray.from_arrays(column, size)
    table = pa.table({key: column}).replace_schema_metadata({"shape": ",".join(map(str, array.shape))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
