"""Devices that fail during a scan: tried again within bounds, then named; nothing is doubled, and all ends safe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.engine import Engine
from daemon.engine.handle import PlanHandle
from daemon.errors import DeviceFailed
from daemon.runs import Run
from daemon.settings import Settings, load_settings
from devices.frames import read_frame
from simulators.faults import Fault, Script

QUICK = {"delay": 0.01, "move_timeout": 0.2, "exposure_timeout": 0.2, "stop_timeout": 0.2}
STEADY = {"fluctuation": 0.0, "beam_lifetime": 1e15, "top_up": 1e15, "backlash": 0.0, "flux": 1e9}
LINE = {"axes": {"stage_x": {"low": 10.0, "high": 50.0, "points": 5}}}

Open = Callable[..., Engine]


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine whose devices fail when `_tell` says so, with the same beam for ever."""
    never = [{"device": device, "kind": "failure", "points": [10**9]} for device in ("stage_x", "stage_y", "detector")]
    with Engine(_settings(tmp_path_factory.mktemp("spoiled") / "data", never, {"delay": 0.0})) as engine:
        # What the first run starts (the recorder's thread) lives as long as the engine, not as long as one test.
        engine.start_plan("grid_scan", LINE).wait(50)
        yield engine
        _release(engine)


def _settings(data: Path, faults: list[dict[str, Any]], chosen: dict[str, Any], **options: Any) -> Settings:
    factory = "simulators.diffractometer:instrument"
    instrument = {"factory": factory, "options": {"seed": 3, "faults": faults, **STEADY, **options}}
    return load_settings(data=data, instrument=instrument, faults={**QUICK, **chosen})


def _backends(engine: Engine) -> dict[str, Any]:
    stage = engine.devices["stage"].backends
    return {"stage_x": stage["x"], "stage_y": stage["y"], "detector": engine.devices["detector"].backend}


def _tell(engine: Engine, *faults: dict[str, Any]) -> None:
    """Has the devices of an engine do wrong from now on what is said here, and nothing else."""
    for name, backend in _backends(engine).items():
        backend._script = Script([Fault(**fault) for fault in faults if fault["device"] == name])
        backend.connect(1.0)


def _release(engine: Engine) -> None:
    """Lets calls that hang return, so that no thread is left."""
    for backend in _backends(engine).values():
        if hasattr(backend, "release"):
            backend.release()


@pytest.fixture
def open_engine(tmp_path: Path) -> Iterator[Open]:
    """Opens engines of the test's own: `open_engine(faults, settings of the section faults, **options)`."""
    engines: list[Engine] = []

    def make(faults: list[dict[str, Any]], chosen: dict[str, Any] | None = None, **options: Any) -> Engine:
        engines.append(Engine(_settings(tmp_path / "data", faults, chosen or {}, **options)))
        return engines[-1]

    yield make
    for engine in engines:
        _release(engine)
        engine.close()


def _statistics(handle: PlanHandle) -> list[dict[str, Any]]:
    assert handle.run is not None
    return Run(handle.run).attributes["statistics"]["faults"]


def _fault(device: str, kind: str, **changes: Any) -> dict[str, Any]:
    return {"device": device, "kind": kind, "points": [3], **changes}


KINDS = [
    ("stage_x", "stall", "did not reach 30 µm within 0.2 s"),
    ("stage_x", "failure", "the controller reports a fault"),
    ("stage_x", "disconnect", "the connection was lost"),
    ("detector", "timeout", "was not done with its exposure within 0.2 s"),
    ("detector", "failure", "the controller reports a fault"),
    ("detector", "disconnect", "the connection was lost"),
    ("detector", "nan", "a frame of float64 instead of uint16"),
    ("detector", "shape", "the exposure gave a frame of shape"),
    ("detector", "dtype", "a frame of float32 instead of uint16"),
    ("detector", "saturate", "100.0% of the frame's pixels are saturated"),
]


