"""A detector that measures one number per exposure."""

from __future__ import annotations

from typing import Any

from ophyd import Component, Signal

from devices.base import CONFIG, HINTED, BackedDevice, BackendSignal, number_key
from devices.errors import OperationError
from devices.protocols import CounterBackend
from devices.status import Status


class MeasuredNumber(Signal):
    """The number that the last exposure of the parent gave."""

    def __init__(self, *, units: str = "", **options: Any) -> None:
        super().__init__(value=float("nan"), **options)
        self.units = units

    def describe(self) -> dict[str, Any]:
        """Describe the number: a 64-bit float with a unit."""
        return {self.name: number_key("backend:expose", self.units)}


class PointDetector(BackedDevice[CounterBackend]):
    """A detector that measures one number per exposure.

    Data key: ``<name>``. Configuration: ``<name>_exposure_time``, s.

    Args:
        backend: What measures.
        name: Name of the detector.
        **options: Those of ophyd's ``Device``.
    """

    value = Component(MeasuredNumber, kind=HINTED)
    exposure_time = Component(BackendSignal, "exposure_time", units="s", writable=True, kind=CONFIG)

    def __init__(self, backend: CounterBackend, *, name: str, **options: Any) -> None:
        super().__init__(backend, name=name, **options)
        self.value.name = self.name
        self.value.units = backend.units
        self._status = Status.finished()

    def trigger(self) -> Status:
        """Measure once; done when the value can be read.

        A measurement under way, left behind by a pause, is given up.
        """
        self._give_up()
        self._status = status = Status(f"measurement by {self.name}", self.name)

        def done(value: float | None, error: Exception | None) -> None:
            if error is None and value is None:
                error = OperationError(f"{self.name}: the measurement gave no value")
            if error is None and not status.done:
                self.value.put(value, timestamp=self.backend.time(), force=True)
            status.finish(error)

        self.backend.expose(done)
        return status

    def stop(self, *, success: bool = False) -> None:
        """End the measurement under way.

        Args:
            success: Whether its status counts as a success all the same.
        """
        if success:
            self._status.set_finished()
        self.backend.abort()

    def unstage(self) -> list[object]:
        """End a run; a measurement under way is given up."""
        self._give_up()
        return super().unstage()

    def _give_up(self) -> None:
        """End a measurement that nobody waits for any more."""
        if not self._status.done:
            self.stop(success=True)
