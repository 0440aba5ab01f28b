"""The parts of the virtual microscope that devices talk to: its camera, and a monitor that the camera gates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from devices.protocols import Clock, Coordinate
from simulators.diffractometer.detector import Exposure, Sensor, SimulatedCamera
from simulators.hardware import SimulatedShutter
from simulators.motion import SimulatedAxis
from simulators.peem.scene import Scene
from simulators.peem.stack import NOISE_STREAM

Floats = NDArray[np.float64]


class EnergyScan:
    """A scene whose photon energy an axis sets, behind a shutter: what the camera looks at.

    Args:
        scene: The scene.
        energy: The monochromator's axis, eV.
        shutter: In the beam's way.
    """

    def __init__(self, scene: Scene, energy: SimulatedAxis, shutter: SimulatedShutter) -> None:
        self.scene, self._energy, self._shutter = scene, energy, shutter

    def locate(self, time: float) -> tuple[float, float]:
        """Return the photon energy at a time of the present motion, eV, and 0."""
        return self._energy.sample_position(time), 0.0

    def is_lit(self) -> bool:
        """Tell whether the beam reaches the sample now."""
        return self._shutter.is_open()

    def photons(self, origin: tuple[float, float], start: float, end: float) -> Floats:
        """Return the electrons expected in each pixel during an exposure that began at a photon energy.

        Args:
            origin: Energy at its start, eV, and 0; where the monochromator moves meanwhile, its mean way counts.
            start: Its start, s since 1970.
            end: Its end, s since 1970.

        Returns:
            Expected electrons, shape (y, x).
        """
        energy = 0.5 * (origin[0] + self.locate(end)[0])
        return self.scene.events(energy, start, end)


class ElectronCamera(SimulatedCamera):
    """The camera of the microscope: a ``FrameBackend``.

    As at the diffractometer the noise of a frame depends on the seed, the position (here the photon energy) and on how
    many frames were taken there before.

    Args:
        clock: The instrument's clock.
        scan: What it looks at.
        pixel_size: Side of a pixel on the sample, µm.
        seed: Of the noise.
        readout_time: Time from the end of the exposure until the frame is there, s.
    """

    def __init__(self, clock: Clock, scan: EnergyScan, *, pixel_size: float, seed: int, readout_time: float) -> None:
        camera, exposure_time = scan.scene.camera, scan.scene.conditions.exposure_time
        nothing = np.zeros(camera.dark_rate.shape, bool)
        super().__init__(
            clock,
            scan,
            Sensor(camera.dark_rate, nothing, nothing),
            seed=seed,
            exposure_time=exposure_time,
            frame_rate=1.0 / readout_time if readout_time else np.inf,
            readout_time=readout_time,
            dtype=camera.dtype,
        )
        self._camera, self._pixel_size = camera, pixel_size
        self.shape = scan.scene.view.shape
        self.saturation = float(camera.saturation)
        self.gate = (clock.time(), clock.time())

    def coordinates(self) -> Mapping[str, Coordinate]:
        """Return the position of each row and column on the sample."""
        rows, columns = (self._pixel_size * np.arange(length, dtype=np.float64) for length in self.shape)
        return {"y": Coordinate(rows, "µm", "y"), "x": Coordinate(columns, "µm", "x")}

    def bad_pixels(self) -> NDArray[np.bool_]:
        """Return the pixels known to be hot or dead: there are none."""
        return np.zeros(self.shape, bool)

    def draw(self, exposure: Exposure) -> NDArray[np.unsignedinteger]:
        """Draw the counts of an exposure."""
        self.gate = (exposure.start, exposure.end)
        lit = not exposure.dark and self._scene.is_lit()
        events = np.zeros(self.shape)
        if lit:
            events = self._scene.photons(exposure.origin, exposure.start, exposure.end)
        return self._camera.record(events, exposure.end - exposure.start, self._noise(exposure.origin, lit))


class GatedMonitor:
    """The intensity I0 during the camera's last exposure, as a function of time for a ``SimulatedValue``.

    Args:
        scene: Whose light it sees.
        energy: The monochromator's axis, eV.
        camera: What gates it.
        seed: Of its noise.
    """

    def __init__(self, scene: Scene, energy: SimulatedAxis, camera: ElectronCamera, seed: int) -> None:
        self._scene, self._energy, self._camera, self._seed = scene, energy, camera, seed

    def __call__(self, _: float) -> float:
        """Return the mean intensity, 1 at full current and the window's middle; 0 while the beam is lost."""
        if self._scene.beam.loss.active:
            return 0.0
        start, end = self._camera.gate
        intensity = self._scene.intensity(self._energy.position(), start, end)
        # Keyed by the gate: reading twice between two exposures gives the same.
        rng = np.random.default_rng([self._seed, NOISE_STREAM, 3, round(1e3 * (end - self._scene.beam.start)) % 2**32])
        return intensity * (1.0 + self._scene.conditions.monitor_noise * float(rng.normal()))
