"""The border to hardware: ophyd devices and frame writers, the same for real and simulated instruments."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devices.area_detector import AreaDetector
    from devices.interlock import Interlock
    from devices.monitor import BeamMonitor
    from devices.point_detector import PointDetector
    from devices.scanner import ScanBackend, Scanner
    from devices.shutter import Shutter
    from devices.stage import Axis, Stage, make_stage
    from devices.status import Status
    from devices.streaming import StreamingDetector
    from devices.writer import FrameWriter, ZarrFrameWriter

__all__ = [
    "AreaDetector",
    "Axis",
    "BeamMonitor",
    "FrameWriter",
    "Interlock",
    "PointDetector",
    "ScanBackend",
    "Scanner",
    "Shutter",
    "Stage",
    "Status",
    "StreamingDetector",
    "ZarrFrameWriter",
    "make_stage",
]

_MODULES = {
    "AreaDetector": "area_detector",
    "Axis": "stage",
    "BeamMonitor": "monitor",
    "FrameWriter": "writer",
    "Interlock": "interlock",
    "PointDetector": "point_detector",
    "ScanBackend": "scanner",
    "Scanner": "scanner",
    "Shutter": "shutter",
    "Stage": "stage",
    "Status": "status",
    "StreamingDetector": "streaming",
    "ZarrFrameWriter": "writer",
    "make_stage": "stage",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import a public name when it is first asked for: ophyd and zarr take half a second."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
