"""The photoemission microscope as devices."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bluesky import RunEngine
from bluesky.plans import list_scan
from event_model import DocumentNames, schema_validators

from devices.errors import OutOfLimitsError, SaturatedFrameError
from devices.protocols import AxisBackend, FrameBackend
from simulators.errors import SimulatorError
from simulators.peem import MicroscopeOptions, instrument, scenario

SMALL = (24, 28)


def frame(devices: dict[str, Any], energy: float) -> np.ndarray:
    """Take a frame at a photon energy."""
    devices["energy"].set(energy).wait(0)
    devices["detector"].trigger().wait(0)
    return devices["detector"].last_frame


def test_names_and_data_keys() -> None:
    """What plans and settings refer to."""
    devices = instrument(shape=SMALL)
    assert list(devices) == ["energy", "detector", "shutter", "monitor"]
    assert all(device.name == name for name, device in devices.items())
    keys = [key for device in devices.values() for key in device.describe()]
    assert keys == [
        *("energy", "detector_total", "detector_max"),
        *("shutter", "monitor_current", "monitor_intensity"),
    ]
    assert isinstance(devices["energy"].backend, AxisBackend)
    assert isinstance(devices["detector"].backend, FrameBackend)
    assert devices["energy"].egu == "eV"


def test_a_stack_scan_under_a_run_engine(engine: RunEngine) -> None:
    """Documents pass event-model's schemas, and the spectrum of the field of view is the truth's."""
    devices, documents = instrument(seed=3, shape=SMALL, drift=0.0), []

    def receive(name: str, document: dict[str, Any]) -> None:
        schema_validators[DocumentNames[name]].validate(document)
        documents.append((name, document))

    energies = np.linspace(926.0, 944.0, 19)
    measured = [devices[name] for name in ("detector", "monitor")]
    engine(list_scan(measured, devices["energy"], energies.tolist()), receive)
    events = [document["data"] for name, document in documents if name == "event"]
    totals, i0 = (np.array([event[key] for event in events]) for key in ("detector_total", "monitor_intensity"))
    truth = scenario.truth(3, shape=SMALL)
    expected = np.interp(energies, truth.axes["energy"], truth.values)
    dark = 0.5 * 2.0
    spectrum = (totals / np.prod(SMALL) - dark) / i0
    assert np.corrcoef(spectrum, expected)[0, 1] > 0.99
    np.testing.assert_allclose(spectrum / expected, (spectrum / expected).mean(), rtol=0.02)


def test_a_seed_is_an_experiment() -> None:
    """Same seed: same frames; another seed: another sample and noise."""
    one, same, other = (instrument(seed=seed, shape=SMALL) for seed in (5, 5, 6))
    first = frame(one, 931.5)
    np.testing.assert_array_equal(first, frame(same, 931.5))
    assert not np.array_equal(first, frame(other, 931.5))
    assert not np.array_equal(first, frame(one, 931.5))


def test_exposure_scales_the_counts_and_a_closed_shutter_makes_dark_frames() -> None:
    """Through the devices, as a plan would do it."""
    devices = instrument(shape=SMALL, dose=1000.0)
    light = frame(devices, 940.0).mean()
    devices["detector"].exposure_time.set(4.0).wait(0)
    assert frame(devices, 940.0).mean() / light == pytest.approx(2.0, rel=0.05)
    devices["shutter"].set("closed").wait(0)
    assert frame(devices, 940.0).mean() == pytest.approx(0.5 * 4.0, rel=0.2)
    devices["shutter"].set("open").wait(0)
    devices["detector"].dark = True
    assert frame(devices, 940.0).mean() < 0.01 * light


def test_the_monitor_reads_the_light_of_the_last_exposure() -> None:
    """It follows the frames through decay and top-up, and is 0 while the beam is lost."""
    devices = instrument(shape=SMALL, dose=5000.0, drift=0.0, beam_lifetime=100.0, top_up=30.0)
    light, i0 = [], []
    for _ in range(30):
        light.append(frame(devices, 940.0).mean())
        i0.append(devices["monitor"].intensity.get())
    assert np.ptp(i0) > 0.2
    np.testing.assert_allclose(np.array(light) / i0, np.mean(light) / np.mean(i0), rtol=0.01)
    assert devices["monitor"].intensity.get() == i0[-1]
    loss = devices["monitor"].backends["intensity"].outage
    loss.begin()
    assert devices["monitor"].intensity.get() == 0.0
    assert frame(devices, 940.0).mean() < 10.0
    loss.end()
    assert devices["monitor"].intensity.get() > 0.0


def test_saturation_is_known_to_the_detector() -> None:
    """Below the range of the pixel's type."""
    devices = instrument(shape=SMALL, dose=1000.0, saturation=255)
    assert frame(devices, 931.5).max() == 255
    devices["detector"].saturated_fraction = 0.01
    status = devices["detector"].trigger()
    assert isinstance(status.exception(0), SaturatedFrameError)


def test_the_monochromator_has_limits() -> None:
    """And takes its time: 10 eV at 1 eV/s, 0.2 s of settling, 2 s of exposure, 0.1 s of read-out."""
    devices = instrument("ti", shape=SMALL)
    clock = devices["detector"].backend
    frame(devices, 452.0)
    begin = clock.time()
    frame(devices, 462.0)
    assert clock.time() - begin == pytest.approx(12.3, abs=1e-5)
    with pytest.raises(OutOfLimitsError):
        devices["energy"].set(931.0)


def test_no_device_exposes_the_truth() -> None:
    """Neither a device nor its back-end has an attribute of that name."""
    devices = instrument(shape=SMALL)
    for device in devices.values():
        names = [*dir(device), *device.read(), *device.read_configuration()]
        assert not any(word in name for name in names for word in ("truth", "abundance", "component_map"))


def test_the_scenario_knows_spectra_and_maps(project_root: Path) -> None:
    """It is announced under its name, and its truth is that of the devices' sample."""
    text = (project_root / "pyproject.toml").read_text(encoding="utf-8")
    assert 'peem = "simulators.peem:scenario"' in text
    assert EntryPoint("peem", "simulators.peem:scenario", "beampilot.scenarios").load() is scenario
    truth = scenario.stack_truth(2, shape=SMALL, drift=0.0)
    devices = scenario.instrument(2, shape=SMALL, drift=0.0, dose=1e4)
    counts = frame(devices, 934.2)
    spectra = truth.spectra[:, np.abs(truth.energies - 934.2).argmin()]
    model = np.tensordot(spectra, truth.abundances, axes=1) * truth.emission * truth.illumination
    assert np.corrcoef(counts.ravel(), model.ravel())[0, 1] > 0.99


def test_faults_and_mistakes() -> None:
    """Devices fail where asked to; wrong options are named with what is allowed."""
    failing = instrument(shape=SMALL, faults=[{"device": "detector", "kind": "failure", "points": [1]}])
    assert failing["detector"].trigger().exception(0) is not None
    assert MicroscopeOptions().shape == (512, 600)
    for options, words in (
        ({"preset": "fe"}, "unknown preset"),
        ({"dose": -1.0}, "option 'dose'"),
        ({"shape": (0, 3)}, "at least one pixel"),
        ({"flux": 3.0}, "option 'flux'"),
        ({"faults": [{"device": "stage_x", "kind": "stall", "points": [1]}]}, "there is no 'stage_x'"),
    ):
        with pytest.raises(SimulatorError, match=words):
            instrument(**{"shape": SMALL, **options})
