"""A beam shutter."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, cast

from ophyd import Component, Kind

from devices.base import BackedDevice, PushedSignal
from devices.errors import SetpointError
from devices.protocols import SwitchBackend
from devices.status import Status

State = Literal["open", "closed"]


class ShutterState(PushedSignal):
    """Whether a shutter is open; its data key is the shutter's name."""

    @property
    def timestamp(self) -> float:
        """The instrument's time now, s since 1970."""
        return cast(Any, self.parent).backend.time()

    def get(self, **_: Any) -> State:
        """Ask the back-end for the state."""
        self._readback = self._value_of(cast(Any, self.parent).backend.is_open())
        return self._readback

    def _value_of(self, pushed: bool) -> State:
        return "open" if pushed else "closed"

    def describe(self) -> dict[str, Any]:
        """Describe the state: one of two words."""
        key = {"source": "backend:is_open", "dtype": "string", "dtype_numpy": "<U6", "shape": []}
        return {self.name: {**key, "choices": ["open", "closed"]}}


class Shutter(BackedDevice[SwitchBackend]):
    """A beam shutter: set it to ``"open"`` or ``"closed"``.

    Data key: ``<name>``, ``"open"`` or ``"closed"``.

    Args:
        backend: What moves the shutter.
        name: Name of the shutter.
        **options: Those of ophyd's ``Device``.
    """

    state = Component(ShutterState, kind=Kind.normal)

    _setpoints: ClassVar[dict[Any, State]] = {
        "open": "open",
        "closed": "closed",
        "close": "closed",
        True: "open",
        False: "closed",
    }

    def __init__(self, backend: SwitchBackend, *, name: str, **options: Any) -> None:
        super().__init__(backend, name=name, **options)
        self.state.name = self.name
        self._setpoint: State | None = None

    def check_value(self, value: str | bool, **_: Any) -> None:
        """Check a set-point.

        Raises:
            SetpointError: It is none that a shutter knows.
        """
        if value not in self._setpoints:
            raise SetpointError(f"{self.name}: cannot be set to {value!r}; choose 'open' or 'closed'")

    def set(self, value: str | bool) -> Status:
        """Open or close the shutter.

        Args:
            value: ``"open"`` or True, ``"closed"``, ``"close"`` or False.

        Returns:
            Done when the shutter has moved.

        Raises:
            SetpointError: The value is none of these.
        """
        self.check_value(value)
        self._setpoint = self._setpoints[value]
        status = Status(f"{self.name} to {self._setpoint}", self.name)
        start = self.backend.open if self._setpoint == "open" else self.backend.close
        start(status.finish)
        return status

    def locate(self) -> dict[str, State]:
        """Return what the shutter was set to, and what it is."""
        readback = self.state.get()
        return {"setpoint": self._setpoint or readback, "readback": readback}
