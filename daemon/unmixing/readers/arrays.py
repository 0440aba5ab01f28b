"""Plain HDF5, NeXus and Zarr: the stack is found, or named, and its axes are looked for in all the usual places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from daemon.unmixing.contents import Contents, Dimension, Request
from daemon.unmixing.names import choose_array, with_roles
from daemon.unmixing.readers.trees import Tree, plain_attributes
from daemon.unmixing.room import Room


def read_arrays(tree: Tree, request: Request, room: Room) -> Contents:
    """Read a stack from a file of arrays.

    Raises:
        StackError: Which of them is the stack cannot be told, or it is broken.
    """
    shapes = {path: array.shape for path, array in tree.arrays.items()}
    path = choose_array(shapes, request.dataset or _default(tree), tree.file.name)
    dimensions = tuple(_dimension(tree, path, number) for number in range(len(shapes[path])))
    named, notes = with_roles(tree.small(path), path, shapes[path])
    told = next((d for d in dimensions if d.looks_like_energy and d.values is not None), None)
    if told is not None:
        # The axis itself knows better than an array whose name looks right.
        named.pop("energies", None)
        notes = [note for note in notes if not note.startswith("energies from")] + [f"energies from axis {told.name}"]
    elif "energies" in named:
        named["energies"] = named["energies"] * _electronvolts(tree, notes)
    origin = f"{tree.file.name}, array {path}" if path else tree.file.name
    return Contents(tree.plain(path, room), dimensions, origin, named, tuple(notes))


def _electronvolts(tree: Tree, notes: list[str]) -> float:
    """Factor that brings the array found as energies to eV."""
    source = next(note.removeprefix("energies from ") for note in notes if note.startswith("energies from "))
    unit = Dimension(units=str(tree.attributes(source).get("units", "")), values=np.ones(1)).electronvolts()
    return 1.0 if unit is None else float(unit[0])


def _default(tree: Tree) -> str | None:
    """The signal that a NeXus file shows first."""
    path = ""
    while isinstance(name := tree.groups.get(path, {}).get("default"), str):
        path = f"{path}/{name.strip('/')}".strip("/")
    signal = tree.groups.get(path, {}).get("signal")
    found = f"{path}/{signal}".strip("/")
    return found if isinstance(signal, str) and found in tree.arrays else None


def _dimension(tree: Tree, path: str, number: int) -> Dimension:
    """What a file tells of one axis: dimension scales, NeXus axes, or named dimensions of Zarr and xarray."""
    array = tree.arrays[path]
    scale = _scale(array, number)
    if scale is not None:
        return _described(scale.name.rpartition("/")[2], scale, array.shape[number])
    name = _name(tree, path, number)
    folder = path.rpartition("/")[0]
    beside = f"{folder}/{name}".strip("/")
    if name and beside in tree.arrays:
        return _described(name, tree.arrays[beside], array.shape[number])
    return Dimension(name)


def _scale(array: Any, number: int) -> Any:  # noqa: ANN401 - a dataset of HDF5
    """The dimension scale of an axis of HDF5."""
    scales = getattr(array, "dims", None)
    return scales[number][0] if scales is not None and len(scales[number]) else None


def _name(tree: Tree, path: str, number: int) -> str:
    """The name of an axis; empty where it has none."""
    array = tree.arrays[path]
    group = tree.groups.get(path.rpartition("/")[0], {})
    names = getattr(getattr(array, "metadata", None), "dimension_names", None)
    names = names or tree.attributes(path).get("_ARRAY_DIMENSIONS")
    if not names and group.get("signal") == path.rpartition("/")[2]:
        names = group.get("axes")
    names = names.split(":") if isinstance(names, str) else names or []
    name = names[number] if number < len(names) else None
    return name if isinstance(name, str) and name != "." else ""


def _described(name: str, coordinate: Any, length: int) -> Dimension:  # noqa: ANN401 - a dataset or an array
    """An axis with its coordinates and their unit."""
    attributes: Mapping[str, Any] = plain_attributes(coordinate.attrs)
    values = np.asarray(coordinate[...], float) if coordinate.shape == (length,) else None
    return Dimension(name, str(attributes.get("units", "")), values)
