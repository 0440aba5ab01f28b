"""The verbs of the lock."""

from __future__ import annotations

from daemon.server.queueserver.lock_key import Locked
from daemon.server.queueserver.own import uid_of
from daemon.server.queueserver.refused import RefusedError
from daemon.server.queueserver.verbs import Call, Reply, Verbs

verbs = Verbs("lock")

NO_LOCK: Reply = {"lock_info": {}, "lock_info_uid": None}


@verbs.verb(
    "POST",
    "/lock",
    "write:lock",
    takes=("lock_key", "environment", "queue", "note", "user"),
    empty=NO_LOCK,
    failure="Error: ",
)
async def lock(call: Call) -> Reply:
    """Hold back what is executed ("environment"), what is planned ("queue") or both, from all without the key."""
    note = call.payload.get("note") or ""
    parts = bool(call.payload.get("environment")), bool(call.payload.get("queue"))
    if not isinstance(note, str):
        raise RefusedError("note must be text")
    if not any(parts):
        raise RefusedError("say what is locked: environment, queue or both")
    return _reply(await call.own.lock.lock(_key(call), parts, call.principal.name, note))


@verbs.verb("GET", "/lock/info", "read:status", takes=("lock_key",), empty=NO_LOCK, failure="Error: ")
async def lock_info(call: Call) -> Reply:
    """What is locked and by whom; with a key, whether it is the lock's."""
    locked = await call.own.lock.state()
    if call.payload.get("lock_key") is not None and locked.state is not None:
        key = _key(call)
        if locked.held is None or not locked.held.fits(key):
            raise RefusedError(f"wrong lock_key: {locked}", **_reply(locked))
    return _reply(locked)


@verbs.verb("POST", "/unlock", "write:lock", takes=("lock_key",), empty=NO_LOCK, failure="Error: ")
async def unlock(call: Call) -> Reply:
    """Unlock with the key; done even if nothing is locked."""
    return _reply(await call.own.lock.unlock(_key(call), call.principal.name))


def lock_uid(locked: Locked) -> str:
    """An identifier that changes when the lock does."""
    return uid_of("lock", *locked.info().values())


def _reply(locked: Locked) -> Reply:
    return {"lock_info": locked.info(), "lock_info_uid": lock_uid(locked)}


def _key(call: Call) -> str:
    key = call.required("lock_key")
    if not isinstance(key, str) or not key:
        raise RefusedError("lock_key must be text that is not empty")
    return key
