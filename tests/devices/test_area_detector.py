"""The camera."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from bluesky.plans import count, list_scan
from bluesky.utils import FailedStatus

from devices.area_detector import AreaDetector
from devices.errors import (
    ExposureInterruptedError,
    FrameWriterError,
    OperationError,
    SaturatedFrameError,
    WrongFrameError,
)
from devices.frames import read_frame
from devices.writer import ZarrFrameWriter


def test_numbers_leave_bad_pixels_out(fakes: SimpleNamespace) -> None:
    """Sum and maximum are over the good pixels; the frame keeps them all."""
    bad = np.zeros((3, 4), bool)
    bad[0, 1] = bad[2, 3] = True
    camera = fakes.camera(bad=bad, at_once=False, now=3.0)
    detector = AreaDetector(camera, name="detector")
    status = detector.trigger()
    frame = np.full((3, 4), 7, np.uint16)
    frame[0, 1], frame[1, 1], frame[2, 3] = 60000, 9, 0
    camera.now = 4.0
    camera.deliver(frame)
    assert status.success
    assert detector.read() == {
        "detector_total": {"value": 7 * 9 + 9, "timestamp": 4.0},
        "detector_max": {"value": 9, "timestamp": 4.0},
    }
    np.testing.assert_array_equal(detector.last_frame, frame)
    assert detector.describe()["detector_total"]["dtype"] == "integer"


def test_totals_do_not_overflow(fakes: SimpleNamespace) -> None:
    """Saturated 16-bit pixels are summed in 64 bits."""
    camera = fakes.camera(shape=(300, 300), at_once=False)
    detector = AreaDetector(camera, name="detector")
    detector.trigger()
    camera.deliver(np.full((300, 300), 65535, np.uint16))
    assert detector.total.get() == 300 * 300 * 65535
    assert detector.max.get() == 65535


def test_frames_of_floats_keep_their_unit_and_skip_missing_pixels(fakes: SimpleNamespace) -> None:
    """A camera that does not count has numbers with a fraction, in its own unit."""
    camera = fakes.camera(shape=(1, 3), dtype=np.dtype("float64"), units="pm", at_once=False)
    detector = AreaDetector(camera, name="detector")
    detector.trigger()
    camera.deliver(np.array([[0.25, np.nan, -1.5]]))
    assert (detector.total.get(), detector.max.get()) == (-1.25, 0.25)
    detector.trigger()
    camera.deliver(np.full((1, 3), np.nan))
    assert np.isnan([detector.total.get(), detector.max.get()]).all()
    key = detector.describe()["detector_total"]
    assert (key["dtype"], key["dtype_numpy"], key["units"]) == ("number", "<f8", "pm")
    assert detector.layout.data_key()["units"] == "pm"


def test_coordinates_carry_the_detectors_name(fakes: SimpleNamespace) -> None:
    """Dimension names are those of the array in the run."""
    coordinates = AreaDetector(fakes.camera(), name="cam").frame_coordinates()
    assert {name: (len(value.values), value.units) for name, value in coordinates.items()} == {
        "cam_y": (3, "Å⁻¹"),
        "cam_x": (4, "Å⁻¹"),
    }


def test_the_frame_is_described_only_where_it_is_written(fakes: SimpleNamespace) -> None:
    """Without a writer there is no external key."""
    detector = AreaDetector(fakes.camera(), name="detector")
    assert "detector" not in detector.describe()
    assert list(detector.collect_asset_docs()) == []
    detector.writer = ZarrFrameWriter()
    key = detector.describe()["detector"]
    assert key["external"] == "STREAM:"
    assert (key["shape"], key["dtype_numpy"], key["dtype"]) == ([1, 3, 4], "<u2", "array")
    assert key["dims"] == ["detector_frame", "detector_y", "detector_x"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [(None, "gave no frame"), (np.zeros((4, 3)), r"a frame of shape \(4, 3\) instead of \(3, 4\)")],
)
def test_a_frame_that_is_none_or_has_another_shape_fails_the_trigger(
    fakes: SimpleNamespace, frame: np.ndarray | None, message: str
) -> None:
    """The message says what came."""
    camera = fakes.camera(at_once=False)
    status = AreaDetector(camera, name="detector").trigger()
    camera.deliver(frame)
    with pytest.raises(OperationError, match=message):
        status.wait(0)


def test_a_frame_that_cannot_be_written_fails_the_run(bench: SimpleNamespace, tmp_path: Path) -> None:
    """The plan stops with the writer's error, and no event is emitted."""
    bench.run = tmp_path / "file" / "run.zarr"
    bench.run.parent.write_text("in the way")
    with pytest.raises(FailedStatus) as caught:
        bench.engine(count([bench.detector]))
    assert isinstance(caught.value.__cause__, FrameWriterError)
    assert "detector: the frame could not be written" in str(caught.value.__cause__)
    assert not bench.named("event")


