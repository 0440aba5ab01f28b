"""The diffractometer as devices."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from bluesky import RunEngine
from bluesky.plans import list_scan
from bluesky.utils import RunEngineInterrupted
from event_model import DocumentNames, schema_validators

from devices.errors import OutOfLimitsError
from devices.writer import ZarrFrameWriter
from simulators.diffractometer import InstrumentOptions, instrument, scenario
from simulators.diffractometer.landscape import draw_landscape
from simulators.errors import SimulatorError


def frame(devices: dict[str, Any], x: float, y: float) -> np.ndarray:
    """Take a frame at a position."""
    devices["stage"].x.set(x).wait(0)
    devices["stage"].y.set(y).wait(0)
    devices["detector"].trigger().wait(0)
    return devices["detector"].last_frame


def test_names_and_data_keys() -> None:
    """What plans and settings refer to."""
    devices = instrument()
    assert list(devices) == ["stage", "detector", "shutter", "monitor"]
    assert all(device.name == name for name, device in devices.items())
    keys = [key for device in devices.values() for key in device.describe()]
    assert keys == [
        *("stage_x", "stage_y", "detector_total", "detector_max"),
        *("shutter", "monitor_current", "monitor_intensity"),
    ]


def test_a_scan_under_a_run_engine(engine: RunEngine) -> None:
    """Documents pass event-model's schemas; simulated time is recorded and runs ahead of the wall clock."""
    devices, documents = instrument(seed=3), []

    def receive(name: str, document: dict[str, Any]) -> None:
        schema_validators[DocumentNames[name]].validate(document)
        documents.append((name, document))

    stage = devices["stage"]
    detectors = [devices[name] for name in ("detector", "monitor", "shutter")]
    engine(list_scan(detectors, stage.x, [0, 10, 20], stage.y, [5, 5, 150]), receive)
    events = [document for name, document in documents if name == "event"]
    assert [event["data"]["stage_y"] for event in events] == [5.0, 5.0, 150.0]
    times = [event["timestamps"]["detector_total"] for event in events]
    # 10 µm at 10 µm/s, 0.5 s of settling, 10 s of exposure, 0.02 s of read-out; then 145 µm instead.
    np.testing.assert_allclose(np.diff(times), [11.52, 25.02], atol=1e-5)
    assert events[0]["data"]["shutter"] == "open"


def test_the_grid_scan_takes_as_long_as_the_sources() -> None:
    """961 points in about three hours of simulated time."""
    devices = instrument()
    clock = devices["detector"].backend
    begin = clock.time()
    for step in range(20):
        frame(devices, 5.0 * (step + 1), 0.0)
    hours = (clock.time() - begin) / 20 * 961 / 3600
    assert 2.7 < hours < 3.3


def test_a_seed_is_an_experiment() -> None:
    """Same seed: same frames; another seed: another film, sensor and noise."""
    one, same, other = instrument(seed=11), instrument(seed=11), instrument(seed=12)
    np.testing.assert_array_equal(frame(one, 40.0, 60.0), frame(same, 40.0, 60.0))
    assert not np.array_equal(one["detector"].layout.bad_pixels, other["detector"].layout.bad_pixels)
    assert not np.array_equal(frame(one, 5.0, 5.0), frame(other, 5.0, 5.0))


def test_no_device_exposes_the_truth() -> None:
    """Neither readings nor configuration nor metadata carry the landscape."""
    devices = instrument(seed=2)
    maximum = float(scenario.truth(seed=2).values.max())
    for device in devices.values():
        readings = [*device.read().values(), *device.read_configuration().values()]
        assert not any(reading["value"] == maximum for reading in readings)
        assert not any("truth" in name or "landscape" in name for name in dir(device))


@pytest.mark.parametrize("preset", ["smooth", "source"])
def test_truth_is_the_landscape_on_the_sources_grid(preset: str) -> None:
    """31 × 31 positions, 5 µm apart; rows are y."""
    truth = scenario.truth(seed=9, preset=preset)
    x, y = truth.axes["stage_x"], truth.axes["stage_y"]
    assert (len(x), len(y), x[1] - x[0], y[-1]) == (31, 31, 5.0, 150.0)
    assert truth.values.shape == (31, 31)
    assert truth.values[4, 7] == draw_landscape(preset, 9)(x[7], y[4])
    assert 0.0 < truth.noise < 0.1 * np.ptp(truth.values)


def test_flux_and_exposure_scale_the_counts() -> None:
    """Ten times the flux or the exposure: ten times the light."""
    totals = []
    for options in ({"flux": 1e9}, {"flux": 1e10}, {"flux": 1e9, "exposure_time": 100.0}):
        devices = instrument(dark_rate=0.0, hot_pixels=0, fluctuation=0.0, top_up=1e9, beam_lifetime=1e12, **options)
        totals.append(float(frame(devices, 20.0, 20.0).sum()))
    assert totals[1] / totals[0] == pytest.approx(10.0, rel=0.1)
    assert totals[2] / totals[0] == pytest.approx(10.0, rel=0.1)


