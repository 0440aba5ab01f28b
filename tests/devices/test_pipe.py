"""From a camera to the disk."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
import zarr

from devices.arrays import place_array, render_array, set_length
from devices.codecs import CODECS
from devices.errors import CameraOverrunError, FrameWriterError
from devices.frames import FrameLayout, read_frame
from devices.pipe import FramePipe
from devices.ring import FrameRing
from devices.store import FrameStore

LAYOUT = FrameLayout("cam", (4, 6), np.dtype("<u2"))


class HeldStore(FrameStore):
    """Writes when the test says so."""

    def __init__(self, array: Path) -> None:
        super().__init__(array, CODECS["none"], LAYOUT.shard_shape[0], sync=True)
        self.go = threading.Event()
        self.calls: list[str] = []
        self.failure: OSError | None = None

    def write(self, first: int, frames: list[np.ndarray]) -> None:
        """Wait, then write or fail."""
        self.go.wait()
        if self.failure is not None:
            raise self.failure
        self.calls.append(f"write {first}-{first + len(frames)}")
        super().write(first, frames)

    def begin_sync(self) -> Future[None]:
        """Note how many frames will be on the medium when it has ended."""
        last = next((call for call in reversed(self.calls) if call.startswith("write")), "write 0-0")
        self.calls.append(f"sync {last.rpartition('-')[2]}")
        begun = super().begin_sync()
        begun.add_done_callback(lambda _: self.calls.append(self.calls_of("sync")[-1].replace("sync", "forced")))
        return begun

    def calls_of(self, kind: str) -> list[str]:
        """What was called so far, of one kind."""
        return [call for call in self.calls if call.startswith(kind)]


@pytest.fixture
def ring() -> Iterator[FrameRing]:
    """Give a ring of four slots."""
    ring = FrameRing.create(LAYOUT.shape, LAYOUT.dtype, 4)
    yield ring
    ring.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HeldStore]:
    """Give a store that waits."""
    place_array(tmp_path, render_array(LAYOUT, CODECS["none"]))
    store = HeldStore(tmp_path / "cam")
    yield store
    store.close()


def give(pipe: FramePipe, number: int) -> None:
    """Hand over a frame that holds a number."""
    pipe.reserve()[...] = number
    pipe.publish(float(number))


def test_every_frame_arrives_in_its_place(ring: FrameRing, store: HeldStore, tmp_path: Path) -> None:
    """Many times round the ring, from any event on."""
    store.go.set()
    told: list[int] = []
    pipe = FramePipe(ring, store, first=3, on_durable=told.append)
    for number in range(50):
        give(pipe, number)
    pipe.finish()
    assert (pipe.published, pipe.durable, pipe.failure) == (50, 50, None)
    assert told == sorted(told)
    assert told[-1] == 50
    assert pipe.times.tolist() == list(range(50))
    set_length(tmp_path / "cam", 53)
    stored = np.asarray(zarr.open_array(tmp_path / "cam", mode="r"))[:, 0, 0, 0]
    assert stored.tolist() == [0, 0, 0, *range(50)]


def test_a_camera_that_can_wait_waits(ring: FrameRing, store: HeldStore) -> None:
    """Nothing is left out, and it goes on as soon as there is room."""
    pipe = FramePipe(ring, store, wait=30.0)
    for number in range(4):
        give(pipe, number)
    fifth = threading.Thread(target=give, args=(pipe, 4))
    fifth.start()
    fifth.join(0.05)
    assert fifth.is_alive()
    store.go.set()
    fifth.join()
    pipe.finish()
    assert pipe.durable == 5


def test_a_camera_that_cannot_wait_is_told_why(ring: FrameRing, store: HeldStore) -> None:
    """How many frames wait, and what can be done; what was handed over is written all the same."""
    pipe = FramePipe(ring, store, wait=0.0)
    for number in range(4):
        give(pipe, number)
    with pytest.raises(CameraOverrunError, match=r"faster than the disk: 4 frames wait.*0 are on disk.*more slots"):
        pipe.reserve()
    store.go.set()
    pipe.finish()
    assert pipe.durable == 4


def test_a_full_disk_ends_the_stream_with_its_reason(ring: FrameRing, store: HeldStore) -> None:
    """The camera hears of it with its next frame, and whoever waits for the end."""
    pipe, ended = FramePipe(ring, store, wait=30.0), list[Exception | None]()
    for number in range(4):
        give(pipe, number)
    store.failure = OSError(errno.ENOSPC, "No space left on device")
    store.go.set()
    with pytest.raises(FrameWriterError, match=r"could not be written.*No space left"):
        pipe.reserve()
    with pytest.raises(FrameWriterError, match="No space left"):
        pipe.finish()
    pipe.end(ended.append)
    assert ended == [pipe.failure]
    assert pipe.durable == 0


def test_the_end_is_told_when_everything_is_on_disk(ring: FrameRing, store: HeldStore) -> None:
    """By the writing thread; nothing is taken any more."""
    pipe, told, ended = FramePipe(ring, store), threading.Event(), list[tuple[Exception | None, int]]()

    def done(error: Exception | None) -> None:
        ended.append((error, pipe.durable))
        told.set()

    give(pipe, 0)
    pipe.end(done)
    assert not ended
    store.go.set()
    assert told.wait(5.0)
    assert ended == [(None, 1)]
    with pytest.raises(FrameWriterError, match="stream was ended"):
        pipe.reserve()


def test_where_a_power_cut_counts_frames_are_forced_before_they_are_durable(ring: FrameRing, store: HeldStore) -> None:
    """Many at once while they come fast, and those that are left over when time is up or at the end."""
    seen: list[tuple[int, list[str]]] = []
    store.go.set()
    pipe = FramePipe(ring, store, sync=True, on_durable=lambda count: seen.append((count, store.calls_of("forced"))))
    for number in range(300):
        give(pipe, number)
    pipe.finish()
    assert all(f"forced {count}" in forced for count, forced in seen)
    assert seen[-1][0] == 300
    assert len(store.calls_of("sync")) <= 300 // 64 + 20


def test_a_frame_that_nobody_follows_is_forced_soon(ring: FrameRing, store: HeldStore) -> None:
    """A slow camera's frames are announced without waiting for 63 more."""
    store.go.set()
    durable = threading.Event()
    pipe = FramePipe(ring, store, sync=True, on_durable=lambda _: durable.set())
    give(pipe, 0)
    assert durable.wait(5.0)
    pipe.finish()


