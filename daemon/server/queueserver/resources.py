"""Plans and devices. What exists is allowed: what somebody may do with it is said by the role of their key."""

from __future__ import annotations

from typing import Any

from daemon.server.queueserver.descriptions import device_description, plan_description, reduced
from daemon.server.queueserver.verbs import Call, Reply, Verbs

verbs = Verbs("plans and devices")


@verbs.verb(
    "GET",
    "/plans/allowed",
    "read:resources",
    takes=("reduced", "user_group"),
    empty={"plans_allowed": {}, "plans_allowed_uid": None},
)
async def plans_allowed(call: Call) -> Reply:
    """The plans, with their parameters; `reduced` for simpler descriptions."""
    plans = await _plans(call)
    return {"plans_allowed": plans, "plans_allowed_uid": call.queue.uids.plans_uid}


@verbs.verb(
    "GET",
    "/plans/existing",
    "read:resources",
    takes=("reduced",),
    empty={"plans_existing": {}, "plans_existing_uid": None},
)
async def plans_existing(call: Call) -> Reply:
    """The plans, with their parameters; `reduced` for simpler descriptions."""
    plans = await _plans(call)
    return {"plans_existing": plans, "plans_existing_uid": call.queue.uids.plans_uid}


@verbs.verb(
    "GET",
    "/devices/allowed",
    "read:resources",
    takes=("user_group",),
    empty={"devices_allowed": {}, "devices_allowed_uid": None},
)
async def devices_allowed(call: Call) -> Reply:
    """The devices, with their axes."""
    devices = await _devices(call)
    return {"devices_allowed": devices, "devices_allowed_uid": call.queue.uids.devices_uid}


@verbs.verb("GET", "/devices/existing", "read:resources", empty={"devices_existing": {}, "devices_existing_uid": None})
async def devices_existing(call: Call) -> Reply:
    """The devices, with their axes."""
    devices = await _devices(call)
    return {"devices_existing": devices, "devices_existing_uid": call.queue.uids.devices_uid}


async def _plans(call: Call) -> dict[str, Any]:
    found = {name: plan_description(plan) for name, plan in (await call.queue.plans()).items()}
    return {name: reduced(plan) for name, plan in found.items()} if call.payload.get("reduced") else found


async def _devices(call: Call) -> dict[str, Any]:
    return {device["name"]: device_description(device) for device in await call.queue.devices()}
