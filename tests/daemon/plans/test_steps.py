"""The messages that scans are made of: few, in the right order, and safe to send again."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from bluesky import Msg
from bluesky.utils import RequestAbort

from daemon.agent import Agent
from daemon.analyst.messages import Observed, Request, Suggested
from daemon.plans.autonomous_scan import autonomous_scan
from daemon.plans.context import ScanContext, make_context
from daemon.plans.models import AutonomousScan
from daemon.plans.steps import Messages
from devices.writer import ZarrFrameWriter
from simulators.diffractometer import instrument

AXIS = {"low": 0.0, "high": 150.0, "points": 31}


class Oracle(Agent):
    """An agent whose analyst answers at once, walking along x; `silent` answers come only when they are asked for."""

    def __init__(self, stop_at: int = 99) -> None:
        super().__init__(self._answer_at_once, {"stage_x": "µm"}, True, lambda _: pytest.fail("no run"), str)
        self.stop_at = stop_at
        self.asked: list[int] = []
        self.observed: list[int] = []

    def _answer_at_once(self, request: Request) -> None:
        kind, number = request.key
        if kind == "ask":
            self.asked.append(number)
            stop = "enough" if number >= self.stop_at else ""
            position = {} if stop else {"stage_x": 5.0 * number}
            self.take(request.key, Suggested(number, position, stop=stop))
        else:
            self.observed.append(number)
            self.take(request.key, Observed(number, 1.0, 0.1, 1.0, {"stage_x": 5.0}, 1.0, 1.0))

    def recorded(self, number: int) -> None:
        """Pretends that the RunEngine saved an event."""
        self._points[number] = ({"stage_x": 5.0 * number}, {}, float(number))


def _context(agent: Agent, parameters: AutonomousScan) -> ScanContext:
    context = make_context(instrument(), parameters, ZarrFrameWriter())
    return ScanContext(**{name: getattr(context, name) for name in context.__slots__} | {"agent": agent})


def _parameters(**changes: Any) -> AutonomousScan:
    return AutonomousScan(**{"axes": {"stage_x": AXIS}, "objective": "detector_total", "points": 4, **changes})


def _drive(plan: Messages, agent: Oracle) -> Iterator[Msg]:
    """Runs a plan without a RunEngine: only the agent is asked, and events of the primary stream are recorded."""
    stream = ""
    for message in plan:
        if message.command == "prepare":
            agent.prepare(*message.args)
        if message.command == "set" and message.obj is agent:
            agent.set(*message.args)
        if message.command == "create":
            stream = message.kwargs["name"]
        if message.command == "save" and stream == "primary":
            agent.recorded(len(agent._points) + 1)
        yield message


def _messages(plan: Messages, agent: Oracle) -> list[Msg]:
    return list(_drive(plan, agent))


def _rows(messages: list[Msg]) -> int:
    return sum(m.command == "create" and m.kwargs["name"] == "suggestions" for m in messages)


@pytest.mark.parametrize("overlap", [False, True])
def test_every_point_is_asked_for_observed_and_recorded_once(overlap: bool) -> None:
    """Also the last one; no suggestion is asked for that could not be measured."""
    agent = Oracle()
    parameters = _parameters(overlap=overlap)
    messages = _messages(autonomous_scan(_context(agent, parameters), parameters), agent)
    assert agent.asked == agent.observed == [1, 2, 3, 4]
    assert _rows(messages) == 4
    targets = [m.args[0] for m in messages if m.command == "set" and m.obj.name == "stage_x"]
    assert targets == [5.0, 10.0, 15.0, 20.0]


@pytest.mark.parametrize(("overlap", "asked"), [(True, [2, 3, 3]), (False, [1, 2, 3])])
def test_with_overlap_the_next_position_is_asked_for_before_the_motion(overlap: bool, asked: list[int]) -> None:
    """And without, after the point has been observed."""
    agent = Oracle()
    parameters = _parameters(overlap=overlap, points=3)
    found = [
        len(agent.asked)
        for message in _drive(autonomous_scan(_context(agent, parameters), parameters), agent)
        if message.command == "set" and message.obj.name == "stage_x"
    ]
    assert found == asked


@pytest.mark.parametrize(("overlap", "points"), [(False, 2), (True, 2)])
def test_the_scan_ends_where_the_agent_says_so(overlap: bool, points: int) -> None:
    """The reason is in the row of the last point."""
    agent = Oracle(stop_at=3)
    parameters = _parameters(overlap=overlap)
    _messages(autonomous_scan(_context(agent, parameters), parameters), agent)
    assert agent.observed == list(range(1, points + 1))
    assert (agent.last, agent.stop_reason) == (points, "enough")


def test_a_checkpoint_follows_every_point() -> None:
    """So that a pause never measures an acknowledged point again."""
    agent = Oracle()
    parameters = _parameters()
    messages = _messages(autonomous_scan(_context(agent, parameters), parameters), agent)
    stream, after_primary = "", []
    for message, following in itertools.pairwise(messages):
        stream = message.kwargs["name"] if message.command == "create" else stream
        if message.command == "save" and stream == "primary":
            after_primary.append(following.command)
    assert after_primary == ["checkpoint"] * 4


def test_a_point_costs_few_messages() -> None:
    """Every message costs the RunEngine's loop a turn."""
    agent = Oracle()
    parameters = _parameters(points=50)
    messages = _messages(autonomous_scan(_context(agent, parameters), parameters), agent)
    counts = Counter(message.command for message in messages)
    assert len(messages) / 50 < 20, counts


@pytest.mark.parametrize("moment", ["set", "trigger", "create", "read", "save"])
def test_an_abort_closes_the_shutter_and_drops_a_half_read_event(moment: str) -> None:
    """Whatever the plan was at."""
    agent = Oracle()
    parameters = _parameters()
    plan = autonomous_scan(_context(agent, parameters), parameters)
    seen = []
    for message in _drive(plan, agent):
        if message.command == moment and getattr(message.obj, "name", "") != "shutter":
            break
    with pytest.raises(RequestAbort):  # noqa: PT012 - the plan cleans up first, and the abort goes on afterwards
        seen.append(plan.throw(RequestAbort()))
        seen.extend(plan)
    assert [m.args[0] for m in seen if m.command == "set" and m.obj.name == "shutter"] == ["closed"]
    assert ("drop" in [m.command for m in seen]) == (moment in ("create", "read", "save"))
    assert [m.kwargs["exit_status"] for m in seen if m.command == "close_run"] == ["abort"]
