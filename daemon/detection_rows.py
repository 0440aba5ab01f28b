"""Detections as bluesky documents: a stream with one event per detection."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from daemon.analyst.messages import Observed
from devices.status import Status

STREAM = "detections"
"""The stream that detections go to."""

CORNERS = ("x0", "y0", "x1", "y1")


def detection_rows(answer: Observed) -> list[dict[str, Any]]:
    """The detections of a point, a row each, the surest first."""
    found = answer.detections
    columns = [found.get(name, []) for name in ("boxes", "boxes_nm", "names", "scores")]
    return [
        {
            "point": answer.number,
            "number": number,
            "class": str(name),
            "confidence": float(score),
            **{f"{corner}_px": float(value) for corner, value in zip(CORNERS, box, strict=True)},
            **{f"{corner}_nm": float(value) for corner, value in zip(CORNERS, nm, strict=True)},
        }
        for number, (box, nm, name, score) in enumerate(zip(*columns, strict=True), 1)
    ]


class DetectionStream:
    """Gives detections one by one; a bluesky `Movable` and `Readable`.

    Args:
        rows: gives the rows of a point.

    Attributes:
        written: point and place of every detection whose event has been saved.
    """

    name = STREAM
    parent = None

    def __init__(self, rows: Callable[[int], list[dict[str, Any]]]) -> None:
        self._rows = rows
        self._row: dict[str, Any] = {}
        self.written: set[tuple[int, int]] = set()

    def waiting(self, number: int) -> list[tuple[int, int]]:
        """Point and place of those detections of a point that are to be written still."""
        places = [(number, row["number"]) for row in self._rows(number)]
        return [place for place in places if place not in self.written]

    def set(self, place: tuple[int, int]) -> Status:
        """Makes a detection the one to be read."""
        self._row = self._rows(place[0])[place[1] - 1]
        return Status.finished(f"detection {place[1]} of point {place[0]}")

    def saved(self, event: Mapping[str, Any]) -> None:
        """Takes note of an event of this stream."""
        self.written.add((event["data"][f"{self.name}_point"], event["data"][f"{self.name}_number"]))

    def read(self) -> dict[str, Any]:
        """The row."""
        now = time.time()
        return {f"{self.name}_{key}": {"value": value, "timestamp": now} for key, value in self._row.items()}

    def describe(self) -> dict[str, Any]:
        """Describes the row."""
        return {f"{self.name}_{key}": _data_key(key, value) for key, value in self._row.items()}


def _data_key(key: str, value: object) -> dict[str, Any]:
    described: dict[str, Any] = {"source": "analyst", "shape": []}
    if isinstance(value, str):
        return described | {"dtype": "string"}
    if isinstance(value, int):
        return described | {"dtype": "integer", "dtype_numpy": "<i8"}
    unit = {"px": "px", "nm": "nm"}.get(key.rpartition("_")[2], "")
    return described | {"dtype": "number", "dtype_numpy": "<f8", "units": unit}
