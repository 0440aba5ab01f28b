"""Writing a camera's frames into a run's Zarr hierarchy, and announcing them afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from devices.arrays import Files, place_array, render_array, set_length
from devices.codecs import DEFAULT, codec_named
from devices.compaction import compact_run
from devices.errors import FrameWriterError
from devices.frames import FrameLayout
from devices.pipe import FramePipe
from devices.ring import FrameRing
from devices.series import AssetDoc, FrameWatcher, Series, Viewer, stream_resource
from devices.store import FrameStore, on_disk


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

    def stream_frames(self, layout: FrameLayout, ring: FrameRing, wait: float) -> FramePipe:
        """Take the frames of a camera from a ring, each for an event of its own, until the pipe is finished."""
        ...

    def write_event(self, layout: FrameLayout, ring: FrameRing, wait: float) -> FramePipe:
        """Take all frames of one event from a ring, until the pipe is finished."""
        ...

    def asset_docs(self, key: str) -> Iterator[AssetDoc]:
        """Hand out the documents that announce what was written last, each once."""
        ...


class ZarrFrameWriter:
    """Appends frames to the shards of a Zarr array, in a fraction of a millisecond each.

    ``<run>/<stream>/<key>`` is a Zarr v3 array with the dimensions (event, <key>_frame, <key>_y, <key>_x), one chunk
    per event, many chunks per shard; the pixels' coordinates lie beside it. A frame is whole or absent, whenever the
    process dies: see ``devices.shards``. The array's length is put right when the run is closed.

    Frames come one by one, for the event that the plan names (:meth:`begin_point`; without it, for the event after the
    last one that was saved with a frame), or as a stream, one event each.

    Args:
        stream: The stream that the first frames belong to.
        sync: Whether a frame must survive a power cut when it is announced, and not only the death of the process.
        codec: How frames are packed: a name of ``devices.codecs``.
        watcher: Called with frames that are on disk, every one of those that come one by one, and the newest of a
            stream a few times per second; must return at once.

    Attributes:
        stream: The stream that frames belong to now.
        run: The open run's folder, or None.
        hurried: Set when the process is to end soon: what is not packed yet stays as it is.

    Raises:
        FrameWriterError: There is no such codec.
    """

    def __init__(
        self,
        stream: str = "primary",
        *,
        sync: bool = False,
        codec: str = DEFAULT,
        watcher: FrameWatcher | None = None,
    ) -> None:
        self.stream = stream
        self._watcher = watcher
        self._sync = sync
        self._codec = codec_named(codec)
        self.run: Path | None = None
        self.hurried = False
        self._points: dict[str, int] = {}
        self._series: dict[tuple[str, str], Series] = {}
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
        for one in self._series.values():  # of a run that was never closed
            one.end_stream()
            one.store.close()
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
            one.end_stream()
            one.store.close()
            set_length(one.array, (events or {}).get(stream, one.length))

    def compact(self, run: Path) -> None:
        """Pack the frames of a closed run that were written without a codec: see :func:`compact_run`."""
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
        try:
            series = self._series_of(layout)
            self._begin_event(series)
            content = on_disk(frame, layout.little_endian)
            series.store.write(series.index, [content])
            if self._sync:
                series.store.sync()
        except OSError as error:
            raise FrameWriterError(f"{layout.key}: the frame could not be written: {error}") from error
        if self._watcher is not None:
            self._watcher(layout, series.index, content)

    def stream_frames(self, layout: FrameLayout, ring: FrameRing, wait: float) -> FramePipe:
        """Take the frames of a camera from a ring, each for an event of its own, until the pipe is finished.

        Args:
            layout: What the camera's frames look like.
            ring: Where the camera puts them.
            wait: How long the camera can wait for a free slot, s.

        Returns:
            The pipe; its frames follow the last one that was announced.

        Raises:
            FrameWriterError: No run is open, the array cannot be made, or the stream before has not ended well.
        """
        series = self._opened(layout)
        series.end_stream()
        series.first = series.length
        viewer = self._viewer(layout, ring, series.first)
        series.pipe = FramePipe(ring, series.store, first=series.first, wait=wait, sync=self._sync, on_durable=viewer)
        return series.pipe

    def write_event(self, layout: FrameLayout, ring: FrameRing, wait: float) -> FramePipe:
        """Take all frames of one event from a ring.

        The event is announced once, whatever became of the pipe: its camera sees to it that it is announced only when
        the pipe is finished.

        Args:
            layout: What the camera's frames look like, and how many an event has.
            ring: Where the camera puts them.
            wait: How long the camera can wait for a free slot, s.

        Returns:
            The pipe.

        Raises:
            FrameWriterError: No run is open, or the array cannot be made.
        """
        series = self._opened(layout)
        self._begin_event(series)
        first = series.index * layout.frames
        series.event = FramePipe(
            ring, series.store, first=first, wait=wait, sync=self._sync, on_durable=self._viewer(layout, ring, first)
        )
        return series.event

    def asset_docs(self, key: str) -> Iterator[AssetDoc]:
        """Hand out the documents that announce what was written last, each once.

        Args:
            key: Data key of the camera.

        Yields:
            ``stream_resource`` with the first frame of a stream, and ``stream_datum``.
        """
        series = self._series.get((self.stream, key))
        if series is not None and (events := series.waiting):
            yield from series.announce(events)

    def _begin_event(self, series: Series) -> None:
        """Make the event that the next frames belong to the series' own."""
        series.end_stream()
        last = series.index
        series.index = self._points.get(self.stream, last + series.announced(last) if last >= 0 else 0)

    def _viewer(self, layout: FrameLayout, ring: FrameRing, first: int) -> Viewer | None:
        """Return who shows some of the frames that go through a ring, the first of them by its place in the array."""
        return None if self._watcher is None else Viewer(layout, ring, first, self._watcher)

    def _opened(self, layout: FrameLayout) -> Series:
        """Return the frames of a camera in the current stream.

        Raises:
            FrameWriterError: No run is open, or the array cannot be made.
        """
        try:
            return self._series_of(layout)
        except OSError as error:
            raise FrameWriterError(f"{layout.key}: the array could not be made: {error}") from error

    def _series_of(self, layout: FrameLayout) -> Series:
        """Return the frames of a camera in the current stream; the array is made when the first comes."""
        if self.run is None:
            raise FrameWriterError(f"{layout.key}: a frame arrived while no run is open; was open_run called?")
        series = self._series.get((self.stream, layout.key))
        if series is None:
            array = self.run / self.stream / layout.key
            place_array(array.parent, self._files(layout), sync=self._sync)
            store = FrameStore(array, self._codec, layout.shard_shape[0] * layout.frames, sync=self._sync)
            series = Series(array, layout, store, stream_resource(array, layout))
            self._series[self.stream, layout.key] = series
        return series

    def _files(self, layout: FrameLayout) -> Files:
        """Return the files of a camera's empty array, rendered once per layout."""
        known = self._prepared.get(layout.key)
        if known is None or not known[0].same_as(layout):
            known = self._prepared[layout.key] = (layout, render_array(layout, self._codec))
        return known[1]
