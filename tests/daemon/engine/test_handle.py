"""What whoever starts a plan can find out about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.engine import PlanHandle, PlanResult
from daemon.errors import EngineError

RESULT = PlanResult("u", Path("/run"), "success", points=3)


def test_a_plan_that_goes_on_can_be_waited_for_in_vain() -> None:
    """Within a time."""
    handle = PlanHandle("grid_scan")
    assert not handle.done
    with pytest.raises(TimeoutError, match="grid_scan goes on"):
        handle.wait(0.01)
    with pytest.raises(TimeoutError, match="no run"):
        handle.wait_open(0.01)


def test_a_plan_that_ended_gives_its_result() -> None:
    """Again and again."""
    handle = PlanHandle("grid_scan")
    handle.opened("u", Path("/run"))
    assert handle.wait_open(0.0) == Path("/run")
    handle.finish(RESULT, None)
    assert handle.wait(0.0) is handle.wait() is handle.result
    assert handle.error is None


def test_a_plan_that_failed_raises_what_it_failed_with() -> None:
    """And says that it opened no run."""
    handle = PlanHandle("grid_scan")
    handle.finish(None, EngineError("cable"))
    with pytest.raises(EngineError, match="cable"):
        handle.wait()
    with pytest.raises(EngineError, match="before it opened a run"):
        handle.wait_open(0.0)
