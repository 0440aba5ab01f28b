"""A scan that decides after every point where to measure next."""

from __future__ import annotations

from bluesky import Msg

from daemon.agent import Agent
from daemon.errors import PlanRejected
from daemon.plans.context import ScanContext
from daemon.plans.frame import in_run
from daemon.plans.models import AutonomousScan
from daemon.plans.steps import Messages, Scan


def autonomous_scan(context: ScanContext, parameters: AutonomousScan) -> Messages:
    """Measures where the agent suggests until it has learned enough or the budget is used up.

    Without overlap, point n is analysed and told before point n + 1 is chosen. With overlap, point n + 1 is chosen
    while the instrument moves to point n and exposes it, with n pending, so that the instrument never waits.
    """
    scan = Scan(context, doses=parameters.max_dose is not None)
    if context.agent is None:
        raise PlanRejected("objective: an autonomous scan needs one")
    yield from in_run(scan, parameters, _points(scan, context.agent, parameters))


def _points(scan: Scan, agent: Agent, parameters: AutonomousScan) -> Messages:
    for number in range(1, parameters.points + 1):
        suggested = yield from scan.chosen(agent, number)
        if suggested.stop:
            break
        if number < parameters.points and parameters.overlap:
            yield Msg("prepare", agent, number + 1, group="ahead")
        yield from scan.measure(number, suggested.position)
        agent.observe(number)
        if number < parameters.points:
            yield from scan.suggestion(agent, number + 1)
        agent.end_after(number, _stop_reason(scan, agent, parameters, number))
        yield from scan.write_rows(wait=not parameters.overlap)
        yield Msg("checkpoint")
        if agent.stop_reason:
            break
    # The last point is analysed and its row written, too.
    yield from scan.write_rows(wait=True)
    yield Msg("checkpoint")


def _stop_reason(scan: Scan, agent: Agent, parameters: AutonomousScan, number: int) -> str:
    """Why the scan ends after this point; empty where it goes on."""
    if number == parameters.points:
        return f"all {number} points are measured"
    following = agent.suggestion(number + 1)
    if following is None:
        return "no further point was suggested"
    if not following.stop and scan.overdosed(following.position, parameters.max_dose):
        return f"the next position has had its maximum dose of {parameters.max_dose:g} s"
    return following.stop
