"""The worker environment. It is the engine, which the supervisor starts, keeps and starts anew when it is gone."""

from __future__ import annotations

import asyncio
import signal
import uuid

from daemon.server.queueserver.refused import RefusedError
from daemon.server.queueserver.status import manager_state
from daemon.server.queueserver.verbs import Call, Reply, Verbs

verbs = Verbs("environment")

LEAVE = 5.0
"""How long the engine may take to go once it was told to, s."""


@verbs.verb("POST", "/environment/open", "write:manager:control", locked="environment", failure="Error: ")
async def environment_open(call: Call) -> Reply:
    """Open the environment: it is open, or the supervisor is about to open it."""
    await call.queue.watch.look()
    return {}


@verbs.verb("POST", "/environment/close", "write:manager:control", locked="environment", failure="Error: ")
async def environment_close(call: Call) -> Reply:
    """End the engine in an orderly way, when nothing runs; the supervisor starts another at once."""
    await call.queue.watch.look()
    if (state := manager_state(call.queue)) != "idle":
        raise RefusedError(f"RE Manager is busy: it is {state}")
    await call.queue.engine.call("shutdown")
    await _gone(call)
    return {}


@verbs.verb("POST", "/environment/destroy", "write:manager:control", locked="environment", failure="Error: ")
async def environment_destroy(call: Call) -> Reply:
    """Kill the engine, whatever it does; the supervisor starts another, which first makes the instrument safe."""
    from daemon.supervisor.processes import Process

    watch = call.queue.watch
    if watch.status is None or not watch.process_alive:
        raise RefusedError("there is no engine to kill; the supervisor is about to start one")
    Process(int(watch.status["pid"])).send(signal.SIGKILL)
    await _gone(call)
    return {}


@verbs.verb(
    "POST",
    "/environment/update",
    "write:queue:control",
    takes=("run_in_background",),
    locked="environment",
    empty={"task_uid": None},
    failure="Error: ",
)
async def environment_update(call: Call) -> Reply:
    """Read the lists of plans and devices anew; the task that does it is done with the reply."""
    await call.queue.plans()
    await call.queue.devices()
    return {"task_uid": str(uuid.uuid4())}


async def _gone(call: Call) -> None:
    """Wait until the engine no longer answers, so that nobody takes the old one for the new."""
    watch = call.queue.watch
    old = None if watch.status is None else watch.status["epoch"]
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LEAVE
    with watch.looked.listener() as looked:
        while loop.time() < deadline:
            if not watch.answers or watch.status is None or watch.status["epoch"] != old:
                return
            await looked.wait(LEAVE)
