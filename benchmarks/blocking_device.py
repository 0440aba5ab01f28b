"""The diffractometer twin with a camera whose ``read`` comes back only after ten minutes, from its fourth frame on."""

from __future__ import annotations

import time
from typing import Any

from simulators.diffractometer import instrument as make

GOOD = 3
"""Frames until then."""
BLOCKED = 600.0
"""How long it blocks whoever reads it, s."""


def instrument(**options: Any) -> dict[str, Any]:
    """Make the devices; options as for the twin."""
    devices = make(**options)
    device, read, count = devices["detector"], devices["detector"].read, 0

    def late() -> dict[str, Any]:
        nonlocal count
        count += 1
        time.sleep(BLOCKED if count > GOOD else 0.0)
        return read()

    device.read = late
    return devices
