"""The manager, which is the whole daemon."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from pathlib import Path

from daemon.lock import LOCK_FILE, last_holder
from daemon.server.queueserver.refused import RefusedError
from daemon.server.queueserver.status import manager_state
from daemon.server.queueserver.verbs import Call, Reply, Verbs

verbs = Verbs("manager")

OPTIONS = ("safe_on", "safe_off")
SOON = 0.2
"""Time for the reply to leave before the daemon ends, s."""
LONGEST = 60.0
"""The longest that an answer is put off, s."""


@verbs.verb("POST", "/manager/stop", "write:manager:stop", takes=("option",), failure="Error: ")
async def manager_stop(call: Call) -> Reply:
    """End the daemon: with `safe_on`, which is the default, only when nothing runs."""
    option = call.payload.get("option") or OPTIONS[0]
    if option not in OPTIONS:
        raise RefusedError(f"option is {option!r}: use one of {OPTIONS}")
    if option == "safe_on" and (state := manager_state(call.queue)) not in ("idle", "creating_environment"):
        raise RefusedError(f"RE Manager is {state}: with safe_on it is only stopped when it is idle")
    pid = supervisor(call.queue.settings.data)
    if pid is None:
        raise RefusedError("no supervisor keeps this server: end its processes where they were started")
    asyncio.get_running_loop().call_later(SOON, os.kill, pid, signal.SIGTERM)
    return {}


@verbs.verb("POST", "/test/manager/kill", "write:manager:stop", failure="Error: ")
async def manager_kill(call: Call) -> Reply:
    """Make the manager hang, to test that somebody notices; refused."""
    raise RefusedError("the daemon does not hang on request, not even for a test")


@verbs.verb("GET", "/test/server/sleep", "read:testing", takes=("time",))
async def server_sleep(call: Call) -> Reply:
    """Answer after so many seconds, to test that a client is patient."""
    seconds = call.required("time")
    if not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST:
        raise RefusedError(f"time is {seconds!r}: use seconds from 0 to {LONGEST:g}")
    await asyncio.sleep(seconds)
    return {}


def supervisor(data: Path) -> int | None:
    """Process id of the supervisor that holds a data folder; None if none does."""
    holder = last_holder(data)
    if holder is None:
        return None
    with (data / LOCK_FILE).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return holder.pid
    return None
