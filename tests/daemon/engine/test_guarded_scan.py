"""Whole scans with suspenders: no point lost, none doubled, and the run says what happened."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.engine import Engine
from daemon.errors import InstrumentError
from daemon.runs import Run
from daemon.settings import load_settings

BEAM = {"device": "monitor", "signal": "current", "below": 50, "reason": "beam lost", "close_shutter": True}
HUTCH = {"device": "interlock", "when": False, "settle": 0.2}
SHUTTER = {"device": "shutter", "when": "closed", "reason": "the shutter fell"}


def _open(data: Path, *suspenders: dict[str, Any], clock: str = "x200") -> Engine:
    twin = {
        "factory": "simulators.diffractometer:instrument",
        "options": {"preset": "smooth", "seed": 3, "clock": clock, "interlock": True},
    }
    return Engine(load_settings(data=data, instrument=twin, suspenders=list(suspenders)))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with three suspenders on a quick twin."""
    with _open(tmp_path_factory.mktemp("guarded") / "data", BEAM, HUTCH, SHUTTER) as engine:
        engine.start_plan("grid_scan", {"axes": {"stage_x": {"low": 0.0, "high": 1.0, "points": 1}}}).wait(60)
        yield engine


def _until(condition: Callable[[], object], timeout: float = 20.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.002)


def _grid(points: int, **changes: Any) -> dict[str, Any]:
    return {"axes": {"stage_x": {"low": 0.0, "high": 20.0, "points": points}}, **changes}


def test_the_run_says_why_it_waited_and_for_how_long(guarded: Engine) -> None:
    """The shutter is closed meanwhile, and the status says what the scan waits for."""
    handle = guarded.start_plan("grid_scan", _grid(10))
    run = Run(handle.wait_open(20))
    _until(lambda: run.points >= 2)
    outage = guarded.devices["monitor"].backends["current"].outage
    outage.begin()
    try:
        _until(lambda: guarded.suspended)
        assert guarded.suspended is not None
        assert guarded.suspended.reason == "beam lost"
        assert guarded.paused_by == "suspender"
        _until(lambda: guarded.devices["shutter"].state.get() == "closed")
        time.sleep(0.2)
    finally:
        outage.end()
    result = handle.wait(60)
    assert (result.exit_status, result.points) == ("success", 10)
    assert guarded.suspended is None
    kept = Run(handle.wait_open(1)).attributes["statistics"]
    (one,) = kept["interruptions"]
    assert (one["kind"], one["reason"], one["trips"]) == ("suspender", "beam lost", 1)
    assert kept["seconds_lost"] == one["seconds"] > 0.2


def test_no_point_is_lost_or_doubled_by_many_trips(guarded: Engine) -> None:
    """Trips of 5 ms at random times in an autonomous scan with overlap, and the frames are those of the points."""
    rng, done = random.Random(5), threading.Event()  # noqa: S311 - the times of trips
    outage = guarded.devices["monitor"].backends["current"].outage
    tripped = []

    def trips() -> None:
        while not done.wait(rng.uniform(0.05, 0.3)):
            tripped.append(time.time())
            outage.trip(0.005)

    axis = {"low": 0.0, "high": 150.0, "points": 31}
    scan = {"axes": {"stage_x": axis, "stage_y": axis}, "objective": "detector_total", "points": 10}
    handle = guarded.start_plan(
        "autonomous_scan", scan | {"overlap": True, "dark_frames": 1, "improvement_fraction": None}
    )
    handle.wait_open(20)
    thread = threading.Thread(target=trips)
    thread.start()
    try:
        result = handle.wait(120)
    finally:
        done.set()
        thread.join()
    assert (result.exit_status, result.points, result.stop_reason) == ("success", 10, "all 10 points are measured")
    during = [one for one in tripped if one < result.statistics["interruptions"][-1]["since"] + 0.001]
    assert sum(one["trips"] for one in result.statistics["interruptions"]) >= len(during) > 2
    run = Run(handle.wait_open(1))
    frames, totals = run.frames("detector")[:, 0], run.table()["detector_total"]
    assert len(frames) == len(totals) == 10
    good = guarded.devices["detector"].layout.good_pixels
    assert [int(frame[good].sum()) for frame in frames] == totals.tolist()
    assert totals.min() > 0


def test_dark_frames_do_not_trip_the_shutter_s_suspender(guarded: Engine) -> None:
    """The scan closes it itself; one that falls suspends."""
    handle = guarded.start_plan("grid_scan", _grid(8, dark_frames=2))
    run = Run(handle.wait_open(20))
    _until(lambda: run.points >= 2)
    guarded.devices["shutter"].backend.outage.trip(0.01)
    result = handle.wait(60)
    assert (result.exit_status, result.points) == ("success", 8)
    assert [one["reason"] for one in result.statistics["interruptions"]] == ["the shutter fell"]


def test_a_scan_waits_for_the_beam_before_it_begins(guarded: Engine) -> None:
    """And can be aborted before it has opened a run."""
    outage = guarded.devices["interlock"].backend.outage
    outage.begin()
    try:
        handle = guarded.start_plan("grid_scan", _grid(2))
        _until(lambda: guarded.suspended)
        assert guarded.suspended is not None
        assert guarded.suspended.reason == "interlock is False"
        guarded.abort("no beam today")
        assert handle.wait(20).exit_status != "success"
    finally:
        outage.end()
    assert guarded.start_plan("grid_scan", _grid(2)).wait(60).exit_status == "success"


def test_a_suspender_that_cannot_be_is_refused_at_the_start(tmp_path: Path) -> None:
    """Nothing has moved, and nothing is left running."""
    with pytest.raises(InstrumentError, match=r"suspenders\[0\].signal: monitor has no signal 'flux'"):
        _open(tmp_path / "data", {**BEAM, "signal": "flux"})
