"""Writes what the analyst knows into the run, as Zarr arrays with named dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.recorder.disk import write_atomically
from daemon.recorder.layout import METADATA, array_metadata, group_metadata

if TYPE_CHECKING:
    from analysis.optimization import Optimizer
    from analysis.unmixing import OnlineNMF


def write_group(run: Path, name: str, attributes: Mapping[str, Any]) -> Path:
    """Makes the Zarr group `analysis/<name>` of a run, and `analysis` where it is missing.

    Returns:
        The group's folder.
    """
    folder = run / "analysis" / name
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder.parent / METADATA).exists():
        write_atomically(folder.parent / METADATA, group_metadata({}))
    write_atomically(folder / METADATA, group_metadata(attributes))
    return folder


def write_array(
    folder: Path, values: NDArray[Any], dimensions: Sequence[str], attributes: Mapping[str, Any] | None = None
) -> None:
    """Writes a whole array as one chunk, so that a reader sees the old values or the new ones.

    Args:
        folder: the array's folder.
        values: any shape, also without any value; written as 64-bit floats.
        dimensions: name of each dimension.
        attributes: units and the like.
    """
    values = np.ascontiguousarray(values, dtype="<f8")
    folder.mkdir(parents=True, exist_ok=True)
    chunks = [max(1, length) for length in values.shape]
    metadata = array_metadata(values.shape, chunks, "float64", dimensions, attributes or {})
    if values.size:
        chunk = folder.joinpath("c", *["0"] * values.ndim)
        chunk.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(chunk, values.tobytes())
    write_atomically(folder / METADATA, metadata)


def write_maps(run: Path, optimizer: Optimizer, units: Mapping[str, str], earlier: int = 0) -> None:
    """Writes the model's mean and deviation and the acquisition function to `analysis/optimization`.

    Maps of a grid have the axes' names as dimensions, the first axis last; a space without a grid gives values at
    scattered candidates, along the dimension `candidate`. `value` and `error` are what the run's points count now: all
    are scored again when the analysis learns more.

    Args:
        run: folder of the run.
        optimizer: knows at least one value.
        units: of the axes.
        earlier: how many of its first points are those of an earlier run.
    """
    space = optimizer.space
    mean, deviation = optimizer.predict()
    found = {"mean": mean, "deviation": deviation, "acquisition": optimizer.acquisition_values()}
    folder = write_group(run, "optimization", {"axes": list(space.axes)})
    if space.grid is not None:
        dimensions = tuple(reversed(space.axes))
        coordinates = {axis: (values, (axis,)) for axis, values in space.coordinates.items()}
        found = {name: space.as_map(values) for name, values in found.items()}
    else:
        dimensions = ("candidate",)
        coordinates = {axis: (space.candidates[:, i], dimensions) for i, axis in enumerate(space.axes)}
    for axis, (values, along) in coordinates.items():
        write_array(folder / axis, values, along, {"units": units.get(axis, "")})
    for name, values in found.items():
        write_array(folder / name, values, dimensions, {"coordinates": " ".join(space.axes)})
    for name, values in {"value": optimizer.values, "error": optimizer.errors}.items():
        write_array(folder / name, values[earlier:], ("event",))


def write_unmixing(run: Path, unmixing: OnlineNMF, detector: str, shape: tuple[int, int], own: int) -> None:
    """Writes components and weights to `analysis/unmixing`.

    Args:
        run: folder of the run.
        unmixing: a fitted `OnlineNMF`.
        detector: data key of the frames.
        shape: rows and columns of a frame.
        own: number of points of this run; patterns before them came from an earlier run and are left out.
    """
    folder = write_group(run, "unmixing", {"detector": detector, "revision": int(unmixing.revision_)})
    components = unmixing.components_.reshape(-1, *shape)
    write_array(folder / "components", components, ("component", f"{detector}_y", f"{detector}_x"))
    weights = unmixing.weights_[len(unmixing.weights_) - own :]
    errors = unmixing.weight_errors_[len(unmixing.weight_errors_) - own :]
    write_array(folder / "weights", weights, ("event", "component"), {"units": "counts"})
    write_array(folder / "weight_errors", errors, ("event", "component"), {"units": "counts"})
