"""What a queue server says of itself: status, ping and its configuration."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection

from daemon.server.queueserver.locks import lock_uid
from daemon.server.queueserver.own import own, uid_of
from daemon.server.queueserver.plan_control import run_list_uid
from daemon.server.queueserver.verbs import Call, Reply, Verbs

if TYPE_CHECKING:
    from daemon.server.queue_service import QueueService

verbs = Verbs("status")

QUEUESERVER = "0.0.25"
"""The bluesky-queueserver whose keys the replies have."""
PLAN_RUNS = frozenset({"running", "pausing", "stopping", "aborting", "halting", "suspending"})
"""States of the RunEngine in which a plan is executed."""


@verbs.verb("GET", "/", "read:status", bare=True)
async def root(call: Call) -> Reply:
    """The status, as `status` says it."""
    return await manager_status(call.request)


@verbs.verb("GET", "/ping", "read:status", bare=True)
async def ping(call: Call) -> Reply:
    """The status, as `status` says it."""
    return await manager_status(call.request)


@verbs.verb("GET", "/status", "read:status", bare=True)
async def status(call: Call) -> Reply:
    """State of manager, worker and RunEngine, and identifiers that change when the things do."""
    return await manager_status(call.request)


@verbs.verb("GET", "/config/get", "read:config", empty={"config": {}})
async def config_get(call: Call) -> Reply:
    """How to connect to the IPython kernel of the worker: there is none."""
    return {"config": {"ip_connect_info": {}}}


async def manager_status(connection: HTTPConnection) -> dict[str, Any]:
    """The status of the manager that a queue server would have."""
    queue: QueueService = connection.app.state.queue
    mine = own(connection)
    summary, locked = await asyncio.gather(queue.status(), mine.lock.state())
    flags, running, state = summary.flags, summary.item, queue.watch.state
    if mine.pause_asked is not None and (running is None or running.uid != mine.pause_asked or state != "running"):
        mine.pause_asked = None
    info = locked.info()
    found: dict[str, Any] = {
        "msg": f"RE Manager v{QUEUESERVER} (its verbs, answered by Beampilot {summary.version})",
        "items_in_queue": summary.queue_length,
        "items_in_history": await asyncio.to_thread(queue.store.history_size),
        "running_item_uid": None if running is None else running.uid,
        "manager_state": manager_state(queue),
        "queue_stop_pending": queue.stop_pending,
        "queue_autostart_enabled": flags.autostart,
        "worker_environment_exists": state is not None,
        "worker_environment_state": worker_state(queue),
        "worker_background_tasks": 0,
        "re_state": state,
        "ip_kernel_state": None if state is None else "disabled",
        "ip_kernel_captured": None if state is None else False,
        "pause_pending": mine.pause_asked is not None or state == "pausing",
        "run_list_uid": run_list_uid(queue.watch.status),
        "plan_queue_uid": summary.queue_uid,
        "plan_history_uid": summary.uids.history,
        **resource_uids(queue),
        "plan_queue_mode": {"loop": flags.loop, "ignore_failures": not flags.stop_on_failure},
        "task_results_uid": mine.tasks_uid,
        "lock_info_uid": lock_uid(locked),
        "lock": {"environment": info["environment"], "queue": info["queue"]},
    }
    return {
        **found,
        "time": datetime.now(UTC).astimezone().replace(tzinfo=None).isoformat(),
        "status_uid": uid_of(found),
    }


def manager_state(queue: QueueService) -> str:
    """What the manager does: never idle between the reply to `queue/start` and the execution of the first item."""
    state = queue.watch.state
    if state == "paused":
        return "paused"
    if queue.starting:
        return "starting_queue"
    # An item is running until its entry stands in the history, which a client reads as soon as it sees idle.
    if queue.running or queue.running_uid is not None or state in PLAN_RUNS:
        return "executing_queue"
    # Nobody has to open an environment: the supervisor starts the engine, and starts it anew when it dies.
    return "creating_environment" if state is None else "idle"


def worker_state(queue: QueueService) -> str:
    """What the worker environment, which is the engine, does."""
    state = queue.watch.state
    if state is None:
        return "initializing" if queue.watch.status is None else "closed"
    return "idle" if state == "idle" else "executing_plan"


def resource_uids(queue: QueueService) -> dict[str, str]:
    """Identifiers of the lists of plans and devices; what exists is what is allowed."""
    plans, devices = queue.uids.plans_uid, queue.uids.devices_uid
    return {
        "plans_existing_uid": plans,
        "plans_allowed_uid": plans,
        "devices_existing_uid": devices,
        "devices_allowed_uid": devices,
    }
