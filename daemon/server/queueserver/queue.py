"""The queue as a whole: start, stop, modes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from daemon.server.queueserver.items import shown
from daemon.server.queueserver.refused import RefusedError
from daemon.server.queueserver.status import manager_state
from daemon.server.queueserver.verbs import Call, Reply, Verbs

if TYPE_CHECKING:
    from daemon.store import Store

verbs = Verbs("queue")

MODES = {"loop": "loop", "ignore_failures": "stop_on_failure"}
"""Flags of the queue by mode; the second is its opposite."""
DEFAULT_MODE = {"loop": False, "ignore_failures": False}
"""What the mode "default" means."""


@verbs.verb("POST", "/queue/start", "write:queue:control", locked="environment", failure="Error: ")
async def queue_start(call: Call) -> Reply:
    """Work the queue off."""
    await call.queue.watch.look()
    if (state := manager_state(call.queue)) != "idle":
        raise RefusedError(f"RE Manager is busy: it is {state}")
    await call.queue.start(call.principal.name)
    return {}


@verbs.verb("POST", "/queue/stop", "write:queue:control", locked="environment", failure="Error: ")
async def queue_stop(call: Call) -> Reply:
    """Start no further item; the one that runs goes on."""
    if not (call.queue.running or call.queue.starting):
        raise RefusedError(f"the queue is not running: RE Manager is {manager_state(call.queue)}")
    await call.queue.stop(call.principal.name)
    return {}


@verbs.verb("POST", "/queue/stop/cancel", "write:queue:control", locked="environment", failure="Error: ")
async def queue_stop_cancel(call: Call) -> Reply:
    """Go on with the queue after all; done even if nothing was to be stopped."""
    if call.queue.stop_pending:
        await call.queue.cancel_stop()
    return {}


@verbs.verb("GET", "/queue/get", "read:queue", empty={"items": [], "running_item": {}, "plan_queue_uid": ""})
async def queue_get(call: Call) -> Reply:
    """The items that wait, and the one that runs."""
    summary = await call.queue.status()
    items, running = await asyncio.gather(call.queue.items(), asyncio.to_thread(_running, call.store))
    return {
        "items": [shown(item) for item in items],
        "running_item": running,
        "plan_queue_uid": summary.queue_uid,
    }


@verbs.verb("POST", "/queue/clear", "write:queue:edit", locked="queue", failure="Error: ")
async def queue_clear(call: Call) -> Reply:
    """Take all items out of the queue; the one that runs goes on."""
    await call.queue.clear()
    return {}


@verbs.verb(
    "POST", "/queue/autostart", "write:queue:control", takes=("enable",), locked="environment", failure="Error: "
)
async def queue_autostart(call: Call) -> Reply:
    """Start the queue whenever it holds an item, or only when told to."""
    enable = call.required("enable")
    if not isinstance(enable, bool):
        raise RefusedError(f"enable is {enable!r}: use true or false")
    await call.queue.flags(autostart=enable)
    return {}


@verbs.verb(
    "POST",
    "/queue/mode/set",
    "write:queue:control",
    takes=("mode",),
    locked="queue",
    failure="Failed to set queue mode: ",
)
async def queue_mode_set(call: Call) -> Reply:
    """Set the modes loop and ignore_failures; those that are not named stay, "default" resets them."""
    mode = call.required("mode")
    if mode == "default":
        mode = DEFAULT_MODE
    if not isinstance(mode, dict):
        raise RefusedError(f"mode is {mode!r}: use 'default', or an object with {sorted(MODES)}")
    if unknown := sorted(mode.keys() - MODES.keys()):
        raise RefusedError(f"unknown modes {unknown}; there are {sorted(MODES)}")
    if wrong := sorted(name for name, value in mode.items() if not isinstance(value, bool)):
        raise RefusedError(f"{wrong} must be true or false")
    await call.queue.flags(**{MODES[name]: value != (name == "ignore_failures") for name, value in mode.items()})
    return {}


def _running(store: Store) -> dict[str, Any]:
    item, since = store.running(), store.running_since()
    if item is None:
        return {}
    return {**shown(item), "properties": {} if since is None else {"time_start": since.timestamp()}}
