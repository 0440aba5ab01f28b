"""Frames of 512 × 512 pixels (16 bits) from a camera into a run's Zarr array, against one plain file of the same bytes.

The camera fills slots of shared memory, a thread writes them; the plain file is written by the camera's own loop, from
the camera's memory. A camera *copies* its frames into the slots, or its hardware writes them there (*in place*), as it
does where the vendor's interface takes buffers: the slots hold the frames already. Both files are forced to the medium
equally: never, once at the end, or every 64 frames. They take turns, and the one that begins changes, after one round
of each that does not count and in which what was written is read back by zarr and compared, frame by frame; before
each round as much again is written and removed, so that the system has memory for its page cache. A ratio is that of
two neighbours, and its median stands in the table. Processor time is that of all threads of ours, per frame. Sparse
frames hold Poisson counts of mean 0.05, noisy ones of mean 20 on an offset of 100.

Run `python -m benchmarks.frame_rate --write`; `--folder` names a folder on the disk to be tried.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zarr
from numpy.typing import NDArray

from benchmarks.report import Report, results
from devices.arrays import place_array, render_array, set_length
from devices.codecs import CODECS, DEFAULT
from devices.frames import FrameLayout
from devices.pipe import SYNC_FRAMES, FramePipe
from devices.ring import FrameRing
from devices.store import FrameStore

LAYOUT = FrameLayout("camera", (512, 512), np.dtype("uint16"))
DIFFERENT = 16
"""Different frames, given in turns: what a camera's own memory holds."""
SLOTS = 64

Frames = list[NDArray[np.uint16]]


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table.

    Attributes:
        durability: ``never``, ``at the end`` or ``every 64``.
        kind: ``noisy`` or ``sparse`` frames.
        codec: How ours are packed.
        least: Ratio to be reached.
        copies: Whether the camera copies its frames into the slots.
    """

    durability: str
    kind: str
    codec: str
    least: float
    copies: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run went: wall time, s; processor time per frame, ms; bytes on disk."""

    seconds: float
    processor: float
    size: int


def noisy() -> Frames:
    """Frames of a camera with an offset and a fair dose."""
    rng = np.random.default_rng(0)
    return [(100 + rng.poisson(20.0, LAYOUT.shape)).astype(np.uint16) for _ in range(DIFFERENT)]


def sparse() -> Frames:
    """Frames of a counting camera that sees few electrons."""
    rng = np.random.default_rng(0)
    return [rng.poisson(0.05, LAYOUT.shape).astype(np.uint16) for _ in range(DIFFERENT)]


def plain(folder: Path, frames: Frames, count: int, durability: str) -> Outcome:
    """Write the frames to one file."""
    path = folder / "plain"
    begin = time.perf_counter()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in range(count):
        os.write(descriptor, frames[number % DIFFERENT].data)
        if durability == "every 64" and number % SYNC_FRAMES == SYNC_FRAMES - 1:
            os.fsync(descriptor)
    if durability != "never":
        os.fsync(descriptor)
    os.close(descriptor)
    seconds = time.perf_counter() - begin
    size = path.stat().st_size
    path.unlink()
    return Outcome(seconds, 0.0, size)


def streamed(ring: FrameRing, codec: str, copies: bool, checked: bool) -> Callable[[Path, Frames, int, str], Outcome]:
    """Return what writes the frames as a run's frames are written, and reads them back where they are checked."""

    def write(folder: Path, frames: Frames, count: int, durability: str) -> Outcome:
        files = render_array(LAYOUT, CODECS[codec])
        # Which of them is taken next is the ring's affair.
        held = {slot.ctypes.data: number % DIFFERENT for number, slot in enumerate(ring.slots)}
        for slot in ring.slots:
            np.copyto(slot, frames[held[slot.ctypes.data]])
        given = []
        begin, used = time.perf_counter(), time.process_time()
        place_array(folder / "primary", files)
        array = folder / "primary" / LAYOUT.key
        store = FrameStore(array, CODECS[codec], LAYOUT.shard_shape[0], sync=durability != "never")
        pipe = FramePipe(ring, store, sync=durability == "every 64")
        for number in range(count):
            slot = pipe.reserve()
            given.append(slot)
            if copies:
                np.copyto(slot, frames[number % DIFFERENT])
            pipe.publish()
        pipe.finish()
        if durability != "never":
            store.sync()
        store.close()
        set_length(array, count)
        seconds, processor = time.perf_counter() - begin, time.process_time() - used
        if checked:
            numbers = range(count) if copies else [held[slot.ctypes.data] for slot in given]
            check(array, [frames[number % DIFFERENT] for number in numbers])
        size = sum(file.stat().st_size for file in array.rglob("*") if file.is_file())
        shutil.rmtree(folder / "primary")
        return Outcome(seconds, 1e3 * processor / count, size)

    return write


