"""An engine dies while a motor is on a long way: nobody but its successor stops it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_injection.processes import Bench, wait_for

from simulators.served.log import read_log

pytestmark = pytest.mark.timeout(180)
AXES = {"stage_x": {"low": 10.0, "high": 150.0, "points": 2}, "stage_y": {"low": 0.0, "high": 1.0, "points": 1}}


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A daemon whose motors are slow: 140 µm take 28 s."""
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    bench = Bench(folder, 1, clock="real", speed=5.0, **{"exposure-time": 0.1})
    yield bench
    bench.close()
    shutil.rmtree(folder, ignore_errors=True)


def motions(bench: Bench) -> list[dict[str, Any]]:
    """What the hardware's log says of the first axis."""
    log = read_log(bench.hardware_log)
    return [one for one in log if one["what"] == "motion" and one["device"] == "stage_x"]


def test_the_motor_is_stopped_and_the_shutter_closed(bench: Bench) -> None:
    """It comes to rest far from its target, without having been told by the engine that had sent it there."""
    bench.post("queue", {"plan": "grid_scan", "parameters": {"axes": AXES}})
    bench.post("queue/start")
    wait_for(lambda: any(one.get("target") == 150.0 for one in motions(bench)), "the long move", every=0.1)
    died = bench.kill(bench.pids()["engine"])
    rest = wait_for(lambda: next((one for one in motions(bench) if one["state"] == "stopped"), None), "rest", every=0.1)
    assert rest["time"] > died
    assert rest["position"] < 150.0 - 5.0
    log = read_log(bench.hardware_log)
    sender = next(one for one in log if one["what"] == "command" and one["arguments"] == [150.0])["client"]
    stopped = next(one for one in log if one["what"] == "command" and one["call"] == "stop" and one["time"] > died)
    assert stopped["client"] != sender
    closed = wait_for(
        lambda: [one for one in read_log(bench.hardware_log) if one["what"] == "shutter" and one["time"] > died],
        "the shutter",
        every=0.1,
    )
    assert closed[0]["state"] == "closed"
