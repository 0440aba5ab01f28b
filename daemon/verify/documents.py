"""Whether the documents of a run follow from one another, as bluesky's event model has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import event_model
from event_model import DocumentNames, schema_validators

from daemon.recorder.journal import Document

Complain = Callable[[str, str], None]
"""Takes up a problem: where, and what."""


@dataclass(slots=True)
class _Stream:
    """What is known of one stream so far.

    Attributes:
        name: Of the stream.
        inside: Data keys whose values stand in events.
        last: Highest sequence number so far; they begin with 1.
        frames: Per external data key, the index after the last one that was announced.
    """

    name: str
    inside: set[str]
    last: int = 0
    frames: dict[str, int] = field(default_factory=dict)


class DocumentCheck:
    """Takes the documents of one run in the order of its journal, and complains about those that do not fit.

    Args:
        complain: Called with each problem.

    Attributes:
        events: Number of events by stream.
        frames: Number of announced frames by (stream, data key).
    """

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._count = 0
        self._uids: set[str] = set()
        self._start: str | None = None
        self._stop: Document | None = None
        self._streams: dict[str, _Stream] = {}
        self._descriptors: dict[str, _Stream] = {}
        self._resources: dict[str, str] = {}
        self._takers: dict[str, Callable[[str, Document], None]] = {
            "start": self._take_start,
            "descriptor": self._take_descriptor,
            "event": self._take_event,
            "event_page": self._take_page,
            "stream_resource": self._take_resource,
            "stream_datum": self._take_datum,
            "stop": self._take_stop,
        }

    @property
    def events(self) -> dict[str, int]:
        """Number of events by stream; one that was measured again counts once."""
        return {name: stream.last for name, stream in self._streams.items()}

    @property
    def frames(self) -> dict[tuple[str, str], int]:
        """Number of announced frames by (stream, data key)."""
        return {(stream.name, key): count for stream in self._streams.values() for key, count in stream.frames.items()}

    def take(self, name: str, document: Document) -> None:
        """Check the next document of the journal."""
        self._count += 1
        where = f"document {self._count} ({name})"
        if name not in DocumentNames.__members__:
            self._complain(where, "the event model has no document of that name")
            return
        error = next(schema_validators[DocumentNames[name]].iter_errors(document), None)
        if error is not None:
            at = ".".join(map(str, error.absolute_path))
            self._complain(where, f"{at + ': ' if at else ''}{error.message}")
            return
        if self._stop is not None:
            self._complain(where, "it comes after the stop document")
        if name != "start" and self._start is None:
            self._complain(where, "it comes before any start document")
        uids = document.get("uid")
        for uid in uids if isinstance(uids, list) else [uids]:  # a page has one for each event
            self._check_uid(where, uid)
        if name in self._takers:
            self._takers[name](where, document)

    def finish(self, *, closed: bool) -> None:
        """Check what can only be known at the end.

        Args:
            closed: Whether the run claims to be complete.
        """
        if self._start is None:
            self._complain("journal", "it has no start document")
        if not closed:
            return
        if self._stop is None:
            self._complain("journal", "the run is closed, but there is no stop document")
            return
        told = {name: count for name, count in self._stop.get("num_events", {}).items() if count}
        if told != (found := {name: count for name, count in self.events.items() if count}):
            self._complain("stop document", f"num_events says {told}, but the journal holds {found}")
        for (stream, key), frames in self.frames.items():
            if frames < self._streams[stream].last:
                self._complain(
                    f"{stream}/{key}", f"{frames} frames were announced for {self._streams[stream].last} events"
                )

    def _check_uid(self, where: str, uid: str | None) -> None:
        if uid is None:
            return
        if uid in self._uids:
            self._complain(where, f"the uid {uid} was used before")
        self._uids.add(uid)

    def _take_start(self, where: str, document: Document) -> None:
        if self._start is not None:
            self._complain(where, "the run has a start document already")
        self._start = document["uid"]

    def _take_descriptor(self, where: str, document: Document) -> None:
        self._check_run(where, document)
        inside = {key for key, value in document["data_keys"].items() if not _is_external(value)}
        stream = self._streams.setdefault(document["name"], _Stream(document["name"], inside))
        stream.inside = inside
        self._descriptors[document["uid"]] = stream

    def _take_page(self, where: str, document: Document) -> None:
        for event in event_model.unpack_event_page(document):  # pyright: ignore[reportArgumentType]
            self._take_event(where, dict(event))

    def _take_event(self, where: str, document: Document) -> None:
        stream = self._descriptors.get(document["descriptor"])
        if stream is None:
            self._complain(where, f"no descriptor has the uid {document['descriptor']}")
            return
        if set(document["data"]) != stream.inside:
            differing = ", ".join(sorted(set(document["data"]) ^ stream.inside))
            self._complain(where, f"its data keys are not those of its descriptor: {differing}")
        if set(document["timestamps"]) != set(document["data"]):
            self._complain(where, "it has not one time for each value")
        number = document["seq_num"]
        if not 1 <= number <= stream.last + 1:
            self._complain(where, f"{stream.name}: event {number} follows event {stream.last}")
        stream.last = max(stream.last, number)

    def _take_resource(self, where: str, document: Document) -> None:
        self._check_run(where, document)
        self._resources[document["uid"]] = document["data_key"]

    def _take_datum(self, where: str, document: Document) -> None:
        stream, key = self._descriptors.get(document["descriptor"]), self._resources.get(document["stream_resource"])
        if stream is None or key is None:
            missing = "descriptor" if stream is None else "stream_resource"
            self._complain(where, f"no {missing} has the uid {document[missing]}")
            return
        first, after = document["indices"]["start"], document["indices"]["stop"]
        expected = stream.frames.get(key, 0)
        if first != expected or after <= first:
            self._complain(where, f"{stream.name}/{key}: frames {first} to {after - 1} follow frame {expected - 1}")
        numbers = document["seq_nums"]
        if numbers["stop"] - numbers["start"] != after - first:
            self._complain(where, f"{stream.name}/{key}: it has not one event for each frame")
        stream.frames[key] = max(expected, after)

    def _take_stop(self, where: str, document: Document) -> None:
        self._check_run(where, document)
        self._stop = document

    def _check_run(self, where: str, document: Mapping[str, Any]) -> None:
        if (named := document.get("run_start", self._start)) != self._start:
            self._complain(where, f"it belongs to another run, {named}")


def _is_external(data_key: Mapping[str, Any]) -> bool:
    return str(data_key.get("external", "")).startswith("STREAM")