def check(array: Path, given: Frames) -> None:
    """Read every frame back with zarr."""
    stored = zarr.open_array(array, mode="r")
    if stored.shape[0] != len(given):
        raise SystemExit(f"{stored.shape[0]} frames on disk, {len(given)} were written")
    for number, frame in enumerate(given):
        if not np.array_equal(np.asarray(stored[number, 0]), frame):
            raise SystemExit(f"frame {number} is not what was written")


def warm(folder: Path, frames: Frames, count: int) -> None:
    """Write as much again and remove it."""
    plain(folder, frames, 2 * count, "never")


def measure(case: Case, folder: Path, ring: FrameRing, count: int, rounds: int) -> tuple[object, ...]:
    """Let both take turns; return a row of the table."""
    frames = {"noisy": noisy, "sparse": sparse}[case.kind]()
    pairs = []
    for number in range(rounds + 1):
        ours = streamed(ring, case.codec, case.copies, checked=number == 0)
        warm(folder, frames, count)
        turns = (plain, ours) if number % 2 else (ours, plain)
        done = {turn: turn(folder, frames, count, case.durability) for turn in turns}
        pairs += [(done[plain], done[ours])] if number else []
    ratio = statistics.median(one.seconds / other.seconds for one, other in pairs)
    raw = count * frames[0].nbytes
    rates = [raw / 1e6 / statistics.median(pair[side].seconds for pair in pairs) for side in (0, 1)]
    processor = statistics.median(pair[1].processor for pair in pairs)
    return (
        case.durability,
        case.kind,
        "copies" if case.copies else "in place",
        case.codec,
        f"{rates[0]:.0f}",
        f"{rates[1]:.0f}",
        f"{ratio:.2f}",
        f"≥ {case.least}" if case.least else "",
        f"{processor:.3f}",
        f"{pairs[-1][1].size / raw:.1%}",
    )


CASES = [
    *(
        Case(durability, "noisy", "none", least, copies)
        for durability, least in (("never", 0.9), ("at the end", 0.9), ("every 64", 0.8))
        for copies in (False, True)
    ),
    Case("never", "sparse", DEFAULT, 0.5),
    Case("at the end", "sparse", DEFAULT, 0.5),
    Case("never", "noisy", DEFAULT, 0.0),
    Case("at the end", "noisy", DEFAULT, 0.0),
]


HEADS = (
    "fsync",
    "frames",
    "camera",
    "codec",
    "plain file, MB/s",
    "Zarr, MB/s",
    "ratio",
    "wanted",
    "processor, ms",
    "size",
)


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description="Compare the rate of frames into Zarr with that of a plain file.")
    parser.add_argument("--frames", type=int, default=1024, help="frames in a run")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each that count")
    parser.add_argument(
        "--folder", type=Path, default=None, help="on the disk to be tried; default: the working folder"
    )
    parser.add_argument("--write", action="store_true", help="keep the table for the documentation")
    chosen = parser.parse_args()
    report, ring = Report(), FrameRing.create(LAYOUT.shape, LAYOUT.dtype, SLOTS)
    try:
        with tempfile.TemporaryDirectory(dir=chosen.folder or Path.cwd()) as folder:
            rows = [measure(case, Path(folder), ring, chosen.frames, chosen.rounds) for case in CASES]
    finally:
        ring.close()
    report.table(HEADS, rows)
    report.finish(results(__file__) if chosen.write else None, frames=chosen.frames, rounds=chosen.rounds)


if __name__ == "__main__":
    main()
