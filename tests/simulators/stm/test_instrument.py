"""The tunnelling microscope as devices."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bluesky import RunEngine
from bluesky.plans import list_scan
from event_model import DocumentNames, schema_validators

from devices.errors import ExposureInterruptedError, OperationError, OutOfLimitsError, WrongFrameError
from devices.protocols import AxisBackend
from devices.scanner import ScanBackend
from simulators.errors import SimulatorError
from simulators.stm import MicroscopeOptions, instrument, scenario

SMALL = (48, 64)


def image(devices: dict[str, Any], x: float, y: float) -> np.ndarray:
    """Take an image of a place."""
    devices["stage"].x.set(x).wait(0)
    devices["stage"].y.set(y).wait(0)
    devices["detector"].trigger().wait(0)
    return devices["detector"].last_frame


def test_names_and_data_keys() -> None:
    """What plans and settings refer to."""
    devices = instrument(shape=SMALL)
    assert list(devices) == ["stage", "detector"]
    keys = [key for device in devices.values() for key in device.describe()]
    assert keys == ["stage_x", "stage_y", "detector_total", "detector_max", "detector_bias"]
    assert isinstance(devices["stage"].x.backend, AxisBackend)
    assert isinstance(devices["detector"].backend, ScanBackend)
    assert devices["stage"].x.egu == "nm"
    assert devices["stage"].y.limits == (0.0, 1000.0)


def test_a_survey_under_a_run_engine(engine: RunEngine) -> None:
    """Documents pass event-model's schemas; the images are those that the survey of that seed would give."""
    devices, documents, images = instrument(seed=3, shape=SMALL), [], []

    def receive(name: str, document: dict[str, Any]) -> None:
        schema_validators[DocumentNames[name]].validate(document)
        documents.append((name, document))
        if name == "event":
            images.append(devices["detector"].last_frame)

    stage = devices["stage"]
    engine(list_scan([devices["detector"]], stage.x, [100.0, 300.0], stage.y, [150.0, 700.0]), receive)
    survey = scenario.survey(3, shape=SMALL)
    for x, y, height in zip([100.0, 300.0], [150.0, 700.0], images, strict=True):
        number = (round(1000 * x), round(1000 * y), 0)
        np.testing.assert_array_equal(height, survey.image(x, y, number, shape=SMALL, bias=-1.0).height)
    events = [document for name, document in documents if name == "event"]
    times = [event["timestamps"]["detector_total"] for event in events]
    assert times[1] - times[0] == pytest.approx(48 * 0.2 + 550.0 / 500.0 + 2.0, abs=0.1)


def test_a_seed_is_a_surface_and_each_image_has_noise_of_its_own() -> None:
    """Same seed: same images in the same places, whatever came before."""
    one, same, other = (instrument(seed=seed, shape=SMALL) for seed in (5, 5, 6))
    first = image(one, 100.0, 100.0)
    image(same, 400.0, 30.0)
    np.testing.assert_array_equal(first, image(same, 100.0, 100.0))
    assert not np.array_equal(first, image(other, 100.0, 100.0))
    assert not np.array_equal(first, image(one, 100.0, 100.0))


def test_images_come_line_by_line() -> None:
    """Each when its time has come; those not yet drawn are missing."""
    devices = instrument(shape=SMALL, clock="x200")
    detector, heard = devices["detector"], []
    detector.connect()
    detector.backend.watch_lines(lambda row, values, at: heard.append((row, values.copy(), at)))
    began = detector.backend.time()
    status = detector.trigger()
    partial = detector.partial
    status.wait(10.0)
    assert np.isnan(partial).any(axis=1).sum() > 10
    assert [row for row, _, _ in heard] == list(range(48))
    np.testing.assert_array_equal(np.array([values for _, values, _ in heard]), detector.last_frame)
    times = np.array([at for _, _, at in heard])
    assert (np.diff(times) > 0).all()
    assert times[0] - began >= 0.2
    assert times[-1] - began >= 48 * 0.2


def test_a_scan_can_be_ended() -> None:
    """Its status fails and says how far it was; the next one is whole."""
    devices = instrument(shape=SMALL, clock="real")
    detector = devices["detector"]
    status = detector.trigger()
    with pytest.raises(OperationError, match="scanning already"):
        detector.backend.expose(lambda frame, error: None)
    detector.stop()
    assert isinstance(status.exception(1.0), ExposureInterruptedError)
    detector.exposure_time.set(0.05).wait(0)
    detector.trigger().wait(10.0)
    assert np.isfinite(detector.last_frame).all()


