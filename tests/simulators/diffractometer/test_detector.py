"""The virtual camera."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from devices.errors import ExposureInterruptedError, OperationError
from devices.protocols import FrameBackend
from simulators.clock import SimulatedClock
from simulators.diffractometer.detector import Sensor, SimulatedCamera
from simulators.diffractometer.pattern import SHAPE


class Flat:
    """A scene that shines evenly, at a position that the test sets."""

    def __init__(self, rate: float = 4.0) -> None:
        self.rate, self.position, self.lit = rate, (0.0, 0.0), True
        self.asked: list[tuple[tuple[float, float], float, float]] = []

    def locate(self, time: float) -> tuple[float, float]:
        """Return the position."""
        return self.position

    def is_lit(self) -> bool:
        """Tell whether there is light."""
        return self.lit

    def photons(self, origin: tuple[float, float], start: float, end: float) -> np.ndarray:
        """Return the rate times the exposure."""
        self.asked.append((origin, start, end))
        return np.full(SHAPE, self.rate * (end - start))


def make_camera(scene: Flat, clock: SimulatedClock | None = None, **options: object) -> SimulatedCamera:
    """Make a camera with an exposure of 10 s."""
    chosen = {
        "seed": 1,
        "exposure_time": 10.0,
        "frame_rate": 50.0,
        "readout_time": 0.25,
        "sensor": Sensor.draw(1),
        **options,
    }
    return SimulatedCamera(clock or SimulatedClock(start=0.0), scene, **chosen)


def take(camera: SimulatedCamera, dark: bool = False) -> np.ndarray:
    """Take one frame."""
    frames: list[np.ndarray] = []

    def done(frame: np.ndarray | None, error: Exception | None) -> None:
        assert error is None
        assert frame is not None
        frames.append(frame)

    camera.expose(done, dark)
    return frames[0]


def test_meets_the_protocol() -> None:
    """A camera device accepts it."""
    assert isinstance(make_camera(Flat()), FrameBackend)


def test_counts_are_poisson() -> None:
    """Mean and variance of the good pixels are what is expected of light and dark counts together."""
    camera = make_camera(Flat(4.0), sensor=Sensor.draw(1, dark_rate=0.5))
    good = ~camera.bad_pixels()
    counts = np.stack([take(camera)[good] for _ in range(20)]).astype(float)
    expected = (4.0 + 0.5) * 10.0
    error = np.sqrt(expected / counts.size)
    assert abs(counts.mean() - expected) < 5 * error
    assert abs(counts.var() / expected - 1.0) < 5 * np.sqrt(2.0 / counts.size)


def test_hot_and_dead_pixels() -> None:
    """Known to the camera, as many as asked for; dead ones never count, hot ones do without light."""
    sensor = Sensor.draw(3, hot=5, dead=7)
    camera = make_camera(Flat(100.0), sensor=sensor)
    light, dark = take(camera), take(camera, dark=True)
    assert (sensor.hot.sum(), sensor.dead.sum(), camera.bad_pixels().sum()) == (5, 7, 12)
    assert light[sensor.dead].max() == 0
    assert dark[sensor.hot].min() > 10 * max(1, dark[~camera.bad_pixels()].max())
    assert take(make_camera(Flat(), sensor=Sensor.draw(3, hot=0, dead=0))).min() > 0


def test_time_of_an_exposure() -> None:
    """Exposure and read-out; the frame rate limits short exposures."""
    clock, scene = SimulatedClock(start=0.0), Flat()
    camera = make_camera(scene, clock)
    take(camera)
    assert clock.time() == pytest.approx(10.25)
    assert scene.asked[0][1:] == (0.0, 10.0)
    camera.exposure_time, camera.readout_time = 0.001, 0.0
    for _ in range(10):
        take(camera)
    starts = [start for _, start, _ in scene.asked[1:]]
    np.testing.assert_allclose(np.diff(starts), 1.0 / 50.0)


def test_dark_frames_have_no_light() -> None:
    """Neither asked for in the dark nor behind a closed shutter does light arrive."""
    scene = Flat(1000.0)
    camera = make_camera(scene)
    good = ~camera.bad_pixels()
    assert take(camera, dark=True)[good].max() < 10
    scene.lit = False
    assert take(camera)[good].max() < 10
    assert scene.asked == []


def test_a_frame_depends_on_where_it_is_taken_and_not_on_what_came_before() -> None:
    """Same seed and position: same counts, in any order of visits; a second visit is another frame."""
    scenes = [Flat(), Flat()]
    cameras = [make_camera(scene) for scene in scenes]
    frames: list[dict[tuple[float, float], np.ndarray]] = [{}, {}]
    positions = [(5.0, 10.0), (5.0, 15.0), (-0.1, 0.0)]
    for scene, camera, taken, order in zip(scenes, cameras, frames, (positions, positions[::-1]), strict=True):
        for position in order:
            scene.position = position
            taken[position] = take(camera)
    for position in positions:
        np.testing.assert_array_equal(frames[0][position], frames[1][position])
    assert not np.array_equal(frames[0][positions[0]], frames[0][positions[1]])
    assert not np.array_equal(take(cameras[0]), frames[0][positions[2]])


def test_dark_frames_do_not_change_the_frames_in_the_light() -> None:
    """Darks taken at a position have noise of their own."""
    plain, with_darks = make_camera(Flat()), make_camera(Flat())
    dark = take(with_darks, dark=True)
    np.testing.assert_array_equal(take(plain), take(with_darks))
    assert dark.sum() > 0


def test_another_seed_has_other_noise() -> None:
    """Noise is drawn from the seed."""
    assert not np.array_equal(take(make_camera(Flat())), take(make_camera(Flat(), seed=2)))


@pytest.mark.parametrize(("dtype", "largest"), [("uint8", 255), ("uint16", 65535)])
def test_saturation(dtype: str, largest: int) -> None:
    """Counts beyond the converter's range stay at its end instead of wrapping."""
    frame = take(make_camera(Flat(1e6), dtype=dtype))
    assert frame.dtype == dtype
    assert np.all(frame[~make_camera(Flat()).bad_pixels()] == largest)


def test_one_exposure_at_a_time_and_abort() -> None:
    """A second is refused while the first goes on; the aborted one fails and leaves the camera free."""
    clock = SimulatedClock(rate=1.0)
    camera, ended = make_camera(Flat(), clock), []
    camera.expose(lambda frame, error: ended.append((frame, error)))
    with pytest.raises(OperationError, match="exposing already"):
        camera.expose(lambda frame, error: ended.append((frame, error)))
    camera.abort()
    camera.abort()
    ((frame, error),) = ended
    assert frame is None
    assert isinstance(error, ExposureInterruptedError)
    camera.exposure_time, camera.readout_time = 0.001, 0.0
    done = threading.Event()
    camera.expose(lambda frame, error: done.set() if error is None else None)
    assert done.wait(10.0)
    clock.close()
