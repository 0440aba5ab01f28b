"""The agent as bluesky sees it: a device that a plan prepares, sets and reads, while the analyst does the thinking.

Everything is idempotent in the point's number, because bluesky sends the messages since the last checkpoint again
after a pause: asking twice for the same point returns the same answer, or waits for the same one under way.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.analyst.messages import (
    Answer,
    Ask,
    Begin,
    Exclude,
    Failed,
    Finish,
    Key,
    Observe,
    Observed,
    Request,
    Suggested,
    Wish,
)
from daemon.analyst.state import scalars
from daemon.detection_rows import STREAM as DETECTIONS
from daemon.detection_rows import DetectionStream, detection_rows
from daemon.errors import AnalystError, BeampilotError, DiskFull, free_space
from devices.status import Status

NAN = float("nan")
STREAM = "suggestions"
"""The stream that the agent's rows go to."""


@dataclass(slots=True)
class Timing:
    """Where the wall time of one point went, ms.

    Attributes:
        move: from the first set-point until the axes have settled.
        expose: from the trigger until the detectors are done.
        record: from there until the event is in the journal.
        waiting: time that the instrument stood still for the analyst.
    """

    move: float = NAN
    expose: float = NAN
    record: float = NAN
    waiting: float = 0.0


class Agent:
    """Asks the analyst and keeps its answers; a bluesky `Preparable`, `Movable` and `Readable`.

    Args:
        send: hands a request to the analyst and returns at once.
        axes: unit of each scanned axis, in order.
        adaptive: whether positions are asked for.
        begin: what the analyst is told when the run begins, but for its folder.
        run_folder: gives the folder of the run under way.
    """

    name = "agent"
    parent = None

    def __init__(
        self,
        send: Callable[[Request], None],
        axes: Mapping[str, str],
        adaptive: bool,
        begin: Callable[[str], Begin],
        run_folder: Callable[[], str],
    ) -> None:
        self._send = send
        self._axes = dict(axes)
        self._adaptive = adaptive
        self._begin = begin
        self._run_folder = run_folder
        self._lock = threading.Lock()
        self._answers: dict[Key, Answer] = {}
        self._waiting: dict[Key, Status] = {}
        self._points: dict[int, tuple[dict[str, float], dict[str, float], float]] = {}
        self._streams: dict[str, str] = {}
        self.rows: set[int] = set()
        self.found = DetectionStream(self.detections)
        self._started = NAN
        self._row = 0
        self.timings: dict[int, Timing] = {}
        self.stop_reason = ""
        self.last = 0
        self.wished: list[dict[str, float]] = []
        self._excluded: list[Callable[[Mapping[str, float]], bool]] = []
        self._steered = 0

    def end_after(self, number: int, reason: str) -> None:
        """Notes why the scan ends after a point; an empty reason means that it goes on."""
        if reason:
            self.last, self.stop_reason = number, reason

    def suggestion(self, number: int) -> Suggested | None:
        """Where to measure a point, if the answer is there."""
        answer = self._answers.get((Ask.kind, number))
        return answer if isinstance(answer, Suggested) else None

    def take_up(self, number: int) -> Suggested | None:
        """The suggestion of a point that is about to be measured; None where it is not there, or was excluded since."""
        with self._lock:
            found = self._answers.get((Ask.kind, number))
            if not isinstance(found, Suggested):
                return None
            if found.position and any(contains(found.position) for contains in self._excluded):
                del self._answers[found.key]
                return None
            return found

    def wish(self, position: Mapping[str, float]) -> Status:
        """Has a position measured as soon as none is suggested already; done when the analyst knows of it."""
        with self._lock:
            self._steered += 1
            self.wished.append(dict(position))
            number = self._steered
        return self._request(Wish(number, dict(position)))

    def exclude(self, region: Mapping[str, Any], contains: Callable[[Mapping[str, float]], bool]) -> Status:
        """Has nothing more measured in a region, but what is being measured; done when the analyst knows of it.

        Args:
            region: its description.
            contains: tells whether a position lies in it.
        """
        with self._lock:
            self._steered += 1
            self._excluded.append(contains)
            self.wished = [wish for wish in self.wished if not contains(wish)]
            number = self._steered
        return self._request(Exclude(number, dict(region)))

    def prepare(self, number: int) -> Status:
        """Asks where to measure point `number`; done when the answer is there."""
        at = self._target(number - 1)
        return self._request(Ask(number, at, self._elapsed()))

    def observe(self, number: int) -> Status:
        """Has a recorded point analysed; done when its value is there."""
        position, readings, _ = self._points[number]
        return self._request(Observe(number, position, readings))

    def set(self, number: int) -> Status:
        """Makes the row of a recorded point the one to be read; done when its value is there."""
        self._row = number
        return self.observe(number)

    def detections(self, number: int) -> list[dict[str, Any]]:
        """What was found in the frames of an analysed point, a row per detection; empty where nothing was."""
        answer = self._answers.get((Observe.kind, number))
        return detection_rows(answer) if isinstance(answer, Observed) else []

    def ready(self, number: int) -> bool:
        """Whether a point's value is there."""
        return (Observe.kind, number) in self._answers

    @property
    def best(self) -> dict[str, Any] | None:
        """Position and value of the best point, as the latest analysis has it; None before there is a value."""
        seen = [answer for answer in self._answers.values() if isinstance(answer, Observed)]
        latest = max(seen, key=lambda answer: answer.number, default=None)
        if latest is None or not latest.best_position:
            return None
        return {"position": latest.best_position, "value": latest.best_value}

    def finish(self) -> Status:
        """Has the results written into the run, which must have ended."""
        return self._request(Finish())

    def take(self, key: Key, answer: Answer) -> None:
        """Takes an answer from the analyst; called from the receiver thread."""
        with self._lock:
            if not isinstance(answer, Failed):
                self._answers[key] = answer
            status = self._waiting.pop(key, None)
            if isinstance(answer, Suggested) and answer.position in self.wished:
                self.wished.remove(answer.position)
        if status is not None:
            status.finish(_error(key, answer) if isinstance(answer, Failed) else None)

    def document(self, name: str, document: Mapping[str, Any]) -> None:
        """Follows the run's documents: it begins with them, and they hold what was really recorded."""
        if name == "start":
            self._send(self._begin(self._run_folder()))
        elif name == "descriptor":
            self._streams[document["uid"]] = document["name"]
        elif name == "event" and self._streams.get(document["descriptor"]) == STREAM:
            self.rows.add(document["data"][f"{self.name}_point"])
        elif name == "event" and self._streams.get(document["descriptor"]) == DETECTIONS:
            self.found.saved(document)
        elif name == "event" and self._streams.get(document["descriptor"]) == "primary":
            readings = scalars(dict(document["data"]))
            when = max(document["timestamps"].values())
            if math.isnan(self._started):
                self._started = when
            position = {axis: readings[axis] for axis in self._axes}
            self._points[document["seq_num"]] = (position, readings, when)

    def read(self) -> dict[str, Any]:
        """The row of the point set last: what was suggested and why, its value, and where the time went."""
        now = time.time()
        return {key: {"value": value, "timestamp": now} for key, value in self._columns(self._row).items()}

    def describe(self) -> dict[str, Any]:
        """Describes the row."""
        return {key: _data_key(key, value, self._axes) for key, value in self._columns(self._row).items()}

    def _request(self, request: Request) -> Status:
        with self._lock:
            if request.key in self._answers:
                return Status.finished(f"{request.kind} {request.key[1]}")
            known = self._waiting.get(request.key)
            if known is not None:
                return known
            status = self._waiting[request.key] = Status(f"{request.kind} {request.key[1]}")
        self._send(request)
        return status

    def _target(self, number: int) -> dict[str, float] | None:
        suggestion = self.suggestion(number)
        return suggestion.position if suggestion is not None else None

    def _elapsed(self) -> float:
        last = max((when for _, _, when in self._points.values()), default=self._started)
        return 0.0 if math.isnan(last) else last - self._started

    def _columns(self, number: int) -> dict[str, Any]:
        """The row of a point as plain values, without time stamps."""
        position, _, when = self._points.get(number, ({}, {}, NAN))
        observed = self._answers.get((Observe.kind, number))
        seen = observed if isinstance(observed, Observed) else Observed(number, NAN, NAN, NAN, {}, NAN, NAN)
        row: dict[str, Any] = {"point": number, "value": seen.value, "error": seen.error}
        row |= {"best_value": seen.best_value}
        row |= {f"best_{axis}": seen.best_position.get(axis, NAN) for axis in self._axes}
        if self._adaptive:
            row |= self._reasons(number, position)
        timing = self.timings.get(number, Timing())
        row |= {"move_ms": timing.move, "expose_ms": timing.expose, "record_ms": timing.record}
        row |= {"analyse_ms": seen.analyse_ms, "tell_ms": seen.tell_ms, "waiting_ms": timing.waiting}
        row |= {"instrument_time": when, "stop": self.stop_reason if number == self.last else ""}
        return {f"{self.name}_{key}": value for key, value in row.items()}

    def _reasons(self, number: int, position: Mapping[str, float]) -> dict[str, Any]:
        chosen = self.suggestion(number) or Suggested(number)
        following = self.suggestion(number + 1) or Suggested(number + 1)
        return {
            **{axis: chosen.position.get(axis, position.get(axis, NAN)) for axis in self._axes},
            "kind": chosen.reason,
            "mean": chosen.mean,
            "deviation": chosen.deviation,
            "acquisition": chosen.acquisition,
            "travel_cost": chosen.travel_cost,
            "milliseconds": chosen.milliseconds,
            **{f"next_{axis}": following.position.get(axis, NAN) for axis in self._axes},
            "next_kind": following.reason,
            "next_mean": following.mean,
            "next_deviation": following.deviation,
            "next_acquisition": following.acquisition,
        }


def _data_key(key: str, value: object, axes: Mapping[str, str]) -> dict[str, Any]:
    """Describes one column of the row."""
    described: dict[str, Any] = {"source": "analyst", "shape": []}
    if isinstance(value, str):
        return described | {"dtype": "string"}
    if isinstance(value, int):
        return described | {"dtype": "integer", "dtype_numpy": "<i8"}
    return described | {"dtype": "number", "dtype_numpy": "<f8", "units": _unit(key, axes)}


def _unit(key: str, axes: Mapping[str, str]) -> str:
    for axis, unit in axes.items():
        if key.endswith(axis):
            return unit
    if key.endswith(("_ms", "_milliseconds")):
        return "ms"
    return "s" if key.endswith(("_cost", "_time")) else ""


def _error(key: Key, answer: Failed) -> BeampilotError:
    """What a plan fails with when a request cannot be met."""
    if answer.full:
        return DiskFull(Path(answer.full), free_space(Path(answer.full)))
    return AnalystError(f"{key[0]} {key[1]}: {answer.reason}")