def test_bias_pixel_and_current_can_be_set() -> None:
    """They change the image as they should."""
    devices = instrument(shape=(96, 96), changes={"coverage": 0.0, "line_noise": 0.0, "wander": 0.0})
    detector = devices["detector"]
    negative = image(devices, 500.0, 500.0)
    detector.bias.set(1.0).wait(0)
    positive = image(devices, 500.0, 500.0)
    assert detector.read()["detector_bias"]["value"] == 1.0
    assert not np.array_equal(negative, positive)
    detector.nm_per_pixel.set(0.3).wait(0)
    detector.stage()
    assert detector.layout.coordinates["detector_x"].values[-1] == pytest.approx(0.3 * 47.5)
    detector.unstage()
    rough = []
    detector.nm_per_pixel.set(0.03).wait(0)
    for current in (2.0, 200.0):
        detector.setpoint.set(current).wait(0)
        rough.append(np.median(np.abs(np.diff(image(devices, 500.0, 500.0), 2, axis=1))))
    assert rough[0] > 1.5 * rough[1]


def test_in_the_dark_there_is_noise_and_nothing_else() -> None:
    """The tip is withdrawn."""
    devices = instrument(shape=(64, 64), changes={"tilt": 0.0, "bow": 0.0, "wander": 0.0, "hum": 0.0})
    light = image(devices, 500.0, 500.0)
    devices["detector"].dark = True
    dark = image(devices, 500.0, 500.0)
    assert np.median(dark.std(axis=1)) < 0.12 < np.median(light.std(axis=1))


def test_axes_know_their_limits() -> None:
    """Those of the area."""
    devices = instrument(area=(300.0, 200.0))
    with pytest.raises(OutOfLimitsError, match=r"stage_y: 250 nm lies outside its limits, 0 to 200 nm"):
        devices["stage"].y.set(250.0)


def test_faults_can_be_scripted() -> None:
    """As at the other twins."""
    devices = instrument(shape=SMALL, faults=[{"device": "detector", "kind": "dtype", "points": [1]}])
    with pytest.raises(WrongFrameError):
        devices["detector"].trigger().wait(0)


def test_the_truth_is_what_an_image_there_holds() -> None:
    """By place, for all clusters and for one kind; and coverage varies, so that there is something to look for."""
    options: dict[str, Any] = {"area": (400.0, 400.0), "shape": (256, 256)}
    whole, single = scenario.truth(2, **options), scenario.truth(2, cluster="Pb1", **options)
    assert list(whole.axes) == ["stage_x", "stage_y"]
    assert whole.values.shape == (31, 31)
    assert (single.values <= whole.values).all()
    row, column = 12, 20
    x, y = whole.axes["stage_x"][column], whole.axes["stage_y"][row]
    found = scenario.survey(2, **options).image(x, y, bias=-1.0)
    assert abs(len(found.labels) - whole.values[row, column]) <= 0.3 * whole.values[row, column] + 3
    inner = whole.values[4:-4, 4:-4]
    assert whole.noise == pytest.approx(np.sqrt(whole.values.mean()))
    assert inner.std() > 0.8 * np.sqrt(inner.mean())


def test_it_is_registered() -> None:
    """Under the name that studies and training ask for."""
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    assert 'stm = "simulators.stm:scenario"' in text
    found = EntryPoint("stm", "simulators.stm:scenario", "beampilot.scenarios").load()
    assert set(found.instrument(shape=SMALL)) == {"stage", "detector"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shapes": (3, 4)}, "option 'shapes'"),
        ({"bias": 7.0}, "option 'bias'"),
        ({"preset": "soft"}, "choose one of default"),
        ({"changes": {"nosie": 1.0}}, "unknown attributes nosie"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], words: str) -> None:
    """With the option's name."""
    with pytest.raises(SimulatorError, match=words):
        instrument(**options)
    with pytest.raises(SimulatorError, match="unknown cluster"):
        scenario.truth(0, cluster="Pb7")


def test_every_option_is_described() -> None:
    """For the reference pages."""
    assert all(field.description for field in MicroscopeOptions.model_fields.values())


def test_the_tip_is_drawn_back_at_the_end() -> None:
    """It is at the surface only while images are taken."""
    detector = instrument(shape=SMALL)["detector"]
    assert detector.backend.withdrawn
    detector.stage()
    detector.trigger().wait(0)
    assert not detector.backend.withdrawn
    detector.unstage()
    assert detector.backend.withdrawn
