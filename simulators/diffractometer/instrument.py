"""The micro-focus diffractometer as ophyd devices, and as a scenario for studies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from devices.area_detector import AreaDetector
from devices.interlock import Interlock
from devices.monitor import BeamMonitor
from devices.protocols import Clock
from devices.shutter import Shutter
from devices.stage import Stage
from simulators.clock import SimulatedClock
from simulators.diffractometer.beam import Beam
from simulators.diffractometer.detector import Scenery, Sensor, SimulatedCamera
from simulators.diffractometer.film import Film, draw_film
from simulators.diffractometer.landscape import EXTENT, NOISE, PRESETS, draw_landscape
from simulators.diffractometer.scene import Scene
from simulators.errors import SimulatorError
from simulators.faults import Fault, check_devices
from simulators.faulty import spoil
from simulators.hardware import SimulatedShutter, SimulatedValue
from simulators.motion import MotionController, SimulatedAxis
from simulators.options import check_options
from simulators.outages import Outage, schedule
from simulators.scenario import Truth

SceneT = TypeVar("SceneT", bound=Scene)
CameraT = TypeVar("CameraT", bound=SimulatedCamera)

GRID = 31
"""Positions per axis of the source's grid scan."""


FLUX = {"smooth": 6e9, "source": 2e9}
"""Photons at the sample, 1/s, that give a tilted peak about as noisy as the preset's scalar objective."""


class InstrumentOptions(BaseModel):
    """What can be chosen when a diffractometer is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: str = Field("smooth", description="family of films: smooth or source")
    seed: int = Field(0, ge=0, description="which film of the family, and the seed of all noise")
    clock: str = Field("fastest", description="fastest, real, or x10 for ten times faster than real")
    flux: float | None = Field(
        None, ge=0, description="photons at the sample at full ring current, 1/s; none: what suits the preset"
    )
    exposure_time: float = Field(10.0, gt=0, description="time a frame collects light, s")
    frame_rate: float = Field(50.0, gt=0, description="most frames per second, 1/s")
    readout_time: float = Field(0.02, ge=0, description="from the end of an exposure until the frame is there, s")
    speed: float = Field(10.0, gt=0, description="speed of both axes of the stage, µm/s")
    settling_time: float = Field(0.5, ge=0, description="from arrival until an axis is quiet, s")
    backlash: float = Field(0.2, ge=0, description="play between motor and sample, which no encoder sees, µm")
    beam_size: float = Field(1.0, gt=0, description="full width of the beam at half maximum, µm")
    beam_lifetime: float = Field(36000.0, gt=0, description="time in which the ring current falls to 1/e, s")
    top_up: float = Field(300.0, gt=0, description="time between refills of the ring, s")
    fluctuation: float = Field(0.005, ge=0, description="relative slow fluctuation of the intensity")
    dark_rate: float = Field(0.01, ge=0, description="counts of a good pixel without light, 1/s")
    hot_pixels: int = Field(6, ge=0, description="pixels with many dark counts")
    dead_pixels: int = Field(6, ge=0, description="pixels that never count")
    dtype: str = Field("uint16", pattern="^uint(8|16|32)$", description="type of a pixel: uint8, uint16 or uint32")
    shutter_open: bool = Field(True, description="whether the shutter is open at the start")
    interlock: bool = Field(False, description="whether there is an interlock to watch")
    beam_losses: tuple[tuple[float, float], ...] = Field(
        (), description="when the ring loses its beam, s after the start, and for how long, s; both of wall time"
    )
    faults: tuple[Fault, ...] = Field((), description="what devices do wrong, for trials: see simulators.faults")


def parse_options(**options: Any) -> InstrumentOptions:
    """Check the options of a diffractometer.

    Raises:
        SimulatorError: An option is unknown or out of range; names it and says what is allowed.
    """
    parsed = check_options(InstrumentOptions, "diffractometer", options)
    if parsed.preset not in PRESETS:
        raise SimulatorError(f"diffractometer: unknown preset {parsed.preset!r}: choose one of {', '.join(PRESETS)}")
    return parsed


def instrument(preset: str = "smooth", seed: int = 0, clock: str = "fastest", **options: Any) -> dict[str, Any]:
    """Make the devices of a diffractometer with a film on its stage.

    Args:
        preset: Family of films, ``smooth`` or ``source``.
        seed: Which film of the family, and the seed of all noise.
        clock: ``fastest``, ``real``, or ``x10`` for ten times faster than real.
        **options: See :class:`InstrumentOptions`.

    Returns:
        ``stage`` (x and y, 0 to 150 µm), ``detector``, ``shutter`` and ``monitor``; ``interlock`` where asked for.

    Raises:
        SimulatorError: An option is unknown or out of range.
    """
    chosen = parse_options(preset=preset, seed=seed, clock=clock, **options)
    parts = make_parts(chosen)
    ticking, beam = parts.clock, parts.beam
    backends: dict[str, Any] = {
        "stage_x": parts.axes["x"],
        "stage_y": parts.axes["y"],
        "detector": make_camera(ticking, make_scene(parts, chosen), chosen),
        "monitor_current": SimulatedValue(ticking, beam.ring_current, "mA", beam.loss),
        "monitor_intensity": SimulatedValue(ticking, beam.intensity, "1/s", beam.loss),
    }
    check_devices(chosen.faults, backends)
    backends = {name: spoil(name, backend, chosen.faults, ticking) for name, backend in backends.items()}
    devices = {
        "stage": Stage({name: backends[f"stage_{name}"] for name in parts.axes}, name="stage"),
        "detector": AreaDetector(backends["detector"], name="detector"),
        "shutter": Shutter(parts.shutter, name="shutter"),
        "monitor": BeamMonitor(backends["monitor_current"], backends["monitor_intensity"], name="monitor"),
    }
    return devices | ({"interlock": _interlock(ticking)} if chosen.interlock else {})


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands in the beam's way, and what moves it.

    Attributes:
        clock: Of everything.
        axes: Those of the stage, x and y.
        shutter: In front of the sample.
        film: The sample.
        beam: The beam.
    """

    clock: SimulatedClock
    axes: dict[str, SimulatedAxis]
    shutter: SimulatedShutter
    film: Film
    beam: Beam


