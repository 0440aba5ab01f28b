"""What the analyst keeps on disk of a campaign, and how it reads a run back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from daemon.analyst.messages import Suggested
from daemon.recorder.disk import write_atomically
from daemon.recorder.journal import JournalReader
from daemon.recorder.layout import JOURNAL

STATE_FILE = Path("analysis", "optimizer.json")
VERSION = 1


@dataclass(slots=True)
class CampaignState:
    """A campaign after some point.

    Attributes:
        optimizer: the optimiser's own state; None before the first question.
        suggestions: every suggestion given, by point number.
        told: number of points that the optimiser knows, those of an earlier run included.
    """

    optimizer: dict[str, Any] | None = None
    suggestions: dict[int, Suggested] = field(default_factory=dict)
    told: int = 0

    def save(self, run: Path) -> None:
        """Writes the state into the run, whole or not at all.

        Raises:
            RecorderError: when it cannot be written.
        """
        content = {
            "version": VERSION,
            "optimizer": self.optimizer,
            "suggestions": [asdict(suggestion) for suggestion in self.suggestions.values()],
            "told": self.told,
        }
        path = run / STATE_FILE
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, json.dumps(content).encode())

    @classmethod
    def load(cls, run: Path) -> CampaignState | None:
        """The state that a run holds; None where there is none that can be read."""
        try:
            content = json.loads((run / STATE_FILE).read_bytes())
        except (OSError, ValueError):
            return None
        if content.get("version") != VERSION:
            return None
        suggestions = [Suggested(**item) for item in content["suggestions"]]
        return cls(content["optimizer"], {item.number: item for item in suggestions}, content["told"])


@dataclass(frozen=True, slots=True)
class RecordedPoint:
    """A point of the primary stream, as the journal has it.

    Attributes:
        number: the point, from 1 (the event's seq_num).
        data: the event's scalar readings by data key, axes included.
    """

    number: int
    data: dict[str, float]


def recorded_points(run: Path) -> Iterator[RecordedPoint]:
    """The points of a run's primary stream in order, each as it was recorded last.

    Raises:
        RecorderError: when the journal cannot be read.
    """
    primary = ""
    points: dict[int, RecordedPoint] = {}
    for name, document in JournalReader(run / JOURNAL).read():
        if name == "descriptor" and document.get("name") == "primary":
            primary = document["uid"]
        elif name == "event" and document["descriptor"] == primary:
            points[document["seq_num"]] = RecordedPoint(document["seq_num"], scalars(document["data"]))
    yield from (points[number] for number in sorted(points))


def scalars(data: dict[str, Any]) -> dict[str, float]:
    """The numbers among an event's readings."""
    return {key: float(value) for key, value in data.items() if isinstance(value, int | float)}
