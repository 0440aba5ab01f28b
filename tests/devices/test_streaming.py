"""Bursts of frames."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import numpy as np
import pytest
import xarray
import zarr
from bluesky.preprocessors import run_decorator, stage_decorator
from bluesky.utils import FailedStatus, Msg
from numpy.typing import NDArray

from daemon.recorder import Recorder
from daemon.settings import RecorderSettings
from daemon.verify import verify_run
from devices.errors import (
    CameraOverrunError,
    ExposureInterruptedError,
    FrameWriterError,
    OperationError,
    SaturatedFrameError,
    WrongFrameError,
)
from devices.frames import read_frames
from devices.protocols import Done, FrameSink, StreamBackend
from devices.ring import FrameRing, RingReader
from devices.shards import MOST_FRAMES
from devices.streaming import StreamingDetector
from devices.writer import ZarrFrameWriter


@pytest.fixture
def camera(fakes: SimpleNamespace) -> Any:  # noqa: ANN401 - made of a fixture's class
    """Give a camera that streams from a thread of its own until it is told to stop."""

    class Camera(fakes.camera):
        def stream(self, sink: FrameSink, frames: int, done: Done, dark: bool = False) -> None:
            self.ended = threading.Event()
            threading.Thread(target=self._run, args=(sink, frames, done)).start()

        def _run(self, sink: FrameSink, frames: int, done: Done) -> None:
            try:
                for number in range(frames):
                    if self.ended.wait(getattr(self, "period", 0.0)):
                        raise ExposureInterruptedError("the burst was ended")
                    sink.reserve()[...] = self.frame(number)
                    sink.publish(1000.0 + number)
            except Exception as error:
                done(error)
            else:
                done(None)

        def abort(self) -> None:
            if hasattr(self, "ended"):
                self.ended.set()
            super().abort()

    return Camera()


def burst(detector: StreamingDetector, *counts: int) -> Iterator[Msg]:
    """Stream bursts of so many frames."""

    @stage_decorator([detector])
    @run_decorator()
    def inner() -> Iterator[Msg]:
        yield from bps.declare_stream(detector, name="primary", collect=True)
        for count in counts:
            yield from bps.prepare(detector, count, wait=True)
            yield from bps.kickoff(detector, wait=True)
            yield from bps.collect_while_completing([detector], [detector], flush_period=0.01, stream_name="primary")

    return inner()


def frames_of(run: Path) -> NDArray[Any]:
    """Read all frames with zarr, shape (event, y, x)."""
    return np.asarray(zarr.open_array(run / "primary" / "detector", mode="r")[:, 0])


def test_a_streaming_camera_is_told_from_one_that_does_not(camera: Any, fakes: SimpleNamespace) -> None:  # noqa: ANN401
    """By what it offers."""
    assert isinstance(camera, StreamBackend)
    assert not isinstance(fakes.camera(), StreamBackend)


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_recorded_burst_is_sound(
    tmp_path: Path,
    engine: Any,  # noqa: ANN401
    camera: Any,  # noqa: ANN401
    fakes: SimpleNamespace,
    streams: bool,
    durability: str,
) -> None:
    """By the rules of `beampilot verify`, with a camera that streams and with one that is triggered."""
    camera = camera if streams else fakes.camera()
    writer = ZarrFrameWriter(sync=durability == "power")
    detector = StreamingDetector(camera, name="detector", writer=writer, slots=4)
    recorder = Recorder(tmp_path, RecorderSettings(durability=durability), writers=[writer])
    engine.subscribe(recorder)
    engine(burst(detector, 30, 12))
    assert recorder.wait_closed(20.0)
    run = recorder.run
    assert run is not None
    verification = verify_run(run)
    assert verification.problems == ()
    assert (verification.events, verification.frames) == ({"primary": 42}, {"primary/detector": 42})
    data = xarray.open_zarr(run, group="primary", consolidated=False)
    assert dict(data.sizes)["event"] == 42
    expected = [camera.frame(n if n < 30 or not streams else n - 30) for n in range(42)]
    np.testing.assert_array_equal(data["detector"][:, 0], expected)
    if streams:
        np.testing.assert_array_equal(data["detector_time"], 1000.0 + np.array([*range(30), *range(12)]))
    recorder.close()


def test_announcements_and_events_come_together(bench: SimpleNamespace, camera: Any) -> None:  # noqa: ANN401
    """One resource; ranges of frames that follow one another; as many events, numbered alike."""
    detector = StreamingDetector(camera, name="detector", writer=bench.writer, slots=4)
    camera.period = 0.001
    bench.engine(burst(detector, 60))
    assert len(bench.named("stream_resource")) == 1
    data, pages = bench.named("stream_datum"), bench.named("event_page")
    assert [datum["indices"]["start"] for datum in data[1:]] == [datum["indices"]["stop"] for datum in data[:-1]]
    assert (data[0]["indices"]["start"], data[-1]["indices"]["stop"]) == (0, 60)
    assert [(d["seq_nums"]["start"], d["seq_nums"]["stop"]) for d in data] == [
        (page["seq_num"][0], page["seq_num"][-1] + 1) for page in pages
    ]
    assert len(data) > 1  # else nothing was announced before the end
    assert frames_of(bench.run).shape == (60, 3, 4)


def test_single_frames_and_bursts_in_one_run(bench: SimpleNamespace, camera: Any) -> None:  # noqa: ANN401
    """Each in a stream of its own; a camera that streams is triggered as any."""
    detector = StreamingDetector(camera, name="detector", writer=bench.writer)

    @run_decorator()
    def plan() -> Iterator[Msg]:
        bench.writer.stream = "darks"
        yield from bps.trigger_and_read([detector], name="darks")
        bench.writer.stream = "primary"
        yield from bps.declare_stream(detector, name="primary", collect=True)
        yield from bps.prepare(detector, 3, wait=True)
        yield from bps.kickoff(detector, wait=True)
        yield from bps.collect_while_completing([detector], [detector], flush_period=0.01, stream_name="primary")
        bench.writer.stream = "darks"
        yield from bps.trigger_and_read([detector], name="darks")

    bench.engine(plan())
    detector.unstage()
    assert frames_of(bench.run).shape == (3, 3, 4)
    darks = zarr.open_array(bench.run / "darks" / "detector", mode="r")
    np.testing.assert_array_equal(darks[:, 0], [camera.frame(0), camera.frame(1)])


def test_others_look_at_the_frames_while_they_come(bench: SimpleNamespace, camera: Any) -> None:  # noqa: ANN401
    """By the path of the ring; it is gone when the run has ended."""
    detector = StreamingDetector(camera, name="detector", writer=bench.writer, slots=8)
    camera.period = 0.001
    seen: list[int] = []
    rings: list[Path] = []

    def look(ring: FrameRing) -> None:
        reader = RingReader(ring)
        while (found := reader.next(0.5)) is not None:
            assert (found[1] == camera.frame(found[0])).all()
            seen.append(found[0])

    def begun(name: str, document: dict[str, Any]) -> None:
        if name == "event_page" and not rings:
            assert detector.ring is not None
            rings.append(detector.ring.path)
            thread.append(threading.Thread(target=look, args=(FrameRing.attach(rings[0]),)))
            thread[0].start()

    thread: list[threading.Thread] = []
    bench.engine.subscribe(begun)
    bench.engine(burst(detector, 200))
    thread[0].join()
    assert len(seen) > 10
    assert not rings[0].exists()


def test_the_newest_frame_of_a_burst_is_shown(tmp_path: Path, engine: Any, camera: Any) -> None:  # noqa: ANN401
    """A few times per second, whole, with its event; not each of them."""
    seen: list[tuple[int, NDArray[Any]]] = []
    writer = ZarrFrameWriter(watcher=lambda _, index, frame: seen.append((index, frame)))
    writer.open_run(tmp_path / "run.zarr")
    detector = StreamingDetector(camera, name="detector", writer=writer, slots=64)
    detector.prepare(500)
    detector.kickoff()
    detector.complete().wait(20.0)
    detector.unstage()
    writer.close_run()
    assert 1 <= len(seen) < 100
    for index, frame in seen:
        np.testing.assert_array_equal(frame, camera.frame(index))


def test_a_camera_that_cannot_wait_fails_the_burst(
    tmp_path: Path,
    camera: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the reason; what it gave before is on disk."""
    writer, go = ZarrFrameWriter(), threading.Event()
    writer.open_run(tmp_path / "run.zarr")
    detector = StreamingDetector(camera, name="detector", writer=writer, slots=4, wait=0.0)
    write = detector.writer.stream_frames  # type: ignore[union-attr]

    def slow(*given: Any) -> Any:  # noqa: ANN401
        pipe = write(*given)
        store, real = pipe._store, pipe._store.write
        monkeypatch.setattr(store, "write", lambda *frames: (go.wait(), real(*frames)))
        return pipe

    monkeypatch.setattr(writer, "stream_frames", slow)
    detector.prepare(10)
    detector.kickoff()
    status = detector.complete()
    go.set() if status.done else threading.Timer(0.2, go.set).start()
    with pytest.raises(CameraOverrunError, match="faster than the disk"):
        status.wait(10.0)
    assert [document["indices"] for name, document in detector.collect_asset_docs() if name == "stream_datum"] == [
        {"start": 0, "stop": 4}
    ]
    detector.unstage()
    writer.close_run({"primary": 4})
    np.testing.assert_array_equal(frames_of(tmp_path / "run.zarr"), [camera.frame(n) for n in range(4)])