@pytest.mark.parametrize(("device", "kind", "cause"), KINDS)
def test_a_device_that_recovers_costs_no_point(spoiled: Engine, device: str, kind: str, cause: str) -> None:
    """Two tries fail, the third is good: five points and frames, and the faults are in the run."""
    _tell(spoiled, _fault(device, kind, times=2))
    handle = spoiled.start_plan("grid_scan", LINE)
    result = handle.wait(50)
    assert (result.exit_status, result.points) == ("success", 5)
    run = Run(result.run or Path())
    assert run.table("primary")["stage_x"].tolist() == [10.0, 20.0, 30.0, 40.0, 50.0]
    assert run.frames("detector").shape[0] == 5
    assert [fault["outcome"] for fault in _statistics(handle)] == ["tried again", "recovered"]
    assert {(fault["device"], fault["point"]) for fault in _statistics(handle)} == {(device, 3)}
    assert all(cause in fault["cause"] for fault in _statistics(handle))


@pytest.mark.parametrize(("device", "kind", "cause"), KINDS)
def test_a_device_that_does_not_recover_ends_the_run_by_name(
    spoiled: Engine, device: str, kind: str, cause: str
) -> None:
    """The run is closed as failed and says who and why; the shutter is closed and the motors stand."""
    _tell(spoiled, _fault(device, kind, times=99))
    handle = spoiled.start_plan("grid_scan", LINE)
    with pytest.raises(DeviceFailed) as caught:
        handle.wait(50)
    assert handle.run is not None
    run = Run(handle.run)
    assert run.status == "fail"
    assert (run.stop or {})["reason"] == str(caught.value)
    assert f"{device} failed at point 3: " in str(caught.value)
    assert cause in str(caught.value)
    assert "(3 tries)" in str(caught.value)
    assert len(run.table("primary")["stage_x"]) == 2
    assert [fault["outcome"] for fault in _statistics(handle)] == ["tried again", "tried again", "failed"]
    assert spoiled.devices["shutter"].state.get() == "closed"
    assert not any(axis.moving for axis in spoiled.devices["stage"].axes.values())


@pytest.mark.parametrize(("device", "doing"), [("stage_x", "reach"), ("detector", "exposure")])
def test_a_device_that_does_not_even_stop_does_not_hang_the_engine(open_engine: Open, device: str, doing: str) -> None:
    """It is not tried again; everything else is safe within seconds."""
    engine = open_engine([_fault(device, "hang", times=99)])
    handle = engine.start_plan("grid_scan", LINE)
    with pytest.raises(DeviceFailed, match=f"{device} failed at point 3: .*{doing}.*and it does not stop"):
        handle.wait(40)
    assert engine.devices["shutter"].state.get() == "closed"
    assert _statistics(handle)[-1]["outcome"] == "failed"


def test_a_reading_that_is_not_a_number_is_read_again(open_engine: Open) -> None:
    """The monitor's first reading belongs to the baseline, so its fourth is that of the third point."""
    handle = open_engine([_fault("monitor_current", "nan", points=[4], times=2)]).start_plan("grid_scan", LINE)
    result = handle.wait(30)
    assert np.isfinite(Run(result.run or Path()).table("primary")["monitor_current"]).all()
    assert _statistics(handle)[0] == {
        "device": "monitor",
        "point": 3,
        "cause": "the reading monitor_current is not a number",
        "outcome": "tried again",
    }


@pytest.mark.parametrize(
    ("device", "kind", "use"), [("monitor_current", "nan", 4), ("detector", "saturate", 3)], ids=["nan", "saturated"]
)
def test_what_is_doubtful_may_be_accepted_or_end_the_run(open_engine: Open, device: str, kind: str, use: int) -> None:
    """By settings, each for itself."""
    name = {"saturate": "saturated"}.get(kind, kind)
    faults = [_fault(device, kind, points=[use], times=1)]
    handle = open_engine(faults, {name: "accept"}).start_plan("grid_scan", LINE)
    assert handle.wait(30).points == 5
    assert _statistics(handle) == []
    with pytest.raises(DeviceFailed, match=r"\(1 try\)"):
        open_engine(faults, {name: "fail"}).start_plan("grid_scan", LINE).wait(30)


@pytest.mark.parametrize("act", ["abort", "pause"])
@pytest.mark.parametrize("kind", ["timeout", "failure"])
def test_a_device_that_fails_still_lets_the_operator_in(open_engine: Open, act: str, kind: str) -> None:
    """While it is waited for, and between two tries."""
    slow = {"delay": 4.0, "exposure_timeout": 30.0}
    engine = open_engine([_fault("detector", kind, times=1)], slow)
    handle = engine.start_plan("grid_scan", LINE)
    deadline = time.monotonic() + 20.0
    while engine.devices["detector"].backend._script._use < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    began = time.monotonic()
    if act == "abort":
        engine.abort("enough")
        assert handle.wait(20).exit_status == "abort"
    else:
        engine.pause()
        assert engine.state == "paused"
    assert time.monotonic() - began < 3.0
    if act == "pause":  # What was waited for is asked for again.
        engine.resume()
        result = handle.wait(30)
        assert (result.exit_status, result.points) == ("success", 5)


