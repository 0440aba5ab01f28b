"""What Beampilot does not do, and says so: foreign code in the engine, tasks, and permissions by group."""

from __future__ import annotations

from daemon.server.queueserver.items import USER_GROUP
from daemon.server.queueserver.refused import RefusedError
from daemon.server.queueserver.verbs import Call, Reply, Verbs

verbs = Verbs("what is not done")

EVERYTHING = ":.*"
"""Matches every name, in the language of permissions."""
SCRIPT = ("script", "update_lists", "update_re", "run_in_background")
FUNCTION = ("item", "run_in_background", "user", "user_group")


@verbs.verb(
    "POST",
    "/script/upload",
    "write:execute",
    takes=SCRIPT,
    locked="environment",
    empty={"task_uid": None},
    failure="Error: ",
)
async def script_upload(call: Call) -> Reply:
    """Execute a script in the engine; refused."""
    raise RefusedError("no code from outside is ever executed in the engine: plans and devices come with the settings")


@verbs.verb(
    "POST",
    "/function/execute",
    "write:execute",
    takes=FUNCTION,
    locked="environment",
    empty={"item": None, "task_uid": None},
    failure="Error: ",
)
async def function_execute(call: Call) -> Reply:
    """Call a function in the engine; refused."""
    raise RefusedError("the engine executes plans, not single functions", item=call.payload.get("item"))


@verbs.verb(
    "GET",
    "/task/status",
    "read:monitor",
    takes=("task_uid",),
    empty={"task_uid": None, "status": None},
    failure="Error: ",
)
async def task_status(call: Call) -> Reply:
    """How tasks are doing: none was ever begun, so none is found."""
    uid = call.required("task_uid")
    if isinstance(uid, list):
        return {"task_uid": uid, "status": {str(each): "not_found" for each in uid}}
    return {"task_uid": _text(uid), "status": "not_found"}


@verbs.verb(
    "GET",
    "/task/result",
    "read:monitor",
    takes=("task_uid",),
    empty={"task_uid": None, "status": None, "result": None},
    failure="Error: ",
)
async def task_result(call: Call) -> Reply:
    """What a task gave: none was ever begun, so none is found."""
    return {"task_uid": _text(call.required("task_uid")), "status": "not_found", "result": {}}


@verbs.verb(
    "POST",
    "/kernel/interrupt",
    "write:queue:control",
    takes=("interrupt_task", "interrupt_plan"),
    locked="environment",
    failure="Error: ",
)
async def kernel_interrupt(call: Call) -> Reply:
    """Interrupt the IPython kernel; refused."""
    raise RefusedError("the engine has no IPython kernel; to end a plan, use re/abort or re/halt")


@verbs.verb("GET", "/permissions/get", "read:config", empty={"user_group_permissions": {}}, failure="Error: ")
async def permissions_get(call: Call) -> Reply:
    """What groups of users may do: everything that the role of a key allows, but no functions."""
    names = ("plans", "devices")
    allowed = {f"allowed_{name}": [EVERYTHING] for name in names} | {f"forbidden_{name}": [None] for name in names}
    group = {**allowed, "allowed_functions": [], "forbidden_functions": [EVERYTHING]}
    return {"user_group_permissions": {"user_groups": {"root": group, USER_GROUP: dict(group)}}}


@verbs.verb(
    "POST",
    "/permissions/set",
    "write:permissions",
    takes=("user_group_permissions",),
    locked="queue",
    failure="Error: ",
)
async def permissions_set(call: Call) -> Reply:
    """Say what groups of users may do; refused."""
    raise RefusedError(
        "there are no groups of users: give each user a token with the role observer, operator or administrator"
    )


@verbs.verb(
    "POST",
    "/permissions/reload",
    "write:config",
    takes=("restore_plans_devices", "restore_permissions"),
    locked="queue",
    failure="Error: ",
)
async def permissions_reload(call: Call) -> Reply:
    """Read the lists of plans and devices anew; permissions are the roles of the keys and are always up to date."""
    await call.queue.plans()
    await call.queue.devices()
    return {}


def _text(uid: object) -> str:
    if not isinstance(uid, str):
        raise RefusedError("task_uid must be text")
    return uid
