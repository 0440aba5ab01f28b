"""Maps in HDF5 files: plain, with dimension scales (NSID, NetCDF), NeXus, and lists of positions (USID)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from devices.protocols import Coordinate
from simulators.recorded.layout import StoredArray, table_to_map
from simulators.recorded.recorded_map import RecordedMap
from simulators.recorded.selection import choose

_USID = ("Position_Values", "Spectroscopic_Values")


def read_hdf5(file: Path, dataset: str | None) -> StoredArray | RecordedMap:
    """Read one dataset of a file with what it says of its axes.

    Args:
        file: The file.
        dataset: Full name, or a part of the path that fits one dataset alone; None where there is one only.

    Returns:
        The dataset.
    """
    with h5py.File(file) as content:
        chosen = content[choose(file, _candidates(content), dataset)]
        if not isinstance(chosen, h5py.Dataset):
            raise TypeError("not a dataset")
        source = f"{file}:{(chosen.name or '').strip('/')}"
        if all(name in chosen.attrs for name in _USID):
            return _from_positions(content, chosen, source)
        axes = tuple(_axis(chosen, number) for number in range(chosen.ndim))
        return StoredArray(chosen[()], axes, _text(chosen, "units"), _text(chosen, "quantity", "long_name"), source)


def _candidates(content: h5py.File) -> list[str]:
    """Names of datasets that could be a map."""
    names: list[str] = []

    def visit(name: str, node: object) -> None:
        if isinstance(node, h5py.Dataset) and node.ndim >= 2 and node.dtype.kind in "uifb" and min(node.shape) > 1:
            names.append(name)

    content.visititems(visit)
    ancillary = ("Position_Indices", "Position_Values", "Spectroscopic_Indices", "Spectroscopic_Values")
    return [name for name in names if name.rsplit("/", 1)[-1] not in ancillary]


def _axis(dataset: h5py.Dataset, number: int) -> Coordinate | None:
    """What a dataset's dimension scales, or its NeXus group, say of one axis."""
    dimension = dataset.dims[number]
    if len(dimension):
        scale = dimension[0]
        label = str(dimension.label or str(scale.name).rsplit("/", 1)[-1])
        return Coordinate(np.asarray(scale[()], float).ravel(), _text(scale, "units"), label)
    parent = dataset.parent
    names = parent.attrs.get("axes")
    if names is None or isinstance(names, str | bytes) or number >= len(names):
        return None
    name = _decoded(names[number])
    scale = parent.get(name) if isinstance(parent, h5py.Group) else None
    if not isinstance(scale, h5py.Dataset):
        return None
    return Coordinate(np.asarray(scale[()], float).ravel(), _text(scale, "units"), name)


def _from_positions(content: h5py.File, dataset: h5py.Dataset, source: str) -> RecordedMap:
    """Read a USID dataset: one row per position, one column per spectroscopic step."""
    positions: Any = content[dataset.attrs["Position_Values"]]
    steps: Any = content[dataset.attrs["Spectroscopic_Values"]]
    values = np.asarray(dataset[()], float)
    along = np.asarray(steps[()], float)
    labels, units = (_words(steps, name, len(along)) for name in ("labels", "units"))
    pattern = Coordinate(along[-1], units[-1], labels[-1]) if values.shape[1] > 1 else None
    return table_to_map(
        np.asarray(positions[()], float)[:, :2],
        values if pattern is not None else values[:, 0],
        pattern=pattern,
        units=_words(positions, "units", 2),
        value_units=_text(dataset, "units"),
        name=_text(dataset, "quantity"),
        source=source,
    )


def _words(node: Any, name: str, count: int) -> list[str]:  # noqa: ANN401
    """A list of words among a dataset's attributes."""
    return [_decoded(word) for word in node.attrs.get(name, [""] * count)]


def _text(node: Any, *names: str) -> str:  # noqa: ANN401
    """The first of several attributes that a dataset has, as text."""
    for name in names:
        if name in node.attrs:
            return _decoded(node.attrs[name])
    return ""


def _decoded(text: object) -> str:
    """Text from an attribute, which may be bytes."""
    return text.decode() if isinstance(text, bytes) else str(text)
