"""Gathers a report's content from a run on disk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.analyst.objective import Objective
from daemon.campaign import Axis, Point, grid_points
from daemon.errors import PlanRejected
from daemon.online_stack import read_stack
from daemon.online_survey import read_survey
from daemon.progress import Progress, read_progress
from daemon.report.content import Components, Content
from daemon.runs import Run

MAPS = ("mean", "deviation", "acquisition")
ONE_WEIGHT = re.compile(r"unmixing\.weights\[(\d+)\]")


def gather(path: Path) -> Content:
    """Read all that a report tells; of a run that is still growing, what was acknowledged so far.

    Args:
        path: The run's folder.

    Raises:
        RecorderError: When there is no run, or it cannot be read.
    """
    run, progress = Run(path), read_progress(path)
    points = tuple(_scored_again(run, progress))
    maps, coordinates = _maps(run, progress.axes)
    if not maps:
        maps, coordinates = _measured_map(points, progress.axes)
    return Content(
        path=path,
        start=progress.start,
        stop=progress.stop,
        axes=progress.axes,
        objective=progress.objective,
        maximize=progress.maximize,
        points=points,
        maps=maps,
        coordinates=coordinates,
        components=_components(run, progress.objective),
        stack=read_stack(path),
        survey=read_survey(path),
        grid_points=progress.grid_points,
        grid_seconds=progress.grid_seconds(),
        seconds=progress.seconds,
        versions=run.attributes.get("versions") or {},
    )


def _scored_again(run: Run, progress: Progress) -> list[Point]:
    """The points with the values that the final decomposition gives them.

    While a scan runs, every refit of the decomposition changes the weights of all earlier points; what was told then
    is in the run's stream of suggestions, but only the final values can be compared with each other.
    """
    points = list(progress.points)
    weights = run.analysis("unmixing")
    if not points or "weights" not in weights or len(weights["weights"]) != len(points):
        return points
    try:
        objective = Objective(progress.objective)
        values, errors = _known(run, weights)
        objective.check(values)
    except PlanRejected:
        return points
    found = objective.evaluate(values)
    deviations = objective.errors(values, errors)
    if deviations is None:
        deviations = np.full(len(points), np.nan)
    return [
        replace(point, value=float(value), error=float(error))
        for point, value, error in zip(points, found, deviations, strict=True)
    ]


def _known(
    run: Run, unmixing: Mapping[str, NDArray[Any]]
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
    """Values and deviations of all points by the names that an objective uses, shape (points,) each."""
    table = {key: array for key, array in run.table().items() if array.ndim == 1 and array.dtype.kind in "iuf"}
    weights = {f"unmixing.weights[{index}]": column for index, column in enumerate(unmixing["weights"].T)}
    errors = unmixing.get("weight_errors", np.empty((0, 0))).T
    return {**table, **weights}, {f"unmixing.weights[{index}]": column for index, column in enumerate(errors)}


def _maps(run: Run, axes: tuple[Axis, ...]) -> tuple[dict[str, NDArray[np.float64]], tuple[NDArray[np.float64], ...]]:
    """The model's maps and their coordinates; nothing where the space has no grid."""
    found = run.analysis("optimization")
    if not axes or any(axis.name not in found for axis in axes):
        return {}, ()
    coordinates = tuple(found[axis.name] for axis in axes)
    shape = tuple(len(coordinate) for coordinate in reversed(coordinates))
    return {name: found[name] for name in MAPS if name in found and found[name].shape == shape}, coordinates


def _measured_map(
    points: Sequence[Point], axes: tuple[Axis, ...]
) -> tuple[dict[str, NDArray[np.float64]], tuple[NDArray[np.float64], ...]]:
    """The measured values on the grid of two axes, NaN where nothing was measured; nothing without such a grid."""
    if len(axes) != 2 or not grid_points(axes) or not points:
        return {}, ()
    coordinates = tuple(np.linspace(axis.low, axis.high, axis.points or 1) for axis in axes)
    values = np.full(tuple(len(coordinate) for coordinate in reversed(coordinates)), np.nan)
    for point in points:
        column, row = (
            int(np.abs(coordinate - at).argmin()) for coordinate, at in zip(coordinates, point.position, strict=True)
        )
        values[row, column] = point.value
    return {"measured": values}, coordinates


def _components(run: Run, objective: str) -> Components | None:
    """The frames' components with the coordinates of the detector's pixels."""
    patterns = run.analysis("unmixing").get("components")
    if patterns is None or patterns.ndim != 3:
        return None
    horizontal, vertical = _pixel_coordinates(run, patterns.shape[1:])
    named = set(ONE_WEIGHT.findall(objective))
    return Components(
        patterns=patterns,
        extent=(*_edges(horizontal[0]), *_edges(vertical[0])),
        labels=(horizontal[1], vertical[1]),
        horizontal=horizontal[0],
        chosen=int(next(iter(named))) if len(named) == 1 else None,
    )


def _pixel_coordinates(run: Run, shape: tuple[int, ...]) -> list[tuple[NDArray[np.float64], str]]:
    """Coordinate and label of a frame's columns and rows, as the frame writer left them; pixels where it left none."""
    attributes = run.path / "analysis" / "unmixing"
    import zarr

    detector = str(zarr.open_group(attributes, mode="r").attrs.get("detector", "detector"))
    found = []
    for axis, size in (("x", shape[1]), ("y", shape[0])):
        folder = run.path / "primary" / f"{detector}_{axis}"
        coordinate, label = np.arange(size, dtype=float), f"{axis} (pixel)"
        if (folder / "zarr.json").is_file():
            array = zarr.open_array(folder, mode="r")
            if array.shape == (size,):
                coordinate = np.asarray(array[...], float)
                name = str(array.attrs.get("long_name") or f"{detector}_{axis}")
                label = f"{name} ({array.attrs['units']})" if array.attrs.get("units") else name
        if size > 1 and not (np.diff(coordinate) * (coordinate[-1] - coordinate[0]) > 0).all():
            # A loop passes the same coordinate more than once: only its steps lie side by side.
            coordinate, label = np.arange(size, dtype=float), f"step of {label.partition(' (')[0]}"
        found.append((coordinate, label))
    return found


def _edges(coordinates: NDArray[np.float64]) -> tuple[float, float]:
    """Outer edges of the cells whose centres are given."""
    step = (coordinates[-1] - coordinates[0]) / max(len(coordinates) - 1, 1) or 1.0
    return float(coordinates[0] - step / 2), float(coordinates[-1] + step / 2)
