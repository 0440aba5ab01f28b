"""Items as the clients of a queue server write them, and as Beampilot keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.server.queueserver.refused import RefusedError

if TYPE_CHECKING:
    from daemon.store import HistoryEntry, Item

USER_GROUP = "primary"
"""The one group of users: what somebody may do is said by the role of their key."""
KNOWN = frozenset({"item_type", "item_uid", "name", "args", "kwargs", "meta", "user", "user_group"})
"""What an item may have; the rest is dropped, as clients send back what they got."""
EXIT_STATUS = {"success": "completed", "fail": "failed", "abort": "aborted", "interrupted": "failed"}
"""How an item ended, in the words of a queue server."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item that somebody wants.

    Attributes:
        plan: name of the plan.
        parameters: of the plan.
        metadata: for the start document.
        uid: that it came with; None if it had none.
    """

    plan: str
    parameters: dict[str, Any]
    metadata: dict[str, Any]
    uid: str | None


def wanted(item: object) -> Wanted:
    """Read an item.

    Args:
        item: as it came.

    Raises:
        RefusedError: when it is no plan, or has what no plan of Beampilot has.
    """
    if not isinstance(item, Mapping):
        raise RefusedError("an item is a JSON object with at least item_type and name")
    kind = item.get("item_type")
    if kind != "plan":
        raise RefusedError(f"item_type is {kind!r}: the queue holds items of the type 'plan' alone")
    name = item.get("name")
    if not isinstance(name, str) or not name:
        raise RefusedError("the item has no name of a plan")
    if item.get("args"):
        raise RefusedError(f"{name} takes its parameters by name: put them into kwargs, and leave args empty")
    uid = item.get("item_uid")
    if uid is not None and not isinstance(uid, str):
        raise RefusedError("item_uid must be text")
    return Wanted(name, _mapping(item, "kwargs"), _metadata(item), uid)


def shown(item: Item) -> dict[str, Any]:
    """An item, as clients read it."""
    return {
        "item_type": "plan",
        "name": item.plan,
        "args": [],
        "kwargs": item.parameters,
        "meta": item.metadata,
        "user": item.added_by,
        "user_group": USER_GROUP,
        "item_uid": item.uid,
    }


def ended(entry: HistoryEntry, how: str | None) -> dict[str, Any]:
    """An item that is done, as clients read it.

    Args:
        entry: of the history.
        how: how it was told to end; None if it was not told.
    """
    return {
        **shown(entry.item),
        "result": {
            "exit_status": exit_status(entry, how),
            "run_uids": [] if entry.run_uid is None else [entry.run_uid],
            "scan_ids": [number for number in [scan_id(entry.run_path)] if number is not None],
            "time_start": entry.started_at.timestamp(),
            "time_stop": entry.ended_at.timestamp(),
            "msg": "" if entry.exit_status == "success" else entry.reason,
            "traceback": "",
        },
    }


def exit_status(entry: HistoryEntry, how: str | None) -> str:
    """How an item ended: completed, failed, stopped, aborted, halted or unknown."""
    if how == "stopped" and entry.exit_status == "success":
        return how
    if entry.exit_status == "abort":
        halted = how == "halted" or "halt" in entry.reason.lower()
        return "halted" if halted else "aborted"
    return EXIT_STATUS.get(entry.exit_status, "unknown")


def scan_id(run_path: str | None) -> int | None:
    """The number of a run, which its folder's name begins with; None where it does not."""
    number = "" if run_path is None else Path(run_path).name.partition("-")[0]
    return int(number) if number.isdecimal() else None


def _mapping(item: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = item.get(name) or {}
    if not isinstance(found, Mapping):
        raise RefusedError(f"{name} must be a JSON object")
    return dict(found)


def _metadata(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item's metadata; a list of objects is merged, the first of them wins."""
    found = item.get("meta") or {}
    if not isinstance(found, list):
        return _mapping(item, "meta")
    merged: dict[str, Any] = {}
    for each in reversed(found):
        if not isinstance(each, Mapping):
            raise RefusedError("meta must be a JSON object, or a list of such")
        merged.update(each)
    return merged
