"""What Tiled is told of a run: its journal, with what was measured again once, and every column of one type."""

from __future__ import annotations

import json
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import event_model

from daemon.errors import TiledError
from daemon.recorder.attributes import read_attributes
from daemon.recorder.journal import Document, Named
from daemon.recorder.layout import METADATA

INT64 = 2**63
"""Integers from here on have no column."""
PACKING = ".compacting"
"""Folder in a run while its frames are packed."""

log = logging.getLogger(__name__)


def live(documents: Iterable[Named], streams: dict[str, Document]) -> Iterator[Named]:
    """What can be told while a run goes on: all but the frames, whose array gets its length when the run is closed.

    Args:
        documents: what is new in its journal.
        streams: its descriptors so far by their uid; new ones are put in.
    """
    for name, document in documents:
        if name == "descriptor":
            streams[document["uid"]] = document
        if name in ("start", "descriptor"):
            yield name, document
        elif name in ("event", "event_page") and document["descriptor"] in streams:
            for event in _events(name, document):
                keys = streams[event["descriptor"]]["data_keys"]
                data = {key: _cast([value], keys.get(key))(value) for key, value in event["data"].items()}
                yield "event", {**event, "data": data}


def settled(documents: Iterable[Named], run: Path) -> list[Named]:
    """What is told of a closed run, in the order that Tiled wants.

    A point that was measured again after a pause has its number twice in the journal, and only the last one counts.
    The frames of a stream, announced one by one, become one announcement of what lies on disk.

    Args:
        documents: of its journal.
        run: its folder.

    Raises:
        TiledError: when its frames are just being packed.
        RecorderError: when neither the journal nor the attributes know how it began.
    """
    found: dict[str, list[Document]] = {}
    for name, document in documents:
        found.setdefault(name, []).append(document)
    if "start" not in found:  # its line is damaged
        found["start"] = [read_attributes(run)["start"]]
    streams = {document["uid"]: document for document in found.get("descriptor", [])}
    events: dict[tuple[str, int], Document] = {}
    for name in ("event", "event_page"):
        for event in (event for document in found.get(name, []) for event in _events(name, document)):
            if event["descriptor"] in streams:
                events[streams[event["descriptor"]]["name"], event["seq_num"]] = event
    rows = _unified([events[place] for place in sorted(events)], streams)
    return [
        ("start", found["start"][0]),
        *(("descriptor", document) for document in streams.values()),
        *(("event", event) for event in rows),
        *_frames(found, run),
        *(("stop", document) for document in found.get("stop", [])[-1:]),
    ]


def counts(documents: Iterable[Named], counted: Iterable[Named]) -> dict[str, int]:
    """Number of events of each stream.

    Args:
        documents: what `settled` returned.
        counted: those of them that count.
    """
    names = {document["uid"]: document["name"] for name, document in documents if name == "descriptor"}
    return dict(Counter(names[document["descriptor"]] for name, document in counted if name == "event"))


def _frames(found: Mapping[str, list[Document]], run: Path) -> Iterator[Named]:
    """One announcement of all frames of each stream."""
    data = {document["stream_resource"]: document for document in found.get("stream_datum", [])}
    for resource in found.get("stream_resource", []):
        array = _place(resource, run)
        length = _length(array, run) if resource["uid"] in data else 0
        if length:
            whole = {"indices": {"start": 0, "stop": length}, "seq_nums": {"start": 1, "stop": length + 1}}
            uri = array.as_uri().replace("file://", "file://localhost", 1)
            yield "stream_resource", {**resource, "uri": uri}
            yield "stream_datum", {**data[resource["uid"]], **whole}


def _place(resource: Document, run: Path) -> Path:
    """Where the frames lie, also when the data folder was moved since they were announced."""
    announced = Path(unquote(urlsplit(resource["uri"]).path))
    parts = announced.parts
    return run.joinpath(*parts[parts.index(run.name) + 1 :]) if run.name in parts else announced


def _length(array: Path, run: Path) -> int:
    try:
        return int(json.loads((array / METADATA).read_bytes())["shape"][0])
    except (OSError, ValueError, KeyError, IndexError) as error:
        if (run / PACKING).exists():
            raise TiledError(f"the frames of {run.name} are being packed") from error
        log.warning("%s is registered without the frames that should lie in %s: %s", run, array, error)
        return 0


def _events(name: str, document: Any) -> Iterator[Any]:  # noqa: ANN401 - event-model's own types differ per name
    return event_model.unpack_event_page(document) if name == "event_page" else iter([document])


def _unified(events: list[Document], descriptors: Mapping[str, Document]) -> list[Document]:
    """The events with the values of each column in one type, as the recorder's arrays have them."""
    columns: dict[tuple[str, str], list[Any]] = {}
    announced: dict[tuple[str, str], Mapping[str, Any]] = {}
    for event in events:
        stream = descriptors[event["descriptor"]]
        for key, value in event["data"].items():
            columns.setdefault((stream["name"], key), []).append(value)
            announced[stream["name"], key] = stream["data_keys"].get(key, {})
    casts = {place: _cast(values, announced[place]) for place, values in columns.items()}
    unified = []
    for event in events:
        stream = descriptors[event["descriptor"]]["name"]
        data = {key: casts[stream, key](value) for key, value in event["data"].items()}
        unified.append({**event, "data": data})
    return unified


def _cast(values: list[Any], announced: Mapping[str, Any] | None) -> Callable[[Any], Any]:
    """What brings all values of a column into one type; nothing where they have one already."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float}:
        number = float in kinds or (announced or {}).get("dtype") == "number"
        large = any(isinstance(value, int) and not -INT64 <= value < INT64 for value in values)
        return _number if number or large else _same
    return _same if len(kinds) == 1 else _text


def _same(value: object) -> object:
    return value


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
