"""The events of a run as columns, one table per stream, made from the journal's documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import event_model
import numpy as np
from numpy.typing import NDArray

from daemon.recorder.columns import Column, announced_type
from daemon.recorder.journal import Document, Named

SECONDS = {"units": "seconds since 1970-01-01"}
"""Attributes of times, in the words that xarray understands."""
TIME_PREFIX = "ts_"
"""The array `ts_<key>` holds the times at which the values of `<key>` were read."""


class Table:
    """The events of one stream.

    Args:
        name: of the stream.

    Attributes:
        columns: by array name: `seq_num`, `time`, the data keys, and for each of them its times of reading.
        coordinates: names of the columns that say where and when an event was measured.
        external: data keys whose arrays are written by a frame writer.
        descriptors: the stream's descriptors.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.columns = {
            "seq_num": Column(np.dtype(np.int64), (), {"long_name": "sequence number of the event"}),
            "time": Column(np.dtype(float), (), {"long_name": "time of the event", **SECONDS}),
        }
        self.coordinates = ["seq_num", "time"]
        self.external: list[str] = []
        self.descriptors: list[Document] = []
        self._rows: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def describe(self, descriptor: Document, axes: frozenset[str] = frozenset()) -> None:
        """Takes up a descriptor: one column for every new data key.

        Args:
            descriptor: the document.
            axes: names of devices and data keys whose readings are coordinates.
        """
        self.descriptors.append(descriptor)
        owners = descriptor.get("object_keys", {})
        on_axes = {key for name in axes for key in owners.get(name, [name])}
        for key, data_key in descriptor["data_keys"].items():
            if str(data_key.get("external", "")).startswith("STREAM"):
                self.external += [] if key in self.external else [key]
            elif key not in self.columns:
                dtype, shape = announced_type(data_key)
                names = data_key.get("dims") or [f"dim_{index}" for index in range(len(shape))]
                dimensions = tuple(f"{key}_{name}" for name in names)[: len(shape)]
                self.columns[key] = Column(dtype, shape, _attributes(data_key), dimensions)
                self.columns[TIME_PREFIX + key] = Column(
                    np.dtype(float), (), {"long_name": f"time at which {key} was read", **SECONDS}
                )
                self.coordinates += [key] if key in on_axes else []

    def add(self, event: Document) -> None:
        """Puts an event in the row of its sequence number: one that was measured again replaces its first version."""
        row = self._rows.setdefault(event["seq_num"], len(self._rows))
        given: dict[str, object] = {"seq_num": event["seq_num"], "time": event["time"], **event["data"]}
        given.update((TIME_PREFIX + key, time) for key, time in event["timestamps"].items())
        for name, column in self.columns.items():
            column.set(row, given.get(name))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every column as an array, first axis `event`; text as an array of Python strings."""
        return {name: column.values() for name, column in self.columns.items()}


class Tables:
    """The tables of one run, filled document by document."""

    def __init__(self) -> None:
        self.by_stream: dict[str, Table] = {}
        self.start: Document | None = None
        self.stop: Document | None = None
        self._by_descriptor: dict[str, Table] = {}

    def add(self, documents: Iterable[Named]) -> None:
        """Takes up documents in the order of the journal; events of unknown descriptors are left out."""
        for name, document in documents:
            if name == "start":
                self.start = self.start or document
            elif name == "stop":
                self.stop = document
            elif name == "descriptor":
                self._describe(document)
            elif name in ("event", "event_page"):
                self._add_events(name, document)

    def counts(self) -> dict[str, int]:
        """Number of events of each stream."""
        return {name: len(table) for name, table in self.by_stream.items()}

    def _describe(self, descriptor: Document) -> None:
        name = descriptor.get("name", "primary")
        table = self.by_stream.setdefault(name, Table(name))
        table.describe(descriptor, _axes(self.start or {}, name))
        self._by_descriptor[descriptor["uid"]] = table

    def _add_events(self, name: str, document: Document) -> None:
        table = self._by_descriptor.get(document["descriptor"])
        if table is not None:
            for event in _events(name, document):
                table.add(event)


def _events(name: str, document: Any) -> Iterator[Any]:  # noqa: ANN401 - event-model's own types differ per name
    return event_model.unpack_event_page(document) if name == "event_page" else iter([document])


def _axes(start: Mapping[str, Any], stream: str) -> frozenset[str]:
    """Names of the motors of a plan, and the fields that its hints name as dimensions of a stream."""
    names = set(start.get("motors") or ())
    for fields, of_stream in (start.get("hints") or {}).get("dimensions", ()):
        if of_stream == stream:
            names.update(fields)
    return frozenset(name for name in names if isinstance(name, str))


def _attributes(data_key: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("units", "precision", "source", "object_name", "choices", "limits")
    return {name: data_key[name] for name in kept if data_key.get(name) not in (None, "")}
