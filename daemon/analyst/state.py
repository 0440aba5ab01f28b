"""What the analyst keeps on disk of a campaign, and how it reads a run back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
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
        wishes: positions that an operator asked for and that were not suggested yet, in order.
        steered: number of the last request of an operator that was met.
    """

    optimizer: dict[str, Any] | None = None
    suggestions: dict[int, Suggested] = field(default_factory=dict)
    told: int = 0
    wishes: list[dict[str, float]] = field(default_factory=list)
    steered: int = 0
    # A suggestion never changes, and turning hundreds of them into JSON twice a point would take 10 ms.
    _written: dict[int, str] = field(default_factory=dict)

    def remember(self, suggestion: Suggested) -> None:
        """Adds a suggestion that is about to be given."""
        self.suggestions[suggestion.number] = suggestion
        self._written[suggestion.number] = json.dumps(_plain(suggestion))

    def forget(self, number: int) -> None:
        """Takes back a suggestion that is not to be measured."""
        del self.suggestions[number], self._written[number]

    def save(self, run: Path) -> None:
        """Writes the state into the run, whole or not at all.

        Raises:
            RecorderError: when it cannot be written.
        """
        head = f'{{"version": {VERSION}, "told": {self.told}, "optimizer": {json.dumps(self.optimizer)}'
        head += f', "wishes": {json.dumps(self.wishes)}, "steered": {self.steered}'
        text = f'{head}, "suggestions": [{", ".join(self._written.values())}]}}'
        path = run / STATE_FILE
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, text.encode())

    @classmethod
    def load(cls, run: Path) -> CampaignState | None:
        """The state that a run holds; None where there is none that can be read."""
        try:
            content = json.loads((run / STATE_FILE).read_bytes())
        except (OSError, ValueError):
            return None
        if content.get("version") != VERSION:
            return None
        state = cls(content["optimizer"], told=content["told"])
        state.wishes, state.steered = content.get("wishes", []), content.get("steered", 0)
        for item in content["suggestions"]:
            state.remember(Suggested(**item))
        return state


_SUGGESTED = tuple(one.name for one in fields(Suggested))


def _plain(suggestion: Suggested) -> dict[str, Any]:
    """A suggestion as plain data; `asdict` copies everything deeply, which is slow."""
    return {name: getattr(suggestion, name) for name in _SUGGESTED}


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


def lineage(run: Path) -> list[Path]:
    """A run and those it continued, oldest first; one that is gone ends the line.

    Raises:
        RecorderError: when the run's own journal cannot be read.
    """
    line = [run]
    while True:
        start = next((document for name, document in JournalReader(line[0] / JOURNAL).read() if name == "start"), {})
        before = Path(start.get("continues", ""))
        if not (before / JOURNAL).is_file() or before in line:
            return line
        line.insert(0, before)


def scalars(data: dict[str, Any]) -> dict[str, float]:
    """The numbers among an event's readings."""
    return {key: float(value) for key, value in data.items() if isinstance(value, int | float)}
