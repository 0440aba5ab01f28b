"""The ophyd devices of the served diffractometer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from devices.area_detector import AreaDetector
from devices.interlock import Interlock
from devices.monitor import BeamMonitor
from devices.protocols import FrameBackend
from devices.shutter import Shutter
from devices.stage import Stage
from simulators.served.backends import ServedAxis, ServedFrames, ServedSwitch, ServedValue
from simulators.served.link import Link


def instrument(socket: str, *, interlock: bool = False) -> dict[str, Any]:
    """Make the devices of a diffractometer that ``python -m simulators.served`` serves.

    Args:
        socket: Path of its socket.
        interlock: Whether it was told to have an interlock.

    Returns:
        ``stage``, ``detector``, ``shutter`` and ``monitor`` as the diffractometer has them, not yet connected;
        ``interlock`` where asked for. What they did is not undone when this process dies.
    """
    link = Link(str(Path(socket).expanduser()))
    devices = {
        "stage": Stage({name: ServedAxis(link, f"stage_{name}") for name in ("x", "y")}, name="stage"),
        "detector": AreaDetector(cast(FrameBackend, ServedFrames(link, "detector")), name="detector"),
        "shutter": Shutter(ServedSwitch(link, "shutter"), name="shutter"),
        "monitor": BeamMonitor(
            ServedValue(link, "monitor_current"), ServedValue(link, "monitor_intensity"), name="monitor"
        ),
    }
    return devices | ({"interlock": Interlock(ServedValue(link, "interlock"), name="interlock")} if interlock else {})
