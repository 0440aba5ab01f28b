"""Frames on disk and their announcements."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlparse

import bluesky.plan_stubs as bps
import numpy as np
import pytest
import xarray
import zarr
from bluesky.plans import count
from bluesky.preprocessors import run_decorator
from bluesky.utils import Msg
from hypothesis import given, settings
from hypothesis import strategies as st

import devices.store
from devices.area_detector import AreaDetector
from devices.codecs import CODECS
from devices.frames import FrameLayout, read_frame
from devices.writer import FrameWriter, ZarrFrameWriter


def frames_of(run: Path, stream: str = "primary") -> np.ndarray:
    """Read all frames of a stream with zarr, shape (event, y, x)."""
    return np.asarray(zarr.open_array(run / stream / "detector", mode="r")[:, 0])


def test_meets_the_protocol() -> None:
    """A camera may rely on every method."""
    assert isinstance(ZarrFrameWriter(), FrameWriter)


def test_a_run_opens_with_xarray(bench: SimpleNamespace) -> None:
    """Dimensions are named, pixels have coordinates with units, and there is one frame per event."""
    bench.engine(count([bench.detector], 4))
    data = xarray.open_zarr(bench.run, group="primary", consolidated=False)
    assert data["detector"].dims == ("event", "detector_frame", "detector_y", "detector_x")
    assert dict(data.sizes) == {"event": 4, "detector_frame": 1, "detector_y": 3, "detector_x": 4}
    np.testing.assert_array_equal(data["detector_x"], 20.0 + np.arange(4))
    assert data["detector_y"].attrs == {"units": "Å⁻¹", "long_name": "Qz"}
    assert data["detector"].attrs["units"] == "counts"
    for number in range(4):
        np.testing.assert_array_equal(data["detector"][number, 0], bench.camera.frame(number))


def test_bad_pixels_lie_beside_the_frames(bench: SimpleNamespace) -> None:
    """Whoever reads the run knows which pixels to leave out."""
    bench.camera.bad = np.eye(3, 4, dtype=bool)
    bench.engine(count([bench.detector]))
    data = xarray.open_zarr(bench.run, group="primary", consolidated=False)
    np.testing.assert_array_equal(data["detector_bad"], bench.camera.bad)
    assert data["detector_bad"].dims == ("detector_y", "detector_x")


def test_announcements(bench: SimpleNamespace) -> None:
    """One resource per stream, one datum per event, with the descriptor and the numbers that bluesky fills in."""
    bench.engine(count([bench.detector], 3))
    (resource,) = bench.named("stream_resource")
    (descriptor,) = bench.named("descriptor")
    assert resource["mimetype"] == "application/x-zarr"
    assert resource["parameters"] == {"chunk_shape": [1, 1, 3, 4], "join_method": "stack"}
    assert resource["data_key"] == "detector"
    parts = urlparse(resource["uri"])
    assert (parts.scheme, parts.netloc) == ("file", "localhost")
    assert Path(unquote(parts.path)) == bench.run / "primary" / "detector"
    data = bench.named("stream_datum")
    assert [datum["indices"] for datum in data] == [{"start": n, "stop": n + 1} for n in range(3)]
    assert [datum["seq_nums"] for datum in data] == [{"start": n, "stop": n + 1} for n in range(1, 4)]
    assert {datum["descriptor"] for datum in data} == {descriptor["uid"]}
    assert {datum["stream_resource"] for datum in data} == {resource["uid"]}
    assert len({datum["uid"] for datum in data}) == 3


def test_a_path_with_spaces_and_umlauts_becomes_a_uri(tmp_path: Path) -> None:
    """The URI is escaped, and leads back to the folder."""
    run = tmp_path / "Strahlzeit März 1" / "run.zarr"
    writer = ZarrFrameWriter()
    writer.open_run(run)
    layout = FrameLayout("detector", (3, 4), np.dtype("uint16"))
    writer.write(layout, np.zeros((3, 4), np.uint16))
    (_, resource), _ = writer.asset_docs("detector")
    assert resource["uri"].isascii()
    assert Path(unquote(urlparse(resource["uri"]).path)) == run / "primary" / "detector"


def test_blueskys_consolidator_finds_the_array_it_was_told_of(bench: SimpleNamespace) -> None:
    """What bluesky's tools make of the documents has the shape and the chunks of the array on disk."""
    consolidators = pytest.importorskip(
        "bluesky.consolidators", reason="bluesky's consolidators need tiled", exc_type=ImportError
    )

    class Consolidator(consolidators.ConsolidatorBase):
        supported_mimetypes = {"application/x-zarr"}  # noqa: RUF012

    bench.engine(count([bench.detector], 3))
    (descriptor,), (resource,) = bench.named("descriptor"), bench.named("stream_resource")
    consolidator = Consolidator(resource, descriptor)
    for datum in bench.named("stream_datum"):
        consolidator.consume_stream_datum(datum)
    array = zarr.open_array(bench.run / "primary" / "detector", mode="r")
    assert consolidator.shape == array.shape
    assert tuple(sizes[0] for sizes in consolidator.chunks) == array.chunks
    assert np.dtype(consolidator.data_type.to_numpy_dtype()) == array.dtype


