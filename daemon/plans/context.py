"""What a plan works with: the devices that its parameters name, looked up and checked before anything moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bluesky import Msg
from bluesky.protocols import Readable, Triggerable
from ophyd import Signal

from daemon.agent import Agent
from daemon.errors import PlanRejected
from daemon.fault_settings import FaultSettings
from daemon.plans.faults import FaultLog
from daemon.plans.models import AxisRange, ScanParameters
from devices.area_detector import AreaDetector
from devices.monitor import BeamMonitor
from devices.shutter import Shutter
from devices.streaming import StreamingDetector
from devices.writer import FrameWriter


@dataclass(frozen=True, slots=True)
class ScanContext:
    """The devices of one scan.

    Attributes:
        axes: what moves, by data key, in the plan's order.
        detectors: what is triggered at every point.
        readables: everything that is read at every point.
        cameras: those detectors that give frames.
        shutter: the beam shutter, if there is one.
        writer: where frames go.
        reason: gives the operator's reason for an abort, which bluesky forgets.
        agent: decides and keeps the books; None where the scan has no objective.
        before_point: messages sent before each point, right after a checkpoint.
        frames: that a camera takes of a point.
        faults: what is done when a device fails.
        fault_log: where such failures are noted.
    """

    axes: dict[str, Any]
    detectors: list[Any]
    readables: list[Any]
    cameras: list[AreaDetector]
    shutter: Shutter | None
    writer: FrameWriter
    reason: Callable[[], str] = str
    agent: Agent | None = None
    before_point: Callable[[], Iterable[Msg]] = tuple
    frames: int = 1
    faults: FaultSettings = field(default_factory=FaultSettings)
    fault_log: FaultLog = field(default_factory=FaultLog)

    @property
    def exposure_time(self) -> float:
        """Longest exposure of the detectors, s; 0 where none has any."""
        times = [float(d.exposure_time.get()) for d in self.detectors if hasattr(d, "exposure_time")]
        return max(times, default=0.0)


def find_axes(devices: Mapping[str, Any], wanted: Mapping[str, AxisRange]) -> dict[str, Any]:
    """The axes that a plan names, with their ranges checked against the limits.

    Raises:
        PlanRejected: naming the field, what is wrong with it, and what to change.
    """
    known = {axis.name: axis for device in devices.values() for axis in axes_of(device)}
    found = {}
    for name, span in wanted.items():
        if name not in known:
            raise PlanRejected(f"axes.{name}: there is no such axis; known axes are: {', '.join(sorted(known))}")
        axis = found[name] = known[name]
        low, high = getattr(axis, "limits", None) or (-float("inf"), float("inf"))
        unit = unit_of(axis)
        for end, value in (("low", span.low), ("high", span.high)):
            if not low <= value <= high:
                raise PlanRejected(
                    f"axes.{name}.{end}: {value:g} {unit} is outside the limits of {name}; "
                    f"stay within {low:g} to {high:g} {unit}"
                )
    return found


def find_detectors(devices: Mapping[str, Any], wanted: list[str]) -> list[Any]:
    """The detectors that a plan names.

    Raises:
        PlanRejected: naming the field and the detectors that there are.
    """
    known = {name: device for name, device in devices.items() if _detects(device)}
    for index, name in enumerate(wanted):
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            raise PlanRejected(f"detectors[{index}]: {name} is no detector of this instrument; known are: {names}")
    return [known[name] for name in wanted]


def make_context(
    devices: Mapping[str, Any], parameters: ScanParameters, writer: FrameWriter, reason: Callable[[], str] = str
) -> ScanContext:
    """Looks up everything that a scan works with.

    Raises:
        PlanRejected: when something is missing or out of its limits.
    """
    axes = find_axes(devices, parameters.axes)
    detectors = find_detectors(devices, parameters.detectors)
    cameras = [detector for detector in detectors if isinstance(detector, AreaDetector)]
    _check_frames(cameras, parameters.frames_per_point)
    monitors = [device for device in devices.values() if isinstance(device, BeamMonitor)]
    movers: dict[int, Any] = {}
    for axis in axes.values():
        group = axis.parent if getattr(axis, "parent", None) is not None else axis
        movers.setdefault(id(group), group)
    return ScanContext(
        axes=axes,
        detectors=detectors,
        readables=[*movers.values(), *detectors, *(m for m in monitors if m not in detectors)],
        cameras=cameras,
        shutter=next((device for device in devices.values() if isinstance(device, Shutter)), None),
        writer=writer,
        reason=reason,
        frames=parameters.frames_per_point,
    )


def _check_frames(cameras: list[AreaDetector], frames: int) -> None:
    single = [camera.name for camera in cameras if not isinstance(camera, StreamingDetector)]
    if frames > 1 and single:
        raise PlanRejected(f"frames_per_point: {', '.join(single)} takes one frame per point; set it to 1")


def scalar_keys(context: ScanContext) -> set[str]:
    """Data keys of numbers that every event of the scan will hold."""
    keys = set()
    for device in context.readables:
        for key, described in device.describe().items():
            if described["dtype"] in ("number", "integer") and not described["shape"] and "external" not in described:
                keys.add(key)
    return keys


def unit_of(axis: object) -> str:
    """Unit of an axis' positions; empty where it has none."""
    return str(getattr(axis, "egu", "") or "")


def speed_of(axis: object) -> float | None:
    """Speed of an axis, units per second; None where it is not known."""
    speed = getattr(axis, "speed", None)
    value = speed.get() if isinstance(speed, Signal) else None
    return float(value) if isinstance(value, int | float) else None


def axes_of(device: object) -> list[Any]:
    """The axes that a device is or has."""
    parts = [getattr(device, name) for name in getattr(device, "component_names", ())]
    return [part for part in [device, *parts] if moves(part)]


def moves(part: object) -> bool:
    """Whether something is an axis."""
    return hasattr(part, "set") and hasattr(part, "position") and hasattr(part, "name")


def _detects(device: object) -> bool:
    """Whether something is a detector; every ophyd device has a trigger, also those that move."""
    still = not axes_of(device) and not hasattr(device, "set")
    return still and isinstance(device, Readable) and isinstance(device, Triggerable)
