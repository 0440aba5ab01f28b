"""Faults of virtual hardware on demand: what a device may do wrong, at chosen points or now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.errors import ExposureInterruptedError, MoveInterruptedError, OperationError
from devices.protocols import AxisBackend, Cancellable, Clock, CounterBackend, Done, FrameBackend, FrameDone, ValueDone

MotionKind = Literal["stall", "failure", "disconnect", "hang"]
ExposureKind = Literal["timeout", "failure", "disconnect", "nan", "shape", "dtype", "saturate", "hang"]
MOTION = ("stall", "failure", "disconnect", "hang")
EXPOSURE = ("timeout", "failure", "disconnect", "nan", "shape", "dtype", "saturate", "hang")
FRAMES_ONLY = ("shape", "dtype", "saturate")
HANG = 3600.0
"""How long a call that hangs takes, s; nobody waits so long."""


class Fault(BaseModel):
    """What one device does wrong, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: str = Field(description="the device: detector, stage_x or stage_y")
    kind: MotionKind | ExposureKind = Field(
        description="of an axis: stall (never arrives), failure, disconnect or hang (stall, and stopping it hangs); of "
        "a detector: timeout (never done), failure, disconnect, nan, shape, dtype, saturate or hang"
    )
    points: tuple[int, ...] = Field((), description="the uses of the device that go wrong, from 1, tries not counted")
    probability: float = Field(0.0, ge=0, lt=1, description="how likely every use goes wrong, beside the points")
    times: int = Field(1, ge=1, description="how many tries of one use go wrong")
    seed: int = Field(0, ge=0, description="of the probability")

    @model_validator(mode="after")
    def _happens(self) -> Fault:
        if not self.points and not self.probability:
            raise ValueError("give points or a probability, else it never happens")
        if min(self.points, default=1) < 1:
            raise ValueError("points count from 1")
        return self


class Script:
    """Says which use of a device goes wrong, and how.

    A use that went wrong is counted once: the try after it is a further try of the same use.

    Args:
        faults: those of one device; of several for one use the first happens.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = list(faults)
        self._rngs = [np.random.default_rng([fault.seed, 5]) for fault in self._faults]
        self._use = 0
        self._left = 0
        self._kind = ""

    def next(self) -> str:
        """Return what goes wrong with the try that begins; empty where nothing does."""
        if self._left:
            self._left -= 1
            return self._kind
        if self._kind:
            self._kind = ""  # The use succeeds at last.
            return ""
        self._use += 1
        drawn = [rng.random() for rng in self._rngs]
        for fault, chance in zip(self._faults, drawn, strict=True):
            if self._use in fault.points or chance < fault.probability:
                self._kind, self._left = fault.kind, fault.times - 1
                return self._kind
        return ""


class _Faulty:
    """What faulty back-ends share: everything that is not spoiled is the true back-end's."""

    def __init__(self, backend: Any, script: Script, clock: Clock) -> None:  # noqa: ANN401 - any back-end
        self.__dict__.update(_backend=backend, _script=script, _clock=clock)
        self.__dict__.update(_lock=threading.Lock(), _released=threading.Event())
        self.__dict__.update(_pending=None, _timer=None, _away=False, _hangs=False)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the back-end has
        return getattr(self.__dict__["_backend"], name)

    def __setattr__(self, name: str, value: object) -> None:
        if name in self.__dict__:
            self.__dict__[name] = value
        else:
            setattr(self._backend, name, value)

    def connect(self, timeout: float) -> None:
        """Reach the hardware: that ends a disconnection."""
        self._backend.connect(timeout)
        self._away = False

    def release(self) -> None:
        """Let every call that hangs return."""
        self._released.set()

    def _spoil(self, kind: str, end: Callable[[Exception | None], None], seconds: float) -> None:
        """Let an operation go wrong: at once, after a while, or never."""
        with self._lock:
            self._pending = end
            self._hangs = kind == "hang"
            self._away = self._away or kind == "disconnect"
        if kind in ("disconnect", "failure"):
            words = "the connection was lost" if kind == "disconnect" else "the controller reports a fault"
            error = ConnectionError(words) if kind == "disconnect" else OperationError(words)
            self._end(error)
        elif kind not in ("stall", "timeout", "hang"):
            timer: Cancellable = self._clock.call_after(seconds, lambda: self._end(None))
            self._timer = timer

    def _end(self, error: Exception | None) -> bool:
        """End what goes wrong now, if anything does."""
        with self._lock:
            end, self._pending = self._pending, None
        if end is not None:
            end(error)
        return end is not None

    def _halt(self, error: Exception) -> bool:
        """End what goes wrong now because it was stopped; a device that hangs keeps the caller."""
        if self._hangs and self._pending is not None:
            self._released.wait(HANG)
            self._hangs = False
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return self._end(error)


