"""Pause, resume, stop, abort and halt: each acts within a deadline, and asks harder when it does not."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable

from bluesky import RunEngine
from bluesky.utils import RunEngineInterrupted

from daemon.errors import EngineError, EngineStuck
from daemon.settings import ControlSettings

log = logging.getLogger(__name__)

ANSWER = 0.02
"""What of every deadline is left to the answer: who commands is told within it, s."""


class Control:
    """Runs a plan to its end and obeys commands meanwhile.

    The thread that calls `run` belongs to the plan. A plan that is paused can only be taken on from there, so
    commands to a paused plan go through a queue; commands to a running plan go to the RunEngine's loop.

    Args:
        engine: the RunEngine.
        deadlines: how long commands may take.

    Attributes:
        reason: why the plan was aborted; empty where it was not.
    """

    def __init__(self, engine: RunEngine, deadlines: ControlSettings | None = None) -> None:
        self._engine = engine
        self._deadlines = deadlines or ControlSettings()
        self._commands: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._active = False
        self.reason = ""
        setattr(engine, "state_hook", self._state_changed)  # noqa: B010 - declared as None

    @property
    def state(self) -> str:
        """The RunEngine's state: idle, running, pausing, paused, stopping, aborting, halting, panicked."""
        return str(self._engine.state)

    def begin(self) -> None:
        """Says that `run` is about to be called: from now on there is something to pause or end."""
        self.reason = ""
        self._active = True

    def run(self, start: Callable[[], object]) -> None:
        """Runs a plan to its end, through any number of pauses; blocks.

        Args:
            start: starts the plan in the RunEngine and blocks until it ends or pauses.

        Raises:
            Exception: what the plan failed with; being stopped, aborted or halted is no failure.
        """
        step = start
        try:
            while True:
                with contextlib.suppress(RunEngineInterrupted):
                    step()
                if self.state != "paused":
                    return
                step = self._commands.get()
        finally:
            self._active = False
            with self._changed:
                self._changed.notify_all()

    def pause(self, *, defer: bool = False) -> None:
        """Pauses the plan; returns when it stands still, or at once when that is deferred to the next checkpoint.

        Raises:
            EngineError: when no plan runs, or it does not stand still in time.
        """
        if self.state == "paused":
            return
        self._await_start("pause")
        timeout = self._deadlines.pause_deadline
        deadline = _due(timeout)
        self._ask(lambda: self._engine.request_pause(defer), "pause", deadline)
        if not defer and not self._reached_by(lambda: self.state == "paused" or self._ended(), deadline):
            raise EngineError(f"the plan does not stand still after {timeout:g} s; abort or halt it")

    def resume(self) -> None:
        """Takes a paused plan on from its last checkpoint.

        Raises:
            EngineError: when no plan is paused.
        """
        if self.state != "paused":
            raise EngineError(f"nothing to resume: the engine is {self.state}")
        self._commands.put(self._engine.resume)
        self._reached(lambda: self.state != "paused", self._deadlines.pause_deadline)

    def stop(self) -> None:
        """Ends the plan and counts it as a success; halts it when it does not end in time."""
        self._end("stop", self._engine.stop)

    def abort(self, reason: str = "") -> None:
        """Ends the plan and marks it as aborted; halts it when it does not end in time."""
        self.reason = reason
        self._end("abort", lambda: self._engine.abort(reason))

    def halt(self) -> None:
        """Ends the plan without letting it clean up.

        Raises:
            EngineStuck: when even that does not end it: the process must be ended.
            EngineError: when no plan runs.
        """
        timeout = self._deadlines.halt_deadline
        deadline = _due(timeout)
        if self.state in ("aborting", "stopping", "halting"):
            # bluesky halts nothing that is cleaning up already, so what it waits for is cancelled, one by one.
            while not self._ended() and time.monotonic() < deadline:
                self._engine.loop.call_soon_threadsafe(self._cancel)
                self._reached(self._ended, 0.2)
        else:
            self._command("halt", self._engine.halt, deadline)
        if not self._reached_by(self._ended, deadline):
            raise EngineStuck(f"the plan cannot be ended within {timeout:g} s: end the engine's process")

    def _cancel(self) -> None:
        task = self._engine._task
        if task is not None:
            task.cancel()

    def _end(self, verb: str, action: Callable[[], object]) -> None:
        timeout = self._deadlines.end_deadline
        deadline = _due(timeout)
        self._command(verb, action, deadline)
        if not self._reached_by(self._ended, deadline):
            log.warning("the plan did not end within %g s of %s; halting", timeout, verb)
            self.halt()

    def _command(self, verb: str, action: Callable[[], object], deadline: float) -> None:
        self._await_start(verb)
        if self.state == "paused":
            self._commands.put(action)
        else:
            self._ask(action, verb, deadline)

    def _ask(self, action: Callable[[], object], verb: str, deadline: float) -> None:
        """Gives the RunEngine a command, in a thread of its own: bluesky waits for its loop without a time-out."""
        failure: list[Exception] = []
        thread = threading.Thread(target=_catch, args=(action, failure), name=f"ask-{verb}", daemon=True)
        thread.start()
        thread.join(max(deadline - time.monotonic(), 0.0))
        if failure and not isinstance(failure[0], RunEngineInterrupted) and not self._ended():
            raise EngineError(f"cannot {verb}: {failure[0]}") from failure[0]

    def _await_start(self, verb: str) -> None:
        """Waits for a plan that is about to run.

        Raises:
            EngineError: when no plan runs or is about to.
        """
        self._reached(lambda: not self._active or self.state != "idle", self._deadlines.pause_deadline)
        if self._ended():
            raise EngineError(f"nothing to {verb}: no plan runs")

    def _ended(self) -> bool:
        return not self._active or self.state in ("idle", "panicked")

    def _state_changed(self, *_: object) -> None:
        with self._changed:
            self._changed.notify_all()

    def _reached(self, condition: Callable[[], bool], timeout: float) -> bool:
        return self._reached_by(condition, time.monotonic() + timeout)

    def _reached_by(self, condition: Callable[[], bool], deadline: float) -> bool:
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                # The hook is called just before the state changes, so look again soon in any case.
                self._changed.wait(min(left, 0.002))
        return True


def _due(timeout: float) -> float:
    """When a command must have acted that is to be answered after so long."""
    return time.monotonic() + max(timeout - ANSWER, timeout / 2)


def _catch(action: Callable[[], object], failure: list[Exception]) -> None:
    try:
        action()
    except Exception as error:
        failure.append(error)
