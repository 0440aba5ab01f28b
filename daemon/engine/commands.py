"""The engine's commands, as other processes give them: plain types in, plain types out."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from daemon.continuation import continuation
from daemon.ending import Ending
from daemon.engine.engine import Engine
from daemon.engine.handle import PlanHandle
from daemon.engine.status import describe_device, engine_status
from daemon.errors import EngineError, EngineStuck, PlanRejected, RunNotFound
from daemon.numbers import Register
from daemon.plans import PLANS
from daemon.recorder.layout import JOURNAL

log = logging.getLogger(__name__)


class EngineCommands:
    """Obeys commands; each may come from a thread of its own, so that an abort overtakes whatever else is asked.

    Args:
        engine: who obeys.
        register: counts the engine's documents.
        changed: called whenever something has happened that a watcher of the status wants to know at once.

    Attributes:
        shutdown: set when the process is to end.
        stuck: set when it must end at once, because nothing else ends the plan.
    """

    def __init__(self, engine: Engine, register: Register, changed: Callable[[], object] = lambda: None) -> None:
        self._engine, self._register, self._changed = engine, register, changed
        self.shutdown = Ending()
        self.stuck = threading.Event()
        self._item: str | None = None
        self._last: dict[str, Any] | None = None
        self._starting = threading.Lock()
        self._commands: dict[str, Callable[..., Any]] = {
            "status": self.status,
            "plans": self._plans,
            "devices": self._devices,
            "check": self._check,
            "start": self._start,
            "continue": self._continue,
            "pause": self._pause,
            "resume": lambda: self._engine.resume(),
            "stop": lambda: self._engine.stop(),
            "abort": lambda reason="": self._engine.abort(str(reason)),
            "halt": lambda: self._engine.halt(),
            "measure": lambda position: {"position": self._engine.steering.wish(position)},
            "exclude": lambda region: {"region": self._engine.steering.exclude(region)},
            "shutdown": self.shutdown.set,
        }

    def obey(self, request: object) -> dict[str, Any]:
        """Does what a request says.

        Args:
            request: `{"command": name, "arguments": {…}}`; whatever else it may be is refused.

        Returns:
            `{"ok": True, "result": …}`, or `{"ok": False, "error": text, "kind": class, "fields": [...]}`.
        """
        try:
            command, arguments = _read(request)
            if command not in self._commands:
                raise EngineError(f"there is no command {command!r}; known are: {', '.join(self._commands)}")
            result = self._commands[command](**arguments)
        except EngineStuck as error:
            self.stuck.set()
            self.shutdown.set()
            text = f"{error}; it ends now, and the run is closed from its journal by the next engine"
            return {"ok": False, "error": text, "kind": type(error).__name__, "fields": []}
        except Exception as error:
            if not isinstance(error, EngineError | PlanRejected | RunNotFound):
                log.exception("a command failed: %r", request)
            fields = error.fields if isinstance(error, PlanRejected) else []
            return {"ok": False, "error": str(error), "kind": type(error).__name__, "fields": fields}
        finally:
            self._changed()
        return {"ok": True, "result": {} if result is None else result}

    def status(self) -> dict[str, Any]:
        """What the engine does now."""
        facts = engine_status(self._engine)
        return {
            "pid": os.getpid(),
            "epoch": self._register.epoch,
            "sequence": self._register.sequence,
            **facts,
            "item": self._item,
            "last": self._last,
        }

    def _plans(self) -> list[dict[str, Any]]:
        settings = self._engine.settings.plans
        return [
            {
                "name": kind.name,
                "description": kind.description,
                "schema": kind.model.model_json_schema(),
                "defaults": settings.get(kind.name, {}),
            }
            for kind in PLANS.values()
        ]

    def _devices(self) -> list[dict[str, Any]]:
        return [describe_device(name, device) for name, device in self._engine.devices.items()]

    def _check(self, plan: str, parameters: Mapping[str, Any] | None = None) -> None:
        self._engine.check_plan(plan, parameters)

    def _start(
        self,
        plan: str,
        parameters: Mapping[str, Any] | None = None,
        item: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        more = {str(name): value for name, value in (metadata or {}).items()}
        with self._starting:
            handle = self._engine.start_plan(plan, parameters, more if item is None else {**more, "item_uid": item})
            self._item, self._last = item, None
        threading.Thread(target=self._follow, args=(handle, item), name="follow-plan", daemon=True).start()

    def _continue(
        self,
        run: str,
        item: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        points: int | None = None,
    ) -> None:
        path = Path(run)
        if not (path / JOURNAL).is_file():
            raise RunNotFound(f"{run} is no run of this machine")
        plan, parameters = continuation(path, points)
        self._start(plan, parameters, item, metadata)

    def _pause(self, defer: bool = False) -> None:
        self._engine.pause(defer=defer)

    def _follow(self, handle: PlanHandle, item: str | None) -> None:
        """Keeps how a plan ended, for whoever asks later."""
        facts = {"item": item, "uid": handle.uid, "path": None, "exit_status": "fail", "points": 0, "reason": ""}
        try:
            result = handle.wait()
            facts |= {"exit_status": result.exit_status, "points": result.points}
            facts["reason"] = result.reason or result.stop_reason
        except Exception as error:
            facts |= {"points": self._engine.points, "reason": str(error) or type(error).__name__}
        facts |= {"uid": handle.uid, "path": None if handle.run is None else str(handle.run)}
        with self._starting:
            self._item, self._last = None, facts
        self._changed()


def _read(request: object) -> tuple[str, dict[str, Any]]:
    if isinstance(request, dict):
        command, arguments = request.get("command"), request.get("arguments") or {}
        if (
            isinstance(command, str)
            and isinstance(arguments, dict)
            and all(isinstance(name, str) for name in arguments)
        ):
            return command, arguments
    raise EngineError('a request is a map like {"command": "status", "arguments": {}}')
