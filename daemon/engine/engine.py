"""The engine: one RunEngine, the devices, the recorder, and the analyst beside it."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from bluesky import RunEngine

from daemon.agent import Agent
from daemon.analyst import AnalystClient
from daemon.analyst.messages import Answer, Key
from daemon.engine.baseline import Baseline
from daemon.engine.campaign import Links, prepare_scan
from daemon.engine.control import Control
from daemon.engine.documents import DocumentFeed, Watcher
from daemon.engine.ending import FINISH_DEADLINE, RunFollower, close_run
from daemon.engine.guards import Guards
from daemon.engine.handle import PlanHandle
from daemon.engine.heartbeat import Heartbeat
from daemon.engine.interruptions import Suspension
from daemon.engine.room import Room
from daemon.engine.run_engine import close_run_engine, make_run_engine
from daemon.engine.safety import connect, make_safe
from daemon.engine.signal_guards import check_guards
from daemon.engine.steering import Steering
from daemon.engine.watchdog import LoopStatistics, LoopWatchdog
from daemon.errors import EngineError
from daemon.failure import explain_failure
from daemon.instrument import load_instrument
from daemon.logs import logs_folder
from daemon.numbers import Register
from daemon.plans import PlanKind, find_plan, read_parameters
from daemon.plans.context import ScanContext, axes_of
from daemon.plans.models import AutonomousScan, ScanParameters
from daemon.plans.steps import Messages
from daemon.recorder import Recorder, close_interrupted_runs, next_scan_id
from daemon.settings import Settings
from devices.area_detector import AreaDetector
from devices.monitor import BeamMonitor
from devices.shutter import Shutter
from devices.writer import FrameWatcher, ZarrFrameWriter

log = logging.getLogger(__name__)

CLOSE_DEADLINE = 2.0
"""How long devices may take to become safe when the engine ends, s; the supervisor waits little longer."""


class Engine:
    """Runs plans on an instrument and records them; one per process.

    Args:
        settings: everything that can be set.
        devices: the instrument, instead of the one that the settings name.
        debug_delay: makes every suggestion this much slower than the settings do, s; to try what happens then.
        register: numbers the documents, and is told of each once it is on record.
        on_frame: called with every frame once it is on disk; must return at once.

    Attributes:
        devices: the instrument by device name.
        recorder: writes the runs.

    Raises:
        InstrumentError: when the instrument cannot be made or does not answer.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        devices: Mapping[str, Any] | None = None,
        debug_delay: float = 0.0,
        register: Register | None = None,
        on_frame: FrameWatcher | None = None,
    ) -> None:
        self.settings = settings
        self.devices = dict(devices) if devices is not None else load_instrument(settings.instrument)
        connect(self.devices)
        check_guards(settings.suspenders, self.devices)
        kept = settings.recorder
        self._writer = ZarrFrameWriter(sync=kept.durability == "power", codec=kept.codec, watcher=on_frame)
        for camera in self._find(AreaDetector):
            camera.writer = self._writer
        plain = settings.model_dump(mode="json")
        self.recorder = Recorder(settings.data, settings.recorder, plain, [self._writer], register)
        self._agent: Agent | None = None
        self._steering: Steering | None = None
        self._handle: PlanHandle | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._follower = RunFollower()
        self.feed = DocumentFeed()
        self._run_engine = self._make_run_engine()
        self._control = Control(self._run_engine, settings.control)
        self._watchdog = LoopWatchdog(self._run_engine.loop)
        self._heartbeat = Heartbeat(self._run_engine.loop)
        self._guards = Guards(settings, self.devices, self._run_engine, lambda: self.recorder.run)
        log_file = logs_folder(settings.data) / "analyst.log"
        delay = debug_delay + settings.analyst.debug_delay
        self.analyst = AnalystClient(settings.analyst, self._answered, log_file, delay)
        # Whatever process drove this instrument before may have died in the middle of anything.
        make_safe(self.devices.values())
        try:
            self._guards.start()
            self.analyst.start()
            close_interrupted_runs(settings.data, self._writer.compact, register)
        except BaseException:
            self.close()
            raise

    @property
    def state(self) -> str:
        """The RunEngine's state: idle, running, pausing, paused, stopping, aborting, halting or panicked."""
        return self._control.state

    @property
    def handle(self) -> PlanHandle | None:
        """The plan that runs or ran last."""
        return self._handle

    @property
    def points(self) -> int:
        """Points of the run that is under way or ended last."""
        return self._follower.points

    @property
    def suspended(self) -> Suspension | None:
        """What the plan waits for by itself; None while it goes on, or an operator has paused it."""
        return self._guards.suspended

    @property
    def paused_by(self) -> str | None:
        """Who keeps the plan from going on: "operator", "suspender" or "disk"; None where nobody does."""
        if self.state in ("pausing", "paused"):
            return "operator"
        waiting = self.suspended
        return None if waiting is None else waiting.kind

    @property
    def room(self) -> Room | None:
        """How much more fits on the disk that holds the data folder; None where the system does not tell."""
        return self._guards.room

    @property
    def loop_age(self) -> float:
        """Time since the RunEngine's loop last answered, s; it is asked every 0.1 s."""
        return self._heartbeat.age

    @property
    def loop(self) -> LoopStatistics:
        """How late the RunEngine's loop was during this run so far."""
        return self._watchdog.statistics()

    @property
    def steering(self) -> Steering:
        """What an operator asks of the campaign that runs.

        Raises:
            EngineError: when none runs.
        """
        if self._steering is None or self._handle is None or self._handle.done:
            raise EngineError("nothing to steer: no autonomous scan runs")
        return self._steering

    def check_plan(self, name: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Checks what a plan is told against its schema, the devices and their limits; nothing moves.

        Raises:
            PlanRejected: when the parameters cannot be used.
        """
        self._prepare(name, parameters or {})

    def start_plan(
        self, name: str, parameters: Mapping[str, Any] | None = None, metadata: Mapping[str, Any] | None = None
    ) -> PlanHandle:
        """Starts a plan and returns at once.

        Args:
            name: the plan's name.
            parameters: what it is told; fields that are left out come from the settings, then from the model.
            metadata: goes into the start document beside what the plan says itself, which wins.

        Raises:
            PlanRejected: when the parameters cannot be used; nothing has moved or been written.
            EngineError: when another plan runs.
        """
        with self._starting:
            if self._handle is not None and not self._handle.done:
                raise EngineError(f"{self._handle.name} runs still; wait for its end or stop it")
            kind, checked, context = self._prepare(name, parameters or {})
            self._agent = context.agent
            self._steering = None
            if context.agent is not None and isinstance(checked, AutonomousScan):
                self._steering = Steering(context.agent, checked)
            self._handle = handle = PlanHandle(name, context.fault_log)
            plan = kind.make(replace(context, before_point=self._guards.begin(context)), checked)
            self._control.begin()
            self._thread = threading.Thread(
                target=self._run, args=(handle, plan, dict(metadata or {})), name=f"plan-{name}", daemon=True
            )
            self._thread.start()
        return handle

    def pause(self, defer: bool = False) -> None:
        """Pauses the plan: at once, or at the next checkpoint when deferred."""
        self._control.pause(defer=defer)

    def resume(self) -> None:
        """Takes a paused plan on from its last checkpoint."""
        self._control.resume()

    def stop(self) -> None:
        """Ends the plan and counts it as a success."""
        self._control.stop()

    def abort(self, reason: str = "") -> None:
        """Ends the plan and marks its run as aborted."""
        self._control.abort(reason)

    def halt(self) -> None:
        """Ends the plan without letting it clean up; motors are stopped and the shutter closed all the same."""
        self._control.halt()

    def subscribe(self, watcher: Watcher) -> int:
        """Has `watcher(name, document)` called with every document, in a thread of its own.

        Returns:
            A number for `unsubscribe`.
        """
        return self.feed.subscribe(watcher)

    def unsubscribe(self, token: int) -> None:
        """Ends a subscription."""
        self.feed.unsubscribe(token)

    def close(self) -> None:
        """Ends what runs, stops the motors, closes the shutter, and ends the analyst and all threads."""
        if self._handle is not None and not self._handle.done:
            try:
                self._control.abort("the engine was closed")
            except EngineError:
                log.exception("the plan could not be aborted while the engine was closed")
        self._writer.hurried = True
        if self._thread is not None:
            self._thread.join(FINISH_DEADLINE)
        self._guards.stop()
        make_safe(self.devices.values(), CLOSE_DEADLINE)
        self.analyst.close()
        self.recorder.close()
        self.feed.close()
        self._heartbeat.end()
        close_run_engine(self._run_engine)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make_run_engine(self) -> RunEngine:
        engine = make_run_engine(lambda _: next_scan_id(self.settings.data))
        # The recorder comes first: what others are told is on disk already.
        engine.subscribe(self.recorder)
        engine.subscribe(self._follow)
        engine.subscribe(self.feed)
        baseline = [
            device for device in self.devices.values() if isinstance(device, Shutter | BeamMonitor) or axes_of(device)
        ]
        engine.preprocessors.append(Baseline(baseline))
        return engine

    def _prepare(self, name: str, parameters: Mapping[str, Any]) -> tuple[PlanKind, ScanParameters, ScanContext]:
        """Checks a plan's parameters, and makes what it works with."""
        kind = find_plan(name)
        checked = read_parameters(kind, parameters, self.settings.plans.get(name))
        links = Links(
            self._writer, self.analyst.request, self._run_folder, lambda: self._control.reason, self.settings.faults
        )
        return kind, checked, prepare_scan(self.devices, checked, self.settings.analysis, links)

    def _find(self, kind: type) -> list[Any]:
        return [device for device in self.devices.values() if isinstance(device, kind)]

    def _run_folder(self) -> str:
        return str(self.recorder.run)

    def _answered(self, key: Key, answer: Answer) -> None:
        if self._agent is not None:
            self._agent.take(key, answer)

    def _follow(self, name: str, document: dict[str, Any]) -> None:
        """Lets the agent and the handle follow the run."""
        self._follower(name, document)
        if name == "start" and self._handle is not None:
            self._handle.opened(document["uid"], self.recorder.run)
        if self._agent is not None:
            self._agent.document(name, document)

    def _run(self, handle: PlanHandle, plan: Messages, metadata: dict[str, Any]) -> None:
        """Runs a plan to its end; the plan's own thread."""
        error: BaseException | None = None
        self._follower = RunFollower()
        gc.collect()
        # What is there now stays: a full collection over all imported modules would stop the loop for 90 ms.
        gc.freeze()
        self._watchdog.start()
        started = time.monotonic()
        try:
            self._control.run(lambda: self._run_engine(plan, **metadata))
        except BaseException as failure:
            error = explain_failure(failure)
        statistics = {"loop": asdict(self._watchdog.stop()), "seconds": time.monotonic() - started}
        statistics["faults"] = handle.faults.plain()
        statistics |= self._guards.statistics()
        if self._steering is not None and self._steering.excluded:
            statistics["excluded"] = self._steering.excluded
        gc.unfreeze()
        make_safe(self.devices.values())
        result = None
        try:
            result = close_run(self._follower, statistics, self._agent, self.analyst, self.recorder, self.feed)
        except Exception as failure:
            error = error or explain_failure(failure)
        handle.finish(None if error is not None else result, error)
