"""Brings an instrument to a safe state: motors at rest, shutter closed, cameras in the light."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from bluesky.protocols import Stoppable, Triggerable

from daemon.errors import InstrumentError
from daemon.plans.context import axes_of
from devices.area_detector import AreaDetector
from devices.shutter import Shutter

log = logging.getLogger(__name__)

SHUTTER_DEADLINE = 5.0
"""How long a shutter may take to close, s."""


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


def make_safe(devices: Iterable[Any]) -> None:
    """Stops every motor and detector and closes the shutter, whatever the plan left behind; failures are logged."""
    for device in devices:
        try:
            _quieten(device)
        except Exception:
            log.exception("%s could not be brought to rest", getattr(device, "name", device))


def _quieten(device: object) -> None:
    moving = axes_of(device)
    for part in [*moving, device]:
        if isinstance(part, Stoppable) and (part in moving or isinstance(part, Triggerable)):
            part.stop()
    if isinstance(device, AreaDetector):
        device.dark = False
    if isinstance(device, Shutter):
        device.set("closed").wait(SHUTTER_DEADLINE)