@pytest.mark.parametrize("codec", ["none", "lz4"])
def test_announced_frames_survive_a_kill(tmp_path: Path, codec: str) -> None:
    """A process that streams is killed at any moment: what it had announced can be read, by us and by zarr."""
    code = f"""
        import itertools, sys
        from pathlib import Path
        import numpy as np
        from devices.arrays import place_array, render_array
        from devices.codecs import CODECS
        from devices.frames import FrameLayout
        from devices.pipe import FramePipe
        from devices.ring import FrameRing
        from devices.store import FrameStore
        layout, folder = FrameLayout("cam", (64, 64), np.dtype("<u2")), Path({str(tmp_path)!r})
        place_array(folder, render_array(layout, CODECS[{codec!r}]))
        store = FrameStore(folder / "cam", CODECS[{codec!r}], layout.shard_shape[0])
        def announce(count): sys.stdout.write(f"{{count}}\\n"); sys.stdout.flush()
        pipe = FramePipe(FrameRing.create(layout.shape, layout.dtype, 8), store, on_durable=announce)
        for number in itertools.count():
            pipe.reserve()[...] = number % 60000
            pipe.publish()
        """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= 600:
                os.kill(child.pid, signal.SIGKILL)
                break
        announced = max(map(int, [line, *(rest for rest in child.stdout if rest.endswith("\n"))]))
    array = tmp_path / "cam"
    for number in range(announced):
        assert (read_frame(array, number) == number % 60000).all()
    set_length(array, announced)
    np.testing.assert_array_equal(zarr.open_array(array, mode="r")[:, 0, 0, 0], np.arange(announced) % 60000)
