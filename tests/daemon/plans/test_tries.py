"""Steps that are tried again: which messages are sent, and when it is given up."""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import SimpleNamespace
from typing import Any

import pytest
from bluesky import Msg
from bluesky.run_engine import WaitForTimeoutError
from bluesky.utils import FailedStatus, RequestAbort

from daemon.errors import AnalystError, DeviceFailed
from daemon.fault_settings import FaultSettings, Policy
from daemon.plans.faults import FaultLog
from daemon.plans.tries import Attempt, Tries
from devices.errors import OperationError, SaturatedFrameError
from devices.status import Status

Answer = Callable[[Msg, int], object]


class Motor:
    """An axis that can be stopped and connected again."""

    name = "motor"

    def __init__(self) -> None:
        self.calls: list[str] = []

    def set(self, value: float) -> Status:
        """Never asked: no RunEngine is here."""
        raise NotImplementedError(value)

    def stop(self, *, success: bool = False) -> None:
        """Notes that it was stopped."""
        self.calls.append("stop" if success else "stop as failed")

    def connect(self, timeout: float) -> None:
        """Notes that it was connected."""
        self.calls.append(f"connect {timeout:g}")


def _step(motor: Motor) -> Callable[[Attempt], Generator[Msg, Any, None]]:
    def step(attempt: Attempt) -> Generator[Msg, Any, None]:
        yield from attempt.start("set", motor, 5.0, group="move", seconds=3.0, late="did not arrive")
        yield from attempt.wait("move")

    return step


def _drive(plan: Generator[Msg, Any, None], answer: Answer) -> list[Msg]:
    """Sends a plan's messages as a RunEngine would; `answer` gives each response, or an exception to throw."""
    sent: list[Msg] = []
    response: object = None
    try:
        while True:
            threw = isinstance(response, Exception)
            message = plan.throw(response) if threw else plan.send(response)  # type: ignore[arg-type]
            sent.append(message)
            if message.command == "trigger":
                message.obj.trigger().wait(5.0)
            response = answer(message, sum(m.command == message.command for m in sent))
    except StopIteration:
        return sent


def _run(answer: Answer, motor: Motor | None = None, **changes: Any) -> tuple[list[Msg], FaultLog, Motor]:
    log, motor = FaultLog(), motor or Motor()
    tries = Tries(FaultSettings(delay=0.25, **changes), log)
    return _drive(tries.run("at point 4", _step(motor), 4), answer), log, motor


def _failing(error: Exception, times: int) -> Answer:
    """The status of the motor fails so often while it is waited for."""
    statuses: list[Status] = []

    def answer(message: Msg, count: int) -> object:
        if message.command == "set":
            statuses.append(Status("a move", "motor"))
            return statuses[-1]
        if message.command == "wait" and str(message.kwargs["group"]).startswith("move") and len(statuses) <= times:
            failed = FailedStatus(statuses[-1])
            failed.__cause__ = error
            return failed
        return None

    return answer


def test_without_a_fault_nothing_is_added() -> None:
    """Every message costs the RunEngine's loop a turn."""
    sent, log, _ = _run(_failing(OperationError("no"), 0))
    assert [message.command for message in sent] == ["set", "wait"]
    assert sent[1].kwargs["timeout"] == 3.0
    assert log.entries == []


def test_a_fault_is_noted_the_device_stopped_and_asked_again_after_a_while() -> None:
    """In a group of its own, for what never ends would keep the second try waiting."""
    sent, log, motor = _run(_failing(OperationError("motor: no power"), 1))
    assert [m.command for m in sent] == ["set", "wait", "checkpoint", "trigger", "wait", "sleep", "set", "wait"]
    assert [m.args for m in sent if m.command == "sleep"] == [(0.25,)]
    assert [m.kwargs["group"] for m in sent if m.command == "set"] == ["move", "move, try 2"]
    assert motor.calls == ["stop"]
    assert log.plain() == [{"device": "motor", "point": 4, "cause": "no power", "outcome": "recovered"}]


@pytest.mark.parametrize("retries", [0, 2])
def test_it_is_given_up_after_so_many_tries(retries: int) -> None:
    """The error names device, place, cause and tries."""
    times = "1 try" if not retries else "3 tries"
    with pytest.raises(DeviceFailed, match=rf"^motor failed at point 4: no power \({times}\)$"):
        _run(_failing(OperationError("no power"), 99), retries=retries)


def test_a_lost_connection_is_made_again_before_the_next_try() -> None:
    """With the time limit of the settings."""
    _, _, motor = _run(_failing(ConnectionError("gone"), 1), connect_timeout=7.0)
    assert motor.calls == ["stop", "connect 7"]


