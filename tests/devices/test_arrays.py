"""The array of frames: made and put to length."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
import zarr

import devices.store
from devices.arrays import place_array, render_array, set_length
from devices.codecs import CODECS
from devices.frames import FrameLayout
from devices.protocols import Coordinate
from devices.store import FrameStore

LAYOUT = FrameLayout(
    "cam", (2, 3), np.dtype(">u4"), "counts", {"cam_x": Coordinate(np.arange(3.0), "mm", "x")}, np.zeros((2, 3), bool)
)


def test_rendered_files_are_what_zarr_reads_back(tmp_path: Path) -> None:
    """Shape, chunks, type, names and units survive; no frame is there yet."""
    place_array(tmp_path / "primary", render_array(LAYOUT, CODECS["none"]))
    array = zarr.open_array(tmp_path / "primary" / "cam", mode="r")
    assert (array.shape, array.chunks, array.dtype) == ((0, 1, 2, 3), (1, 1, 2, 3), np.dtype("<u4"))
    assert array.shards == (255, 1, 2, 3)
    assert array.metadata.dimension_names == ("event", "cam_frame", "cam_y", "cam_x")
    assert array.attrs["units"] == "counts"
    x = zarr.open_array(tmp_path / "primary" / "cam_x", mode="r")
    assert (np.asarray(x).tolist(), dict(x.attrs)) == ([0.0, 1.0, 2.0], {"units": "mm", "long_name": "x"})


def test_rendering_leaves_no_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are in memory only."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    render_array(LAYOUT, CODECS["none"])
    assert list(tmp_path.iterdir()) == []


def test_length_follows_the_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames beyond go; what follows the shape in the description stays."""
    monkeypatch.setattr(devices.store, "SHARD_BYTES", 2 * 3 * 4)
    place_array(tmp_path, render_array(LAYOUT, CODECS["none"]))
    array = tmp_path / "cam"
    before = json.loads((array / "zarr.json").read_text())
    store = FrameStore(array, CODECS["none"], 1)
    store.write(0, [np.full((2, 3), index, "<u4") for index in range(3)])
    store.close()
    set_length(array, 2)
    after = json.loads((array / "zarr.json").read_text())
    assert after.pop("shape") == [2, 1, 2, 3]
    before.pop("shape")
    assert after == before
    assert np.asarray(zarr.open_array(array, mode="r"))[:, 0, 0, 0].tolist() == [0, 1]
    assert not (array / "c" / "2").exists()


def test_length_of_an_array_without_frames(tmp_path: Path) -> None:
    """A stream whose first frame never came is empty, or blank."""
    place_array(tmp_path, render_array(LAYOUT, CODECS["none"]))
    set_length(tmp_path / "cam", 2)
    assert np.asarray(zarr.open_array(tmp_path / "cam", mode="r")).tolist() == np.zeros((2, 1, 2, 3)).tolist()
