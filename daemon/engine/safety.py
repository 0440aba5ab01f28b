"""Brings an instrument to a safe state: motors at rest, shutter closed, cameras in the light."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from bluesky.protocols import Stoppable, Triggerable

from daemon.errands import run_within
from daemon.errors import InstrumentError
from daemon.plans.context import axes_of
from devices.area_detector import AreaDetector
from devices.shutter import Shutter

SHUTTER_DEADLINE = 5.0
"""How long a shutter may take to close, s."""

SAFE_DEADLINE = 6.0
"""How long it may take until everything is safe, s."""


def connect(devices: Mapping[str, Any], timeout: float = 5.0) -> None:
    """Reaches the hardware of all devices that can be connected.

    Args:
        devices: the instrument.
        timeout: how long each may take, s.

    Raises:
        InstrumentError: naming every device that does not answer, and why.
    """
    failures = []
    for name, device in devices.items():
        try:
            if hasattr(device, "connect"):
                device.connect(timeout)
        except Exception as error:
            failures.append(f"{name}: {' '.join(str(error).split())}")
    if failures:
        raise InstrumentError(f"the instrument cannot be reached: {'; '.join(failures)}")


def make_safe(devices: Iterable[Any], deadline: float = SAFE_DEADLINE) -> None:
    """Stops every motor and detector and closes the shutter, whatever the plan left behind.

    All at the same time, so that a device that does not answer keeps no other from it; failures are logged.

    Args:
        devices: the instrument.
        deadline: the longest that all of it may take, s.
    """
    calls = [(f"bringing {getattr(device, 'name', device)} to rest", partial(_quieten, device)) for device in devices]
    run_within(deadline, calls)


def _quieten(device: object) -> None:
    moving = axes_of(device)
    for part in [*moving, device]:
        if isinstance(part, Stoppable) and (part in moving or isinstance(part, Triggerable)):
            part.stop()
    if isinstance(device, AreaDetector):
        device.dark = False
    if isinstance(device, Shutter):
        device.set("closed").wait(SHUTTER_DEADLINE)
