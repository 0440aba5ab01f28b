"""Values that are read and not set: the beam's current and intensity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ophyd import Component

from devices.base import HINTED, BackendSignal, ConnectableDevice, PushedSignal
from devices.protocols import Backend, ValueBackend


class MonitorValue(PushedSignal, BackendSignal):
    """One value of a monitor, with a back-end of its own."""

    def __init__(self, _: str = "", *, attr_name: str = "", **options: Any) -> None:
        super().__init__("read", attr_name=attr_name, **options)

    @property
    def backend(self) -> ValueBackend:
        """What reads this value."""
        return cast(Any, self.parent).backends[self.attr_name]

    @property
    def source(self) -> Backend:
        """The same; each value has a back-end of its own."""
        return self.backend


class BeamMonitor(ConnectableDevice):
    """The state of the beam.

    Data keys: ``<name>_current``, the ring current; ``<name>_intensity``, the intensity that arrives at the sample.

    Args:
        current: What reads the ring current.
        intensity: What reads the intensity.
        name: Name of the monitor.
        **options: Those of ophyd's ``Device``.
    """

    current = Component(MonitorValue, kind=HINTED)
    intensity = Component(MonitorValue, kind=HINTED)

    def __init__(self, current: ValueBackend, intensity: ValueBackend, *, name: str, **options: Any) -> None:
        self.backends: Mapping[str, ValueBackend] = {"current": current, "intensity": intensity}
        super().__init__(name=name, **options)

    def _own_backends(self) -> Mapping[str, Backend]:
        """Map names for messages to both back-ends."""
        return {f"{self.name}_{attribute}": backend for attribute, backend in self.backends.items()}
