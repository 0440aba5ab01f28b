"""Identifiers that change when the thing changes, made from the thing itself: a restart does not change them."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daemon.server.engine_watch import EngineWatch

ROOM = uuid.UUID("0d2f3f3e-6d0b-5f3c-9b1c-2f6f8f3e7a51")
"""Namespace of our identifiers."""


def uid_of(*parts: object) -> str:
    """An identifier for plain values: the same for the same values."""
    return str(uuid.uuid5(ROOM, json.dumps(parts, sort_keys=True, default=str)))


class Uids:
    """Identifiers of what the engine has.

    Args:
        watch: what the engine says.
    """

    def __init__(self, watch: EngineWatch) -> None:
        self._watch = watch
        self._plans = ""
        self._devices = ""

    @property
    def plans_uid(self) -> str:
        """Of the plans; another engine may have others."""
        return self._plans or uid_of("plans", self._epoch)

    @property
    def devices_uid(self) -> str:
        """Of the devices, not of their positions."""
        return self._devices or uid_of("devices", self._epoch)

    @property
    def run_list_uid(self) -> str:
        """Of the runs that the item which runs has so far."""
        status = self._watch.status or {}
        run = status.get("run") or {}
        return uid_of("runs", status.get("item"), run.get("uid"))

    def set_plans(self, plans: list[dict[str, Any]]) -> None:
        """Note what plans there are."""
        self._plans = uid_of("plans", plans)

    def set_devices(self, devices: list[dict[str, Any]]) -> None:
        """Note what devices there are."""
        still = [{**device, "axes": [_still(axis) for axis in device.get("axes", ())]} for device in devices]
        self._devices = uid_of("devices", still)

    @property
    def _epoch(self) -> Any:  # noqa: ANN401 - a number or nothing
        return (self._watch.status or {}).get("epoch")


def _still(axis: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in axis.items() if name != "position"}