def test_a_point_measured_again_overwrites_its_frame_and_is_announced_once(bench: SimpleNamespace) -> None:
    """The plan says which event a frame belongs to; a replayed one replaces it."""
    detector, writer = bench.detector, bench.writer

    @run_decorator()
    def plan() -> Iterator[Msg]:
        for index in (0, 1, 1, 2):
            writer.begin_point(index)
            yield from bps.trigger_and_read([detector])

    bench.engine(plan())
    assert [datum["indices"]["start"] for datum in bench.named("stream_datum")] == [0, 1, 2]
    frames = frames_of(bench.run)
    for index, number in enumerate((0, 2, 3)):
        np.testing.assert_array_equal(frames[index], bench.camera.frame(number))


def test_a_frame_whose_event_was_dropped_gives_its_place_to_the_next(bench: SimpleNamespace) -> None:
    """Documents that bluesky dropped with their event are handed out again, the resource included."""
    detector = bench.detector

    @run_decorator()
    def plan() -> Iterator[Msg]:
        for save in (False, True, False, True):
            yield from bps.create("primary")
            yield from bps.trigger(detector, wait=True)
            yield from bps.read(detector)
            yield from (bps.save() if save else bps.drop())

    bench.engine(plan())
    assert len(bench.named("stream_resource")) == 1
    assert [datum["indices"]["start"] for datum in bench.named("stream_datum")] == [0, 1]
    frames = frames_of(bench.run)
    assert len(frames) == len(bench.named("event")) == 2
    for index, number in enumerate((1, 3)):
        np.testing.assert_array_equal(frames[index], bench.camera.frame(number))


def test_dark_frames_have_a_stream_of_their_own(bench: SimpleNamespace) -> None:
    """Two streams, two arrays, two resources, each counted from 0."""
    detector, writer = bench.detector, bench.writer

    @run_decorator()
    def plan() -> Iterator[Msg]:
        yield from bps.trigger_and_read([detector])
        writer.stream, detector.dark = "darks", True
        yield from bps.trigger_and_read([detector], name="darks")
        yield from bps.trigger_and_read([detector], name="darks")
        writer.stream, detector.dark = "primary", False
        yield from bps.trigger_and_read([detector])

    bench.engine(plan())
    assert [len(frames_of(bench.run, stream)) for stream in ("primary", "darks")] == [2, 2]
    np.testing.assert_array_equal(frames_of(bench.run, "darks")[1], bench.camera.frame(2))
    np.testing.assert_array_equal(frames_of(bench.run)[1], bench.camera.frame(3))
    names = {descriptor["uid"]: descriptor["name"] for descriptor in bench.named("descriptor")}
    folders = {resource["uid"]: resource["uri"].split("/")[-2] for resource in bench.named("stream_resource")}
    assert all(folders[d["stream_resource"]] == names[d["descriptor"]] for d in bench.named("stream_datum"))


def test_two_cameras_share_a_writer(bench: SimpleNamespace, fakes: SimpleNamespace) -> None:
    """Each has an array of its own."""
    other = AreaDetector(fakes.camera(shape=(2, 2)), name="other", writer=bench.writer)
    bench.engine(count([bench.detector, other], 2))
    assert zarr.open_array(bench.run / "primary" / "other", mode="r").shape == (2, 1, 2, 2)
    assert frames_of(bench.run).shape == (2, 3, 4)
    assert len(bench.named("stream_datum")) == 4


def test_the_next_run_begins_anew(bench: SimpleNamespace, tmp_path: Path) -> None:
    """Counting, stream and resources are those of the new run."""
    bench.writer.begin_point(7)
    bench.engine(count([bench.detector], 2))
    bench.run = tmp_path / "second.zarr"
    bench.writer.stream = "darks"
    bench.engine(count([bench.detector], 1))
    assert frames_of(bench.run).shape == (1, 3, 4)
    assert len({resource["uid"] for resource in bench.named("stream_resource")}) == 2


