"""Names of what a chain of on-line steps tells of each point, known before the chain is made."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

from daemon.errors import PlanRejected
from daemon.stream_settings import StreamSettings

OF_A_MAP = ("mean", "max", "deviation", "coverage")
OF_ALL_MAPS = ("overlap", "mixing")
"""Statistics of maps, as `analysis.unmixing.statistics` has them; it is too heavy for the process that checks names."""

DETECTIONS = "detections"
"""Name of the step `detection` unless it is given another."""


def stream_references(settings: StreamSettings) -> set[str]:
    """Everything of a chain that an objective may refer to."""
    return {name for step in settings.steps or () for name in _names(step)}


def _names(step: str | dict[str, object]) -> Iterator[str]:
    options = {"step": step} if isinstance(step, str) else step
    kind = str(options["step"])
    name = str(options.get("name", kind))
    if kind == "normalisation":
        yield f"{name}.factor"
    elif kind == "registration":
        yield from (f"{name}.displacement[{axis}]" for axis in (0, 1))
    elif kind == "regions":
        windows = options.get("windows")
        for window in windows if isinstance(windows, dict) else ():
            yield from (f"roi.{window}.{statistic}" for statistic in ("sum", "mean"))
    elif kind == "detection":
        yield from _detection_names(str(options.get("name", DETECTIONS)), detector_classes(options.get("weights")))
    elif kind == "unmixing":
        components = options.get("n_components")
        yield f"{name}.change"
        yield from (f"{name}.{statistic}" for statistic in OF_ALL_MAPS)
        for component in range(components if isinstance(components, int) else 0):
            yield f"{name}.weights[{component}]"
            yield from (f"{name}.maps[{component}].{statistic}" for statistic in OF_A_MAP)


def detector_classes(weights: object = None) -> tuple[str, ...]:
    """Names of a detector's classes, read from its card; the detector itself is too heavy for this process.

    Args:
        weights: file of the weights; the package's detector when None.

    Raises:
        PlanRejected: when there is no such detector.
    """
    path = _default_weights() if weights is None else Path(str(weights)).expanduser()
    try:
        return tuple(str(name) for name in json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["classes"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PlanRejected(
            f"analysis.stream: the step detection needs a detector, and {path} or the card beside it cannot be read: "
            "name one with weights, or train one with `beampilot train detection`"
        ) from error


def _detection_names(name: str, classes: tuple[str, ...]) -> Iterator[str]:
    yield f"{name}.flawed"
    for each in ("count", "density"):
        yield f"{name}.{each}"
        yield from (f"{name}.{each}.{one}" for one in classes)
    yield from (f"{name}.expected.{one}" for one in classes)


def _default_weights() -> Path:
    """Where the package's detector is; asking the package itself would import torch."""
    found = importlib.util.find_spec("analysis")
    folders = (found.submodule_search_locations or [""]) if found is not None else [""]
    return Path(next(iter(folders))) / "detection" / "weights" / "default.safetensors"
