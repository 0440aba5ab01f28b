"""What reaches the camera: a sample, lit at one photon energy after the other, through the microscope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulators.diffractometer.beam import Beam
from simulators.errors import SimulatorError
from simulators.peem.camera import Camera
from simulators.peem.emission import brightness, emitted, window
from simulators.peem.microscope import Drift, View, illumination
from simulators.peem.sample import Sample

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a stack is measured.

    Attributes:
        edge: ``Cu``, ``Mn`` or ``Ti``.
        dose: Electrons per pixel and frame at full ring current and the reference exposure, mean over the field of
            view and the edge's window.
        exposure_time: The reference exposure, s.
        frame_time: From one frame to the next in a stack, s.
        resolution: Full width of the monochromator's broadening, eV.
        energy_offset: True photon energy minus the one that the monochromator reads, eV.
        transmission: Relative change of the beamline's intensity with energy, 1/eV.
        shading: How much darker the darkest corner is than the brightest spot, 0 to less than 1.
        blur: Standard deviation of the image of a point, pixels.
        drift: Standard deviation of the image's displacement along each axis, pixels.
        drift_time: Correlation time of the drift, s.
        dark_rate: Events in a pixel without light, 1/s.
        gain: Counts per event.
        saturation: Largest value of a pixel, counts.
        beam_lifetime: Time in which the ring current falls to 1/e, s.
        top_up: Time between refills of the ring, s.
        fluctuation: Relative slow fluctuation of the intensity.
        monitor_noise: Relative standard deviation of a reading of I0.
    """

    edge: str = "Cu"
    dose: float = 100.0
    exposure_time: float = 2.0
    frame_time: float = 2.5
    resolution: float = 0.3
    energy_offset: float = 0.0
    transmission: float = -0.01
    shading: float = 0.4
    blur: float = 0.8
    drift: float = 1.0
    drift_time: float = 200.0
    dark_rate: float = 0.5
    gain: float = 1.0
    saturation: int = 65535
    beam_lifetime: float = 3600.0
    top_up: float = 60.0
    fluctuation: float = 0.005
    monitor_noise: float = 1e-3

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            SimulatorError: One is out of range; names it.
        """
        for name in ("dose", "exposure_time", "frame_time", "drift_time", "beam_lifetime", "top_up"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise SimulatorError(f"{name} is a positive number, not {getattr(self, name)!r}")
        for name in ("resolution", "blur", "drift", "dark_rate", "fluctuation", "monitor_noise"):
            if not 0.0 <= getattr(self, name) < float("inf"):
                raise SimulatorError(f"{name} is 0 or more, not {getattr(self, name)!r}")

    @property
    def margin(self) -> int:
        """Pixels beyond the field of view that the drift may bring into it."""
        return int(np.ceil(Drift.bound(self.drift)))


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything between the storage ring and the camera.

    Attributes:
        conditions: How it is measured.
        components: Names of the sample's components.
        view: The components' images.
        light: Illumination, mean 1, shape (y, x).
        drift: The image's displacement as a function of time since the start.
        beam: The beam, of intensity 1 at full ring current.
        camera: The camera.
    """

    conditions: Conditions
    components: tuple[str, ...]
    view: View
    light: Floats
    drift: Drift
    beam: Beam
    camera: Camera

    @classmethod
    def draw(cls, sample: Sample, conditions: Conditions, seed: int, start: float = 0.0) -> Scene:
        """Set up a sample under the microscope.

        Args:
            sample: The sample; where it has too little margin for the drift, its outermost pixels are repeated.
            conditions: How it is measured.
            seed: Of illumination, drift, beam and camera.
            start: When the beam was last refilled and the drift began, s.
        """
        c = conditions
        emitted(c.edge, sample.components, np.array(window(c.edge)))  # refuses components of another edge
        emission = sample.abundances * brightness(sample.components)[:, None, None]
        # Abundances are fractions of the electrons, so brightness scales a pixel and not its composition.
        images = sample.abundances * (emission.sum(axis=0) * sample.thickness)
        view = View.through(images, sample.margin, c.blur, c.margin)
        light = illumination(sample.shape, c.shading, seed)
        beam = Beam.draw(seed, 1.0, start, lifetime=c.beam_lifetime, top_up=c.top_up, fluctuation=c.fluctuation)
        camera = Camera.draw(sample.shape, seed, dark_rate=c.dark_rate, gain=c.gain, saturation=c.saturation)
        return cls(c, sample.components, view, light, Drift.draw(seed, c.drift, c.drift_time), beam, camera)

    @property
    def abundances(self) -> Floats:
        """Fraction of each component in the electrons of a pixel, before any drift, shape (component, y, x)."""
        return self.view.images / self.view.images.sum(axis=0)

    def spectra(self, energies: ArrayLike) -> Floats:
        """Return what pure components emit at energies that the monochromator reads, shape (component, energy)."""
        true = np.atleast_1d(np.asarray(energies, float)) + self.conditions.energy_offset
        return emitted(self.conditions.edge, self.components, true, self.conditions.resolution)

    def intensity(self, energy: float, start: float, end: float) -> float:
        """Return I0, the mean intensity on the sample between two times, 1 at full current and the window's middle."""
        middle = float(np.mean(window(self.conditions.edge)))
        beam = np.mean([self.beam.intensity(time) for time in np.linspace(start, end, 9)])
        return float(beam) * max(0.0, 1.0 + self.conditions.transmission * (energy - middle))

    def displacement(self, time: float) -> Floats:
        """Return how far the image has drifted since the start, (y, x), pixels."""
        return self.drift(time - self.beam.start)

    def events(self, energy: float, start: float, end: float) -> Floats:
        """Return the electrons expected in each pixel during an exposure.

        Args:
            energy: Photon energy that the monochromator reads, eV.
            start: Start of the exposure, s.
            end: Its end, s.

        Returns:
            Expected electrons, shape (y, x).
        """
        image = self.view.image(self.spectra(energy)[:, 0], self.displacement(0.5 * (start + end)))
        return self.flat(start, end) * self.intensity(energy, start, end) * image

    def flat(self, start: float, end: float) -> Floats:
        """Return the electrons expected during an exposure where the sample emits 1, at I0 of 1, shape (y, x)."""
        reference = float((self.light * self.view.images.sum(axis=0)).mean())
        return self.light * (self.conditions.dose * (end - start) / self.conditions.exposure_time / reference)
