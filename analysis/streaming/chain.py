"""A chain of on-line steps in which one that fails is isolated, reported and restarted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.streaming.batch import Batch, Layout
from analysis.streaming.errors import ChainError, StreamClosedError
from analysis.streaming.step import Results, Step

MOST_FAILURES = 10
"""Batches in a row on which a step may fail before it is given up."""

_REPORTED = 1000
"""Failures that are kept."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A step failed on a batch.

    Attributes:
        step: Name of the step.
        first: Number of the batch's first frame.
        frames: Number of its frames.
        error: What was raised, type and message.
        recovered: Whether the restarted step took the batch in after all.
        given_up: Whether the step is not called any more.
    """

    step: str
    first: int
    frames: int
    error: str
    recovered: bool
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a chain knows, at any time.

    Attributes:
        frames: Frames that came.
        values: What steps found out about each frame, by name, shape (frames, ...); NaN where a step missed it.
        results: What each step knows of the whole stream, by the step's name.
        failures: What went wrong, in order.
    """

    frames: int
    values: Mapping[str, NDArray[Any]]
    results: Mapping[str, Results]
    failures: tuple[Failure, ...] = ()


@dataclass(slots=True)
class _Place:
    """One step's place in the chain."""

    step: Step
    in_a_row: int = 0
    given_up: bool = False


@dataclass(slots=True)
class _Column:
    """One value of all frames, NaN where it is missing."""

    rows: NDArray[Any]

    def put(self, first: int, values: NDArray[Any]) -> None:
        """Set the values of frames from a number on."""
        end = first + len(values)
        if end > len(self.rows):
            more = np.full((max(end, 2 * len(self.rows)) - len(self.rows), *self.rows.shape[1:]), np.nan)
            self.rows = np.concatenate([self.rows, more])
        self.rows[first:end] = values


@dataclass(slots=True)
class Chain:
    """Steps one after the other.

    Nothing that a step does stops the stream: :meth:`process` never raises what a step raised.

    Args:
        steps: In the order in which frames pass them, names all different.
        on_failure: Called with each failure.
    """

    steps: Sequence[Step]
    on_failure: Callable[[Failure], None] | None = None
    _places: list[_Place] = field(default_factory=list)
    _layout: Layout | None = None
    _frames: int = 0
    _columns: dict[str, _Column] = field(default_factory=dict)
    _failures: list[Failure] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Check the names.

        Raises:
            ChainError: Two steps have one name.
        """
        names = [step.name for step in self.steps]
        if len(set(names)) < len(names):
            raise ChainError(f"steps of one chain have different names, not {', '.join(names)}: name one of them anew")

    def start(self, layout: Layout) -> None:
        """Begin a stream; forget any before. A step that fails to begin is reported, and tried again at each batch."""
        self._layout, self._frames = layout, 0
        self._columns, self._failures = {}, []
        self._places = [_Place(step) for step in self.steps]
        for place in self._places:
            try:
                place.step.start(layout)
            except Exception as error:
                self._report(place, Batch(0, np.empty((0, *layout.shape))), error, recovered=False)

    def process(self, batch: Batch) -> Batch | None:
        """Send frames through all steps.

        Args:
            batch: The frames.

        Returns:
            Frames and values as the last step gave them; None where a step that others need failed on them.

        Raises:
            StreamClosedError: The chain has not been started.
            BatchError: The batch does not fit the stream.
        """
        layout = self._started()
        batch.check(layout)
        self._frames = max(self._frames, batch.first + len(batch))
        for place in self._places:
            passed = None if place.given_up else self._attempt(place, batch, layout)
            if passed is not None:
                batch = passed
            elif place.step.changes_frames:
                self._keep(batch)
                return None
        self._keep(batch)
        return batch

    def result(self) -> Outcome:
        """What is known so far."""
        return self._outcome(lambda step: step.result())

    def stop(self) -> Outcome:
        """End the stream; what is known in the end. The chain can be started again."""
        outcome = self._outcome(lambda step: step.stop())
        self._layout = None
        return outcome

    def _started(self) -> Layout:
        if self._layout is None:
            raise StreamClosedError("the chain has not been started, or was stopped: call start first")
        return self._layout

    def _attempt(self, place: _Place, batch: Batch, layout: Layout) -> Batch | None:
        """Let a step process a batch, a second time after a restart if it must; None where it failed."""
        try:
            passed = place.step.process(batch)
        except Exception as error:
            passed = self._again(place, batch, layout, error)
        if passed is not None:
            place.in_a_row = 0
        return passed

    def _again(self, place: _Place, batch: Batch, layout: Layout, error: Exception) -> Batch | None:
        try:
            place.step.restart(layout)
            passed = place.step.process(batch)
        except Exception:
            place.in_a_row += 1
            place.given_up = place.in_a_row >= MOST_FAILURES
            passed = None
        self._report(place, batch, error, recovered=passed is not None)
        return passed

    def _report(self, place: _Place, batch: Batch, error: Exception, *, recovered: bool) -> None:
        text = f"{type(error).__name__}: {error}"
        failure = Failure(place.step.name, batch.first, len(batch), text, recovered, place.given_up)
        if len(self._failures) < _REPORTED:
            self._failures.append(failure)
        if self.on_failure is not None:
            self.on_failure(failure)

    def _keep(self, batch: Batch) -> None:
        """Remember what was found out about the frames."""
        for name, values in batch.values.items():
            if name not in self._columns:
                self._columns[name] = _Column(np.full((len(batch), *values.shape[1:]), np.nan))
            self._columns[name].put(batch.first, values)

    def _outcome(self, ask: Callable[[Step], Results]) -> Outcome:
        self._started()
        results = {}
        for place in self._places:
            try:
                results[place.step.name] = dict(ask(place.step))
            except Exception as error:
                results[place.step.name] = {}
                self._report(place, Batch(self._frames, np.empty((0, 0, 0))), error, recovered=False)
        values = {}
        for name, column in self._columns.items():
            column.put(self._frames, np.empty((0, *column.rows.shape[1:])))
            values[name] = column.rows[: self._frames].copy()
        return Outcome(self._frames, values, results, tuple(self._failures))