def test_a_frame_without_a_run_fails_and_says_why(fakes: SimpleNamespace) -> None:
    """A writer that nobody opened is a mistake of the program's wiring."""
    detector = AreaDetector(fakes.camera(), name="detector", writer=ZarrFrameWriter())
    with pytest.raises(FrameWriterError, match="no run is open"):
        detector.trigger().wait(0)


def test_stop_fails_the_exposure(fakes: SimpleNamespace) -> None:
    """An aborted exposure reports that it was interrupted, and the last frame stays."""
    camera = fakes.camera(at_once=False)
    detector = AreaDetector(camera, name="detector")
    status = detector.trigger()
    detector.stop()
    with pytest.raises(ExposureInterruptedError):
        status.wait(0)
    assert detector.last_frame is None


def test_a_replayed_trigger_gives_up_the_exposure_under_way(fakes: SimpleNamespace) -> None:
    """After a pause bluesky triggers again: one frame, and no failure of the first trigger."""
    camera = fakes.camera(at_once=False)
    detector = AreaDetector(camera, name="detector")
    first, second = detector.trigger(), detector.trigger()
    assert first.success
    camera.deliver(camera.frame(5))
    assert second.success
    assert detector.total.get() == int(camera.frame(5).sum())


def test_unstaging_gives_up_the_exposure(fakes: SimpleNamespace) -> None:
    """A run that ends leaves no exposure behind that would write into the next run."""
    camera = fakes.camera(at_once=False)
    detector = AreaDetector(camera, name="detector")
    detector.stage()
    status = detector.trigger()
    detector.unstage()
    assert status.done
    assert camera.done is None


def test_dark_frames_are_asked_for(fakes: SimpleNamespace) -> None:
    """The camera is told when it is to be kept from the light."""
    camera = fakes.camera()
    detector = AreaDetector(camera, name="detector")
    detector.trigger()
    detector.dark = True
    detector.trigger()
    assert camera.darks == [False, True]


def test_a_scan_writes_every_frame_before_it_is_announced(bench: SimpleNamespace) -> None:
    """When a stream_datum comes, its frame is on disk; events carry the numbers of their frames."""
    seen: list[int] = []

    def look(name: str, document: dict) -> None:
        if name == "stream_datum":
            index = document["indices"]["start"]
            found = read_frame(bench.run / "primary" / "detector", index)
            np.testing.assert_array_equal(found, bench.camera.frame(index))
            seen.append(index)

    bench.engine.subscribe(look)
    bench.engine(list_scan([bench.detector], bench.stage.x, [1, 2, 3], bench.stage.y, [4, 5, 6]))
    assert seen == [0, 1, 2]
    totals = [event["data"]["detector_total"] for event in bench.named("event")]
    assert totals == [int(bench.camera.frame(number).sum()) for number in range(3)]
    assert [event["data"]["stage_y"] for event in bench.named("event")] == [4, 5, 6]


def test_a_frame_of_another_type_is_refused_before_it_is_written(fakes: SimpleNamespace, tmp_path: Path) -> None:
    """Another byte order is none; the message says what came instead of what."""
    writer = ZarrFrameWriter()
    camera = fakes.camera(at_once=False)
    detector = AreaDetector(camera, name="detector", writer=writer)
    writer.open_run(tmp_path / "run.zarr")
    status = detector.trigger()
    camera.deliver(np.zeros((3, 4), np.float32))
    with pytest.raises(WrongFrameError, match="detector: the exposure gave a frame of float32 instead of uint16"):
        status.wait(1.0)
    assert not (tmp_path / "run.zarr").exists()
    status = detector.trigger()
    camera.deliver(np.zeros((3, 4), ">u2"))
    status.wait(1.0)


@pytest.mark.parametrize(
    ("declared", "accepted", "refused"), [(None, 0.2, True), (None, 0.3, False), (None, None, False), (40.0, 0.2, True)]
)
def test_a_saturated_frame_is_refused_where_that_is_asked_for(
    fakes: SimpleNamespace, declared: float | None, accepted: float | None, refused: bool
) -> None:
    """By the share of good pixels at the camera's saturation level, or at the largest value of its type."""
    bad = np.zeros((3, 4), bool)
    bad[2] = True
    camera = fakes.camera(bad=bad, at_once=False)
    if declared is not None:
        camera.saturation = declared
    detector = AreaDetector(camera, name="detector")
    detector.saturated_fraction = accepted
    status = detector.trigger()
    frame = np.zeros((3, 4), np.uint16)
    frame[0, :2] = frame[2] = 65535 if declared is None else 41
    camera.deliver(frame)
    error = status.exception(1.0)
    assert isinstance(error, SaturatedFrameError) if refused else error is None
    if refused:
        assert str(error) == "detector: 25.0% of the frame's pixels are saturated (at most 20.0% may be)"


def test_frames_of_floats_saturate_only_where_the_camera_says_so(fakes: SimpleNamespace) -> None:
    """A float has no largest value worth the name."""
    camera = fakes.camera(dtype=np.dtype("float64"))
    assert AreaDetector(camera, name="detector").layout.saturation is None
    camera.saturation = 3.5
    assert AreaDetector(camera, name="detector").layout.saturation == 3.5
