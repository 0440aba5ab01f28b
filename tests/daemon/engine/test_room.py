"""A scan waits before its disk is full, says so, and goes on by itself."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.engine import Engine
from daemon.engine.interruptions import Interruptions
from daemon.engine.room import ENOUGH, SCALARS, Room, RoomGuard
from daemon.runs import Run
from daemon.settings import load_settings
from simulators.diffractometer import instrument

GRID = {"axes": {"stage_x": {"low": 0.0, "high": 150.0, "points": 8}}, "dark_frames": 0}


class Disk:
    """A disk that the test fills and empties."""

    def __init__(self, free: int) -> None:
        self.free = free

    def __call__(self, _: Path) -> int | None:
        """Free bytes."""
        return self.free


def _until(condition: Callable[[], object], timeout: float = 20.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.005)


@pytest.fixture
def twin() -> dict[str, Any]:
    """The devices of a diffractometer."""
    return instrument()


def test_room_is_counted_in_points(tmp_path: Path, twin: dict[str, Any]) -> None:
    """By the size of the frames and what else a point takes; never below zero."""
    disk = Disk(10**6)
    guard = RoomGuard(tmp_path, 400_000, Interruptions(), lambda: None, disk)
    guard.begin([], None)
    assert guard.room == Room(10**6, 600_000 // SCALARS)
    guard.begin([twin["detector"]], twin["shutter"])
    rows, columns = twin["detector"].layout.shape
    assert guard.bytes_per_point >= rows * columns * 2 + SCALARS
    disk.free = 100
    assert guard.room == Room(100, 0)
    assert list(RoomGuard(tmp_path, 0, Interruptions(), lambda: None, lambda _: None).before_point()) == []


def test_what_a_point_takes_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal's growth counts, the recorder's reserve does not."""
    monkeypatch.setattr("daemon.engine.room.MEASURE_EVERY", 0.0)
    run = tmp_path / "run.zarr"
    (run / "primary" / "detector").mkdir(parents=True)
    (run / "journal.jsonl").write_bytes(b"x" * 1_000_000)
    (run / ".reserve").write_bytes(b"x" * 1_000_000)
    guard = RoomGuard(tmp_path, 0, Interruptions(), lambda: run, Disk(10**9))
    guard.begin([], None)
    for _ in range(11):
        assert list(guard.before_point()) == []
    assert guard.bytes_per_point == pytest.approx(100_000, rel=0.01)


def test_a_scan_waits_with_the_shutter_closed_until_there_is_room(engine: Engine) -> None:
    """It waits between two points, and goes on when several fit."""
    guard = engine._guards._room
    guard.begin([engine.devices["detector"]], None)
    point, least = guard.bytes_per_point, engine.settings.recorder.least_free
    disk = Disk(least + 100 * point)
    before, guard._free = guard._free, disk
    seen: list[int] = []

    def fill(name: str, document: dict[str, Any]) -> None:
        if name == "event":
            seen.append(document["seq_num"])
            disk.free = least + (1 if len(seen) >= 4 else 100) * point

    token = engine._run_engine.subscribe(fill)
    try:
        handle = engine.start_plan("grid_scan", GRID)
        _until(lambda: engine.paused_by == "disk")
        assert engine.suspended is not None
        assert "almost full" in engine.suspended.reason
        _until(lambda: engine.devices["shutter"].state.get() == "closed")
        room, points = engine.room, Run(handle.wait_open(5)).points
        assert room == Room(disk.free, 1)
        time.sleep(0.3)
        assert Run(handle.wait_open(5)).points == points
        engine._run_engine.unsubscribe(token)
        disk.free = least + (ENOUGH - 1) * point
        time.sleep(0.4)
        assert engine.paused_by == "disk"
        disk.free = least + 100 * point
        result = handle.wait(30)
    finally:
        engine._run_engine.unsubscribe(token)
        guard._free = before
    assert (result.exit_status, result.points) == ("success", 8)
    (one,) = result.statistics["interruptions"]
    assert one["kind"] == "disk"
    assert one["seconds"] > 0.6
    assert engine.paused_by is None


def test_a_scan_that_waits_for_room_can_be_aborted(engine: Engine) -> None:
    """And paused, without being let go by that."""
    guard = engine._guards._room
    before, guard._free = guard._free, Disk(0)
    try:
        handle = engine.start_plan("grid_scan", GRID)
        _until(lambda: engine.paused_by == "disk")
        engine.pause()
        assert engine.paused_by == "operator"
        engine.resume()
        _until(lambda: engine.paused_by == "disk")
        engine.abort("no room")
        result = handle.wait(30)
    finally:
        guard._free = before
    assert (result.exit_status, result.reason) == ("abort", "no room")
    assert [one["kind"] for one in result.statistics["interruptions"]] == ["disk"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB in memory; only root can mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S607


def test_a_real_disk_that_others_fill_up(small_disk: Path) -> None:
    """Not one point is lost or measured twice, and what must stay free stays free."""
    least = 1_000_000
    twin = {"factory": "simulators.diffractometer:instrument", "options": {"clock": "x20"}}
    settings = load_settings(data=small_disk / "data", recorder={"least_free": least}, instrument=twin)
    with Engine(settings) as engine:
        stuff = small_disk / "stuff"
        handle = engine.start_plan("grid_scan", GRID)
        run = handle.wait_open(30)
        free = engine.room.free_bytes if engine.room else 0
        stuff.write_bytes(b"x" * (free - least - 100_000))
        _until(lambda: engine.paused_by == "disk")
        room, points = engine.room, Run(run).points
        assert room is not None
        assert room.free_bytes >= least
        assert points < 8
        stuff.unlink()
        result = handle.wait(60)
    assert (result.exit_status, result.points) == ("success", 8)
    assert Run(run).points == 8
    assert [one["kind"] for one in result.statistics["interruptions"]] == ["disk"]
