"""The hardware behind the socket: what each device can be told, and the record of what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from devices.protocols import Done
from simulators.diffractometer.instrument import InstrumentOptions, make_camera, make_parts, make_scene
from simulators.errors import SimulatorError
from simulators.hardware import SimulatedShutter, SimulatedValue
from simulators.motion import SimulatedAxis
from simulators.outages import Outage
from simulators.served.camera import NotedScene, ServedCamera, Shot
from simulators.served.log import HardwareLog
from simulators.served.wire import pack_array

Ended = Callable[[Any, Exception | None], None]
"""Called once when an operation has ended: what it gave, as plain types, and why it failed."""


@dataclass(frozen=True, slots=True)
class ServedDevice:
    """What one device can be told.

    Attributes:
        facts: What never changes, plain types.
        reads: Calls that only ask; they are not in the log.
        calls: Calls that are obeyed at once.
        operations: Calls that begin something; the last argument is told when it has ended.
        watch: Has a function called with every change, where the device tells of changes.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    reads: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    calls: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    operations: Mapping[str, Callable[..., None]] = field(default_factory=dict)
    watch: Callable[[Callable[[Any], None]], None] | None = None


class Hardware:
    """All devices of a diffractometer, and the log of what they do.

    Args:
        options: Of the instrument; its clock must run by itself.
        log: File of the log.

    Attributes:
        devices: What can be told, by name.
        log: The record.

    Raises:
        SimulatorError: The clock is ``fastest``: then time would stand still between commands.
    """

    def __init__(self, options: InstrumentOptions, log: Path) -> None:
        if options.clock == "fastest":
            raise SimulatorError("hardware in a process of its own needs a clock that runs by itself: real, or x10 …")
        self._parts = parts = make_parts(options)
        self.clock = parts.clock
        self.log = HardwareLog(log, self.clock)
        self.log.note("began", options=options.model_dump(mode="json"), beam_start=parts.beam.start)
        camera = make_camera(self.clock, make_scene(parts, options, NotedScene), options, ServedCamera)
        camera.told = self._note_shot
        beam = parts.beam
        self.devices = {
            **{f"stage_{name}": self._axis(axis) for name, axis in parts.axes.items()},
            "detector": self._camera(camera),
            "shutter": self._shutter(parts.shutter),
            "monitor_current": _value(SimulatedValue(self.clock, beam.ring_current, "mA", beam.loss)),
            "monitor_intensity": _value(SimulatedValue(self.clock, beam.intensity, "1/s", beam.loss)),
        }
        if options.interlock:
            broken = Outage()
            permit = SimulatedValue(self.clock, lambda _: float(not broken.active), "", broken)
            self.devices["interlock"] = _value(permit)

    def close(self) -> None:
        """Come to the end of time."""
        self.clock.close()
        self.log.close()

    def _note_shot(self, shot: Shot) -> None:
        self.log.note("exposure", shot=asdict(shot))

    def _axis(self, axis: SimulatedAxis) -> ServedDevice:
        def move(target: float, ended: Ended) -> None:
            def done(error: Exception | None) -> None:
                state = "arrived" if error is None else "stopped"
                self.log.note("motion", device=axis.name, state=state, position=axis.position())
                ended(None, error)

            axis.stop()  # first, so that the log says that it stopped before it says that it moves again
            self.log.note("motion", device=axis.name, state="moving", position=axis.position(), target=target)
            axis.move(target, done)

        names = ("units", "limits", "speed", "settling_time")
        facts = {name: getattr(axis, name) for name in names}
        return ServedDevice(facts, {"position": axis.position}, {"stop": axis.stop}, {"move": move})

    def _camera(self, camera: ServedCamera) -> ServedDevice:
        def expose(dark: bool, ended: Ended) -> None:
            def done(frame: NDArray[Any] | None, error: Exception | None) -> None:
                ended(None if frame is None else pack_array(frame), error)

            camera.expose(done, dark)

        def set_exposure_time(seconds: float) -> None:
            camera.exposure_time = seconds

        coordinates = {
            axis: {"values": pack_array(one.values), "units": one.units, "long_name": one.long_name}
            for axis, one in camera.coordinates().items()
        }
        facts = {"shape": camera.shape, "dtype": camera.dtype.str, "units": camera.units, "coordinates": coordinates}
        facts |= {"bad_pixels": pack_array(camera.bad_pixels()), "readout_time": camera.readout_time}
        return ServedDevice(
            facts,
            {"exposure_time": lambda: camera.exposure_time},
            {"abort": camera.abort, "set_exposure_time": set_exposure_time},
            {"expose": expose},
        )

    def _shutter(self, shutter: SimulatedShutter) -> ServedDevice:
        def told(is_open: bool) -> None:
            self.log.note("shutter", state="open" if is_open else "closed")

        told(shutter.is_open())
        shutter.watch(told)
        operations = {"open": _operation(shutter.open), "close": _operation(shutter.close)}
        return ServedDevice({}, {"is_open": shutter.is_open}, {}, operations, shutter.watch)


def _operation(begin: Callable[[Done], None]) -> Callable[[Ended], None]:
    """Make an operation of one that gives nothing."""
    return lambda ended: begin(lambda error: ended(None, error))


def _value(value: SimulatedValue) -> ServedDevice:
    """Make a value that can be read and watched."""
    return ServedDevice({"units": value.units}, {"read": value.read}, watch=value.watch)
