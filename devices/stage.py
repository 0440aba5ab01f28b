"""Motorised axes, alone or together as a stage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from bluesky.protocols import Location
from ophyd import Component
from ophyd.device import create_device_from_components
from ophyd.positioner import PositionerBase

from devices.base import CONFIG, HINTED, BackedDevice, BackendSignal, ConnectableDevice
from devices.errors import OutOfLimitsError
from devices.protocols import AxisBackend
from devices.status import Status


class AxisReadback(BackendSignal):
    """Where an axis is; its data key is the axis' name."""

    def describe(self) -> dict[str, Any]:
        """Describe the position, with the limits of the axis."""
        description = super().describe()
        low, high = cast(Axis, self.parent).limits
        description[self.name]["limits"] = {"control": {"low": low, "high": high}}
        return description


class AxisSpeed(BackendSignal):
    """How fast an axis moves."""

    @property
    def units(self) -> str:
        """The axis' unit per second."""
        return f"{super().units}/s"


class Axis(BackedDevice[AxisBackend], PositionerBase):  # pyright: ignore[reportIncompatibleMethodOverride]
    """One motorised axis.

    Data key: ``<name>``, the position read back. Configuration: ``<name>_speed``, ``<name>_settling_time``.

    Args:
        backend: What moves the axis.
        name: Name of the axis, for instance ``stage_x``.
        **options: Those of ophyd's ``Device``.
    """

    readback = Component(AxisReadback, "position", kind=HINTED)
    speed = Component(AxisSpeed, "speed", kind=CONFIG)
    settling_time = Component(BackendSignal, "settling_time", units="s", kind=CONFIG)

    def __init__(self, backend: AxisBackend, *, name: str, **options: Any) -> None:
        super().__init__(backend, name=name, **options)
        # ophyd's custom: the position's data key is the name of the axis itself.
        self.readback.name = self.name
        self._move: Status | None = None
        self._setpoint: float | None = None

    @property
    def position(self) -> float:
        """Where the axis is now."""
        return self.backend.position()

    @property
    def setpoint(self) -> float:
        """Where the axis was sent last, or where it is when it was never moved."""
        return self.position if self._setpoint is None else self._setpoint

    @property
    def limits(self) -> tuple[float, float]:  # pyright: ignore[reportIncompatibleMethodOverride] - (0, 0) in ophyd
        """Lowest and highest position allowed."""
        return self.backend.limits

    @property
    def egu(self) -> str:
        """Unit of positions."""
        return self.backend.units

    @property
    def moving(self) -> bool:
        """Whether a move is under way."""
        return self._move is not None and not self._move.done

    def check_value(self, value: float, **_: Any) -> None:
        """Check a set-point before anything moves.

        Raises:
            OutOfLimitsError: It lies outside the limits, or is not a finite number.
        """
        low, high = self.limits
        if not (math.isfinite(value) and low <= value <= high):
            raise OutOfLimitsError(self.name, value, low, high, self.egu)

    # ophyd's MoveStatus would start a thread per move: see devices.status.
    def move(self, position: float) -> Status:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Start a move.

        Args:
            position: Where to go, in the axis' unit.

        Returns:
            Done when the axis has settled there; fails with ``MoveInterruptedError`` when it was stopped on its way.

        Raises:
            OutOfLimitsError: The target lies outside the limits.
        """
        target = float(position)
        self.check_value(target)
        status = Status(f"{self.name} to {target:g} {self.egu}", self.name)
        self._setpoint, self._move = target, status
        self._run_subs(sub_type=self.SUB_START, timestamp=self.backend.time())
        status.add_callback(self._moved)
        self.backend.move(target, status.finish)
        return status

    def set(self, new_position: float) -> Status:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Start a move: see :meth:`move`."""
        return self.move(new_position)

    def stop(self, *, success: bool = False) -> None:
        """Stop where the axis is.

        Args:
            success: Whether a move that this interrupts counts as a success (bluesky asks for that on a pause).
        """
        if success and self._move is not None:
            self._move.set_finished()
        self.backend.stop()

    def locate(self) -> Location[float]:
        """Return where the axis was sent, and where it is."""
        return {"setpoint": self.setpoint, "readback": self.position}

    def _moved(self, status: Status) -> None:
        """Tell ophyd's subscribers where a move has ended."""
        now, position = self.backend.time(), self.position
        self._run_subs(sub_type=self.SUB_READBACK, timestamp=now, value=position)
        if status.success:
            self._run_subs(sub_type=self.SUB_DONE, timestamp=now, value=position)


class GroupAxis(Axis):
    """An axis of a group: takes its back-end from the group's."""

    def __init__(self, _: str = "", *, parent: AxisGroup, attr_name: str = "", **options: Any) -> None:
        super().__init__(parent.backends[attr_name], parent=parent, attr_name=attr_name, **options)


class AxisGroup(ConnectableDevice):
    """Several axes that are read together and moved one by one.

    Data keys: ``<name>_<axis>``, one per axis.

    Args:
        backends: What moves each axis, by the axis' name.
        name: Name of the group.
        **options: Those of ophyd's ``Device``.
    """

    def __init__(self, backends: Mapping[str, AxisBackend], *, name: str, **options: Any) -> None:
        self.backends = dict(backends)
        super().__init__(name=name, **options)

    @property
    def axes(self) -> dict[str, Axis]:
        """The axes, by name."""
        return {name: getattr(self, name) for name in self.component_names}


class Stage(AxisGroup):
    """A stage with the axes ``x`` and ``y``; :func:`make_stage` makes one with others."""

    x = Component(GroupAxis)
    y = Component(GroupAxis)


def make_stage(backends: Mapping[str, AxisBackend], *, name: str = "stage") -> AxisGroup:
    """Make a stage with the axes that there are back-ends for.

    Args:
        backends: What moves each axis, by the axis' name, which must be a Python identifier.
        name: Name of the stage; data keys are ``<name>_<axis>``.

    Returns:
        The stage; its axes are attributes.
    """
    if tuple(backends) == ("x", "y"):
        return Stage(backends, name=name)
    components = {axis: Component(GroupAxis) for axis in backends}
    return create_device_from_components("Stage", base_class=AxisGroup, **components)(backends, name=name)
