"""What a scan has come to, folded from its documents: the same for the live view, a replay and a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from daemon.analyst.state import CampaignState
from daemon.campaign import Axis, Choice, Point, best_of, grid_points
from daemon.runs import Run

SUGGESTIONS = "suggestions"
COMPUTER_STAGES = {"record": "record_ms", "analyse": "analyse_ms", "tell": "tell_ms", "ask": "milliseconds"}
"""Stages of a point that take the computer's time, with their columns in the stream of suggestions."""


class Progress:
    """A scan as its documents tell it so far; give it every document in order.

    Attributes:
        start: The start document; empty before it came.
        stop: The stop document; empty before it came.
        axes: The axes of the scan; units are known once the first descriptor came.
        rows: The stream of suggestions by point number, keys without their prefix.
        configuration: How the devices of the primary stream were set, by data key.
    """

    def __init__(self) -> None:
        self.start: Mapping[str, Any] = {}
        self.stop: Mapping[str, Any] = {}
        self.axes: tuple[Axis, ...] = ()
        self.rows: dict[int, dict[str, Any]] = {}
        self.configuration: dict[str, Any] = {}
        self._streams: dict[str, str] = {}
        self._prefixes: dict[str, str] = {}
        self._keys: dict[str, list[str]] = {}
        self._main_reading = ""
        self._measured: dict[int, Mapping[str, Any]] = {}
        self._points: dict[int, Point] = {}
        self._newest_scores: list[tuple[float, float]] = []

    def __call__(self, name: str, document: Mapping[str, Any]) -> None:
        """Take in the next document."""
        if name == "start":
            self.__init__()
            self.start = document
            self.axes = axes_of(document)
        elif name == "stop":
            self.stop = document
        elif name == "descriptor":
            self._describe(document)
        elif name == "event":
            self._event(document)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The plan's parameters; empty for plans that are not ours."""
        return parameters_of(self.start)

    @property
    def objective(self) -> str:
        """What is sought, as the campaign wrote it; where it sought nothing, the detector's main reading."""
        return str(self.parameters.get("objective") or self._main_reading)

    @property
    def maximize(self) -> bool:
        """Whether large values are sought."""
        return bool(self.parameters.get("maximize", True))

    @property
    def budget(self) -> int | None:
        """The largest number of points, where there is one."""
        return self.parameters.get("points") or self.grid_points

    @property
    def grid_points(self) -> int | None:
        """Positions of the full grid; None without a grid."""
        return grid_points(self.axes)

    @property
    def points(self) -> Sequence[Point]:
        """The measured points in order."""
        points = [self._points[number] for number in sorted(self._points)]
        for index, (value, error) in enumerate(self._newest_scores[: len(points)]):
            points[index] = replace(points[index], value=value, error=error)
        return points

    @property
    def failed(self) -> int:
        """Number of points that were analysed and have no value."""
        return sum(point.number in self.rows and not math.isfinite(point.value) for point in self.points)

    @property
    def best(self) -> Point | None:
        """The best point so far, as the analyst sees it: it scores all points again when it learns more."""
        best = best_of(self.points, self.maximize)
        row = self.rows[max(self.rows)] if self.rows else {}
        value = _number(row.get("best_value"))
        position = tuple(_number(row.get(f"best_{axis.name}")) for axis in self.axes)
        if best is None or self._newest_scores or not all(map(math.isfinite, (value, *position))):
            return best
        nearest = min(self.points, key=lambda point: math.dist(point.position, position))
        return replace(nearest, value=value, error=nearest.error if nearest.value == value else math.nan)

    def score_again(self, scores: Sequence[tuple[float, float]]) -> None:
        """Take the values that the analyst gives all points now, in place of those that they had when they were new.

        Args:
            scores: Value and standard deviation of the first points, in order.
        """
        self._newest_scores = list(scores)

    @property
    def choice(self) -> Choice | None:
        """Where the next point will be measured; None where nobody has chosen yet, or the scan has ended."""
        if not self.rows or self.stop:
            return None
        row = self.rows[max(self.rows)]
        position = tuple(_number(row.get(f"next_{axis.name}")) for axis in self.axes)
        if not position or not all(map(math.isfinite, position)):
            return None
        expected = [_number(row.get(f"next_{name}")) for name in ("mean", "deviation", "acquisition")]
        return Choice(max(self.rows) + 1, position, str(row.get("next_kind") or ""), *expected)

    @property
    def seconds(self) -> float:
        """Instrument time from the first motion to the last reading, s."""
        return sum(time for point in self.points for stage, time in point.times.items() if stage not in COMPUTER_STAGES)

    def computer_seconds(self) -> float | None:
        """Median time that the computer needed per point, s; None before it is known."""
        spent = [sum(point.times.get(stage, 0.0) for stage in COMPUTER_STAGES) for point in self.points if point.choice]
        return median(spent) if spent else None

    def grid_seconds(self) -> float | None:
        """Estimated instrument time of the full grid, s; None without a grid or before two points are measured.

        Every position is exposed like the measured ones; between them the fastest axis makes one step.
        """
        exposures = [point.times["exposure"] for point in self.points if "exposure" in point.times]
        steps = [self._step_seconds(axis) for axis in self.axes]
        known = [seconds for seconds in steps if seconds is not None]
        if not self.grid_points or not known or not exposures:
            return None
        return self.grid_points * (min(known) + median(exposures))

    def _step_seconds(self, axis: Axis) -> float | None:
        """Time that an axis needs for one step of its grid, s; None where its speed is unknown."""
        speed = _number(self.configuration.get(f"{axis.name}_speed"))
        if not axis.points or axis.points < 2 or not speed > 0:
            return None
        settling = _number(self.configuration.get(f"{axis.name}_settling_time"))
        return (axis.high - axis.low) / (axis.points - 1) / speed + (settling if settling > 0 else 0.0)

    def best_values(self) -> list[float]:
        """The best value after each point; NaN until a measurement succeeded."""
        found, so_far = [], math.nan
        for point in self.points:
            better = point.value > so_far if self.maximize else point.value < so_far
            if math.isfinite(point.value) and (better or math.isnan(so_far)):
                so_far = point.value
            found.append(so_far)
        return found

    def _describe(self, descriptor: Mapping[str, Any]) -> None:
        """Remember which stream a descriptor begins, and the axes' units."""
        self._streams[descriptor["uid"]] = descriptor.get("name", "primary")
        for device in descriptor.get("object_keys", {}):
            self._prefixes.setdefault(descriptor["uid"], f"{device}_")
        if descriptor.get("name") == "primary":
            keys = descriptor["data_keys"]
            self._keys = dict(descriptor.get("object_keys", {}))
            hinted = [descriptor.get("hints", {}).get(name, {}) for name in self.start.get("detectors") or ()]
            self._main_reading = next((field for hint in hinted for field in hint.get("fields", ())), "")
            for device in descriptor.get("configuration", {}).values():
                self.configuration.update(device.get("data", {}))
            self.axes = tuple(
                Axis(
                    axis.name, str(keys.get(axis.name, {}).get("units") or axis.unit), axis.low, axis.high, axis.points
                )
                for axis in self.axes
            )

    def _event(self, event: Mapping[str, Any]) -> None:
        """Take in a measured point, or what was found out about one."""
        stream = self._streams.get(event["descriptor"])
        if stream == "primary":
            self._measured[event["seq_num"]] = event
            self._update(event["seq_num"])
        elif stream == SUGGESTIONS:
            prefix = self._prefixes.get(event["descriptor"], "")
            row = {key.removeprefix(prefix): value for key, value in event["data"].items()}
            number = int(row.get("point", event["seq_num"]))
            self.rows[number] = row
            self._update(number)

    def _update(self, number: int) -> None:
        """Make a point of what is known about it; without an analysis its objective is a reading or unknown."""
        event = self._measured.get(number)
        if event is None or not self.axes:
            return
        row = self.rows.get(number, {})
        value = row.get("value", event["data"].get(self.objective))
        position = tuple(_number(event["data"].get(axis.name)) for axis in self.axes)
        choice = None
        if row.get("kind"):
            chosen = [_number(row.get(name)) for name in ("mean", "deviation", "acquisition")]
            choice = Choice(number, position, str(row["kind"]), *chosen)
        self._points[number] = Point(
            number=number,
            position=position,
            value=_number(value),
            error=_number(row.get("error")),
            choice=choice,
            times=self._times(number, event, row),
            waiting=1e-3 * _number(row.get("waiting_ms")),
        )

    def _times(self, number: int, event: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, float]:
        """Seconds per stage: the instrument's from the times of the readings, the computer's as they were measured."""
        arrived = max((event["timestamps"].get(axis.name, math.nan) for axis in self.axes), default=math.nan)
        exposed = self._exposed(event)
        # Axes that tell their position when they are asked, and not when they arrived, do not tell these two apart.
        exposure = exposed - arrived if exposed > arrived else self._exposure_seconds()
        before = self._measured.get(number - 1)
        times = {"exposure": exposure}
        if before is not None:
            span = max(exposed - self._exposed(before), 0.0)
            times = {"motion": max(span - exposure, 0.0), "exposure": min(exposure, span)}
        times |= {stage: 1e-3 * _number(row.get(column)) for stage, column in COMPUTER_STAGES.items()}
        return {stage: time for stage, time in times.items() if math.isfinite(time)}

    def _exposed(self, event: Mapping[str, Any]) -> float:
        """When the detectors were done, s on the instrument's clock."""
        stamps = event["timestamps"]
        wanted = [key for name in self.start.get("detectors") or () for key in self._keys.get(name, ())]
        return max((stamps[key] for key in wanted or stamps if key in stamps), default=math.nan)

    def _exposure_seconds(self) -> float:
        """The longest exposure time that a detector is set to, s; 0 where none has any."""
        times = [_number(value) for key, value in self.configuration.items() if key.endswith("_exposure_time")]
        return max(times, default=0.0)


