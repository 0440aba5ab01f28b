"""The plan that runs: pause, resume, and the ways to end it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from daemon.errors import BeampilotError
from daemon.server.queueserver.items import scan_id
from daemon.server.queueserver.own import uid_of
from daemon.server.queueserver.refused import RefusedError
from daemon.server.queueserver.verbs import Call, Reply, Verbs

verbs = Verbs("plan control")

PAUSES = ("deferred", "immediate")
OPTIONS = ("active", "open", "closed")
NO_RUNS: Reply = {"run_list": [], "run_list_uid": ""}


@verbs.verb("POST", "/re/pause", "write:plan:control", takes=("option",), locked="environment", failure="Error: ")
async def re_pause(call: Call) -> Reply:
    """Pause the plan at its next checkpoint, or at once."""
    option = call.payload.get("option", "deferred")
    if option not in PAUSES:
        raise RefusedError(f"option is {option!r}: use one of {PAUSES}")
    await call.queue.pause(option == "deferred")
    call.own.pause_asked = call.queue.running_uid
    return {}


@verbs.verb("POST", "/re/resume", "write:plan:control", locked="environment", failure="Error: ")
async def re_resume(call: Call) -> Reply:
    """Take a paused plan on."""
    _paused(call)
    await call.queue.resume()
    return {}


@verbs.verb("POST", "/re/stop", "write:plan:control", locked="environment", failure="Error: ")
async def re_stop(call: Call) -> Reply:
    """End the plan and count it as a success."""
    await _end(call, "stopped", call.queue.plan_stop())
    return {}


@verbs.verb("POST", "/re/abort", "write:plan:control", locked="environment", failure="Error: ")
async def re_abort(call: Call) -> Reply:
    """End the plan and mark its run as aborted; also a plan that is not paused."""
    await _end(call, "aborted", call.queue.abort(f"aborted by {call.principal.name}"))
    return {}


@verbs.verb("POST", "/re/halt", "write:plan:control", locked="environment", failure="Error: ")
async def re_halt(call: Call) -> Reply:
    """End the plan without letting it clean up; also a plan that is not paused."""
    await _end(call, "halted", call.queue.halt())
    return {}


@verbs.verb("POST", "/re/runs", "read:monitor", takes=("option",), empty=NO_RUNS, failure="Error: ")
async def re_runs(call: Call) -> Reply:
    """The runs of the plan that runs, or ran last: all ("active"), or the "open" or "closed" ones."""
    return _runs(call, call.payload.get("option", "active"))


@verbs.verb("GET", "/re/runs/active", "read:monitor", empty=NO_RUNS)
async def re_runs_active(call: Call) -> Reply:
    """The runs of the plan that runs, or ran last."""
    return _runs(call, "active")


@verbs.verb("GET", "/re/runs/open", "read:monitor", empty=NO_RUNS)
async def re_runs_open(call: Call) -> Reply:
    """The open runs of the plan that runs."""
    return _runs(call, "open")


@verbs.verb("GET", "/re/runs/closed", "read:monitor", empty=NO_RUNS)
async def re_runs_closed(call: Call) -> Reply:
    """The closed runs of the plan that runs, or ran last."""
    return _runs(call, "closed")


def run_list(status: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The runs of the plan that runs, or ran last.

    Args:
        status: of the engine; None if it has not answered yet.
    """
    found = status or {}
    run, last = found.get("run"), found.get("last")
    if run is not None:
        return [{"uid": run["uid"], "scan_id": scan_id(run["path"]), "is_open": True, "exit_status": None}]
    if last is None or last.get("uid") is None or found.get("plan") is not None:
        return []
    ended = {"scan_id": scan_id(last["path"]), "is_open": False, "exit_status": last["exit_status"]}
    return [{"uid": last["uid"], **ended}]


def run_list_uid(status: dict[str, Any] | None) -> str:
    """An identifier that changes when the list of runs does."""
    return uid_of("runs", run_list(status))


def _runs(call: Call, option: object) -> Reply:
    if option not in OPTIONS:
        raise RefusedError(f"option is {option!r}: use one of {OPTIONS}")
    status = call.queue.watch.status
    runs = [run for run in run_list(status) if option == "active" or run["is_open"] == (option == "open")]
    return {"run_list": runs, "run_list_uid": run_list_uid(status)}


def _paused(call: Call) -> None:
    if (state := call.queue.watch.state) != "paused":
        raise RefusedError(f"no plan is paused: the engine is {state or 'away'}")


async def _end(call: Call, how: str, act: Awaitable[None]) -> None:
    """End the item that runs, and remember how: before, for its entry in the history is read as soon as it is there."""
    uid = call.queue.running_uid
    if uid is not None:
        await asyncio.to_thread(call.own.endings.note, uid, how)
    try:
        await act
    except BeampilotError:
        if uid is not None:
            await asyncio.to_thread(call.own.endings.forget, uid)
        raise
