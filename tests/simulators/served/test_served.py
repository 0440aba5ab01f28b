"""Hardware in a process of its own: driven through ophyd's devices, and left alone by clients that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.errors import MoveInterruptedError, OperationError
from devices.protocols import AxisBackend, FrameBackend, SwitchBackend, ValueBackend, Watchable
from simulators.diffractometer.instrument import InstrumentOptions
from simulators.errors import SimulatorError
from simulators.served import instrument
from simulators.served.backends import ServedAxis, ServedFrames, ServedSwitch, ServedValue
from simulators.served.camera import frames_of_log
from simulators.served.hardware import Hardware
from simulators.served.link import Link
from simulators.served.log import read_log
from simulators.served.service import Service

OPTIONS = InstrumentOptions(clock="x100", seed=5, speed=100.0, exposure_time=1.0, shutter_open=False)
PATIENCE = 20.0


@pytest.fixture
def hardware(tmp_path: Path) -> Iterator[Hardware]:
    """A diffractometer that is served."""
    hardware = Hardware(OPTIONS, tmp_path / "log.jsonl")
    service = Service(tmp_path / "socket", hardware)
    service.start()
    yield hardware
    service.close()
    hardware.close()


@pytest.fixture
def devices(hardware: Hardware, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Its devices, connected."""
    devices = instrument(str(tmp_path / "socket"))
    for device in devices.values():
        device.connect(5.0)
    yield devices
    devices["detector"].backend.link.close()


def entries(hardware: Hardware, what: str, **facts: object) -> list[dict[str, Any]]:
    """What the log has of one kind."""
    return [one for one in hardware.log.since() if one["what"] == what and facts.items() <= one.items()]


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_back_ends_keep_to_the_protocols(hardware: Hardware, tmp_path: Path) -> None:
    """All of them."""
    link = Link(str(tmp_path / "socket"))
    assert isinstance(ServedAxis(link, "stage_x"), AxisBackend)
    assert isinstance(ServedFrames(link, "detector"), FrameBackend)
    assert isinstance(ServedSwitch(link, "shutter"), SwitchBackend)
    assert isinstance(ServedSwitch(link, "shutter"), Watchable)
    assert isinstance(ServedValue(link, "monitor_current"), ValueBackend)
    link.close()


def test_a_scan_of_a_few_points(hardware: Hardware, devices: dict[str, Any]) -> None:
    """Moves, frames, readings and times are the hardware's."""
    devices["shutter"].set("open").wait(PATIENCE)
    for x in (20.0, 20.0, 55.0):
        devices["stage"].x.set(x).wait(PATIENCE)
        devices["detector"].trigger().wait(PATIENCE)
        assert devices["stage"].x.position == x
        assert abs(devices["detector"].read()["detector_total"]["timestamp"] - hardware.clock.time()) < 5.0
    devices["shutter"].set("closed").wait(PATIENCE)
    assert devices["shutter"].read()["shutter"]["value"] == "closed"
    assert devices["monitor"].read()["monitor_current"]["value"] == pytest.approx(100.0, rel=0.01)
    assert devices["stage"].describe()["stage_x"]["units"] == "µm"
    assert [one["state"] for one in entries(hardware, "shutter")] == ["closed", "open", "closed"]
    assert [one["state"] for one in entries(hardware, "motion", device="stage_x")] == ["moving", "arrived"] * 3
    assert len(entries(hardware, "exposure")) == 3


def test_frames_can_be_made_again(hardware: Hardware, devices: dict[str, Any], tmp_path: Path) -> None:
    """From the log's file and the seed: in the light, in the dark, at rest, during a motion, at a position twice."""
    frames = []

    def take() -> None:
        devices["detector"].trigger().wait(PATIENCE)
        frames.append(devices["detector"].last_frame)

    take()
    devices["shutter"].set("open").wait(PATIENCE)
    for x in (40.0, 80.0, 80.0):
        devices["stage"].x.set(x).wait(PATIENCE)
        take()
    devices["detector"].exposure_time.set(0.7).wait(PATIENCE)
    moving = devices["stage"].y.set(150.0)
    take()
    moving.wait(PATIENCE)
    devices["detector"].dark = True
    take()
    log = read_log(tmp_path / "log.jsonl")
    again = list(frames_of_log(log))
    shots = [entry["shot"] for entry, _ in again]
    assert [shot["number"] for shot in shots] == list(range(6))
    assert (shots[4]["way"][0] != shots[4]["way"][-1], shots[4]["lit"], shots[5]["lit"]) == (True, True, False)
    for (_, frame), recorded in zip(again, frames, strict=True):
        np.testing.assert_array_equal(frame, recorded)
    assert frames[1].sum() > 3 * frames[0].sum()


