"""Has a scan wait before its disk is full, and go on by itself when there is room again."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bluesky import Msg

from daemon.engine.interruptions import Interruptions, Suspension
from daemon.errors import free_space
from daemon.plans.steps import Messages
from daemon.wording import amount
from devices.area_detector import AreaDetector
from devices.shutter import Shutter

log = logging.getLogger(__name__)

KIND = "disk"
BLOCK = 4096
"""What file systems round a file up to, bytes; a frame takes a file and two folders."""
SCALARS = 16 * 1024
"""What a point takes besides its frames before that has been measured, bytes."""
ENOUGH = 4
"""Points that must fit before a scan that waits goes on."""
PERIOD = 0.25
"""How often a scan that waits looks whether there is room, s."""
MEASURE_EVERY = 10.0
"""How often the growth of the run is measured, s; its folder is looked through for that."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much fits on the disk.

    Attributes:
        free_bytes: free on the disk that holds the data folder, bytes.
        points: points of the present or latest scan that fit and leave what must stay free.
    """

    free_bytes: int
    points: int


class RoomGuard:
    """Knows what a point takes, and has the plan wait before the last one that fits.

    Args:
        data: the data folder.
        least_free: what a scan leaves free, bytes.
        interruptions: keeps what happened.
        run: gives the folder of the run under way.
        free: gives the free bytes of the disk that holds a folder; None where that cannot be told.
    """

    def __init__(
        self,
        data: Path,
        least_free: int,
        interruptions: Interruptions,
        run: Callable[[], Path | None],
        free: Callable[[Path], int | None] = free_space,
    ) -> None:
        self._data, self._least_free, self._interruptions = data, least_free, interruptions
        self._run, self._free = run, free
        self._cameras: list[AreaDetector] = []
        self._shutter: Shutter | None = None
        self._frames, self._other = 0, SCALARS
        self._points, self._measured = 0, 0.0

    def begin(self, cameras: Sequence[AreaDetector], shutter: Shutter | None, frames: int = 1) -> None:
        """Says what the next scan works with, and how many frames each camera takes of a point.

        What was measured of the scan before is forgotten.
        """
        self._cameras, self._shutter = list(cameras), shutter
        self._frames = frames * sum(_frame_bytes(camera) for camera in self._cameras)
        self._other, self._points, self._measured = SCALARS, 0, time.monotonic()

    @property
    def bytes_per_point(self) -> int:
        """What the next point will take: its frames as they will lie on disk, and what else points took so far."""
        return self._frames + self._other

    @property
    def room(self) -> Room | None:
        """How much fits; None where the system does not tell."""
        free = self._free(self._data)
        if free is None:
            return None
        return Room(free, max(0, free - self._least_free) // self.bytes_per_point)

    def before_point(self) -> Messages:
        """Waits until there is room for more than the last point that fits; to be sent right after a checkpoint."""
        self._measure()
        self._points += 1
        room = self.room
        if room is None or room.points > 1:
            return
        yield from self._wait(room)

    def _wait(self, room: Room) -> Messages:
        reason = (
            f"the disk of {self._data} is almost full: {amount(room.free_bytes)} are free, "
            f"{amount(self._least_free)} must stay so, and a point takes {amount(self.bytes_per_point)}"
        )
        log.warning("%s; the scan waits", reason)
        self._interruptions.begin(Suspension(reason, time.time(), KIND))
        try:
            closed = self._shutter is not None and self._shutter.locate()["readback"] == "open"
            if closed:
                yield from self._set_shutter("closed")
            while (found := self.room) is not None and found.points < ENOUGH:
                yield Msg("sleep", None, PERIOD)
            if closed:
                yield from self._set_shutter("open")
            yield Msg("checkpoint")
            log.warning("there is room again; the scan goes on")
        finally:
            self._interruptions.end(KIND)

    def _set_shutter(self, state: str) -> Messages:
        yield Msg("set", self._shutter, state, group="room")
        yield Msg("wait", None, group="room")

    def _measure(self) -> None:
        """Now and then looks how much a point really takes besides its frames; in a fraction of a millisecond."""
        run, now = self._run(), time.monotonic()
        if run is None or not self._points or now - self._measured < MEASURE_EVERY:
            return
        self._measured = now
        written = sum(_allocated(run, {camera.name for camera in self._cameras}))
        self._other = max(SCALARS, written // self._points)


def _frame_bytes(camera: AreaDetector) -> int:
    layout = camera.layout
    pixels = layout.dtype.itemsize * layout.shape[0] * layout.shape[1]
    return -(-pixels // BLOCK) * BLOCK + 2 * BLOCK


def _allocated(folder: Path, left_out: set[str]) -> Iterator[int]:
    """Bytes that each file takes on disk, folders of some names left out."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in left_out:
                yield from _allocated(Path(entry.path), left_out)
        elif not entry.name.startswith("."):  # The recorder's reserve is no growth.
            try:
                yield 512 * entry.stat(follow_symlinks=False).st_blocks
            except OSError:
                continue
