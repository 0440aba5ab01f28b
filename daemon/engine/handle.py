"""What whoever starts a plan holds on to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daemon.errors import EngineError
from daemon.plans.faults import FaultLog


@dataclass(frozen=True, slots=True)
class PlanResult:
    """How a plan ended.

    Attributes:
        uid: of the run's start document; empty when no run was opened.
        run: the run's folder; None when no run was opened.
        exit_status: "success", "abort" or "fail".
        reason: the stop document's reason; empty for a plan that ended by itself.
        points: events in the primary stream.
        stop_reason: why a scan that decides for itself had measured enough.
        statistics: figures of the loop, the analyst, the best point and the devices' faults, as kept with the run.
    """

    uid: str
    run: Path | None
    exit_status: str
    reason: str = ""
    points: int = 0
    stop_reason: str = ""
    statistics: dict[str, Any] = field(default_factory=dict)


class PlanHandle:
    """A plan that was started.

    Args:
        name: the plan's name.
        faults: where the plan notes what its devices did wrong.

    Attributes:
        name: the plan's name.
        faults: what the plan's devices did wrong so far.
        uid: of the run, once it is open; empty before.
        run: the run's folder, once it is open; None before.
    """

    def __init__(self, name: str, faults: FaultLog | None = None) -> None:
        self.name = name
        self.faults = FaultLog() if faults is None else faults
        self.uid = ""
        self.run: Path | None = None
        self._opened = threading.Event()
        self._done = threading.Event()
        self._result: PlanResult | None = None
        self._error: BaseException | None = None

    @property
    def done(self) -> bool:
        """Whether the plan has ended and its run is closed."""
        return self._done.is_set()

    def wait(self, timeout: float | None = None) -> PlanResult:
        """Waits until the plan has ended and its run is closed on disk.

        Args:
            timeout: the longest to wait, s; None for as long as it takes.

        Raises:
            TimeoutError: when the plan goes on still.
            Exception: what the plan failed with; an abort is no failure but a result.
        """
        if not self._done.wait(timeout):
            raise TimeoutError(f"{self.name} goes on still after {timeout:g} s")
        if self._error is not None:
            raise self._error
        if self._result is None:
            raise EngineError(f"{self.name} ended without a result")
        return self._result

    @property
    def result(self) -> PlanResult | None:
        """How the plan ended; None while it goes on, or when it failed."""
        return self._result

    @property
    def error(self) -> BaseException | None:
        """What the plan failed with; None while it goes on, or when it did not fail."""
        return self._error

    def wait_open(self, timeout: float | None = None) -> Path:
        """Waits until the run is open, and returns its folder.

        Raises:
            TimeoutError: when it is not open in time.
            EngineError: when the plan ended before it opened a run.
        """
        if not self._opened.wait(timeout):
            raise TimeoutError(f"{self.name} has opened no run within {timeout:g} s")
        if self.run is None:
            raise EngineError(f"{self.name} ended before it opened a run") from self._error
        return self.run

    def opened(self, uid: str, run: Path | None) -> None:
        """Told by the engine: the run is open."""
        self.uid, self.run = uid, run
        self._opened.set()

    def finish(self, result: PlanResult | None, error: BaseException | None) -> None:
        """Told by the engine: the plan has ended."""
        self._result, self._error = result, error
        self._done.set()
        self._opened.set()