def make_parts(options: InstrumentOptions) -> Parts:
    """Make all virtual hardware but the camera, and begin with the losses of the beam that were asked for."""
    clock = SimulatedClock.from_name(options.clock)
    controller = MotionController(clock)
    axes = {name: _axis(name, controller, options) for name in ("x", "y")}
    beam = Beam.draw(
        options.seed,
        FLUX[options.preset] if options.flux is None else options.flux,
        clock.time(),
        lifetime=options.beam_lifetime,
        top_up=options.top_up,
        fluctuation=options.fluctuation,
    )
    schedule(beam.loss, options.beam_losses)
    return Parts(
        clock, axes, SimulatedShutter(clock, options.shutter_open), draw_film(options.preset, options.seed), beam
    )


def make_scene(parts: Parts, options: InstrumentOptions, kind: type[SceneT] = Scene) -> SceneT:
    """Make what the camera looks at, of a kind of scene."""
    x, y = parts.axes["x"], parts.axes["y"]
    return kind(parts.film, parts.beam, parts.shutter, x, y, options.beam_size)


def _interlock(clock: SimulatedClock) -> Interlock:
    """Make an interlock that permits to measure until its outage says otherwise."""
    broken = Outage()
    return Interlock(SimulatedValue(clock, lambda _: float(not broken.active), "", broken), name="interlock")


def _axis(name: str, controller: MotionController, options: InstrumentOptions) -> SimulatedAxis:
    """Make one axis of the stage."""
    return SimulatedAxis(
        controller,
        f"stage_{name}",
        limits=(0.0, EXTENT),
        speed=options.speed,
        settling_time=options.settling_time,
        backlash=options.backlash,
    )


def make_camera(
    clock: Clock, scene: Scenery, options: InstrumentOptions, kind: type[CameraT] = SimulatedCamera
) -> CameraT:
    """Make the camera, of a kind of camera."""
    return kind(
        clock,
        scene,
        Sensor.draw(options.seed, options.dark_rate, options.hot_pixels, options.dead_pixels),
        seed=options.seed,
        exposure_time=options.exposure_time,
        frame_rate=options.frame_rate,
        readout_time=options.readout_time,
        dtype=options.dtype,
    )


@dataclass(frozen=True, slots=True)
class DiffractometerScenario:
    """The diffractometer for studies: its devices, and the truth that they do not expose."""

    def instrument(self, seed: int = 0, **options: Any) -> dict[str, Any]:
        """Make the devices of one film: see :func:`instrument`."""
        return instrument(seed=seed, **options)

    def truth(self, seed: int = 0, **options: Any) -> Truth:
        """Return the landscape of a film on the source's grid.

        Args:
            seed: Which film of the family.
            **options: Those of the instrument; only ``preset`` matters.

        Returns:
            Positions ``stage_x`` and ``stage_y``, 31 each from 0 to 150 µm, and the amount of tilted material.

        Raises:
            SimulatorError: An option is unknown or out of range.
        """
        preset = parse_options(seed=seed, **options).preset
        positions = np.linspace(0.0, EXTENT, GRID)
        values = draw_landscape(preset, seed)(positions[None, :], positions[:, None])
        noise = NOISE[preset] * float(np.ptp(values))
        return Truth({"stage_x": positions, "stage_y": positions}, values, noise)


scenario = DiffractometerScenario()