def test_a_closed_shutter_makes_dark_frames() -> None:
    """Through the devices, as a plan would do it."""
    devices = instrument()
    light = frame(devices, 10.0, 10.0).sum()
    devices["shutter"].set("closed").wait(0)
    dark = frame(devices, 10.0, 10.0)[~devices["detector"].layout.bad_pixels].sum()
    assert dark < 0.05 * light


def test_limits_are_those_of_the_film() -> None:
    """The stage ends where the film does."""
    with pytest.raises(OutOfLimitsError, match="stage_x: 151 µm lies outside its limits, 0 to 150 µm"):
        instrument()["stage"].x.set(151.0)


def test_motion_and_exposure_go_on_at_once_when_the_clock_has_a_rate() -> None:
    """An exposure started during a move ends, and so does the move."""
    devices = instrument(clock="x1000")
    move, exposure = devices["stage"].x.set(100.0), devices["detector"].trigger()
    assert not move.done
    move.wait(10.0)
    exposure.wait(10.0)
    assert clock_thread_ended()


def clock_thread_ended() -> bool:
    """Wait for the clock's thread to end by itself."""
    threads = [thread for thread in threading.enumerate() if thread.name == "simulated-clock"]
    for thread in threads:
        thread.join(10.0)
    return not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("delay", [0.02, 0.05, 0.15])
def test_a_scan_paused_in_a_move_or_an_exposure_goes_on_without_a_trace(
    engine: RunEngine, tmp_path: Path, delay: float
) -> None:
    """The point is measured again: as many events, frames and announcements as points, none twice."""
    devices, documents = instrument(clock="x20", exposure_time=2.0, settling_time=1.0), []
    writer = devices["detector"].writer = ZarrFrameWriter()
    pauses = [threading.Timer(delay, engine.request_pause)]

    def receive(name: str, document: dict[str, Any]) -> None:
        documents.append((name, document))
        if name == "start":
            writer.open_run(tmp_path)
        if name == "event" and pauses:
            pauses.pop().start()
        if name == "stop":
            writer.close_run()

    engine.subscribe(receive)
    stage = devices["stage"]
    with pytest.raises(RunEngineInterrupted):
        engine(list_scan([devices["detector"]], stage.x, [0, 10, 20, 30]))
    engine.resume()
    events = [document for name, document in documents if name == "event"]
    data = [document for name, document in documents if name == "stream_datum"]
    assert [event["data"]["stage_x"] for event in events] == [0.0, 10.0, 20.0, 30.0]
    assert [event["seq_num"] for event in events] == [1, 2, 3, 4]
    assert [datum["indices"]["start"] for datum in data] == [0, 1, 2, 3]
    frames = np.asarray(zarr.open_array(tmp_path / "primary" / "detector", mode="r")[:, 0])
    good = devices["detector"].layout.good_pixels
    assert [int(frame[good].sum()) for frame in frames] == [event["data"]["detector_total"] for event in events]
    assert clock_thread_ended()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "easy"}, "unknown preset 'easy': choose one of smooth, source"),
        ({"flux": -1.0}, "option 'flux'"),
        ({"exposure": 1.0}, "option 'exposure': Extra inputs are not permitted"),
        ({"clock": "slow"}, "unknown clock 'slow'"),
        ({"seed": -1}, "option 'seed'"),
        ({"dtype": "float32"}, "option 'dtype'"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], message: str) -> None:
    """One line that says what to change."""
    with pytest.raises(SimulatorError, match=message):
        instrument(**options)


def test_every_option_is_described_with_its_unit() -> None:
    """What the reference documentation is made from."""
    for name, option in InstrumentOptions.model_fields.items():
        assert option.description, name
    for name in ("flux", "exposure_time", "speed", "settling_time", "backlash", "beam_size", "readout_time"):
        assert "," in (InstrumentOptions.model_fields[name].description or ""), name


def test_the_beam_is_lost_and_comes_back() -> None:
    """The current and the intensity are 0 meanwhile, and no photon reaches the camera."""
    devices = instrument(interlock=True, dark_rate=0.0, hot_pixels=0)
    monitor, detector = devices["monitor"], devices["detector"]
    assert devices["interlock"].permit.get() is True
    heard: list[float] = []
    monitor.current.subscribe(lambda *, value, **_: heard.append(value), run=False)
    outage = monitor.backends["intensity"].outage
    outage.begin()
    assert monitor.intensity.get() == 0.0
    detector.trigger().wait(5)
    assert detector.last_frame is not None
    assert detector.last_frame.sum() == 0
    outage.end()
    detector.trigger().wait(5)
    assert detector.last_frame.sum() > 0
    assert heard[0] == 0.0
    assert heard[1] > 90.0
    with pytest.raises(SimulatorError, match="beam_losses"):
        instrument(beam_losses=[[1.0]])
