"""What keeps a plan waiting by itself, and for how long: what the status says of it, and what the run keeps."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

KEPT = 10_000
"""Interruptions kept of one plan; of a signal that flutters for days the first ones tell enough."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """A plan that waits by itself.

    Attributes:
        reason: why, in words.
        since: when it began, s since 1970.
        kind: "suspender" or "disk".
    """

    reason: str
    since: float
    kind: str = "suspender"


@dataclass(frozen=True, slots=True)
class Interruption:
    """A time in which a plan waited by itself, as kept with the run.

    Attributes:
        kind: "suspender" or "disk".
        reason: why, in words.
        since: when the first trip came, s since 1970.
        until: when the plan went on or was ended, s since 1970.
        seconds: time lost, s.
        trips: how many times something tripped in that time.
    """

    kind: str
    reason: str
    since: float
    until: float
    seconds: float
    trips: int = 1


class Interruptions:
    """Keeps what interrupted the plan under way; may be asked from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[tuple[Suspension, float, int]] = []
        self._past: list[Interruption] = []
        self._left_out = 0

    @property
    def current(self) -> Suspension | None:
        """What the plan waits for now; None while it goes on."""
        with self._lock:
            return self._open[-1][0] if self._open else None

    def clear(self) -> None:
        """Forgets everything: a new plan begins."""
        with self._lock:
            self._open, self._past, self._left_out = [], [], 0

    def begin(self, suspension: Suspension, trips: int = 1) -> None:
        """Notes that the plan waits from now on."""
        with self._lock:
            self._open.append((suspension, time.monotonic() - max(0.0, time.time() - suspension.since), trips))

    def add(self, kind: str, reason: str, trips: int) -> None:
        """Adds trips, and what is new of their reason, to the present interruption of a kind."""
        with self._lock:
            index = self._find(kind)
            if index is None:
                return
            suspension, began, before = self._open[index]
            if reason and reason not in suspension.reason:
                suspension = replace(suspension, reason=f"{suspension.reason}; {reason}")
            self._open[index] = (suspension, began, before + trips)

    def end(self, kind: str) -> None:
        """Notes that the present interruption of a kind is over; does nothing where there is none."""
        with self._lock:
            index = self._find(kind)
            if index is None:
                return
            suspension, began, trips = self._open.pop(index)
            lost = time.monotonic() - began
            if len(self._past) >= KEPT:
                self._left_out += 1
                return
            self._past.append(
                Interruption(kind, suspension.reason, suspension.since, suspension.since + lost, lost, trips)
            )

    def statistics(self) -> dict[str, Any]:
        """What the run keeps: every interruption in order, and the time lost to all of them, s."""
        with self._lock:
            past = list(self._past)
            found: dict[str, Any] = {
                "interruptions": [asdict(one) for one in past],
                "seconds_lost": sum(one.seconds for one in past),
            }
            return found | ({"interruptions_left_out": self._left_out} if self._left_out else {})

    def _find(self, kind: str) -> int | None:
        places = [index for index, (suspension, _, _) in enumerate(self._open) if suspension.kind == kind]
        return places[-1] if places else None
