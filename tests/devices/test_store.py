"""Frames in shards."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import xarray
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

import devices.store
from devices.arrays import place_array, render_array, set_length
from devices.codecs import CODECS
from devices.frames import FrameLayout, read_frame
from devices.protocols import Coordinate
from devices.shards import MOST_FRAMES
from devices.store import FrameStore, frames_per_shard, shard_file


@pytest.mark.parametrize(
    ("frame_bytes", "frames"),
    [(512 * 512 * 2, 128), (64 * 64 * 2, MOST_FRAMES), (8192 * 8192 * 4, 1), (0, MOST_FRAMES)],
)
def test_frames_of_a_shard(frame_bytes: int, frames: int) -> None:
    """As many as make 64 MiB, at least one, and no more than the index has room for."""
    assert frames_per_shard(frame_bytes) == frames


@settings(deadline=None, max_examples=40)
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kind=st.sampled_from(["u1", "u2", "i4", "f4", "f8"]),
    per_shard=st.integers(1, 5),
    batches=st.lists(st.integers(1, 7), min_size=1, max_size=5),
    codec=st.sampled_from(sorted(CODECS)),
)
def test_zarr_and_xarray_read_what_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    shape: tuple[int, int],
    kind: str,
    per_shard: int,
    batches: list[int],
    codec: str,
) -> None:
    """Any shape, type, size of shard and of batch; each frame can be read before the array has its length."""
    dtype = np.dtype(kind).newbyteorder("<")
    layout = FrameLayout("cam", shape, dtype, coordinates={"cam_x": Coordinate(np.arange(float(shape[1])), "mm")})
    folder = tmp_path_factory.mktemp("run")
    frames = np.random.default_rng(1).integers(0, 100, (sum(batches), *shape)).astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices.store, "SHARD_BYTES", per_shard * frames[0].nbytes)
        place_array(folder / "primary", render_array(layout, CODECS[codec]))
    store, first = FrameStore(folder / "primary" / "cam", CODECS[codec], per_shard), 0
    for count in batches:
        store.write(first, list(frames[first : first + count]))
        first += count
        np.testing.assert_array_equal(read_frame(folder / "primary" / "cam", first - 1), frames[first - 1])
    store.sync()
    store.close()
    set_length(folder / "primary" / "cam", len(frames))
    stored = zarr.open_array(folder / "primary" / "cam", mode="r")
    assert stored.shards == (per_shard, 1, *shape)
    np.testing.assert_array_equal(stored[:, 0], frames)
    data = xarray.open_zarr(folder, group="primary", consolidated=False)
    np.testing.assert_array_equal(data["cam"][-1, 0], frames[-1])
    assert data["cam"].dims == ("event", "cam_frame", "cam_y", "cam_x")


def test_going_back_to_an_earlier_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A point that is measured again much later replaces its frame, and the others stay."""
    frames = np.arange(5 * 6, dtype="<u2").reshape(5, 2, 3)
    monkeypatch.setattr(devices.store, "SHARD_BYTES", 2 * frames[0].nbytes)
    place_array(tmp_path, render_array(FrameLayout("cam", (2, 3), frames.dtype), CODECS["none"]))
    store = FrameStore(tmp_path / "cam", CODECS["none"], 2)
    store.write(0, list(frames))
    store.write(1, [frames[4]])
    store.write(4, [frames[0]])
    store.close()
    for index, expected in enumerate((0, 4, 2, 3, 0)):
        np.testing.assert_array_equal(read_frame(tmp_path / "cam", index), frames[expected])


def test_everything_that_was_written_is_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards, also those that are closed already, and the folders with new names in them; and nothing twice."""
    forced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda fd: forced.append(str(Path(f"/proc/self/fd/{fd}").readlink())))
    array = tmp_path / "cam"
    store = FrameStore(array, CODECS["none"], 2)
    store.write(0, list(np.zeros((5, 2, 2), np.uint8)))
    store.sync()
    shards = [shard_file(array, number) for number in range(3)]
    assert sorted(forced) == sorted({str(path) for shard in shards for path in (shard, *shard.parents[:5])})
    forced.clear()
    store.sync()
    assert forced == []
    store.close()