def test_an_aborted_burst_keeps_what_was_announced(bench: SimpleNamespace, camera: Any) -> None:  # noqa: ANN401
    """And the camera stops."""
    detector = StreamingDetector(camera, name="detector", writer=bench.writer, slots=4)
    camera.period = 0.001

    def end(name: str, _: dict[str, Any]) -> None:
        if name == "event_page":
            camera.abort()

    bench.engine.subscribe(end)
    with pytest.raises(FailedStatus):
        bench.engine(burst(detector, 100_000))
    announced = bench.named("stream_datum")[-1]["indices"]["stop"]
    assert 0 < announced < 100_000
    assert len(frames_of(bench.run)) == announced
    assert sum(len(page["seq_num"]) for page in bench.named("event_page")) == announced


def test_a_burst_that_is_given_up_ends_before_the_next_begins(tmp_path: Path, fakes: SimpleNamespace) -> None:
    """No frame of the old one lies among those of the new one."""
    writer = ZarrFrameWriter()
    writer.open_run(tmp_path / "run.zarr")
    camera = fakes.camera(at_once=False)
    detector = StreamingDetector(camera, name="detector", writer=writer)
    detector.prepare(5)
    detector.kickoff()
    old = detector.complete()
    camera.at_once = True
    while camera.done is None:
        pass
    detector.prepare(2)
    detector.kickoff()
    detector.complete().wait(10.0)
    assert old.success
    detector.unstage()
    list(detector.collect_asset_docs())
    writer.close_run({"primary": 2})
    np.testing.assert_array_equal(frames_of(tmp_path / "run.zarr"), [camera.frame(0), camera.frame(1)])