def told_scores(run: Path) -> list[tuple[float, float]]:
    """What the optimiser of a run was told last of its points: value and standard deviation of each, in order.

    Args:
        run: The run's folder; where it holds no state of an optimiser there are no scores.
    """
    state = CampaignState.load(run)
    told = ((state.optimizer if state else None) or {}).get("measurements", {}).get("told", [])
    scores = [(_number(point.get("value")), _number(point.get("error"))) for point in told]
    # A continued campaign was told the points of earlier runs first, and does not say how many they were.
    return scores if scores and "continues" not in Run(run).start else []


def parameters_of(start: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters of one of our plans, as its start document holds them; empty for other plans."""
    found = start.get("parameters", start.get("plan_args"))
    return found if isinstance(found, Mapping) and isinstance(found.get("axes"), Mapping) else {}


def axes_of(start: Mapping[str, Any]) -> tuple[Axis, ...]:
    """The scanned axes, as the start document of one of our plans holds them; units are not in it."""
    axes = parameters_of(start).get("axes") or {}
    return tuple(Axis(name, "", axis["low"], axis["high"], axis.get("points")) for name, axis in axes.items())


def _number(value: object) -> float:
    """A number, NaN in place of what is none."""
    return float(value) if isinstance(value, int | float) else math.nan


def read_progress(path: Path) -> Progress:
    """Fold a run on disk.

    Args:
        path: The run's folder.

    Raises:
        RecorderError: When there is no run, or it cannot be read.
    """
    progress = Progress()
    for name, document in Run(path).documents():
        progress(name, document)
    return progress
