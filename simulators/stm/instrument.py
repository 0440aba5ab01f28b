"""The tunnelling microscope as ophyd devices."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from devices.scanner import Scanner
from devices.stage import Stage
from simulators.clock import SimulatedClock
from simulators.faults import Fault, check_devices
from simulators.faulty import spoil
from simulators.motion import MotionController, SimulatedAxis
from simulators.options import check_options
from simulators.outages import schedule
from simulators.stm.hardware import SimulatedController
from simulators.stm.presets import SHAPE, change, preset
from simulators.stm.survey import AREA, Survey


class MicroscopeOptions(BaseModel):
    """What can be chosen when a tunnelling microscope is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: str = Field("default", description="surface, tip and noise: default, easy, hard, lab or clean")
    seed: int = Field(0, ge=0, description="which surface, which instrument, and the seed of all noise")
    clock: str = Field("fastest", description="fastest, real, or x10 for ten times faster than real")
    shape: tuple[int, int] = Field(SHAPE, description="lines of an image, and pixels of a line")
    nm_per_pixel: float | None = Field(None, gt=0, description="side of a pixel, nm; none: the preset's")
    area: tuple[float, float] = Field(AREA, description="width and height that the scanner reaches, nm")
    bias: float = Field(-1.0, ge=-3, le=3, description="voltage of the sample at the start, V")
    line_time: float = Field(0.2, gt=0, description="time for a line, there and back, s")
    speed: float = Field(500.0, gt=0, description="speed between images, nm/s")
    settling_time: float = Field(2.0, ge=0, description="from arrival until the scanner has crept enough, s")
    changes: dict[str, float] = Field(
        default_factory=dict, description="numbers of the preset to be changed, such as contrast, noise or likeness"
    )
    losses: tuple[tuple[float, float], ...] = Field(
        (), description="when the feedback loses the surface, s after the start, and for how long, s; both of wall time"
    )
    faults: tuple[Fault, ...] = Field((), description="what devices do wrong, for trials: see simulators.faults")

    def survey(self) -> Survey:
        """Return the surface under this microscope.

        Raises:
            SimulatorError: The preset or one of the numbers to be changed is not known.
        """
        chosen = preset(self.preset, **self.changes)
        if self.nm_per_pixel is not None:
            chosen = change(chosen, nm_per_pixel=self.nm_per_pixel)
        return Survey(chosen, self.seed, self.area)


def parse_options(**options: Any) -> MicroscopeOptions:
    """Check the options of a microscope.

    Raises:
        SimulatorError: An option is unknown or out of range; names it and says what is allowed.
    """
    return check_options(MicroscopeOptions, "tunnelling microscope", options)


def instrument(preset: str = "default", seed: int = 0, clock: str = "fastest", **options: Any) -> dict[str, Any]:
    """Make the devices of a tunnelling microscope with Pb on Si(111)-(7×7) under it.

    Args:
        preset: Surface, tip and noise: ``default``, ``easy``, ``hard``, ``lab`` or ``clean``.
        seed: Which surface, which instrument, and the seed of all noise.
        clock: ``fastest``, ``real``, or ``x10`` for ten times faster than real.
        **options: See :class:`MicroscopeOptions`.

    Returns:
        ``stage`` (x and y of an image's middle, nm) and ``detector`` (the scanner; heights in Å).

    Raises:
        SimulatorError: An option is unknown or out of range.
    """
    chosen = parse_options(preset=preset, seed=seed, clock=clock, **options)
    ticking = SimulatedClock.from_name(chosen.clock)
    motion = MotionController(ticking)
    axes = {
        name: SimulatedAxis(
            motion,
            f"stage_{name}",
            limits=(0.0, reach),
            speed=chosen.speed,
            units="nm",
            settling_time=chosen.settling_time,
            position=0.5 * reach,
        )
        for name, reach in zip("xy", chosen.area, strict=True)
    }
    controller = SimulatedController(
        ticking,
        chosen.survey(),
        **axes,
        shape=chosen.shape,
        line_time=chosen.line_time,
        bias=chosen.bias,
    )
    backends: dict[str, Any] = {"stage_x": axes["x"], "stage_y": axes["y"], "detector": controller}
    check_devices(chosen.faults, backends)
    backends = {name: spoil(name, backend, chosen.faults, ticking) for name, backend in backends.items()}
    schedule(controller.outage, chosen.losses)
    return {
        "stage": Stage({"x": backends["stage_x"], "y": backends["stage_y"]}, name="stage"),
        "detector": Scanner(backends["detector"], name="detector"),
    }
