"""When to kill: at a random instant, while a frame is being written, while a suggestion is being computed."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fault_injection.processes import TrialError
from fault_injection.watching import HardwareWatch, JournalWatch

Kind = Literal["random", "frame write", "suggestion"]
POINT = 0.07
"""About how long a point takes, s."""
TIRED = 120.0
"""How long to wait for an instant, s."""


@dataclass(frozen=True)
class Instant:
    """An instant of a scan.

    Attributes:
        kind: what happens at it.
        point: exposures of the campaign that have ended before it.
        delay: time after that exposure for a random instant, or after the event for one in a suggestion, s.
    """

    kind: Kind
    point: int
    delay: float


def draw(kinds: Sequence[Kind], points: int, rng: random.Random) -> list[Instant]:
    """Draw instants of one campaign, uniform over its points, in order and at different points."""
    # The first points of a run tell nothing about suggestions, and its first frame makes the array.
    first = 0 if set(kinds) == {"random"} else 6
    delays = {"random": POINT, "frame write": 0.0, "suggestion": 0.012}
    chosen = sorted(rng.sample(range(first, points - 1), len(kinds)))
    return [Instant(kind, point, rng.uniform(0.0, delays[kind])) for kind, point in zip(kinds, chosen, strict=True)]


class CampaignEnded(Exception):  # noqa: N818 - an event
    """The campaign ended before the instant came."""


class Ambush:
    """Waits for instants of one campaign.

    Args:
        log: of the hardware.
        data: the data folder.
        alive: says whether the campaign still goes on; asked now and then.
    """

    def __init__(self, log: Path, data: Path, alive: Callable[[], bool]) -> None:
        self._hardware, self._journal, self._alive = HardwareWatch(log), JournalWatch(data), alive
        self._begun = 0
        self.begin()

    def begin(self) -> None:
        """Count exposures from now on."""
        self._begun = self._hardware.look().exposures

    def wait(self, instant: Instant, kill: Callable[[], float]) -> tuple[float, bool] | None:
        """Kill at an instant.

        Returns:
            When, s since 1970, and whether what should have been going on was going on; None when the campaign ended
            before.
        """
        try:
            return self._wait(instant, kill)
        except CampaignEnded:
            return None

    def _wait(self, instant: Instant, kill: Callable[[], float]) -> tuple[float, bool]:
        self._reach(instant.point)
        if instant.kind == "random":
            time.sleep(instant.delay)
            return kill(), True
        if instant.kind == "frame write":
            return self._in_frame_write(kill)
        return self._in_suggestion(instant, kill)

    def _reach(self, point: int) -> None:
        """Wait until so many exposures have ended; when that is long ago, for the next one."""
        passed = self._hardware.look().exposures - self._begun
        target = point if passed <= point and not (passed == point > 0) else passed + 1
        self._until(lambda: self._hardware.look().exposures - self._begun >= target)

    def _in_frame_write(self, kill: Callable[[], float]) -> tuple[float, bool]:
        """The shard has just grown: the frame, or a part of it, is there, and neither forced nor told of."""
        journal = self._journal.look()
        if journal.run is None:
            raise TrialError("there is no run")
        folder = os.fspath(journal.run / "primary/detector/c")
        before, alive_at = _size(folder), time.monotonic() + 5.0
        while _size(folder) == before:
            if time.monotonic() > alive_at:
                alive_at += 5.0
                if not self._alive():
                    raise CampaignEnded
        # The exposure before may have been on its way to the journal.
        points = journal.look().points
        when = kill()
        return when, self._journal.look().points <= points

    def _in_suggestion(self, instant: Instant, kill: Callable[[], float]) -> tuple[float, bool]:
        """A point is on record and the next move was not ordered yet."""
        before = self._journal.look().points
        self._until(lambda: self._journal.look().points > before, every=0.001)
        time.sleep(instant.delay)
        when = kill()
        time.sleep(0.05)
        hardware = self._hardware.look()
        return when, hardware.last_move < hardware.last_exposure

    def _until(self, condition: Callable[[], bool], every: float = 0.003) -> None:
        deadline, look = time.monotonic() + TIRED, time.monotonic() + 1.0
        while not condition():
            now = time.monotonic()
            if now > look:
                look = now + 1.0
                if now > deadline:
                    raise TrialError(f"nothing happened for {TIRED:g} s")
                if not self._alive():
                    raise CampaignEnded
            time.sleep(every)


def _size(folder: str) -> int:
    """Size of the newest shard in a folder, bytes; as fast as can be."""
    number, size = 0, 0
    while True:
        try:
            size = os.stat(f"{folder}/{number}/0/0/0").st_size  # noqa: PTH116
        except OSError:
            return size
        number += 1
