"""The frames of one camera in one stream of a run: what is on disk of them, and what was announced."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from devices.errors import FrameWriterError
from devices.frames import FrameLayout
from devices.pipe import FramePipe
from devices.ring import FrameRing
from devices.store import FrameStore

AssetDoc = tuple[str, dict[str, Any]]
"""A document's name and the document."""

FrameWatcher = Callable[[FrameLayout, int, NDArray[Any]], object]
"""Sees a frame that is on disk: its layout, the event it belongs to from 0, and the pixels (y, x)."""

VIEW_SECONDS = 0.05
"""A viewer of a stream sees a frame this often, s: more than a person can."""


@dataclass(slots=True)
class Series:
    """The frames of one camera in one stream of one run.

    Attributes:
        array: Folder of the array.
        layout: What the frames look like.
        store: Where they are written.
        resource: The document that says where they lie.
        index: Event of the frame that came last by itself.
        data: The documents that announce frames, by the last event of each.
        pipe: Where a stream of frames goes through, from its beginning until the next.
        event: Where the frames of one event go through, from the first of them until the next event.
        first: Event of the next frame of the stream to be announced.
    """

    array: Path
    layout: FrameLayout
    store: FrameStore
    resource: dict[str, Any]
    index: int = -1
    data: dict[int, dict[str, Any]] = field(default_factory=dict)
    pipe: FramePipe | None = None
    event: FramePipe | None = None
    first: int = 0

    def announced(self, index: int) -> bool:
        """Tell whether the frame of an event was announced.

        Documents wait in the RunEngine until the event is saved, and are dropped with an event that is not. It
        fills in the descriptor when it emits one: that is how one that was lost is told from one that was not.
        """
        return bool(self.data.get(index, {}).get("descriptor"))

    @property
    def length(self) -> int:
        """Number of events that frames were announced for."""
        return max((index + 1 for index in self.data if self.announced(index)), default=0)

    @property
    def waiting(self) -> range:
        """Events whose frames are on disk and wait to be announced."""
        if self.pipe is not None:
            return range(self.first, self.pipe.first + self.pipe.durable)
        return range(self.index, self.index + (self.index >= 0 and not self.announced(self.index)))

    def announce(self, events: range) -> Iterator[AssetDoc]:
        """Compose the documents that announce the frames of some events, the resource with the first of them."""
        # The RunEngine fills in ``run_start`` when it emits the resource.
        if not self.resource["run_start"]:
            yield "stream_resource", self.resource
        datum = {
            "uid": f"{self.resource['uid']}/{events.start}",
            "stream_resource": self.resource["uid"],
            "descriptor": "",
            "indices": {"start": events.start, "stop": events.stop},
            "seq_nums": {"start": 0, "stop": 0},
        }
        self.first, self.data[events[-1]] = events.stop, datum
        yield "stream_datum", datum

    def end_stream(self) -> None:
        """End a stream: all that the camera gave is written. Why that failed is told to whoever streams."""
        pipe, self.pipe = self.pipe, None
        event, self.event = self.event, None
        for one in (pipe, event):
            if one is not None:
                with contextlib.suppress(FrameWriterError):
                    one.finish()
        if pipe is not None:
            self.index = self.length - 1


class Viewer:
    """Shows the newest frame of a stream a few times per second, however many there are.

    Args:
        layout: What the frames look like.
        ring: Where they are.
        first: Place of the first frame in the array, all events' frames counted.
        watcher: Who looks.
    """

    def __init__(self, layout: FrameLayout, ring: FrameRing, first: int, watcher: FrameWatcher) -> None:
        self._layout, self._ring, self._watcher = layout, ring, watcher
        self._first, self._begin = first, ring.published
        self._due = 0.0

    def __call__(self, durable: int) -> None:
        """Take note that so many frames are on disk."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + VIEW_SECONDS
        # Its slot may hold a newer frame by now, which comes next time.
        if (found := self._ring.copy(self._begin + durable - 1)) is not None:
            self._watcher(self._layout, (self._first + durable - 1) // self._layout.frames, found[0])


def stream_resource(array: Path, layout: FrameLayout) -> dict[str, Any]:
    """Compose the document that says where the frames of a stream lie."""
    return {
        "uid": str(uuid.uuid4()),
        "data_key": layout.key,
        "mimetype": "application/x-zarr",
        "uri": array.as_uri().replace("file://", "file://localhost", 1),
        "parameters": {"chunk_shape": list(layout.chunk_shape), "join_method": "stack"},
        "run_start": "",
    }
