"""The devices of a recorded map."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.instrument import load_instrument
from daemon.plans.models import AutonomousScan, GridScan
from daemon.settings import load_settings
from devices.area_detector import AreaDetector
from devices.errors import DeviceError
from devices.point_detector import PointDetector
from simulators.errors import SimulatorError
from simulators.recorded import instrument, scenario

SCALAR = np.random.default_rng(0).normal(size=(6, 8))
PATTERNS = np.random.default_rng(1).poisson(5.0, size=(3, 4, 5, 6)).astype(np.uint16)


def save(folder: Path, values: np.ndarray) -> str:
    """Write a map and return its path."""
    np.save(folder / "map.npy", values)
    return str(folder / "map.npy")


def measure(devices: dict[str, Any], x: float, y: float) -> dict[str, Any]:
    """Move, expose and read."""
    devices["stage"].x.set(x).wait(5)
    devices["stage"].y.set(y).wait(5)
    devices["detector"].trigger().wait(5)
    return {key: reading["value"] for key, reading in devices["detector"].read().items()}


def test_numbers_come_from_a_point_detector(tmp_path: Path) -> None:
    """The value is the one recorded at the nearest position."""
    devices = instrument(save(tmp_path, SCALAR))
    assert isinstance(devices["detector"], PointDetector)
    assert measure(devices, 3.4, 1.6) == {"detector": SCALAR[2, 3]}


def test_linear_interpolation(tmp_path: Path) -> None:
    """Half way between four positions is their mean."""
    devices = instrument(save(tmp_path, SCALAR), interpolation="linear")
    assert measure(devices, 3.5, 1.5)["detector"] == pytest.approx(SCALAR[1:3, 3:5].mean())


def test_patterns_come_from_an_area_detector(tmp_path: Path) -> None:
    """The frame is the one recorded, in its own type, and its sum is read."""
    devices = instrument(save(tmp_path, PATTERNS))
    assert isinstance(devices["detector"], AreaDetector)
    assert measure(devices, 2.0, 1.0)["detector_total"] == PATTERNS[1, 2].sum()
    frame = devices["detector"].last_frame
    np.testing.assert_array_equal(frame, PATTERNS[1, 2])
    assert frame.dtype == np.uint16


def test_spectra_are_frames_of_one_row(tmp_path: Path) -> None:
    """With real numbers, which keep their sum."""
    spectra = np.random.default_rng(2).normal(scale=1e-4, size=(3, 4, 5))
    devices = instrument(save(tmp_path, spectra))
    assert measure(devices, 0.0, 2.0)["detector_total"] == pytest.approx(spectra[2, 0].sum())
    assert devices["detector"].last_frame.shape == (1, 5)


def test_darkness_is_empty(tmp_path: Path) -> None:
    """A closed shutter or a dark frame shows nothing of the map."""
    devices = instrument(save(tmp_path, PATTERNS))
    devices["shutter"].set("closed").wait(5)
    assert measure(devices, 2.0, 1.0)["detector_total"] == 0
    devices["shutter"].set("open").wait(5)
    devices["detector"].dark = True
    assert measure(devices, 2.0, 1.0)["detector_total"] == 0


def test_time_passes_as_motion_and_exposure_take_it(tmp_path: Path) -> None:
    """Seven units at two a second, settling, and the exposure."""
    devices = instrument(save(tmp_path, SCALAR), speed=2.0, settling_time=0.5, exposure_time=3.0)
    start = devices["stage"].backends["x"].time()
    measure(devices, 7.0, 0.0)
    assert devices["stage"].backends["x"].time() - start == pytest.approx(7 / 2 + 0.5 + 3.0, abs=0.6)


def test_an_exposure_can_be_aborted(tmp_path: Path) -> None:
    """In real time: the status fails at once, and the next exposure works."""
    devices = instrument(save(tmp_path, SCALAR), clock="real", exposure_time=60.0)
    detector = devices["detector"]
    status = detector.trigger()
    detector.backend.abort()
    with pytest.raises(DeviceError, match="aborted"):
        status.wait(5)
    detector.backend.exposure_time = 0.01
    detector.trigger().wait(5)
    assert detector.read()["detector"]["value"] == SCALAR[0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"speed": -1}, "speed"), ({"grid": (9, 2)}, "2 to 6"), ({"flux": 1}, "flux"), ({"clock": "slow"}, "slow")],
)
def test_wrong_options_are_named(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    """One line that names the option."""
    with pytest.raises(SimulatorError, match=message):
        instrument(save(tmp_path, SCALAR), **options)


def test_the_truth_is_the_map(tmp_path: Path) -> None:
    """At every position of the grid the devices read what the truth says."""
    path = save(tmp_path, SCALAR)
    truth = scenario.truth(seed=3, path=path, grid=(3, 4))
    devices = scenario.instrument(seed=3, path=path, grid=(3, 4))
    for row, y in enumerate(truth.axes["stage_y"]):
        for column, x in enumerate(truth.axes["stage_x"]):
            assert measure(devices, x, y)["detector"] == truth.values[row, column]


def test_the_truth_of_patterns_is_a_component(tmp_path: Path) -> None:
    """Two spectra mixed from left to right: the weight of the anchored one rises with x."""
    fraction = np.linspace(0, 1, 8)
    spectra = np.array([1000.0, 0, 0, 0]) + np.outer(fraction, [-1000.0, 0, 0, 500.0])
    path = save(tmp_path, np.tile(spectra, (6, 1, 1)))
    unmixing = {"n_components": 2, "anchors": [(0, 2), (2, 4)]}
    truth = scenario.truth(path=path, component=1, unmixing=unmixing)
    np.testing.assert_allclose(truth.values, np.tile(500 * fraction, (6, 1)), atol=10.0)
    with pytest.raises(SimulatorError, match="no components"):
        scenario.truth(path=save(tmp_path, SCALAR), component=1)


@pytest.mark.parametrize("name", ["recorded-amplitude.toml", "recorded-loops.toml"])
def test_example_settings(name: str, project_root: Path, real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples load, their plans are valid, and their axes lie within the limits of their devices."""
    monkeypatch.setenv("BEAMPILOT_REAL_DATA", str(real_data))
    file = project_root / "docs" / "examples" / name
    settings = load_settings(file)
    devices = load_instrument(settings.instrument)
    AutonomousScan(**settings.plans["autonomous_scan"])
    GridScan(**settings.plans["grid_scan"])
    for key, range_ in tomllib.loads(file.read_text())["plans"]["autonomous_scan"]["axes"].items():
        axis = getattr(devices["stage"], key.removeprefix("stage_"))
        for end in ("low", "high"):
            axis.check_value(range_[end])


def test_the_real_amplitude_map(real_data: Path) -> None:
    """64 × 64 of 256 × 256 positions; two of them lie within 2 % of the range below the maximum."""
    path = str(real_data / "pto-piezoresponse-256x256.h5")
    truth = scenario.truth(path=path, dataset="Channel_1", grid=(64, 64))
    assert truth.values.shape == (64, 64)
    assert (truth.values >= truth.values.max() - 0.02 * np.ptp(truth.values)).sum() == 2
    np.testing.assert_allclose(truth.axes["stage_x"], np.arange(64) * 4 / 255, atol=1e-12)
    devices = scenario.instrument(path=path, dataset="Channel_1", grid=(64, 64))
    row, column = np.unravel_index(truth.values.argmax(), truth.values.shape)
    at = truth.axes["stage_x"][column], truth.axes["stage_y"][row]
    assert measure(devices, *at)["detector"] == truth.values.max()
    assert devices["detector"].describe()["detector"]["units"] == "pm"