def test_what_cannot_be_connected_counts_as_another_failure() -> None:
    """And the error says so."""
    motor = Motor()
    motor.connect = lambda timeout: (_ for _ in ()).throw(ConnectionError("still gone"))  # type: ignore[method-assign]
    with pytest.raises(DeviceFailed, match=r"still gone \(3 tries\)"):
        _run(_failing(ConnectionError("gone"), 1), motor)


def test_what_never_ends_is_a_fault_too() -> None:
    """A motor that stalls says nothing at all."""

    def answer(message: Msg, count: int) -> object:
        if message.command == "set":
            return Status("a move", "motor")
        stalled = message.command == "wait" and message.kwargs["group"] == "move"
        return WaitForTimeoutError("too long") if stalled else None

    _, log, motor = _run(answer)
    assert log.plain()[0]["cause"] == "did not arrive within 3 s"
    assert motor.calls == ["stop"]


def test_a_failure_that_comes_late_belongs_to_the_earlier_try() -> None:
    """It may be thrown at any message, and counts once."""
    first, late = Status("a move", "motor"), FailedStatus
    statuses = iter([first, Status("a move", "motor")])

    def answer(message: Msg, count: int) -> object:
        group = str(message.kwargs.get("group"))
        if message.command == "set":
            return next(statuses)
        if message.command == "wait" and group == "move":
            return WaitForTimeoutError("too long")
        return late(first) if message.command in ("checkpoint", "sleep") or group == "move, try 2" else None

    _, log, _ = _run(answer)
    assert [entry.outcome for entry in log.entries] == ["recovered"]


@pytest.mark.parametrize("error", [RequestAbort(), AnalystError("gone"), OSError(28, "full"), KeyError("plan's own")])
def test_what_is_no_devices_fault_is_not_tried_again(error: Exception) -> None:
    """An abort, the analyst, a full disk, a mistake in the plan."""
    with pytest.raises(type(error)):
        _run(lambda message, _: error if message.command == "wait" else None)


def test_saturation_may_end_the_run_at_once() -> None:
    """Where the settings say so."""
    with pytest.raises(DeviceFailed, match=r"too bright \(1 try\)"):
        _run(_failing(SaturatedFrameError("too bright"), 99), saturated="fail")


def test_an_event_that_was_saved_is_never_saved_again() -> None:
    """Whatever fails while it is."""
    reader = SimpleNamespace(name="reader", read=dict)
    log = FaultLog()

    def step(attempt: Attempt) -> Generator[Msg, Any, None]:
        yield from attempt.event("primary", [reader])

    def answer(message: Msg, _: int) -> object:
        return OperationError("late") if message.command == "save" else {}

    with pytest.raises(OperationError, match="late"):
        _drive(Tries(FaultSettings(), log).run("at point 1", step), answer)
    assert log.entries == []


@pytest.mark.parametrize(("policy", "gaps", "events"), [("retry", False, 2), ("accept", False, 1), ("retry", True, 1)])
def test_a_reading_that_is_not_a_number_is_read_again(policy: Policy, gaps: bool, events: int) -> None:
    """Unless it is accepted, or an answer of that device; bluesky may not tell what was read."""
    readings = iter([float("nan"), 1.0])
    reader = SimpleNamespace(name="reader", gaps=gaps, read=lambda: {"reader": {"value": next(readings)}})

    def step(attempt: Attempt) -> Generator[Msg, Any, None]:
        yield from attempt.event("primary", [reader])

    sent = _drive(Tries(FaultSettings(nan=policy), FaultLog()).run("at point 1", step), lambda *_: None)
    commands = [message.command for message in sent]
    assert (commands.count("create"), commands.count("save"), commands.count("drop")) == (events, 1, events - 1)


def test_a_device_that_does_not_stop_is_given_up() -> None:
    """It is stopped in a thread of its own, and waited for no longer than the settings say."""

    def answer(message: Msg, count: int) -> object:
        if message.command == "wait" and "stopping" in str(message.kwargs["group"]):
            assert (message.kwargs["timeout"], message.kwargs["error_on_timeout"]) == (2.0, False)
            errands[-1].done = False  # As if it went on still.
        if message.command == "trigger":
            errands.append(message.obj)
        return _failing_once(message, count)

    errands: list[Any] = []
    _failing_once = _failing(OperationError("no power"), 1)
    with pytest.raises(DeviceFailed, match=r"no power, and it does not stop \(1 try\)"):
        _run(answer)
