"""What all devices share: connecting, and signals that ask a back-end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar, cast

from ophyd import Device, Kind, Signal

from devices.errors import NotConnectedError
from devices.protocols import Backend, Watchable
from devices.status import Status

BackendT = TypeVar("BackendT", bound=Backend)

HINTED = Kind.hinted
"""The data keys that a plot shows first."""

CONFIG = Kind.config
"""What is recorded once per run instead of with every event."""


def number_key(source: str, units: str, precision: int = 3) -> dict[str, Any]:
    """Describe a 64-bit floating-point number, as event-model's ``data_key`` wants it."""
    return {
        "source": source,
        "dtype": "number",
        "dtype_numpy": "<f8",
        "shape": [],
        "units": units,
        "precision": precision,
    }


class PushedSignal(Signal):
    """A signal whose back-end may tell of every change: whoever subscribes hears of each, in the back-end's thread."""

    _watched = False

    @property
    def source(self) -> Backend:
        """The back-end that the value comes from."""
        return cast(Any, self.parent).backend

    @property
    def pushes(self) -> bool:
        """Whether the back-end tells of changes by itself."""
        return isinstance(self.source, Watchable)

    def subscribe(self, callback: Callable[..., Any], event_type: str | None = None, run: bool = True) -> int:
        """Have ``callback`` called with every change: see ophyd's ``Signal.subscribe``."""
        if not self._watched and self.pushes:
            self._watched = True
            cast(Watchable, self.source).watch(self._pushed)
        return cast(int, super().subscribe(callback, event_type, run))

    def _value_of(self, pushed: Any) -> Any:  # noqa: ANN401 - numbers, words, flags
        """Return the signal's value for a value of the back-end."""
        return pushed

    def _pushed(self, pushed: Any) -> None:  # noqa: ANN401 - as above
        """Tell subscribers of a change."""
        before, self._readback = self._readback, self._value_of(pushed)
        self._run_subs(sub_type=self.SUB_VALUE, old_value=before, value=self._readback, timestamp=self.source.time())


class BackendSignal(Signal):
    """A number of a device's back-end, asked for when it is read.

    Args:
        attribute: Attribute or method without arguments of ``parent.backend``.
        units: Unit of the value; None takes the back-end's own ``units``.
        precision: Digits after the point that mean something.
        writable: Whether ``put`` and ``set`` assign the attribute.
        **options: Those of ophyd's ``Signal``.
    """

    def __init__(
        self,
        attribute: str,
        *,
        units: str | None = None,
        precision: int = 3,
        writable: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._attribute = attribute
        self._units = units
        self._precision = precision
        self._metadata.update(write_access=writable)

    @property
    def backend(self) -> Backend:
        """What the value comes from."""
        return cast(Any, self.parent).backend

    @property
    def pushes(self) -> bool:
        """Whether the back-end tells of changes by itself: it is only asked."""
        return False

    @property
    def units(self) -> str:
        """Unit of the value."""
        return str(getattr(self.backend, "units", "")) if self._units is None else self._units

    @property
    def timestamp(self) -> float:
        """The instrument's time now, s since 1970."""
        return self.backend.time()

    def get(self, **_: Any) -> float:
        """Ask the back-end for the value."""
        backend: Any = self.backend
        value = getattr(backend, self._attribute)
        self._readback = float(cast(Any, value() if callable(value) else value))
        return self._readback

    def put(self, value: float, **options: Any) -> None:
        """Assign the value to the back-end."""
        super().put(float(value), timestamp=self.backend.time(), **options)
        setattr(self.backend, self._attribute, float(value))

    # Statuses are our own throughout, which cost no thread: see devices.status.
    def set(self, value: float, **_: Any) -> Status:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Assign the value; done at once."""
        self.put(value)
        return Status.finished(f"{self.name} to {value:g} {self.units}")

    def describe(self) -> dict[str, Any]:
        """Describe the value: a 64-bit float with a unit."""
        return {self.name: number_key(f"backend:{self._attribute}", self.units, self._precision)}


class ConnectableDevice(Device):
    """An ophyd device that reaches its hardware when it is told to.

    Args:
        name: Name of the device; its data keys begin with it.
        **options: Those of ophyd's ``Device``.
    """

    def __init__(self, *, name: str, **options: Any) -> None:
        super().__init__("", name=name, **options)

    def connect(self, timeout: float = 5.0) -> None:
        """Reach the hardware of this device and of its parts.

        Args:
            timeout: How long each back-end may take, s.

        Raises:
            NotConnectedError: A back-end did not answer; names the device and the cause.
        """
        for name, backend in self._own_backends().items():
            try:
                backend.connect(timeout)
            except Exception as error:
                raise NotConnectedError(name, timeout, error) from error
        for part in self._parts():
            part.connect(timeout)

    def wait_for_connection(self, all_signals: bool = False, timeout: object = 5.0) -> None:
        """Reach the hardware: ophyd's name for :meth:`connect`."""
        self.connect(float(cast(float, timeout)))

    def trigger(self) -> Status:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Do nothing, at once: a device that measures says otherwise."""
        return Status.finished(f"trigger of {self.name}")

    def _own_backends(self) -> Mapping[str, Backend]:
        """Map names for messages to the back-ends that this device itself talks to."""
        return {}

    def _parts(self) -> Iterator[ConnectableDevice]:
        """Iterate over the sub-devices."""
        for attribute in self.component_names:
            part = getattr(self, attribute)
            if isinstance(part, ConnectableDevice):
                yield part


class BackedDevice(ConnectableDevice, Generic[BackendT]):
    """An ophyd device in front of one back-end.

    Args:
        backend: What talks to the hardware.
        name: Name of the device; its data keys begin with it.
        **options: Those of ophyd's ``Device``.
    """

    def __init__(self, backend: BackendT, *, name: str, **options: Any) -> None:
        self.backend = backend
        super().__init__(name=name, **options)

    @property
    def gaps(self) -> bool:
        """Whether no value (NaN) is an answer of this device, and no fault."""
        return bool(getattr(self.backend, "gaps", False))

    def _own_backends(self) -> Mapping[str, Backend]:
        """Map this device's name to its back-end."""
        return {self.name: self.backend}
