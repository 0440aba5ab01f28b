"""Measuring one point after the other: at given positions, or where the agent suggests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bluesky import Msg

from daemon.agent import Agent
from daemon.plans.steps import Messages, Scan


def given_points(scan: Scan, positions: Iterable[Mapping[str, float]]) -> Messages:
    """Measures at all positions in their order; without an agent nothing is analysed."""
    agent = scan.context.agent
    number = 0
    for number, position in enumerate(positions, start=1):
        yield from scan.measure(number, position)
        if agent is not None:
            agent.observe(number)
    if agent is not None:
        agent.end_after(number, f"all {number} points are measured")
        yield from scan.write_rows(wait=True)
        yield Msg("checkpoint")


def suggested_points(scan: Scan, agent: Agent, most: int, *, overlap: bool, max_dose: float | None = None) -> Messages:
    """Measures where the agent suggests, until it has learned enough or the budget is used up.

    Without overlap, point n is analysed and told before point n + 1 is chosen. With overlap, point n + 1 is chosen
    while the instrument moves to point n and exposes it, with n pending, so that the instrument never waits.

    Args:
        scan: the devices.
        agent: chooses.
        most: points at most.
        overlap: whether it chooses ahead.
        max_dose: longest total exposure of a position, s.
    """
    for number in range(1, most + 1):
        suggested = yield from scan.chosen(agent, number)
        if suggested.stop:
            break
        if number < most and overlap:
            yield Msg("prepare", agent, number + 1, group="ahead")
        yield from scan.measure(number, suggested.position)
        agent.observe(number)
        if number < most:
            yield from scan.suggestion(agent, number + 1)
        agent.end_after(number, _stop_reason(scan, agent, most, max_dose, number))
        yield from scan.write_rows(wait=not overlap)
        yield Msg("checkpoint")
        if agent.stop_reason:
            break
    # The last point is analysed and its row written, too.
    yield from scan.write_rows(wait=True)
    yield Msg("checkpoint")


def _stop_reason(scan: Scan, agent: Agent, most: int, max_dose: float | None, number: int) -> str:
    """Why the scan ends after this point; empty where it goes on."""
    if number == most:
        return f"all {number} points are measured"
    following = agent.suggestion(number + 1)
    if following is None:
        return "no further point was suggested"
    if not following.stop and scan.overdosed(following.position, max_dose):
        return f"the next position has had its maximum dose of {max_dose:g} s"
    return following.stop
