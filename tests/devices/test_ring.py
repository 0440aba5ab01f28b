"""Frames in shared memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import devices.ring
from devices.errors import FrameWriterError
from devices.ring import PREFIX, FrameRing, RingReader, sweep_rings


@pytest.fixture
def ring() -> Iterator[FrameRing]:
    """Give a ring of four slots."""
    ring = FrameRing.create((3, 5), np.dtype("<u2"), 4)
    yield ring
    ring.close()


def fill(ring: FrameRing, number: int) -> None:
    """Publish a frame that holds its number."""
    ring.claim(number)[...] = number % 2**16
    ring.publish(number, 100.0 + number)


def test_frames_are_found_by_number_until_their_slot_is_taken(ring: FrameRing) -> None:
    """With the time at which they were taken."""
    assert ring.copy(0) is None
    for number in range(6):
        fill(ring, number)
    assert [ring.copy(number) is None for number in range(7)] == [True, True, False, False, False, False, True]
    found = ring.copy(4)
    assert found is not None
    assert found[1] == 104.0
    np.testing.assert_array_equal(found[0], np.full((3, 5), 4))
    ring.claim(6)
    assert ring.copy(2) is None
    assert ring.published == 6


def test_a_reader_that_is_slow_misses_the_oldest(ring: FrameRing) -> None:
    """And knows how many."""
    reader = RingReader(ring)
    assert reader.next(timeout=0.0) is None
    for number in range(3):
        fill(ring, number)
    assert [found[0] for _ in range(3) if (found := reader.next(0.0))] == [0, 1, 2]
    for number in range(3, 10):
        fill(ring, number)
    assert [found[0] for _ in range(9) if (found := reader.next(0.0))] == [7, 8, 9]
    assert reader.dropped == 4


def test_a_viewer_takes_the_newest_alone(ring: FrameRing) -> None:
    """What came before is of no use to it."""
    reader = RingReader(ring)
    for number in range(4):
        fill(ring, number)
    newest = reader.latest()
    assert newest is not None
    assert (newest[0], newest[2], reader.dropped) == (3, 103.0, 3)
    assert reader.latest() is None


def test_a_depth_bounds_how_far_behind_a_reader_may_be(ring: FrameRing) -> None:
    """It is given frames that will stay for a while."""
    reader = RingReader(ring, depth=2)
    for number in range(4):
        fill(ring, number)
    assert [found[0] for _ in range(4) if (found := reader.next(0.0))] == [2, 3]


def test_no_reader_ever_sees_half_of_a_frame(ring: FrameRing) -> None:
    """The camera goes round as fast as it can."""
    reader, stop = RingReader(ring), threading.Event()

    def run() -> None:
        number = 0
        while not stop.is_set():
            fill(ring, number)
            number += 1

    camera = threading.Thread(target=run)
    camera.start()
    out = np.empty((3, 5), "<u2")
    for _ in range(300):
        found = reader.next(5.0, out)
        assert found is not None
        assert (found[1] == found[0] % 2**16).all()
    stop.set()
    camera.join()


def test_another_process_reads_along(ring: FrameRing) -> None:
    """By the path alone; its end leaves the ring where it is."""
    fill(ring, 0)
    code = (
        "import sys; from pathlib import Path; from devices.ring import FrameRing\n"
        "ring = FrameRing.attach(Path(sys.argv[1])); print(ring.published, ring.dtype, ring.copy(0)[0].sum())\n"
        "try: ring.slots[0][...] = 1\nexcept ValueError: print('read-only')"
    )
    fill(ring, 1)
    done = subprocess.run([sys.executable, "-c", code, str(ring.path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "uint16", "0", "read-only"]
    assert (done.stderr, ring.path.exists()) == ("", True)


def test_rings_of_the_dead_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the living are not."""
    monkeypatch.setattr(devices.ring, "_folder", lambda: tmp_path)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f"{PREFIX}{dead.pid}-aa"
    mine, foreign = tmp_path / f"{PREFIX}{os.getpid()}-bb", tmp_path / "something else"
    for path in (left, mine, foreign):
        path.touch()
    assert sweep_rings() == [left]
    assert sorted(tmp_path.iterdir()) == sorted([mine, foreign])


def test_too_little_memory_is_told_when_a_ring_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by a killed process when the last slot is filled; and nothing is left."""
    monkeypatch.setattr(devices.ring, "_folder", lambda: tmp_path)
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(FrameWriterError, match=r"no room for 8 frames, \d+ MiB: .*No space left.*fewer slots"):
        FrameRing.create((512, 512), np.dtype("<u2"), 8)
    assert list(tmp_path.iterdir()) == []


def test_a_ring_that_was_closed_cannot_be_attached() -> None:
    """Who is attached already keeps what is in it."""
    ring = FrameRing.create((2, 2), np.dtype("u1"), 2)
    fill(ring, 0)
    other = FrameRing.attach(ring.path)
    ring.close()
    ring.close()
    with pytest.raises(FrameWriterError, match="not shared any more"):
        FrameRing.attach(ring.path)
    assert other.copy(0) is not None
