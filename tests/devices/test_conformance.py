"""One suite that every device class passes, in front of fakes and in front of a twin."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from bluesky.plan_stubs import trigger_and_read
from bluesky.preprocessors import run_wrapper
from bluesky.protocols import (
    Checkable,
    Configurable,
    HasHints,
    HasName,
    Locatable,
    Movable,
    Readable,
    Stageable,
    Status,
    Stoppable,
    Triggerable,
    WritesExternalAssets,
)
from ophyd.utils.errors import RedundantStaging

from devices.area_detector import AreaDetector
from devices.monitor import BeamMonitor
from devices.point_detector import PointDetector
from devices.scanner import Scanner
from devices.shutter import Shutter
from devices.stage import Axis, Stage
from simulators import stm
from simulators.diffractometer import instrument

EVERY = {HasName, HasHints, Readable, Configurable, Stageable, Triggerable}
MOVES = EVERY | {Movable, Locatable, Checkable}
PROTOCOLS = {
    "axis": MOVES | {Stoppable},
    "stage": EVERY | {Stoppable},
    "shutter": MOVES,
    "monitor": EVERY,
    "diode": EVERY | {Stoppable},
    "detector": EVERY | {Stoppable, WritesExternalAssets},
    "scanner": EVERY | {Stoppable, WritesExternalAssets},
}
"""What bluesky may ask of each device."""


def _fake(kind: str, fakes: SimpleNamespace) -> Any:  # noqa: ANN401
    """Make a device in front of fake back-ends."""
    make: dict[str, Callable[[], Any]] = {
        "axis": lambda: Axis(fakes.axis(), name="axis"),
        "stage": lambda: Stage({"x": fakes.axis(), "y": fakes.axis()}, name="stage"),
        "shutter": lambda: Shutter(fakes.switch(), name="shutter"),
        "monitor": lambda: BeamMonitor(fakes.value(), fakes.value(), name="monitor"),
        "diode": lambda: PointDetector(fakes.counter(at_once=True), name="diode"),
        "detector": lambda: AreaDetector(fakes.camera(), name="detector"),
        "scanner": lambda: Scanner(fakes.controller(), name="scanner"),
    }
    return make[kind]()


@pytest.fixture(
    params=[*(f"fake {kind}" for kind in PROTOCOLS), *(f"twin {kind}" for kind in PROTOCOLS if kind != "diode")]
)
def device(request: pytest.FixtureRequest, fakes: SimpleNamespace) -> SimpleNamespace:
    """Give each device once in front of a fake and, where the twin has one, once in front of the twin."""
    origin, kind = request.param.split()
    if origin == "fake":
        return SimpleNamespace(kind=kind, device=_fake(kind, fakes))
    if kind == "scanner":
        return SimpleNamespace(kind=kind, device=stm.instrument(shape=(16, 20), area=(200.0, 200.0))["detector"])
    twin = instrument()
    twin["axis"] = twin["stage"].x
    return SimpleNamespace(kind=kind, device=twin[kind])


def test_meets_blueskys_protocols(device: SimpleNamespace) -> None:
    """Each protocol that the device claims is checked with isinstance."""
    missing = {protocol for protocol in PROTOCOLS[device.kind] if not isinstance(device.device, protocol)}
    assert not missing


def test_claims_no_protocol_that_would_mislead_bluesky(device: SimpleNamespace) -> None:
    """A device that does not move is not movable; one without frames announces none."""
    for protocol in (Movable, WritesExternalAssets):
        assert isinstance(device.device, protocol) == (protocol in PROTOCOLS[device.kind])


def test_connects(device: SimpleNamespace) -> None:
    """Every device answers ``connect``."""
    device.device.connect(timeout=1.0)


def test_readings_and_descriptions_agree(device: SimpleNamespace) -> None:
    """Same keys in the same order; every key has a source, a type and a shape; numbers have a unit."""
    for read, describe in (("read", "describe"), ("read_configuration", "describe_configuration")):
        readings, descriptions = getattr(device.device, read)(), getattr(device.device, describe)()
        assert list(readings) == list(descriptions)
        for key, description in descriptions.items():
            assert key.startswith(device.device.name)
            assert {"source", "dtype", "shape", "dtype_numpy"} <= set(description)
            assert description["dtype"] == "string" or description["units"]
            assert set(readings[key]) == {"value", "timestamp"}
            assert isinstance(readings[key]["timestamp"], float)


def test_hints_are_among_the_readings(device: SimpleNamespace) -> None:
    """A live plot is not sent after keys that never come."""
    assert set(device.device.hints.get("fields", [])) <= set(device.device.describe())


def test_trigger_gives_a_status(device: SimpleNamespace) -> None:
    """Whatever is triggered can be waited for."""
    status = device.device.trigger()
    assert isinstance(status, Status)
    assert status.success


def test_staging_twice_is_refused_and_unstaging_is_not(device: SimpleNamespace) -> None:
    """Ophyd's rules for staging hold."""
    device.device.stage()
    with pytest.raises(RedundantStaging, match="already staged"):
        device.device.stage()
    device.device.unstage()
    device.device.unstage()


def test_runs_under_a_run_engine(device: SimpleNamespace, bench: SimpleNamespace) -> None:
    """It is triggered and read, and all documents pass event-model's schemas."""
    bench.engine(run_wrapper(trigger_and_read([device.device])))
    (event,), (stop,) = bench.named("event"), bench.named("stop")
    assert set(event["data"]) == set(device.device.read())
    assert stop["exit_status"] == "success"
