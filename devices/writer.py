"""Writing a camera's frames into a run's Zarr hierarchy, and announcing them afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from devices.arrays import Files, place_array, render_array, set_length
from devices.compaction import compact_run
from devices.errors import FrameWriterError
from devices.files import write_whole
from devices.frames import FrameLayout, chunk_file

AssetDoc = tuple[str, dict[str, Any]]
"""A document's name and the document."""


FrameWatcher = Callable[[FrameLayout, int, NDArray[Any]], object]
"""Sees a frame that is on disk: its layout, the event it belongs to from 0, and the pixels (y, x)."""


@runtime_checkable
class FrameWriter(Protocol):
    """Where cameras put their frames.

    The recorder opens and closes a run. A camera calls ``write`` when it has a frame, and hands out ``asset_docs``
    when bluesky reads it. What ``write`` raises fails the camera's trigger.
    """

    stream: str
    """The stream that frames belong to now: ``primary``, ``darks``."""

    def open_run(self, run: Path) -> None:
        """Take frames for this run from now on."""
        ...

    def close_run(self, events: Mapping[str, int] | None = None) -> None:
        """Make the arrays as long as the streams, and take no more frames."""
        ...

    def prepare(self, layout: FrameLayout) -> None:
        """Do outside of a run what takes long and depends on the layout alone."""
        ...

    def begin_point(self, index: int) -> None:
        """Say which event of the stream the next frames belong to."""
        ...

    def write(self, layout: FrameLayout, frame: NDArray[Any]) -> None:
        """Put one frame on disk."""
        ...

    def asset_docs(self, key: str) -> Iterator[AssetDoc]:
        """Hand out the documents that announce what was written last, each once."""
        ...


@dataclass(slots=True)
class _Series:
    """The frames of one camera in one stream of one run."""

    array: Path
    layout: FrameLayout
    resource: dict[str, Any]
    index: int = -1
    data: dict[int, dict[str, Any]] = field(default_factory=dict)

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


class ZarrFrameWriter:
    """Writes each frame as one uncompressed chunk file, in a fraction of a millisecond.

    ``<run>/<stream>/<key>`` is a Zarr v3 array with the dimensions (event, <key>_frame, <key>_y, <key>_x), one chunk
    per event; the pixels' coordinates lie beside it. A chunk is written to a temporary file and renamed, so that it
    is whole or absent. The array's length is put right when the run is closed.

    Without :meth:`begin_point` a frame belongs to the event after the last one that was saved with a frame.

    Args:
        stream: The stream that the first frames belong to.
        sync: Whether a frame must survive a power cut when it is announced, and not only the death of the process.
        watcher: Called with every frame once it is on disk; must return at once.

    Attributes:
        stream: The stream that frames belong to now.
        run: The open run's folder, or None.
        hurried: Set when the process is to end soon: what is not packed yet stays as it is.
    """

    def __init__(self, stream: str = "primary", *, sync: bool = False, watcher: FrameWatcher | None = None) -> None:
        self.stream = stream
        self._watcher = watcher
        self._sync = sync
        self.run: Path | None = None
        self.hurried = False
        self._points: dict[str, int] = {}
        self._series: dict[tuple[str, str], _Series] = {}
        self._prepared: dict[str, tuple[FrameLayout, Files]] = {}

    def prepare(self, layout: FrameLayout) -> None:
        """Render the files of a camera's array, so that making it during a run is quick.

        Args:
            layout: What the camera's frames look like.
        """
        self._files(layout)

    def open_run(self, run: Path) -> None:
        """Take frames for this run from now on, in the stream ``primary``.

        Args:
            run: The run's folder, ``….zarr``; it may exist.
        """
        self.run, self.stream = Path(run).absolute(), "primary"
        self._points.clear()
        self._series.clear()

    def close_run(self, events: Mapping[str, int] | None = None) -> None:
        """Make the arrays as long as the streams, and take no more frames.

        Args:
            events: Number of events of each stream; where it is not given, the number announced with frames.
        """
        series, self._series, self.run = list(self._series.items()), {}, None
        for (stream, _), one in series:
            set_length(one.array, (events or {}).get(stream, one.length))

    def compact(self, run: Path) -> None:
        """Pack the single-event chunks of a closed run into compressed shards: see :func:`compact_run`."""
        compact_run(Path(run), lambda: not self.hurried)

    def begin_point(self, index: int) -> None:
        """Say which event of the stream the next frames belong to.

        A point that is measured again overwrites its frame, which is announced once.

        Args:
            index: Event of the current stream, counted from 0.
        """
        self._points[self.stream] = index

    def write(self, layout: FrameLayout, frame: NDArray[Any]) -> None:
        """Put one frame on disk.

        Args:
            layout: What the camera's frames look like.
            frame: The frame, shape (y, x).

        Raises:
            FrameWriterError: No run is open, or the file cannot be written.
        """
        if self.run is None:
            raise FrameWriterError(f"{layout.key}: a frame arrived while no run is open; was open_run called?")
        try:
            series = self._series.get((self.stream, layout.key)) or self._begin_series(self.run, layout)
            last = series.index
            series.index = self._points.get(self.stream, last + series.announced(last) if last >= 0 else 0)
            content = frame.astype(layout.little_endian, "C", copy=False)
            write_whole(chunk_file(series.array, series.index), content.data, sync=self._sync)
        except OSError as error:
            raise FrameWriterError(f"{layout.key}: the frame could not be written: {error}") from error
        if self._watcher is not None:
            self._watcher(layout, series.index, content)

    def asset_docs(self, key: str) -> Iterator[AssetDoc]:
        """Hand out the documents that announce what was written last, each once.

        Args:
            key: Data key of the camera.

        Yields:
            ``stream_resource`` with the first frame of a stream, and ``stream_datum``.
        """
        series = self._series.get((self.stream, key))
        if series is None or series.index < 0 or series.announced(series.index):
            return
        # The RunEngine fills in ``run_start`` when it emits the resource.
        if not series.resource["run_start"]:
            yield "stream_resource", series.resource
        series.data[series.index] = datum = _stream_datum(series)
        yield "stream_datum", datum

    def _begin_series(self, run: Path, layout: FrameLayout) -> _Series:
        """Make the array of a camera in the current stream."""
        array = run / self.stream / layout.key
        place_array(array.parent, self._files(layout), sync=self._sync)
        series = _Series(array, layout, _stream_resource(array, layout))
        self._series[self.stream, layout.key] = series
        return series

    def _files(self, layout: FrameLayout) -> Files:
        """Return the files of a camera's empty array, rendered once per layout."""
        known = self._prepared.get(layout.key)
        if known is None or not known[0].same_as(layout):
            known = self._prepared[layout.key] = (layout, render_array(layout))
        return known[1]


def _stream_resource(array: Path, layout: FrameLayout) -> dict[str, Any]:
    """Compose the document that says where the frames of a stream lie."""
    return {
        "uid": str(uuid.uuid4()),
        "data_key": layout.key,
        "mimetype": "application/x-zarr",
        "uri": array.as_uri().replace("file://", "file://localhost", 1),
        "parameters": {"chunk_shape": list(layout.chunk_shape), "join_method": "stack"},
        "run_start": "",
    }


def _stream_datum(series: _Series) -> dict[str, Any]:
    """Compose the document that announces the frame written last; bluesky fills in what is empty."""
    return {
        "uid": f"{series.resource['uid']}/{series.index}",
        "stream_resource": series.resource["uid"],
        "descriptor": "",
        "indices": {"start": series.index, "stop": series.index + 1},
        "seq_nums": {"start": 0, "stop": 0},
    }
