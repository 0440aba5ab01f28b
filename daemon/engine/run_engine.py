"""The one RunEngine of a process, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import bluesky.run_engine
from bluesky import Msg, RunEngine
from bluesky.protocols import Stoppable
from bluesky.utils import DuringTask

from daemon.errands import run_within, stop_device

log = logging.getLogger(__name__)

STOP_DEADLINE = 2.0
"""How long a device may take to stop at a pause or at the end of a plan, s."""


class PatientRunEngine(RunEngine):
    """A RunEngine whose loop goes on while devices stop, also when one of them never does."""

    async def _stop_movable_objects(self, *, success: bool = True) -> None:
        calls = [
            (f"stopping {getattr(device, 'name', device)}", partial(stop_device, device, success=success))
            for device in self._movable_objs_touched
            if isinstance(device, Stoppable)
        ]
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()

        def stop() -> None:
            run_within(STOP_DEADLINE, calls)
            loop.call_soon_threadsafe(stopped.set)

        threading.Thread(target=stop, name="stop-motors", daemon=True).start()
        while not stopped.is_set():
            # What ends the plan harder must not keep motors running.
            with suppress(asyncio.CancelledError):
                await stopped.wait()

    async def _close_run(self, msg: Msg) -> object:
        closed = await super()._close_run(msg)
        # After a pause nothing that belongs to this run may be sent again.
        self._reset_checkpoint_state()
        return closed


def make_run_engine(scan_id_source: Callable[[dict[str, Any]], int]) -> RunEngine:
    """Makes a RunEngine that can be driven from any thread.

    It handles no signals (only the main thread could), blocks the calling thread plainly instead of turning a GUI's
    loop, and logs what it would print: a program that prints JSON has the standard output for itself.

    Args:
        scan_id_source: gives the number of the next scan.
    """
    setattr(bluesky.run_engine, "print", _log_instead)  # noqa: B010 - shadows the built-in function there
    return PatientRunEngine(context_managers=[], during_task=DuringTask(), scan_id_source=scan_id_source)


def close_run_engine(engine: RunEngine, timeout: float = 5.0) -> None:
    """Ends the thread of an idle RunEngine; it cannot be used afterwards."""
    loop, thread = engine.loop, engine._th
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(loop.stop)
    if thread is not threading.current_thread():
        thread.join(timeout)
    if not thread.is_alive():
        loop.close()


def _log_instead(*words: object, **_: object) -> None:
    if text := " ".join(str(word) for word in words).strip():
        log.info("%s", text)
