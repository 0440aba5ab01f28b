"""A shard that is appended to."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import google_crc32c
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import devices.shards
from devices.errors import FrameWriterError
from devices.shards import MISSING, MOST_FRAMES, PAGE, ShardFile, blank_index, read_packed


def make(path: Path, frames: int, *, sync: bool = False) -> ShardFile:
    """Make a shard with room for so many frames."""
    path.write_bytes(blank_index(frames))
    return ShardFile(str(path), frames, sync=sync)


def test_the_index_is_what_the_format_says(tmp_path: Path) -> None:
    """Place and size of each frame, 8 bytes each, little-endian, then CRC32C; all ones for a frame that is missing."""
    shard = make(tmp_path / "0", 3)
    shard.append(1, [b"abc", np.arange(4, dtype="<u2").data])
    content = (tmp_path / "0").read_bytes()
    index = np.frombuffer(content[:48], "<u8").reshape(3, 2).tolist()
    assert index == [[MISSING, MISSING], [PAGE, 3], [PAGE + 3, 8]]
    assert int.from_bytes(content[48:52], "little") == google_crc32c.value(content[:48])
    assert content[PAGE:] == b"abc" + np.arange(4, dtype="<u2").tobytes()
    shard.close()


def test_the_largest_index_fits_one_page() -> None:
    """A page is written in one piece."""
    assert len(blank_index(MOST_FRAMES)) <= PAGE < len(blank_index(MOST_FRAMES + 1))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 4), st.lists(st.binary(max_size=50), min_size=1, max_size=3)), max_size=8))
def test_the_last_frame_of_each_place_is_read(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, list[bytes]]]
) -> None:
    """In any order, with any size, replaced any number of times, by a shard that is opened again each time."""
    path, expected = tmp_path_factory.mktemp("shard") / "0", dict[int, bytes]()
    path.write_bytes(blank_index(7))
    for first, frames in writes:
        shard = ShardFile(str(path), 7)
        shard.append(first, frames)
        shard.close()
        expected.update(enumerate(frames, first))
        assert [read_packed(path, 7, place) for place in range(7)] == [expected.get(place) for place in range(7)]


@pytest.mark.parametrize("taken", [1, 3, 5, 9])
def test_a_system_that_takes_the_bytes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    """As near the end of a disk, or when a signal comes."""
    real = os.pwrite
    monkeypatch.setattr(os, "pwritev", lambda fd, parts, at: real(fd, b"".join(map(bytes, parts))[:taken], at))
    monkeypatch.setattr(os, "pwrite", lambda fd, part, at: real(fd, part if at == 0 else part[:2], at))
    shard = make(tmp_path / "0", 3)
    shard.append(0, [b"abc", b"", b"defghi"])
    assert [read_packed(tmp_path / "0", 3, place) for place in range(3)] == [b"abc", b"", b"defghi"]
    shard.close()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that was replaced half is the old one; the next one is written well."""
    shard = make(tmp_path / "0", 2)
    shard.append(0, [b"old"])
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwritev", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        with pytest.raises(OSError, match="full"):
            shard.append(0, [b"new"])
    assert read_packed(tmp_path / "0", 2, 0) == b"old"
    shard.append(1, [b"other"])
    assert [read_packed(tmp_path / "0", 2, place) for place in range(2)] == [b"old", b"other"]
    shard.close()


def test_a_replaced_frame_gives_way_only_to_one_that_is_on_the_medium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a power cut counts: the index may reach the medium before what it points at."""
    calls: list[str] = []
    pwrite, pwritev = os.pwrite, os.pwritev
    shard = make(tmp_path / "0", 2, sync=True)
    monkeypatch.setattr(os, "fsync", lambda _: calls.append("force"))
    monkeypatch.setattr(os, "pwritev", lambda *given: calls.append("frame") or pwritev(*given))
    monkeypatch.setattr(os, "pwrite", lambda *given: calls.append("index") or pwrite(*given))
    shard.append(0, [b"first"])
    shard.append(0, [b"second"])
    assert calls == ["frame", "index", "frame", "force", "index"]
    shard.close()


def test_a_damaged_index_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a reader nor a writer takes it for another one."""
    monkeypatch.setattr(devices.shards, "ATTEMPTS", 2)
    path = tmp_path / "0"
    shard = make(path, 2)
    shard.append(0, [b"abc"])
    shard.close()
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)
    with pytest.raises(FrameWriterError, match=r"0: the shard's index is damaged"):
        read_packed(path, 2, 0)
    with pytest.raises(FrameWriterError, match="damaged"):
        ShardFile(str(path), 2)


def test_a_shard_that_is_cut_off_is_told(tmp_path: Path) -> None:
    """The bytes of a frame are all there, or it is no frame."""
    shard = make(tmp_path / "0", 2)
    shard.append(0, [b"abcdef"])
    os.truncate(tmp_path / "0", PAGE + 4)
    with pytest.raises(FrameWriterError, match="ends within a frame"):
        read_packed(tmp_path / "0", 2, 0)
    shard.close()


def test_reading_while_it_is_written(tmp_path: Path) -> None:
    """A reader finds an old index or a new one, never a wrong frame."""
    path = tmp_path / "0"
    shard = make(path, MOST_FRAMES)
    stop, seen = threading.Event(), list[int]()

    def read() -> None:
        while not stop.is_set():
            for place in (0, MOST_FRAMES - 1):
                content = read_packed(path, MOST_FRAMES, place)
                if content is not None:
                    assert len(set(content)) == 1
                    assert content[0] == place % 251
                    seen.append(place)

    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            read()
        except BaseException as error:
            failures.append(error)

    reader = threading.Thread(target=guarded)
    reader.start()
    for _ in range(5):
        for place in range(MOST_FRAMES):
            shard.append(place, [bytes([place % 251]) * 100])
    while not seen and not failures:
        pass
    stop.set()
    reader.join()
    shard.close()
    assert not failures
