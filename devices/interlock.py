"""An interlock: whether measuring is permitted."""

from __future__ import annotations

from typing import Any, cast

from ophyd import Component, Kind

from devices.base import BackedDevice, PushedSignal
from devices.protocols import ValueBackend


class Permit(PushedSignal):
    """Whether an interlock permits to measure; its data key is the interlock's name."""

    @property
    def timestamp(self) -> float:
        """The instrument's time now, s since 1970."""
        return self.source.time()

    def get(self, **_: Any) -> bool:
        """Ask the back-end for the state."""
        self._readback = self._value_of(cast(ValueBackend, self.source).read())
        return self._readback

    def _value_of(self, pushed: float) -> bool:
        return bool(pushed)

    def describe(self) -> dict[str, Any]:
        """Describe the state: true or false."""
        return {self.name: {"source": "backend:read", "dtype": "boolean", "dtype_numpy": "|b1", "shape": []}}


class Interlock(BackedDevice[ValueBackend]):
    """An interlock of the hutch, of the vacuum, of the machine.

    Data key: ``<name>``, true while measuring is permitted.

    Args:
        backend: What knows; 0 is no permit.
        name: Name of the interlock.
        **options: Those of ophyd's ``Device``.
    """

    permit = Component(Permit, kind=Kind.normal)

    def __init__(self, backend: ValueBackend, *, name: str, **options: Any) -> None:
        super().__init__(backend, name=name, **options)
        self.permit.name = self.name
