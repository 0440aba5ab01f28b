"""Rings that are made beside everything else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import devices.rings
from devices.errors import ExposureInterruptedError, FrameWriterError
from devices.frames import FrameLayout
from devices.ring import FrameRing
from devices.rings import RingMaker
from devices.streaming import StreamingDetector
from devices.writer import ZarrFrameWriter


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Memory that is not found before this is set."""
    found = threading.Event()

    class SlowRing(FrameRing):
        @classmethod
        def create(cls, shape: tuple[int, int], dtype: np.dtype[np.generic], slots: int) -> FrameRing:
            assert found.wait(10.0)
            return FrameRing.create(shape, dtype, slots)

    monkeypatch.setattr(devices.rings, "FrameRing", SlowRing)
    yield found
    found.set()


def layout(rows: int) -> FrameLayout:
    """Frames of three columns."""
    return FrameLayout("detector", (rows, 3), np.dtype("u2"))


def test_a_ring_is_kept_while_it_fits() -> None:
    """And taken from the system when it does not any more."""
    maker = RingMaker(2)
    first = maker.soon(layout(2)).result(10.0)
    assert maker.soon(layout(2)).result(10.0) is first
    assert maker.ring is first
    second = maker.soon(layout(4)).result(10.0)
    assert second.shape == (4, 3)
    assert not first.path.exists()
    maker.close()
    assert maker.ring is None
    assert not second.path.exists()


def test_one_that_is_not_wanted_any_more_is_taken_back(slow: threading.Event) -> None:
    """Although it came later."""
    maker = RingMaker(2)
    made = maker.soon(layout(2))
    assert maker.ring is None
    maker.close()
    slow.set()
    path = made.result(10.0).path
    for thread in threading.enumerate():
        if thread.name == "frame-ring":
            thread.join(10.0)
    assert not path.exists()


def test_after_a_failure_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory may be there by then."""
    maker = RingMaker(2)

    def refuse(*_: object) -> FrameRing:
        raise FrameWriterError("no room for 2 frames")

    with monkeypatch.context() as patched:
        patched.setattr(devices.rings, "FrameRing", SimpleNamespace(create=refuse))
        with pytest.raises(FrameWriterError, match="no room"):
            maker.soon(layout(2)).result(10.0)
        assert maker.ring is None
    assert maker.soon(layout(2)).result(10.0).shape == (2, 3)
    maker.close()


@pytest.mark.parametrize("success", [True, False])
def test_exposures_that_wait_for_memory_can_be_stopped(
    tmp_path: Path, fakes: SimpleNamespace, slow: threading.Event, success: bool
) -> None:
    """The camera never begins."""
    writer = ZarrFrameWriter()
    writer.open_run(tmp_path / "run.zarr")
    camera = fakes.camera()
    detector = StreamingDetector(camera, name="detector", writer=writer)
    detector.frames.put(3)
    detector.stage()
    status = detector.trigger()
    assert not status.done
    detector.stop(success=success)
    assert status.success == success
    assert success or isinstance(status.exception(), ExposureInterruptedError)
    slow.set()
    detector.unstage()
    for thread in threading.enumerate():
        if thread.name == "frame-ring":
            thread.join(10.0)
    assert camera.done is None
    writer.close_run()
