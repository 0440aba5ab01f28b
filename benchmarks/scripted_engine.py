"""An engine without an instrument, for what is measured of the server alone: it checks plans as the real one does."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from daemon.engine.service import CommandSocket
from daemon.errors import PlanRejected
from daemon.plans.registry import PLANS, find_plan, read_parameters
from daemon.runtime import engine_address
from daemon.settings import load_settings

SCAN = 30.0
"""How long a plan takes, s: an item that was just added is there for longer than anybody needs to ask for it."""
AXES = ("stage_x", "stage_y")
DEVICES = [
    {
        "name": "stage",
        "class": "devices.stage.Stage",
        "kind": "stage",
        "axes": [{"name": axis, "units": "um", "low": 0.0, "high": 150.0, "position": 75.0} for axis in AXES],
    },
    {"name": "detector", "class": "devices.area_detector.AreaDetector", "kind": "camera", "axes": []},
]


class ScriptedEngine:
    """Takes an engine's commands; its plans end by themselves, and it is born again whenever it ends.

    The process that it says it is does nothing, so it may be killed.

    Args:
        data: the data folder.
    """

    def __init__(self, data: Path) -> None:
        self._lock = threading.RLock()
        self._settings = load_settings(data=data)
        self._socket = CommandSocket(engine_address(data), self._obey)
        self._epoch = 0
        self._body: subprocess.Popen[bytes] | None = None
        self._clear()

    def __enter__(self) -> ScriptedEngine:
        self._live()
        self._socket.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | BaseException | None) -> None:
        self._socket.close()
        self._die()

    def _clear(self) -> None:
        self._state = "idle"
        self._item: str | None = None
        self._run: dict[str, Any] | None = None
        self._last: dict[str, Any] | None = None
        self._until = 0.0

    def _live(self) -> subprocess.Popen[bytes]:
        """The process that it says it is; another one, with a later epoch, where that has ended."""
        if self._body is None or self._body.poll() is not None:
            self._body = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(86400)"])
            self._epoch = max(self._epoch + 1, int(time.time() * 1000))
            self._clear()
        return self._body

    def _die(self) -> None:
        if self._body is not None:
            self._body.kill()
            self._body.wait()

    def _obey(self, request: object) -> dict[str, Any]:
        assert isinstance(request, dict)  # noqa: S101 - what our own client sends
        with self._lock:
            self._live()
            if self._state == "running" and time.monotonic() > self._until:
                self._end("success")
            try:
                return {"ok": True, "result": getattr(self, f"_do_{request['command']}")(**request["arguments"])}
            except PlanRejected as error:
                return {"ok": False, "kind": "PlanRejected", "error": str(error), "fields": error.fields}
            except _RefusedError as error:
                return {"ok": False, "kind": "QueueConflict", "error": str(error), "fields": []}

    def _end(self, exit_status: str, reason: str = "") -> None:
        run = self._run or {"uid": None, "path": None, "points": 0}
        self._last = {"item": self._item, **run, "exit_status": exit_status, "reason": reason}
        self._state, self._item, self._run = "idle", None, None

    def _must_be(self, *states: str) -> None:
        if self._state not in states:
            raise _RefusedError(f"the engine is {self._state}")

    def _do_status(self) -> dict[str, Any]:
        now = time.time()
        analyst = {"analyst_pid": self._live().pid, "analyst_alive": True, "analyst_age": 0.1, "analyst_restarts": 0}
        mine = {"pid": self._live().pid, "epoch": self._epoch, "sequence": 0, "state": self._state, "plan": None}
        return {**mine, **analyst, "item": self._item, "run": self._run, "last": self._last, "loop_age": 0, "time": now}

    def _do_plans(self) -> list[dict[str, Any]]:
        return [
            {
                "name": plan.name,
                "description": plan.description,
                "schema": plan.model.model_json_schema(),
                "defaults": self._settings.plans.get(plan.name, {}),
            }
            for plan in PLANS.values()
        ]

    def _do_devices(self) -> list[dict[str, Any]]:
        return DEVICES

    def _do_check(self, plan: str, parameters: dict[str, Any]) -> dict[str, Any]:
        read_parameters(find_plan(plan), parameters, self._settings.plans.get(plan, {}))
        return {}

    def _do_start(self, plan: str, parameters: dict[str, Any], item: str, **_: Any) -> dict[str, Any]:
        self._must_be("idle")
        self._do_check(plan, parameters)
        self._state, self._item, self._until = "running", item, time.monotonic() + SCAN
        return {}

    def _do_continue(self, item: str, **_: Any) -> dict[str, Any]:
        self._must_be("idle")
        self._state, self._item, self._until = "running", item, time.monotonic() + SCAN
        return {}

    def _do_pause(self, defer: bool = False) -> dict[str, Any]:
        self._must_be("running")
        self._state = "paused"
        return {}

    def _do_resume(self) -> dict[str, Any]:
        self._must_be("paused")
        self._state, self._until = "running", time.monotonic() + SCAN
        return {}

    def _do_stop(self) -> dict[str, Any]:
        self._must_be("paused", "running")
        self._end("success")
        return {}

    def _do_abort(self, reason: str = "") -> dict[str, Any]:
        self._must_be("paused", "running")
        self._end("abort", reason)
        return {}

    def _do_halt(self) -> dict[str, Any]:
        return self._do_abort("halted")

    def _do_measure(self, **_: Any) -> dict[str, Any]:
        raise _RefusedError("nothing to steer: no plan decides for itself here")

    def _do_exclude(self, **_: Any) -> dict[str, Any]:
        return self._do_measure()

    def _do_shutdown(self) -> dict[str, Any]:
        self._die()
        return {}


class _RefusedError(Exception):
    """Not now."""