def test_a_frame_of_another_shape_ends_a_burst(tmp_path: Path, fakes: SimpleNamespace) -> None:
    """It would not fit the array."""
    writer = ZarrFrameWriter()
    writer.open_run(tmp_path / "run.zarr")
    camera = fakes.camera()
    detector = StreamingDetector(camera, name="detector", writer=writer)
    detector.layout  # noqa: B018 - asked for while the camera still tells the truth
    camera.shape = (1, 4)
    detector.kickoff()
    with pytest.raises(WrongFrameError, match=r"shape \(1, 4\) instead of \(3, 4\)"):
        detector.complete().wait(10.0)
    detector.unstage()
    writer.close_run()


def test_a_burst_without_a_writer_is_refused(fakes: SimpleNamespace) -> None:
    """Its frames would be lost; and none of no frames."""
    detector = StreamingDetector(fakes.camera(), name="detector")
    with pytest.raises(OperationError, match="needs a writer"):
        detector.kickoff()
    with pytest.raises(ValueError, match="at least one frame, not 0"):
        detector.prepare(0)


@pytest.mark.parametrize("streams", [True, False])
def test_several_frames_of_one_trigger_are_one_event(
    bench: SimpleNamespace,
    camera: Any,  # noqa: ANN401
    fakes: SimpleNamespace,
    streams: bool,
) -> None:
    """Their numbers are those of all frames together, and each event has its own."""
    detector = StreamingDetector(camera if streams else fakes.camera(), name="detector", writer=bench.writer, slots=2)
    detector.frames.put(5)
    bench.engine(bp.count([detector], 4))
    array = bench.run / "primary" / "detector"
    frames = zarr.open_array(array, mode="r")
    assert frames.shape == (4, 5, 3, 4)
    assert frames.metadata.dimension_names == ("event", "detector_frame", "detector_y", "detector_x")
    for number, event in enumerate(bench.named("event")):
        stored = np.asarray(frames[number])
        expected = [camera.frame(n if streams else n + 5 * number) for n in range(5)]
        np.testing.assert_array_equal(stored, expected)
        assert (event["data"]["detector_total"], event["data"]["detector_max"]) == (stored.sum(), stored.max())
        np.testing.assert_array_equal(read_frames(array, number), stored)
        np.testing.assert_array_equal(detector.last_frame if number == 3 else stored[-1], stored[-1])
    assert [d["indices"] for d in bench.named("stream_datum")] == [{"start": n, "stop": n + 1} for n in range(4)]
    (described,) = bench.named("descriptor")
    assert described["data_keys"]["detector"]["shape"] == [5, 3, 4]
    assert described["configuration"]["detector"]["data"]["detector_frames"] == 5


