"""Packing frames into shards."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import zarr

import devices.compaction
from devices.compaction import WORKSPACE, compact_run
from devices.frames import FrameLayout, read_frame
from devices.shards import MOST_FRAMES
from devices.writer import ZarrFrameWriter


def make_run(run: Path, events: int, stream: str = "primary", without: int = -1) -> np.ndarray:
    """Write a closed run; returns its frames, shape (event, y, x)."""
    frames = np.random.default_rng(1).poisson(3.0, (events, 4, 5)).astype(np.uint16)
    writer = ZarrFrameWriter(codec="none")
    writer.open_run(run)
    writer.stream = stream
    for index, frame in enumerate(frames):
        if index == without:
            continue
        writer.begin_point(index)
        writer.write(FrameLayout("detector", (4, 5), np.dtype("uint16")), frame)
    writer.close_run({stream: events})
    return frames


def frames_of(run: Path, stream: str = "primary") -> np.ndarray:
    """Read all frames with zarr, shape (event, y, x)."""
    return np.asarray(zarr.open_array(run / stream / "detector", mode="r")[:, 0])


@pytest.mark.parametrize(("events", "per_shard"), [(1, 4), (4, 4), (9, 4), (8, 4)])
def test_frames_survive_and_lie_in_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: int, per_shard: int
) -> None:
    """Every frame is what it was; files are as many as shards; one frame stays one inner chunk."""
    monkeypatch.setattr(devices.compaction, "SHARD_BYTES", per_shard * 4 * 5 * 2)
    frames = make_run(tmp_path, events)
    before = zarr.open_array(tmp_path / "primary" / "detector", mode="r")
    names, attributes = before.metadata.dimension_names, dict(before.attrs)
    ZarrFrameWriter().compact(tmp_path)
    array = zarr.open_array(tmp_path / "primary" / "detector", mode="r")
    np.testing.assert_array_equal(frames_of(tmp_path), frames)
    assert array.chunks == (1, 1, 4, 5)
    assert array.shards == (min(events, per_shard), 1, 4, 5)
    assert (array.metadata.dimension_names, dict(array.attrs)) == (names, attributes)
    shards = [file for file in (tmp_path / "primary" / "detector" / "c").rglob("*") if file.is_file()]
    assert len(shards) == -(-events // per_shard)
    assert not (tmp_path / WORKSPACE).exists()


def test_shards_are_on_the_medium_before_the_frames_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut after the exchange must not find shards that were still on their way."""
    make_run(tmp_path, 3)
    forced: list[str] = []
    moved: list[int] = []
    fsync, rename = os.fsync, Path.rename

    def force(descriptor: int) -> None:
        forced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    def move(path: Path, target: Path) -> Path:
        moved.append(len(forced))
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", force)
    monkeypatch.setattr(Path, "rename", move)
    compact_run(tmp_path)
    before = set(forced[: moved[-2]])  # the last two renames are the exchange
    packed = tmp_path / WORKSPACE / "primary" / "detector"
    assert {str(packed / "zarr.json"), str(packed / "c" / "0" / "0" / "0" / "0"), str(packed)} <= before


def test_compacting_again_changes_nothing(tmp_path: Path) -> None:
    """A packed array is left alone, to the byte."""
    make_run(tmp_path, 3)
    compact_run(tmp_path)
    files = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    compact_run(tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == files


def test_all_streams_are_packed_and_other_arrays_are_not(tmp_path: Path) -> None:
    """Scalars, coordinates and empty arrays stay as they are."""
    make_run(tmp_path, 2)
    make_run(tmp_path, 3, "darks")
    make_run(tmp_path, 0, "empty")
    zarr.create_array(tmp_path / "primary" / "time", data=np.arange(2.0), dimension_names=["event"])
    compact_run(tmp_path)
    shards = {
        name: zarr.open_array(tmp_path / name, mode="r").shards
        for name in ("primary/detector", "darks/detector", "primary/time")
    }
    assert shards == {"primary/detector": (2, 1, 4, 5), "darks/detector": (3, 1, 4, 5), "primary/time": None}


def test_frames_that_a_codec_has_packed_are_left_alone(tmp_path: Path) -> None:
    """There is little to be won, and a shard is a shard."""
    writer = ZarrFrameWriter(codec="lz4")
    writer.open_run(tmp_path)
    writer.write(FrameLayout("detector", (4, 5), np.dtype("uint16")), np.ones((4, 5), np.uint16))
    writer.close_run({"primary": 1})
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    compact_run(tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_events_without_a_frame_stay_blank(tmp_path: Path) -> None:
    """A missing chunk reads as zeros before and after."""
    frames = make_run(tmp_path, 3, without=1)
    compact_run(tmp_path)
    frames[1] = 0
    np.testing.assert_array_equal(frames_of(tmp_path), frames)


@pytest.mark.parametrize("renames", [0, 1])
def test_an_interruption_anywhere_is_put_right_by_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    """Killed before or between the two renames: no frame is lost, nothing is left over."""
    frames = make_run(tmp_path, 5)
    rename, done = Path.rename, []

    def dying(self: Path, target: Path) -> Path:
        if len(done) == renames:
            raise KeyboardInterrupt
        done.append(self)
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dying)
        with pytest.raises(KeyboardInterrupt):
            compact_run(tmp_path)
    compact_run(tmp_path)
    np.testing.assert_array_equal(frames_of(tmp_path), frames)
    assert zarr.open_array(tmp_path / "primary" / "detector", mode="r").shards == (5, 1, 4, 5)
    assert not (tmp_path / WORKSPACE).exists()


def test_reading_one_frame_before_and_after(tmp_path: Path) -> None:
    """The reader finds a frame of an open run, of a closed one, and of a packed one."""
    frames = make_run(tmp_path, 3)
    array = tmp_path / "primary" / "detector"
    np.testing.assert_array_equal(read_frame(array, 2), frames[2])
    compact_run(tmp_path)
    np.testing.assert_array_equal(read_frame(array, 2), frames[2])


def test_what_is_not_wanted_any_more_is_left_as_it_is(tmp_path: Path) -> None:
    """A process that ends does not wait for shards; the next call makes them."""
    frames = make_run(tmp_path, 5)
    for wanted, shards in ((False, (MOST_FRAMES, 1, 4, 5)), (True, (5, 1, 4, 5))):
        compact_run(tmp_path, lambda wanted=wanted: wanted)
        assert zarr.open_array(tmp_path / "primary" / "detector", mode="r").shards == shards
        np.testing.assert_array_equal(frames_of(tmp_path), frames)
        assert not (tmp_path / WORKSPACE).exists()
