"""One scan from a terminal: an engine for its length, and a safe end however it ends."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from daemon.engine import Engine
from daemon.engine.documents import Watcher
from daemon.engine.handle import PlanHandle, PlanResult
from daemon.errors import EngineError
from daemon.folders import check_data_folder
from daemon.logs import logging_to
from daemon.settings import Settings

INTERRUPTED = "Ctrl-C at the terminal"
"""The reason that the stop document of an interrupted run gives."""
SAFE_END = 90.0
"""The longest that motors, shutter and recorder may take after an interruption, s."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scan ended.

    Attributes:
        result: What the engine says of it.
        seconds: Wall time from its start to its end, s.
        interrupted: Whether the operator ended it.
    """

    result: PlanResult
    seconds: float
    interrupted: bool


@contextmanager
def open_engine(settings: Settings) -> Iterator[Engine]:
    """Run an engine for the length of a block; runs that a dead process left open are closed first.

    Raises:
        SettingsError: When the data folder cannot be used.
        InstrumentError: When the instrument cannot be made or does not answer.
    """
    check_data_folder(settings.data)
    with logging_to(settings.data, "engine", settings.logs), Engine(settings) as engine:
        yield engine


def run_scan(
    engine: Engine,
    plan: str,
    parameters: Mapping[str, Any],
    watcher: Watcher,
    on_interrupt: Callable[[], object] = lambda: None,
) -> Outcome:
    """Run a plan to its end; Ctrl-C and a polite kill end it safely: motors stopped, shutter closed, run closed.

    Args:
        engine: The engine; it must be idle.
        plan: The plan's name.
        parameters: What it is told beyond the settings.
        watcher: Gets every document.
        on_interrupt: Called once when the operator ends the scan.

    Raises:
        PlanRejected: When the parameters cannot be used; nothing has moved or been written.
        BeampilotError: What the plan failed with.
    """
    began = time.perf_counter()
    token = engine.subscribe(watcher)
    try:
        with _terminated_like_interrupted():
            handle = engine.start_plan(plan, parameters)
            try:
                result, interrupted = handle.wait(), False
            except KeyboardInterrupt:
                on_interrupt()
                result, interrupted = _end_safely(engine, handle), True
    finally:
        engine.unsubscribe(token)
    return Outcome(result, time.perf_counter() - began, interrupted)


def _end_safely(engine: Engine, handle: PlanHandle) -> PlanResult:
    """Abort a plan and wait until its run is closed; a second Ctrl-C halts it."""
    try:
        try:
            engine.abort(INTERRUPTED)
        except EngineError:
            if not handle.done:  # Else it ended by itself while the operator reached for the keys.
                raise
        return handle.wait(SAFE_END)
    except KeyboardInterrupt:
        engine.halt()
        return handle.wait(SAFE_END)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Treat SIGTERM like Ctrl-C within the block."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
