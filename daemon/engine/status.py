"""What the engine says about itself and its instrument, as plain types."""

from __future__ import annotations

import logging
import time
from typing import Any

from daemon.engine.engine import Engine
from daemon.errors import EngineError
from daemon.plans.context import axes_of, unit_of
from devices.area_detector import AreaDetector
from devices.monitor import BeamMonitor
from devices.point_detector import PointDetector
from devices.shutter import Shutter

log = logging.getLogger(__name__)

KINDS: dict[type, str] = {
    AreaDetector: "camera",
    PointDetector: "detector",
    Shutter: "shutter",
    BeamMonitor: "monitor",
}
"""What a device is, in a word; whatever has axes is a stage."""
ALWAYS_READ = frozenset({"shutter", "monitor"})
"""Kinds whose readings mean something while nothing is measured."""

ANALYST_STALL = 5.0
"""The analyst counts as stalled when it has given no sign of life for so long, s; it gives two a second."""


def engine_status(engine: Engine) -> dict[str, Any]:
    """What the engine does now.

    Returns:
        `state` (the RunEngine's, but `running` from the start of a plan until its run is closed), `plan`, `run`, what
        keeps the plan from going on, how much more fits on the disk, ages in seconds, and how the analyst is.
    """
    handle = engine.handle
    busy = handle is not None and not handle.done
    run = None
    if handle is not None and busy and handle.run is not None:
        run = {"uid": handle.uid, "path": str(handle.run), "points": engine.points}
    silence = engine.analyst.silence
    waiting, room = engine.suspended, engine.room
    return {
        "state": "running" if busy and engine.state == "idle" else engine.state,
        "plan": handle.name if handle is not None and busy else None,
        "run": run,
        "paused_by": engine.paused_by,
        "suspended": None if waiting is None else {"reason": waiting.reason, "since": waiting.since},
        "room": None if room is None else {"free_bytes": room.free_bytes, "points": room.points},
        "steering": _steering(engine) if run is not None else None,
        "loop_age": engine.loop_age,
        "loop": _loop(engine) if run is not None else None,
        "analyst_pid": engine.analyst.pid,
        "analyst_alive": silence is not None and silence < ANALYST_STALL,
        "analyst_age": silence,
        "analyst_restarts": engine.analyst.restarts,
        "time": time.time(),
    }


def _loop(engine: Engine) -> dict[str, Any]:
    """How late the engine's loop was during the run, ms, and how often by more than 50 ms."""
    late = engine.loop
    return {"p99": late.p99, "worst": late.worst, "stalls": late.stalls}


def _steering(engine: Engine) -> dict[str, Any] | None:
    """What operators asked of the campaign that runs; None where there is none."""
    try:
        return engine.steering.facts()
    except EngineError:
        return None


def describe_device(name: str, device: Any) -> dict[str, Any]:  # noqa: ANN401 - any ophyd device
    """A device in plain words: where its axes are, and what a shutter or a monitor says; nothing is exposed."""
    axes = []
    for axis in axes_of(device):
        low, high = getattr(axis, "limits", None) or (None, None)
        axes.append(
            {"name": axis.name, "units": unit_of(axis), "low": low, "high": high, "position": float(axis.position)}
        )
    kind = next((word for known, word in KINDS.items() if isinstance(device, known)), "stage" if axes else "device")
    owner = type(device)
    facts = {"name": name, "class": f"{owner.__module__}.{owner.__qualname__}", "kind": kind, "axes": axes}
    return {**facts, "readings": _readings(device) if kind in ALWAYS_READ else []}


def _readings(device: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any ophyd device
    """What a device reads now; nothing where it cannot be read, which its next use in a plan reports."""
    try:
        units = {key: about.get("units") for key, about in device.describe().items()}
        return [
            {"name": key, "value": reading["value"], "units": units.get(key) or None}
            for key, reading in device.read().items()
        ]
    except Exception:
        log.debug("%s cannot be read", device.name, exc_info=True)
        return []
