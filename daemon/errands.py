"""What may block is done in a thread of its own, and waited for no longer than a deadline."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from bluesky.protocols import Stoppable

from devices.status import Status

log = logging.getLogger(__name__)


class Errand:
    """A call that may block, as something that a plan can trigger and wait for.

    Its status never fails, because a failure would end the plan: what went wrong is in `error`. A plan that is not
    willing to wait any longer goes on; the thread ends when the call returns, if it ever does.

    Args:
        name: what is done, for messages.
        action: the call.

    Attributes:
        name: what is done.
        done: whether the call has ended.
        error: what it raised, or None.
    """

    parent = None

    def __init__(self, name: str, action: Callable[[], object]) -> None:
        self.name = name
        self.done = False
        self.error: Exception | None = None
        self._action = action

    def trigger(self) -> Status:
        """Starts the call; the status is done when it has ended, well or not."""
        status = Status(self.name)
        self.done, self.error = False, None
        threading.Thread(target=self._run, args=(status,), name=self.name, daemon=True).start()
        return status

    def _run(self, status: Status) -> None:
        try:
            self._action()
        except Exception as error:
            self.error = error
        finally:
            self.done = True
            status.set_finished()


def stop_device(device: Any, *, success: bool = True) -> None:  # noqa: ANN401 - any ophyd device
    """Stops a device, where it can be stopped.

    Args:
        device: an axis, a detector, or anything else.
        success: whether what is interrupted counts as done; devices that do not know of that are stopped all the same.
    """
    if not isinstance(device, Stoppable):
        return
    try:
        device.stop(success=success)
    except TypeError:
        device.stop()


def run_within(deadline: float, calls: Iterable[tuple[str, Callable[[], object]]]) -> list[str]:
    """Does several things at the same time and waits for them; failures are logged.

    Args:
        deadline: the longest to wait for all of them, s.
        calls: what is done, with words for messages.

    Returns:
        The names of those that have not ended.
    """
    errands = [Errand(name, action) for name, action in calls]
    started = [(errand, errand.trigger()) for errand in errands]
    end = time.monotonic() + deadline
    for _, status in started:
        try:
            status.wait(max(0.0, end - time.monotonic()))
        except TimeoutError:
            continue
    for errand in errands:
        if not errand.done:
            log.error("%s: not done after %g s", errand.name, deadline)
        elif errand.error is not None:
            log.error("%s failed", errand.name, exc_info=errand.error)
    return [errand.name for errand in errands if not errand.done]