def test_lengths_given_by_the_recorder_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames without an event are dropped, events without a frame read as blank."""
    monkeypatch.setattr(devices.store, "SHARD_BYTES", 8)
    layout = FrameLayout("detector", (2, 2), np.dtype("uint16"))
    for events in (1, 3):
        run, writer = tmp_path / f"{events}.zarr", ZarrFrameWriter()
        writer.open_run(run)
        for index in range(2):
            writer.begin_point(index)
            writer.write(layout, np.full((2, 2), index + 1, np.uint16))
        writer.close_run({"primary": events})
        assert frames_of(run)[:, 0, 0].tolist() == [1, 2, 0][:events]
        files = [file.parts[-4] for file in (run / "primary" / "detector" / "c").rglob("*") if file.is_file()]
        assert files == ["0", "1"][:events]


@pytest.mark.parametrize("sync", [False, True])
def test_a_frame_is_forced_to_the_medium_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: bool
) -> None:
    """Before ``write`` returns, and so before anybody hears of it; a power cut then takes nothing."""
    forced: set[str] = set()
    fsync = os.fsync

    def force(descriptor: int) -> None:
        forced.add(str(Path(f"/proc/self/fd/{descriptor}").readlink()).removesuffix(".part"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", force)
    writer = ZarrFrameWriter(sync=sync)
    writer.open_run(tmp_path)
    writer.write(FrameLayout("detector", (2, 2), np.dtype("uint16")), np.zeros((2, 2), np.uint16))
    array = tmp_path / "primary" / "detector"
    shard = array / "c" / "0" / "0" / "0" / "0"
    expected = {str(shard), *map(str, shard.parents[:6]), str(array / ".zarr.json"), str(tmp_path)}
    assert expected <= forced if sync else not forced


def test_an_existing_groups_description_stays(tmp_path: Path) -> None:
    """The recorder may have described the stream before the first frame comes."""
    run, writer = tmp_path / "run.zarr", ZarrFrameWriter()
    zarr.create_group(run / "primary", attributes={"stream": "primary"})
    writer.open_run(run)
    writer.write(FrameLayout("detector", (2, 2), np.dtype("uint16")), np.zeros((2, 2), np.uint16))
    writer.close_run()
    assert dict(zarr.open_group(run / "primary", mode="r").attrs) == {"stream": "primary"}


def test_preparing_makes_nothing_visible(tmp_path: Path, fakes: SimpleNamespace) -> None:
    """A camera prepares its writer before there is a run."""
    writer = ZarrFrameWriter()
    AreaDetector(fakes.camera(), name="detector", writer=writer).stage()
    writer.open_run(tmp_path / "run.zarr")
    writer.close_run()
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None, max_examples=25)
@given(
    replays=st.lists(st.integers(0, 3), min_size=1, max_size=8),
    big_endian=st.booleans(),
    kind=st.sampled_from(["u1", "u2", "u4", "f4", "f8"]),
    codec=st.sampled_from(sorted(CODECS)),
    per_shard=st.integers(1, 4),
)
def test_whatever_is_replayed_the_last_frame_of_each_event_is_kept(
    tmp_path_factory: pytest.TempPathFactory,
    replays: list[int],
    big_endian: bool,
    kind: str,
    codec: str,
    per_shard: int,
) -> None:
    """Any number of repetitions of any point, any pixel type and byte order, any codec and size of shards."""
    run, writer = tmp_path_factory.mktemp("run") / "run.zarr", ZarrFrameWriter(codec=codec)
    writer.open_run(run)
    dtype = np.dtype((">" if big_endian else "<") + kind)
    layout = FrameLayout("detector", (2, 3), dtype)
    expected: list[np.ndarray] = []
    value = 0
    with mock.patch("devices.store.SHARD_BYTES", per_shard * 6 * dtype.itemsize):
        for index, repetitions in enumerate(replays):
            for _ in range(repetitions + 1):
                value += 1
                frame = (np.arange(6).reshape(2, 3) + value).astype(dtype)
                writer.begin_point(index)
                writer.write(layout, frame)
                np.testing.assert_array_equal(read_frame(run / "primary" / "detector", index), frame)
            expected.append(frame)
            emit(writer)
        writer.close_run()
    assert zarr.open_array(run / "primary" / "detector", mode="r").shards == (per_shard, 1, 2, 3)
    np.testing.assert_array_equal(frames_of(run), np.stack(expected))


def emit(writer: ZarrFrameWriter) -> list[dict[str, Any]]:
    """Take the announcements as a RunEngine does: it fills in what is empty."""
    documents = [document for _, document in writer.asset_docs("detector")]
    for document in documents:
        document.update({key: "uid" for key in ("descriptor", "run_start") if key in document})
    return documents
