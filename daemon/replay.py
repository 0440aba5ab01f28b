"""Plays a run back: its documents in order, and the frames that they announce, at any speed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from daemon.progress import SUGGESTIONS
from daemon.recorder.journal import Document, Named
from daemon.recorder.layout import stream_folder
from daemon.runs import Run
from devices.errors import FrameWriterError
from devices.frames import read_frame

DocumentSink = Callable[[str, Document], object]
FrameSink = Callable[["Frame"], object]


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that was taken.

    Attributes:
        stream: Its stream, e.g. ``primary``.
        key: Its data key.
        index: Its event in the stream, counted from 0.
        time: When it was taken, s since 1970 on the instrument's clock.
        pixels: The frame, shape (y, x).
    """

    stream: str
    key: str
    index: int
    time: float
    pixels: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """A document and when it happened.

    Attributes:
        time: Seconds since 1970 on the instrument's clock, which a twin may let run faster than the wall's.
        name: The document's name.
        document: The document.
        stream: The stream of a descriptor or an event; empty for other documents.
    """

    time: float
    name: str
    document: Document
    stream: str


def timeline(documents: Iterable[Named]) -> Iterator[Moment]:
    """Give every document its time.

    An event of the instrument happened when its newest reading was taken; everything else happened together with the
    event before it, because only readings carry the instrument's time.
    """
    streams: dict[str, str] = {}
    now: float | None = None
    waiting: list[tuple[str, Document, str]] = []
    for name, document in documents:
        if name == "descriptor":
            streams[document["uid"]] = document.get("name", "primary")
        stream = streams.get(document.get("descriptor", document["uid"] if name == "descriptor" else ""), "")
        if name == "event" and stream != SUGGESTIONS and document["timestamps"]:
            now = max(now or 0.0, *document["timestamps"].values())
        waiting.append((name, document, stream))
        if now is not None:
            yield from (Moment(now, *item) for item in waiting)
            waiting.clear()
    yield from (Moment(0.0, *item) for item in waiting)


class Replay:
    """A run that is played back.

    Args:
        path: The run's folder.
        rate: 1 for real time, N for N times faster, None for as fast as possible.

    Raises:
        RecorderError: When there is no run.
    """

    def __init__(self, path: Path, rate: float | None = 1.0) -> None:
        self._run = Run(path)
        self._rate = rate
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the replay; safe from any thread and from a signal handler."""
        self._stopped.set()

    def play(self, document: DocumentSink, frame: FrameSink | None = None) -> int:
        """Play the run to its end.

        Args:
            document: Gets every document in order.
            frame: Gets every frame before the event that it belongs to.

        Returns:
            The number of documents that were played.
        """
        external: dict[str, list[str]] = {}
        count, before = 0, None
        for moment in timeline(self._run.documents()):
            if self._pause(0.0 if before is None else moment.time - before):
                break
            before = moment.time
            if moment.name == "descriptor":
                external[moment.document["uid"]] = _frame_keys(moment.document)
            if frame is not None and moment.name == "event":
                for one in self._frames(moment, external.get(moment.document["descriptor"], [])):
                    frame(one)
            document(moment.name, moment.document)
            count += 1
        return count

    def _pause(self, seconds: float) -> bool:
        """Wait as the rate demands; True when the replay was stopped."""
        if self._rate is None or seconds <= 0:
            return self._stopped.is_set()
        return self._stopped.wait(seconds / self._rate)

    def _frames(self, moment: Moment, keys: Iterable[str]) -> Iterator[Frame]:
        """The frames that belong to an event; one that was never written is left out."""
        index = moment.document["seq_num"] - 1
        for key in keys:
            try:
                pixels = read_frame(stream_folder(self._run.path, moment.stream) / key, index)
            except FrameWriterError:
                continue
            yield Frame(moment.stream, key, index, moment.time, pixels)


def _frame_keys(descriptor: Mapping[str, Any]) -> list[str]:
    """Data keys whose values are frames on disk."""
    keys = descriptor["data_keys"].items()
    return [key for key, described in keys if str(described.get("external", "")).startswith("STREAM")]
