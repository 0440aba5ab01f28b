"""The daemon's status and health, put together from the store and from what the engine said last."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from daemon.packages import beampilot_version
from daemon.server.models import (
    EngineFacts,
    Flags,
    Health,
    Identifiers,
    ItemAnswer,
    LockAnswer,
    Processes,
    ProcessStatus,
    RunStatus,
    ServerStatus,
)

if TYPE_CHECKING:
    from daemon.server.engine_watch import EngineStatus, EngineWatch
    from daemon.server.queue_service import QueueService

STALL = 2.0
"""The engine's loop counts as stalled when it has not answered for so long, s."""
VERSION = beampilot_version()


def summarise(service: QueueService) -> ServerStatus:
    """Everything at a glance; asks the database, so it blocks."""
    store, watch = service.store, service.watch
    told = watch.status if watch.status is not None and watch.answers else {}
    found = store.overview()
    item, lock = found.running, found.lock
    return ServerStatus(
        version=VERSION,
        data=str(service.settings.data),
        time=datetime.now(UTC),
        processes=processes_of(watch),
        engine_state=watch.state,
        run=_run(told),
        item=None if item is None else ItemAnswer.model_validate(item),
        queue_length=found.waiting,
        queue_running=service.running,
        queue_stop_pending=service.stop_pending,
        queue_starting=service.starting,
        queue_uid=found.queue_uid,
        flags=Flags(**found.flags),
        lock=None if lock is None else LockAnswer.model_validate(lock),
        engine=_engine(told),
        uids=Identifiers(
            plans=service.uids.plans_uid,
            devices=service.uids.devices_uid,
            runs=service.uids.run_list_uid,
            history=found.history_uid,
            lock=found.lock_uid,
        ),
        **{name: told.get(name) for name in ("suspended", "paused_by", "steering", "room", "safe")},
    )


def processes_of(watch: EngineWatch) -> Processes:
    """The processes, as the engine told of them last."""
    engine, told = watch, watch.status or {}
    return Processes(
        server=ProcessStatus(pid=os.getpid(), alive=True, heartbeat_age_s=0.0),
        engine=ProcessStatus(
            pid=engine.pid, alive=engine.answers, heartbeat_age_s=round(engine.age, 3), detail=engine.error
        ),
        analyst=_analyst(told, watch),
    )


def health(watch: EngineWatch) -> Health:
    """Whether engine and analyst live and do their work."""
    processes = processes_of(watch)
    problems = []
    if not watch.answers:
        problems.append(f"engine: {watch.error}")
    elif (age := (watch.status or {}).get("loop_age") or 0.0) > STALL:
        problems.append(f"engine: its loop has stood still for {age:.1f} s")
    if not processes.analyst.alive:
        problems.append(f"analyst: {processes.analyst.detail}")
    return Health(healthy=not problems, problems=problems, processes=processes)


def _analyst(told: EngineStatus, watch: EngineWatch) -> ProcessStatus:
    alive = watch.answers and bool(told.get("analyst_alive"))
    if alive:
        detail = ""
    else:
        detail = "it does not answer the engine" if watch.answers else "nobody can ask it while the engine is away"
    age: Any = told.get("analyst_age")
    return ProcessStatus(pid=told.get("analyst_pid"), alive=alive, heartbeat_age_s=age, detail=detail)


def _engine(told: EngineStatus) -> EngineFacts | None:
    if not told:
        return None
    return EngineFacts(
        loop_age_s=told.get("loop_age"),
        documents=told.get("sequence") or 0,
        analyst_restarts=told.get("analyst_restarts") or 0,
        loop=told.get("loop"),
    )


def _run(told: EngineStatus) -> RunStatus | None:
    run = told.get("run")
    return None if run is None else RunStatus(uid=run["uid"], path=run["path"], points=run["points"])