class FaultyAxis(_Faulty):
    """A motor that does not always arrive: an ``AxisBackend``.

    Args:
        backend: The motor.
        script: What goes wrong.
        clock: The instrument's clock.
    """

    def __init__(self, backend: AxisBackend, script: Script, clock: Clock) -> None:
        super().__init__(backend, script, clock)

    def move(self, target: float, done: Done) -> None:
        """Start a move, or what looks like one."""
        if self._away:
            done(ConnectionError("the controller does not answer"))
            return
        kind = self._script.next()
        if not kind:
            self._backend.move(target, done)
            return
        self._spoil(kind, done, 0.0)

    def stop(self) -> None:
        """Stop where the axis is."""
        position = self._backend.position()
        if not self._halt(MoveInterruptedError("the axis", position, position, self._backend.units)):
            self._backend.stop()


class _FaultyDetector(_Faulty):
    """What faulty cameras and counters share."""

    def abort(self) -> None:
        """End the exposure under way."""
        if not self._halt(ExposureInterruptedError("the exposure was aborted")):
            self._backend.abort()

    def _expose(self, begin: Callable[[], None], done: Callable[[Any, Exception | None], None]) -> None:
        if self._away:
            done(None, ConnectionError("the detector does not answer"))
            return
        kind = self._script.next()
        if not kind:
            begin()
            return

        def end(error: Exception | None) -> None:
            done(None if error else self._spoiled(kind), error)

        self._spoil(kind, end, self._backend.exposure_time)

    def _spoiled(self, kind: str) -> Any:  # noqa: ANN401 - a frame or a number
        raise NotImplementedError


class FaultyCamera(_FaultyDetector):
    """A camera whose frames are not always right: a ``FrameBackend``.

    What goes wrong takes no frame of the true camera, so that those that are right are the same as without faults.

    Args:
        backend: The camera.
        script: What goes wrong.
        clock: The instrument's clock.
    """

    def __init__(self, backend: FrameBackend, script: Script, clock: Clock) -> None:
        super().__init__(backend, script, clock)

    def expose(self, done: FrameDone, dark: bool = False) -> None:
        """Take one frame, or something else."""
        self._expose(lambda: self._backend.expose(done, dark=dark), done)

    def _spoiled(self, kind: str) -> NDArray[Any]:
        shape, dtype = self._backend.shape, np.dtype(self._backend.dtype)
        if kind == "shape":
            return np.zeros((shape[0], shape[1] + 1), dtype)
        if kind == "dtype":
            return np.zeros(shape, np.float32 if dtype != np.float32 else np.float64)
        if kind == "saturate":
            full = np.iinfo(dtype).max if dtype.kind in "iu" else getattr(self._backend, "saturation", np.inf)
            return np.full(shape, full, dtype)
        return np.full(shape, np.nan, dtype if dtype.kind == "f" else np.float64)


class FaultyCounter(_FaultyDetector):
    """A point detector that does not always give its number: a ``CounterBackend``.

    Args:
        backend: The detector.
        script: What goes wrong.
        clock: The instrument's clock.
    """

    def __init__(self, backend: CounterBackend, script: Script, clock: Clock) -> None:
        super().__init__(backend, script, clock)

    def expose(self, done: ValueDone) -> None:
        """Measure once, or something else."""
        self._expose(lambda: self._backend.expose(done), done)

    def _spoiled(self, kind: str) -> float:
        return float("nan")


def spoil(name: str, backend: Any, faults: Sequence[Fault], clock: Clock) -> Any:  # noqa: ANN401 - any back-end
    """Put the faults of one device in front of its back-end.

    Args:
        name: Name of the device.
        backend: Its back-end.
        faults: Those of all devices.
        clock: The instrument's clock.

    Returns:
        The back-end itself where it has no faults.

    Raises:
        ValueError: The device cannot do that wrong.
    """
    own = [fault for fault in faults if fault.device == name]
    if not own:
        return backend
    wrapper = FaultyAxis if hasattr(backend, "move") else FaultyCamera if hasattr(backend, "shape") else FaultyCounter
    possible = MOTION if wrapper is FaultyAxis else EXPOSURE
    for fault in own:
        if fault.kind not in possible or (wrapper is FaultyCounter and fault.kind in FRAMES_ONLY):
            raise ValueError(f"{name} cannot do {fault.kind!r}: choose one of {', '.join(possible)}")
    return wrapper(backend, Script(own), clock)