def test_a_scan_that_decides_for_itself_writes_every_row_once(open_engine: Open) -> None:
    """Rows of earlier points are written while a detector exposes, and survive its failure."""
    faults = [_fault("detector", "failure", points=[2, 4, 5]), _fault("stage_x", "failure", points=[3])]
    parameters = {"objective": "detector_total", "points": 6, "initial_points": 4, "seed": 1, "overlap": False}
    axis = {"low": 0.0, "high": 150.0, "points": 31}
    handle = open_engine(faults).start_plan(
        "autonomous_scan", {"axes": {"stage_x": axis, "stage_y": axis}, **parameters}
    )
    run = Run(handle.wait(50).run or Path())
    assert run.table("suggestions")["agent_point"].tolist() == [1, 2, 3, 4, 5, 6]
    assert len(_statistics(handle)) == 4


def _frames(engine: Engine, faults: list[dict[str, Any]]) -> tuple[list[list[float]], list[np.ndarray]]:
    """What a scan records while devices fail as they are told."""
    camera = engine.devices["detector"].backend
    camera._visits.clear()
    _tell(engine, *faults)
    axes = {"stage_x": {"low": 10.0, "high": 50.0, "points": 3}, "stage_y": {"low": 0.0, "high": 9.0, "points": 2}}
    result = engine.start_plan("grid_scan", {"axes": axes, "dark_frames": 1}).wait(50)
    run = Run(result.run or Path())
    table = run.table("primary")
    rows = [table[key].tolist() for key in ("stage_x", "stage_y", "detector_total")]
    assert run.frames("detector", "darks").shape[0] == 2
    return rows, list(np.asarray(run.frames("detector")))


def _faults() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Up to one fault per device, which it overcomes in time."""
    motion = ["stall", "failure", "disconnect"]
    exposure = ["timeout", "failure", "disconnect", "nan", "shape", "dtype", "saturate"]

    def of(device: str, kinds: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        points = st.integers(1, 8).map(lambda point: (point,))
        parts = {"kind": st.sampled_from(kinds), "points": points, "times": st.integers(1, 2)}
        return st.fixed_dictionaries({"device": st.just(device), **parts})

    devices = [of("stage_x", motion), of("stage_y", motion), of("detector", exposure)]
    return st.lists(st.one_of(devices), max_size=3, unique_by=lambda fault: fault["device"])


@pytest.fixture(scope="module")
def unspoiled(spoiled: Engine) -> tuple[list[list[float]], list[np.ndarray]]:
    """What a scan without faults records."""
    return _frames(spoiled, [])


@settings(max_examples=15, deadline=None)
@given(faults=_faults())
def test_faults_below_the_limit_leave_no_trace_in_what_is_recorded(
    spoiled: Engine, unspoiled: tuple[list[list[float]], list[np.ndarray]], faults: list[dict[str, Any]]
) -> None:
    """The positions, numbers and frames are those of a scan without faults, made again from the same seed."""
    expected, right = unspoiled
    rows, frames = _frames(spoiled, faults)
    assert rows == expected
    assert len(frames) == len(right)
    assert all(np.array_equal(one, other) for one, other in zip(frames, right, strict=True))


def test_what_stays_on_disk_is_the_good_frame(open_engine: Open) -> None:
    """A frame that was refused was never written, and the one after it lies in its place."""
    engine = open_engine([_fault("detector", "saturate", times=2)])
    chunks: list[int] = []
    writer = engine.devices["detector"].writer
    write = writer.write
    writer.write = lambda layout, frame: (chunks.append(int(frame.max())), write(layout, frame))
    result = engine.start_plan("grid_scan", LINE).wait(30)
    assert len(chunks) == 5
    assert max(chunks) < np.iinfo(np.uint16).max
    frame = read_frame((result.run or Path()) / "primary" / "detector", 2)
    assert int(frame.max()) == chunks[2]