def test_failures_come_through(hardware: Hardware, devices: dict[str, Any]) -> None:
    """With their own types; of moves that are stopped or replaced, and of what cannot be done."""
    stage = devices["stage"]
    move = stage.x.set(150.0)
    stage.x.stop()
    with pytest.raises(MoveInterruptedError, match="on the way to 150"):
        move.wait(PATIENCE)
    assert 0.0 <= stage.x.position < 150.0
    first, second = stage.y.set(150.0), stage.y.set(3.0)
    with pytest.raises(MoveInterruptedError):
        first.wait(PATIENCE)
    second.wait(PATIENCE)
    devices["detector"].backend.expose(lambda *_: None)
    with pytest.raises(OperationError, match="exposing already"):
        devices["detector"].backend.expose(lambda *_: None)
    devices["detector"].backend.abort()
    link = stage.x.backend.link
    for device, call in (("stage_x", "explode"), ("nobody", "facts"), ("", "explode")):
        with pytest.raises(OperationError, match="SimulatorError"):
            link.ask(device, call)


def test_changes_are_told(hardware: Hardware, devices: dict[str, Any], tmp_path: Path) -> None:
    """Also those that another client makes."""
    heard: list[str] = []
    devices["shutter"].state.subscribe(lambda value, **_: heard.append(value), run=False)
    other = Link(str(tmp_path / "socket"))
    other.begin("shutter", "open", ended=lambda *_: None)
    wait_for(lambda: heard == ["open"])
    other.close()


def test_a_client_that_hangs_up_changes_nothing(hardware: Hardware, tmp_path: Path) -> None:
    """Its motor arrives, its shutter stays open, its exposure ends; the next client finds all that."""
    link = Link(str(tmp_path / "socket"))
    link.begin("shutter", "open", ended=lambda *_: None)
    link.begin("stage_x", "move", 90.0, ended=lambda *_: None)
    link.begin("detector", "expose", False, ended=lambda *_: None)
    link.close()
    wait_for(lambda: entries(hardware, "client", state="gone"))
    wait_for(lambda: entries(hardware, "motion", state="arrived") and entries(hardware, "exposure"))
    later = Link(str(tmp_path / "socket"))
    assert later.ask("stage_x", "position") == 90.0
    assert later.ask("shutter", "is_open") is True
    assert later.ask("", "log", 0)[0]["what"] == "began"
    later.close()


def test_a_lost_connection_fails_what_waits_and_can_be_made_again(tmp_path: Path) -> None:
    """When the hardware's process ends and another one takes its place."""
    path, ends = tmp_path / "socket", []
    link = Link(str(path))
    with pytest.raises(ConnectionError, match="no hardware is served"):
        link.connect(1.0)
    for number in range(2):
        hardware = Hardware(OPTIONS, tmp_path / f"{number}.jsonl")
        service = Service(path, hardware)
        service.start()
        link.begin("stage_x", "move", 150.0, ended=lambda _, error: ends.append(error))
        service.close()
        hardware.close()
        wait_for(lambda expected=number + 1: len(ends) == expected)
        assert "is lost" in str(ends[-1])


def test_time_must_go_on(tmp_path: Path) -> None:
    """The clock of no time makes no sense here."""
    with pytest.raises(SimulatorError, match="runs by itself"):
        Hardware(InstrumentOptions(), tmp_path / "log")


def test_as_a_process(tmp_path: Path) -> None:
    """It says when it is ready, outlives a client that is killed, and ends on SIGTERM."""
    command = [sys.executable, "-m", "simulators.served", "--socket", str(tmp_path / "s"), "--clock", "x1000"]
    process = subprocess.Popen(
        [*command, "--seed", "3", "--shutter-open", "false"],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[3],
    )  # fmt: skip
    assert process.stdout is not None
    assert "serving at" in process.stdout.readline()
    link = Link(str(tmp_path / "s"))
    assert link.ask("shutter", "is_open") is False
    link.close()
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
    assert read_log(tmp_path / "s.jsonl")[0]["options"]["seed"] == 3
