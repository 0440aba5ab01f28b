"""Frames of points through the chain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from daemon.analyst.messages import FrameLayout
from daemon.analyst.stream import FrameStream
from daemon.stream_settings import StreamSettings
from devices.frames import FrameLayout as Frames
from devices.writer import ZarrFrameWriter

if TYPE_CHECKING:
    from analysis.detection import Detections
    from analysis.detection.preparation import Prepared

SHAPE = (20, 24)
LAYOUT = FrameLayout(SHAPE, "<u2")
WINDOW = {"step": "regions", "windows": {"corner": [0, 4, 0, 4]}}


def frame(number: int) -> np.ndarray:
    """A frame that tells its number."""
    return np.full(SHAPE, 10 * number, np.uint16)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with two dark frames of 3 counts, and frames of five points but the third."""
    writer = ZarrFrameWriter()
    writer.open_run(tmp_path)
    layout = Frames("detector", SHAPE, np.dtype("u2"))
    for stream, values in (("darks", [3, 3]), ("primary", [13, 23, None, 43, 53])):
        writer.stream = stream
        for index, value in enumerate(values):
            writer.begin_point(index)
            if value is not None:
                writer.write(layout, np.full(SHAPE, value, np.uint16))
    writer.close_run({"primary": 5, "darks": 2})
    return tmp_path


@pytest.mark.parametrize("executor", ["in-process", "processes"])
def test_values_of_each_point(run: Path, executor: str) -> None:
    """Dark frames are those before the scan; a frame that is not there is missing, and no more."""
    settings = StreamSettings(steps=("dark-flat", WINDOW), executor=executor)
    stream = FrameStream(run, settings, LAYOUT, None, darks=2)
    for number in range(1, 6):
        stream.take_in(run, number, {})
    stream.finish()
    stream.finish()
    np.testing.assert_array_equal(stream.values()["roi.corner.mean"], [10.0, 20.0, np.nan, 40.0, 50.0])
    assert stream.outcome is not None
    assert stream.outcome.frames == 5
    stream.close()


def test_dark_frames_after_the_scan_come_too_late(run: Path) -> None:
    """An analyst that begins late must come to the same."""
    stream = FrameStream(run, StreamSettings(steps=("dark-flat", WINDOW)), LAYOUT, None, darks=0)
    stream.take_in(run, 1, {})
    assert stream.values()["roi.corner.mean"] == [13.0]


def test_several_frames_of_a_point_are_averaged(tmp_path: Path) -> None:
    """Whatever a step tells of each."""
    from devices.ring import FrameRing

    writer = ZarrFrameWriter()
    writer.open_run(tmp_path)
    layout = Frames("detector", SHAPE, np.dtype("u2"), frames=3)
    ring = FrameRing.create(SHAPE, np.dtype("u2"), 4)
    for event in range(2):
        writer.begin_point(event)
        pipe = writer.write_event(layout, ring, 1.0)
        for place in range(3):
            pipe.reserve()[...] = 10 * event + place
            pipe.publish()
        pipe.finish()
    writer.close_run({"primary": 2})
    ring.close()
    stream = FrameStream(tmp_path, StreamSettings(steps=(WINDOW,)), FrameLayout(SHAPE, "<u2", frames=3), None)
    for number in (1, 2):
        stream.take_in(tmp_path, number, {})
    np.testing.assert_array_equal(stream.values()["roi.corner.mean"], [1.0, 11.0])
    assert stream.outcome is not None
    assert stream.outcome.frames == 6


def test_a_chain_that_cannot_be_asked_does_not_stop_the_scan(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it missed is unknown, and the log says why."""
    stream = FrameStream(run, StreamSettings(steps=(WINDOW,)), LAYOUT, None)
    stream.take_in(run, 1, {})

    def fail(timeout: float | None = None) -> None:
        raise TimeoutError("the on-line steps were busy")

    monkeypatch.setattr(stream._runner, "result", fail)
    stream.take_in(run, 2, {})
    np.testing.assert_array_equal(stream.values()["roi.corner.mean"], [13.0, np.nan])
    assert "the on-line steps were busy" in capsys.readouterr().err


@dataclass(frozen=True, slots=True)
class Corners:
    """Finds one thing in each image: a box that is as large as what there is of it."""

    classes: tuple[str, ...] = ("Pb1", "Pb2")

    def candidates(self, image: Prepared, *, thorough: bool = False) -> Detections:
        """Its upper left corner."""
        from analysis.detection import Detections

        box = np.array([[0.0, 0.0, 4.0, 5.0]], np.float32)
        return Detections(box, np.ones(1, np.int64), np.full(1, 0.5, np.float32), self.classes)

    def choose(self, every: Detections, score: float | None = None, *, thorough: bool = False) -> Detections:
        """All of it."""
        return every


def test_detections_of_each_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of an image under way, which is the next one until it is there as a whole."""
    monkeypatch.setattr("analysis.streaming.detection._load", lambda weights: Corners())
    rng, shape = np.random.default_rng(2), (32, 40)
    images = [np.sin(np.arange(40.0)) + 0.1 * rng.normal(size=shape) for _ in range(2)]
    writer = ZarrFrameWriter()
    writer.open_run(tmp_path)
    layout = Frames("detector", shape, np.dtype("f4"))
    for index, image in enumerate(images):
        writer.begin_point(index)
        writer.write(layout, image.astype(np.float32))
    writer.close_run({"primary": 2})
    stream = FrameStream(
        tmp_path, StreamSettings(steps=("detection",)), FrameLayout(shape, "<f4", pixel=(0.2, 0.3)), None
    )
    assert stream.found(0) == {}
    stream.take_in(tmp_path, 1, {})
    found = stream.found(0)
    assert found["names"] == ["Pb2"]
    np.testing.assert_allclose(found["boxes_nm"], [[0.0, 0.0, 0.8, 1.5]])
    growing = images[1].copy()
    growing[20:] = np.nan
    assert stream.look(growing)
    assert stream.outcome is not None
    assert stream.outcome.results["detections"]["lines"].tolist() == [32, 20]
    np.testing.assert_array_equal(stream.values()["detections.count.Pb2"], [1.0])
    stream.take_in(tmp_path, 2, {})
    assert stream.outcome.results["detections"]["lines"].tolist() == [32, 32]
    np.testing.assert_array_equal(stream.values()["detections.count.Pb2"], [1.0, 1.0])
    assert stream.flaw(0) == stream.flaw(1) == ""
    stream.close()


def test_a_chain_that_needs_whole_images_is_not_shown_others(run: Path) -> None:
    """It would take what is missing for something that went wrong."""
    stream = FrameStream(run, StreamSettings(steps=(WINDOW,)), LAYOUT, None)
    assert not stream.look(np.zeros(SHAPE))
