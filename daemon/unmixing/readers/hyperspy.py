"""Signals that HyperSpy saved, ``.hspy`` (HDF5) and ``.zspy`` (Zarr), read without HyperSpy.

Layout: ``Experiments/<title>/data``, and for each of its axes a group ``axis-<number>`` whose attributes are name,
units, size, offset, scale and navigate; the coordinates of an uneven axis are in an array ``axis`` there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from daemon.unmixing.contents import Contents, Dimension, Request
from daemon.unmixing.names import choose_array
from daemon.unmixing.readers.trees import Tree
from daemon.unmixing.room import Room

FOLDER = "Experiments/"


def is_hyperspy(tree: Tree) -> bool:
    """Tell whether a file has HyperSpy's layout."""
    return any(path.startswith(FOLDER) and path.endswith("/data") for path in tree.arrays)


def read_hyperspy(tree: Tree, request: Request, room: Room) -> Contents:
    """Read a signal of HyperSpy.

    Raises:
        StackError: The file holds no or several stacks, or is broken.
    """
    titles = {
        path.removeprefix(FOLDER).removesuffix("/data"): array.shape
        for path, array in tree.arrays.items()
        if path.startswith(FOLDER) and path.endswith("/data")
    }
    title = choose_array(titles, request.dataset, tree.file.name)
    folder = f"{FOLDER}{title}"
    axes = [_axis(tree, f"{folder}/axis-{number}") for number in range(len(titles[title]))]
    navigates = [bool(axis.get("navigate")) for axis in axes]
    # One axis of the spectrum among those of the image, or one that leads from image to image.
    alone = navigates.index(sum(navigates) == 1) if sum(navigates) in (1, len(axes) - 1) and len(axes) > 1 else None
    dimensions = tuple(
        _dimension(axis, length, number == alone)
        for number, (axis, length) in enumerate(zip(axes, titles[title], strict=True))
    )
    array = tree.plain(f"{folder}/data", room)
    named = {path: values for path, values in tree.small(f"{folder}/data").items() if "/axis-" not in path}
    return Contents(array, dimensions, f"{tree.file.name}, signal {title}", named)


def _axis(tree: Tree, folder: str) -> dict[str, Any]:
    """What is said about an axis."""
    axis = dict(tree.groups.get(folder, {}))
    if f"{folder}/axis" in tree.arrays:
        axis["axis"] = np.asarray(tree.arrays[f"{folder}/axis"][...], float)
    return axis


def _dimension(axis: Mapping[str, Any], length: int, alone: bool) -> Dimension:
    """An axis with its coordinates, where it has any."""
    values: Any = axis.get("axis")
    if values is None and isinstance(axis.get("scale"), int | float):
        values = float(axis.get("offset", 0.0)) + float(axis["scale"]) * np.arange(length)
    if values is not None and np.shape(values) != (length,):
        values = None
    return Dimension(_text(axis.get("name")), _text(axis.get("units")), values, alone)


def _text(value: object) -> str:
    """A name or unit; HyperSpy writes what is not set as words in brackets or underscores."""
    return value if isinstance(value, str) and not value.startswith(("<", "_")) else ""