def test_frames_of_an_event_that_is_measured_again_replace_those_before(
    bench: SimpleNamespace,
    camera: Any,  # noqa: ANN401
) -> None:
    """Also those of one that was cut short."""
    detector = StreamingDetector(camera, name="detector", writer=bench.writer, slots=4)
    detector.frames.put(8)

    @stage_decorator([detector])
    @run_decorator()
    def plan() -> Iterator[Msg]:
        bench.writer.begin_point(0)
        camera.period = 0.01
        yield from bps.trigger(detector, group="cut short")
        yield from bps.sleep(0.03)
        camera.period = 0.0
        bench.writer.begin_point(0)
        yield from bps.trigger_and_read([detector], name="primary")

    bench.engine(plan())
    (event,) = bench.named("event")
    stored = zarr.open_array(bench.run / "primary" / "detector", mode="r")[:]
    np.testing.assert_array_equal(stored, [[camera.frame(n) for n in range(8)]])
    assert event["data"]["detector_total"] == np.asarray(stored).sum()


def test_a_bright_frame_among_several_fails_the_trigger(bench: SimpleNamespace, camera: Any) -> None:  # noqa: ANN401
    """As it does alone."""
    detector = StreamingDetector(camera, name="detector", writer=bench.writer)
    detector.frames.put(3)
    detector.saturated_fraction = 0.01
    usual, brightest = camera.frame, np.iinfo(camera.dtype).max
    camera.frame = lambda number: np.full_like(usual(number), brightest) if number == 1 else usual(number)
    with pytest.raises(FailedStatus) as failed:
        bench.engine(bp.count([detector], 1))
    assert isinstance(failed.value.__cause__ or failed.value.args[0].exception(), SaturatedFrameError)


def test_more_frames_than_a_shard_has_room_for_are_refused(fakes: SimpleNamespace) -> None:
    """Before anything is measured."""
    detector = StreamingDetector(fakes.camera(), name="detector")
    detector.frames.put(MOST_FRAMES + 1)
    with pytest.raises(FrameWriterError, match=f"1 to {MOST_FRAMES} frames"):
        detector.trigger()


def test_several_frames_without_a_writer_are_refused(fakes: SimpleNamespace) -> None:
    """They would be lost."""
    detector = StreamingDetector(fakes.camera(), name="detector")
    detector.frames.put(2)
    with pytest.raises(OperationError, match="writer"):
        detector.trigger()
