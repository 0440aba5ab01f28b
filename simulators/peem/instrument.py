"""The photoemission microscope as ophyd devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from devices.monitor import BeamMonitor
from devices.shutter import Shutter
from devices.stage import Axis
from devices.streaming import StreamingDetector
from simulators.clock import SimulatedClock
from simulators.faults import Fault, check_devices
from simulators.faulty import spoil
from simulators.hardware import SimulatedShutter, SimulatedValue
from simulators.motion import MotionController, SimulatedAxis
from simulators.options import check_options
from simulators.outages import schedule
from simulators.peem.emission import window
from simulators.peem.hardware import ElectronCamera, EnergyScan, GatedMonitor
from simulators.peem.presets import SHAPE, Preset, preset
from simulators.peem.scene import Scene

REACH = 40.0
"""How far the monochromator goes beyond the edge's window on either side, eV."""


class MicroscopeOptions(BaseModel):
    """What can be chosen when a photoemission microscope is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: str = Field("cu", description="edge and sample: cu, mn or ti")
    difficulty: str = Field("default", description="easy, default or hard")
    components: int | tuple[str, ...] = Field(3, description="3 or 4 components, or their names, the substrate last")
    seed: int = Field(0, ge=0, description="which sample of the family, and the seed of all noise")
    clock: str = Field("fastest", description="fastest, real, or x10 for ten times faster than real")
    shape: tuple[int, int] = Field(SHAPE, description="rows and columns of a frame")
    pixel_size: float = Field(0.1, gt=0, description="side of a pixel on the sample, µm")
    dose: float | None = Field(
        None, gt=0, description="electrons per pixel and frame at the reference exposure; none: the preset's"
    )
    exposure_time: float = Field(2.0, gt=0, description="reference exposure, and the camera's at the start, s")
    readout_time: float = Field(0.1, ge=0, description="from the end of an exposure until the frame is there, s")
    drift: float | None = Field(None, ge=0, description="how far the image wanders, pixels; none: the preset's")
    energy_offset: float = Field(0.0, description="true photon energy minus the one read, eV")
    gain: float = Field(1.0, gt=0, description="counts per electron")
    saturation: int = Field(65535, ge=1, le=65535, description="largest value of a pixel, counts")
    speed: float = Field(1.0, gt=0, description="speed of the monochromator, eV/s")
    settling_time: float = Field(0.2, ge=0, description="from arrival until the energy is steady, s")
    beam_lifetime: float = Field(3600.0, gt=0, description="time in which the ring current falls to 1/e, s")
    top_up: float = Field(60.0, gt=0, description="time between refills of the ring, s")
    shutter_open: bool = Field(True, description="whether the shutter is open at the start")
    beam_losses: tuple[tuple[float, float], ...] = Field(
        (), description="when the ring loses its beam, s after the start, and for how long, s; both of wall time"
    )
    faults: tuple[Fault, ...] = Field((), description="what devices do wrong, for trials: see simulators.faults")

    def chosen_preset(self) -> Preset:
        """Return the preset with the conditions that were asked for."""
        names = ("exposure_time", "energy_offset", "gain", "saturation", "beam_lifetime", "top_up", "dose", "drift")
        changes = {name: value for name in names if (value := getattr(self, name)) is not None}
        return preset(self.preset, self.difficulty, self.components, **changes)


def parse_options(**options: Any) -> MicroscopeOptions:
    """Check the options of a microscope.

    Raises:
        SimulatorError: An option is unknown or out of range; names it and says what is allowed.
    """
    return check_options(MicroscopeOptions, "photoemission microscope", options)


def instrument(preset: str = "cu", seed: int = 0, clock: str = "fastest", **options: Any) -> dict[str, Any]:
    """Make the devices of a photoemission microscope with a powder under it.

    Args:
        preset: Edge and sample: ``cu``, ``mn`` or ``ti``.
        seed: Which sample of the family, and the seed of all noise.
        clock: ``fastest``, ``real``, or ``x10`` for ten times faster than real.
        **options: See :class:`MicroscopeOptions`.

    Returns:
        ``energy`` (the monochromator, eV), ``detector``, ``shutter`` and ``monitor``, whose intensity is I0, averaged
        over the camera's last exposure and relative to that at full current in the middle of the edge's window.

    Raises:
        SimulatorError: An option is unknown or out of range.
    """
    chosen = parse_options(preset=preset, seed=seed, clock=clock, **options)
    parts = make_parts(chosen)
    scene, ticking = parts.scan.scene, parts.clock
    i0 = GatedMonitor(scene, parts.energy, parts.camera, chosen.seed)
    backends: dict[str, Any] = {
        "energy": parts.energy,
        "detector": parts.camera,
        "monitor_current": SimulatedValue(ticking, scene.beam.ring_current, "mA", scene.beam.loss),
        "monitor_intensity": SimulatedValue(ticking, i0, "", scene.beam.loss),
    }
    check_devices(chosen.faults, backends)
    backends = {name: spoil(name, backend, chosen.faults, ticking) for name, backend in backends.items()}
    return {
        "energy": Axis(backends["energy"], name="energy"),
        "detector": StreamingDetector(backends["detector"], name="detector"),
        "shutter": Shutter(parts.shutter, name="shutter"),
        "monitor": BeamMonitor(backends["monitor_current"], backends["monitor_intensity"], name="monitor"),
    }


@dataclass(frozen=True, slots=True)
class Parts:
    """The virtual hardware.

    Attributes:
        clock: Of everything.
        energy: The monochromator's axis.
        shutter: In front of the sample.
        scan: What the camera looks at.
        camera: The camera.
    """

    clock: SimulatedClock
    energy: SimulatedAxis
    shutter: SimulatedShutter
    scan: EnergyScan
    camera: ElectronCamera


def make_parts(options: MicroscopeOptions) -> Parts:
    """Make all virtual hardware, and begin with the losses of the beam that were asked for."""
    chosen = options.chosen_preset()
    clock = SimulatedClock.from_name(options.clock)
    low, high = window(chosen.conditions.edge)
    energy = SimulatedAxis(
        MotionController(clock),
        "energy",
        limits=(low - REACH, high + REACH),
        speed=options.speed,
        units="eV",
        settling_time=options.settling_time,
        position=low,
    )
    shutter = SimulatedShutter(clock, options.shutter_open)
    sample = chosen.sample(options.shape, options.seed)
    scan = EnergyScan(Scene.draw(sample, chosen.conditions, options.seed, clock.time()), energy, shutter)
    camera = ElectronCamera(
        clock, scan, pixel_size=options.pixel_size, seed=options.seed, readout_time=options.readout_time
    )
    schedule(scan.scene.beam.loss, options.beam_losses)
    return Parts(clock, energy, shutter, scan, camera)
