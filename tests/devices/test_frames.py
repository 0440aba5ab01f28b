"""How frames look, and reading one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from devices.compaction import compact_run
from devices.errors import FrameWriterError
from devices.frames import FrameLayout, read_frame
from devices.protocols import Coordinate
from devices.writer import ZarrFrameWriter

LAYOUT = FrameLayout(
    "cam", (2, 3), np.dtype("uint16"), "counts", {"cam_x": Coordinate(np.arange(3.0), "mm")}, np.eye(2, 3, dtype=bool)
)


def test_good_pixels_are_the_others() -> None:
    """Where no pixel is known to be bad, all are good."""
    np.testing.assert_array_equal(LAYOUT.good_pixels, ~np.eye(2, 3, dtype=bool))
    assert FrameLayout("cam", (2, 3), np.dtype("uint16")).good_pixels.all()


@pytest.mark.parametrize(
    "change",
    [
        {"key": "other"},
        {"dtype": np.dtype("uint32")},
        {"units": "pm"},
        {"bad_pixels": None},
        {"bad_pixels": np.zeros((2, 3), bool)},
        {"coordinates": {}},
        {"coordinates": {"cam_x": Coordinate(np.arange(3.0) + 1, "mm")}},
        {"coordinates": {"cam_x": Coordinate(np.arange(3.0), "µm")}},
    ],
)
def test_layouts_are_the_same_only_when_all_of_them_is(change: dict[str, object]) -> None:
    """A writer renders its files anew whenever anything differs."""
    assert LAYOUT.same_as(replace(LAYOUT, coordinates={"cam_x": Coordinate(np.arange(3.0), "mm")}))
    assert not LAYOUT.same_as(replace(LAYOUT, **change))


def test_a_frame_of_an_open_run_is_read_before_the_array_has_its_length(tmp_path: Path) -> None:
    """An analysis reads frames while the run is being written."""
    writer = ZarrFrameWriter()
    writer.open_run(tmp_path)
    writer.write(LAYOUT, np.arange(6, dtype=np.uint16).reshape(2, 3))
    np.testing.assert_array_equal(read_frame(tmp_path / "primary" / "cam", 0), np.arange(6).reshape(2, 3))


@pytest.mark.parametrize("packed", [False, True])
def test_a_frame_that_is_not_there_is_named(tmp_path: Path, packed: bool) -> None:
    """The error says which array and which event."""
    writer = ZarrFrameWriter(codec="none")
    writer.open_run(tmp_path)
    writer.write(LAYOUT, np.zeros((2, 3), np.uint16))
    writer.close_run({"primary": 1})
    if packed:
        compact_run(tmp_path)
    with pytest.raises(FrameWriterError, match=r"primary/cam: there is no frame of event 1"):
        read_frame(tmp_path / "primary" / "cam", 1)
    with pytest.raises(FrameWriterError, match=r"nowhere: there is no frame of event 0"):
        read_frame(tmp_path / "nowhere", 0)
