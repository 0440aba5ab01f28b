"""A scanning probe microscope in front of a back-end that a test holds in its hands."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bluesky import RunEngine
from bluesky.plans import count

from devices.errors import ExposureInterruptedError
from devices.frames import read_frame
from devices.ring import FrameRing, RingReader
from devices.scanner import ScanBackend, Scanner
from devices.writer import ZarrFrameWriter


@pytest.fixture
def controller(fakes: SimpleNamespace) -> SimpleNamespace:
    """Give a controller whose lines come when the test says so."""
    return fakes.controller(at_once=False)


@pytest.fixture
def scanner(controller: SimpleNamespace) -> Scanner:
    """Give a connected microscope."""
    device = Scanner(controller, name="stm", update=4)
    device.connect()
    return device


def test_the_fake_is_a_controller(controller: SimpleNamespace) -> None:
    """It has all that the protocol asks for."""
    assert isinstance(controller, ScanBackend)


def test_lines_are_counted_while_they_come(scanner: Scanner, controller: SimpleNamespace) -> None:
    """Subscribers hear of each, and the image so far is missing where the probe has not been."""
    heard: list[int] = []
    scanner.lines.subscribe(lambda value, **_: heard.append(value), run=False)
    status = scanner.trigger()
    controller.draw(0, 5)
    partial = scanner.partial
    assert partial is not None
    np.testing.assert_array_equal(partial[:5], controller.frame(0)[:5])
    assert np.isnan(partial[5:]).all()
    assert not status.done
    controller.draw(5, 12)
    status.wait(0)
    assert heard == list(range(13))
    assert scanner.lines.timestamp == 1006.0
    np.testing.assert_array_equal(scanner.partial, scanner.last_frame)


def test_connecting_twice_counts_lines_once(scanner: Scanner, controller: SimpleNamespace) -> None:
    """One listener, however often the device is connected and triggered."""
    scanner.connect()
    scanner.trigger()
    scanner.stop()
    scanner.trigger()
    assert len(controller.watchers) == 1


def test_other_processes_can_look_on(scanner: Scanner, controller: SimpleNamespace) -> None:
    """Every fourth line a new state is in shared memory, and the last when the image is whole."""
    scanner.stage()
    assert scanner.ring is not None
    ring = FrameRing.attach(scanner.ring.path)
    reader = RingReader(ring)
    scanner.trigger()
    controller.draw(0, 3)
    assert reader.latest() is None
    controller.draw(3, 6)
    found = reader.latest()
    assert found is not None
    np.testing.assert_array_equal(np.isfinite(found[1]).all(axis=1), np.arange(12) < 4)
    assert found[2] == 1002.0
    controller.draw(6, 12)
    found = reader.latest()
    assert found is not None
    np.testing.assert_array_equal(found[1], controller.frame(0))
    path = scanner.ring.path
    scanner.unstage()
    assert scanner.ring is None
    assert not path.exists()


def test_a_new_scan_begins_with_an_empty_image(scanner: Scanner, controller: SimpleNamespace) -> None:
    """Nothing of the last one is left in it, also when that was given up."""
    first = scanner.trigger()
    controller.draw(0, 7)
    second = scanner.trigger()
    assert first.success
    assert scanner.lines.get() == 0
    assert scanner.partial is not None
    assert np.isnan(scanner.partial).all()
    controller.draw(0, 12)
    second.wait(0)


def test_a_scan_that_is_stopped_fails_and_keeps_what_there_is(scanner: Scanner, controller: SimpleNamespace) -> None:
    """Its lines can still be looked at."""
    status = scanner.trigger()
    controller.draw(0, 4)
    scanner.stop()
    assert isinstance(status.exception(0), ExposureInterruptedError)
    assert scanner.partial is not None
    assert np.isfinite(scanner.partial).all(axis=1).sum() == 4


def test_lines_before_the_first_scan_are_not_ours(scanner: Scanner, controller: SimpleNamespace) -> None:
    """Somebody scans by hand: nothing happens."""
    controller.draw(0, 3)
    assert scanner.partial is None
    assert scanner.lines.get() == 0


def test_settings_reach_the_controller(scanner: Scanner, controller: SimpleNamespace) -> None:
    """The bias is read with every image, the others once per run."""
    for name, value in (("bias", 1.5), ("setpoint", 50.0), ("nm_per_pixel", 0.2), ("angle", 30.0)):
        getattr(scanner, name).set(value).wait(0)
        assert getattr(controller, name) == value
    assert scanner.read()["stm_bias"]["value"] == 1.5
    assert scanner.describe()["stm_bias"]["units"] == "V"
    configuration = scanner.read_configuration()
    assert {key: entry["value"] for key, entry in configuration.items()} == {
        "stm_exposure_time": 1.0,
        "stm_setpoint": 50.0,
        "stm_nm_per_pixel": 0.2,
        "stm_angle": 30.0,
    }
    scanner.stage()
    np.testing.assert_allclose(scanner.layout.coordinates["stm_x"].values, 0.2 * np.arange(5))
    scanner.unstage()


def test_images_are_written_as_those_of_a_camera(
    engine: RunEngine, controller: SimpleNamespace, tmp_path: Path
) -> None:
    """Whole, before they are announced."""
    controller.at_once = True
    writer = ZarrFrameWriter()
    scanner = Scanner(controller, name="stm", writer=writer)
    scanner.connect()
    names: list[str] = []

    def record(name: str, document: dict[str, Any]) -> None:
        names.append(name)
        if name == "start":
            writer.open_run(tmp_path / "run.zarr")
        if name == "event":
            written = read_frame(tmp_path / "run.zarr/primary/stm", document["seq_num"] - 1)
            np.testing.assert_array_equal(written, controller.frame(document["seq_num"] - 1))
        if name == "stop":
            writer.close_run()

    engine(count([scanner], 3), record)
    assert names.count("event") == names.count("stream_datum") == 3


def test_the_probe_is_drawn_back(scanner: Scanner, controller: SimpleNamespace) -> None:
    """When a scan is stopped and at the end of a run, but not between two scans."""
    scanner.stage()
    scanner.trigger()
    scanner.trigger()
    assert controller.withdrawals == 0
    scanner.stop()
    assert controller.withdrawals == 1
    scanner.unstage()
    assert controller.withdrawals == 2
