"""Where the parts of a run lie, and the Zarr v3 metadata that lets any reader of the format open it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

JOURNAL = "journal.jsonl"
METADATA = "zarr.json"
STREAM_FOLDERS = {"suggestions": "analysis/suggestions"}
"""Streams that do not lie in a folder of their own name."""


def runs_folder(data: Path) -> Path:
    """The folder of all runs."""
    return data / "runs"


def run_folder(data: Path, start: Mapping[str, Any]) -> Path:
    """The folder of the run that a start document begins; the day is the local one, as on the operator's clock."""
    day = datetime.fromtimestamp(start["time"]).astimezone().strftime("%Y-%m-%d")
    return runs_folder(data) / day / f"{start.get('scan_id', 0)}-{start['uid'][:8]}.zarr"


def stream_folder(run: Path, stream: str) -> Path:
    """The folder of a stream's arrays."""
    return run / STREAM_FOLDERS.get(stream, safe_name(stream))


def safe_name(name: str) -> str:
    """A name that is one folder and no way out of it."""
    return name.replace("/", "_").lstrip(".") or "_"


def group_metadata(attributes: Mapping[str, Any]) -> bytes:
    """The content of a group's `zarr.json`."""
    return _json({"zarr_format": 3, "node_type": "group", "attributes": attributes})


def array_metadata(
    shape: Sequence[int],
    chunks: Sequence[int],
    data_type: str,
    dimensions: Sequence[str],
    attributes: Mapping[str, Any],
) -> bytes:
    """The content of the `zarr.json` of an array whose chunks are plain little-endian bytes.

    Args:
        shape: length of each dimension.
        chunks: length of a chunk in each dimension.
        data_type: Zarr's name, such as `float64` or `string`.
        dimensions: name of each dimension.
        attributes: units and the like.
    """
    text = data_type == "string"
    codec = {"name": "vlen-utf8"} if text else {"name": "bytes", "configuration": {"endian": "little"}}
    fill = "" if text else "NaN" if data_type.startswith("float") else False if data_type == "bool" else 0
    return _json(
        {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(shape),
            "data_type": data_type,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": fill,
            "codecs": [codec],
            "attributes": attributes,
            "dimension_names": list(dimensions),
        }
    )


def _json(value: object) -> bytes:
    return json.dumps(_finite(value), allow_nan=False, indent=1).encode()


def _finite(value: object) -> object:
    """Numbers that JSON has no word for become the strings that Zarr uses for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
