"""Back-ends that do wrong what a script says, and otherwise what the true back-end does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.errors import ExposureInterruptedError, MoveInterruptedError, OperationError
from devices.protocols import (
    AxisBackend,
    Cancellable,
    Clock,
    CounterBackend,
    Done,
    FrameBackend,
    FrameDone,
    ValueBackend,
    ValueDone,
)
from simulators.errors import SimulatorError
from simulators.faults import EXPOSURE, FRAMES_ONLY, MOTION, READING, Fault, Script

HANG = 3600.0
"""How long a call that hangs takes, s; nobody waits so long."""


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


class FaultyValue(_Faulty):
    """A value that cannot always be read: a ``ValueBackend``.

    Args:
        backend: The value.
        script: What goes wrong.
        clock: The instrument's clock.
    """

    def __init__(self, backend: ValueBackend, script: Script, clock: Clock) -> None:
        super().__init__(backend, script, clock)

    def read(self) -> float:
        """Return the value now, or something else.

        Raises:
            ConnectionError: The connection is lost.
        """
        kind = self._script.next() if not self._away else ""
        self._away = self._away or kind == "disconnect"
        if self._away:
            raise ConnectionError("the connection was lost")
        return float("nan") if kind else self._backend.read()


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
        SimulatorError: The device cannot do that wrong.
    """
    own = [fault for fault in faults if fault.device == name]
    if not own:
        return backend
    wrapper, possible = _wrapper(backend)
    for fault in own:
        if fault.kind not in possible:
            raise SimulatorError(f"faults: {name} cannot do {fault.kind!r}; choose one of {', '.join(possible)}")
    return wrapper(backend, Script(own), clock)


def _wrapper(backend: Any) -> tuple[type[Any], tuple[str, ...]]:  # noqa: ANN401 - any back-end
    """What spoils a back-end, and what that can do wrong."""
    if hasattr(backend, "move"):
        return FaultyAxis, MOTION
    if hasattr(backend, "read"):
        return FaultyValue, READING
    if hasattr(backend, "shape"):
        return FaultyCamera, EXPOSURE
    return FaultyCounter, tuple(kind for kind in EXPOSURE if kind not in FRAMES_ONLY)
