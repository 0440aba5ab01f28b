"""What happens when a plan has ended: results, figures, and a run that is closed on disk."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from daemon.agent import Agent
from daemon.analyst import AnalystClient
from daemon.engine.documents import DocumentFeed
from daemon.engine.handle import PlanResult
from daemon.recorder import Recorder
from devices.status import Status

log = logging.getLogger(__name__)

ABANDON_DEADLINE = 1.0
"""How long the analyst may go on with a suggestion that an early end made worthless, s."""

FINISH_DEADLINE = 60.0
"""How long the analyst may take to write its results when a run has ended, s."""

FEED_DEADLINE = 5.0
"""How long watchers may take to see the last documents before the plan counts as done, s."""


class RunFollower:
    """A callback for the RunEngine that keeps what a plan's result is made from.

    Attributes:
        start: the start document; None before the run is open.
        stop: the stop document; empty before the run has ended.
    """

    def __init__(self) -> None:
        self.start: dict[str, Any] | None = None
        self.stop: dict[str, Any] = {}
        self._primary = ""
        self._points = 0

    @property
    def points(self) -> int:
        """Number of events in the primary stream."""
        return self._points

    def __call__(self, name: str, document: dict[str, Any]) -> None:
        """Takes in the next document."""
        if name == "start":
            self.start = document
        elif name == "stop":
            self.stop = document
        elif name == "descriptor" and document["name"] == "primary":
            self._primary = document["uid"]
        elif name == "event" and document["descriptor"] == self._primary:
            # After a pause bluesky counts on from its last checkpoint, so a number can come twice.
            self._points = max(self._points, document["seq_num"])

    def result(self, run: Path | None, agent: Agent | None, statistics: dict[str, Any]) -> PlanResult:
        """How the plan ended."""
        if self.start is None:
            return PlanResult("", None, "fail", "the plan opened no run")
        return PlanResult(
            uid=self.start["uid"],
            run=run,
            exit_status=self.stop.get("exit_status", "fail"),
            reason=self.stop.get("reason", ""),
            points=self.points,
            stop_reason="" if agent is None else agent.stop_reason,
            statistics=statistics,
        )


def close_run(
    follower: RunFollower,
    statistics: dict[str, Any],
    agent: Agent | None,
    analyst: AnalystClient,
    recorder: Recorder,
    feed: DocumentFeed,
) -> PlanResult:
    """Has the analyst write its results, keeps the figures with the run, and waits until it is closed on disk.

    Raises:
        RecorderError: when the run could not be closed.
    """
    if follower.start is not None:
        if agent is not None:
            _finish_analysis(agent, analyst)
            statistics["best"] = agent.best
            statistics["stop_reason"] = agent.stop_reason
            statistics["analyst"] = {"restarts": analyst.restarts}
        recorder.add_statistics(statistics)
        recorder.wait_closed()
        feed.drain(FEED_DEADLINE)
    return follower.result(recorder.run, agent, statistics)


def _finish_analysis(agent: Agent, analyst: AnalystClient) -> None:
    """A run is whole without maps: what hinders the analyst is logged, and does not fail the plan."""
    busy = analyst.abandon_questions()
    finished = agent.finish()
    try:
        if busy and not _ends(finished, ABANDON_DEADLINE):
            # It still thinks about a suggestion that nobody wants any more.
            analyst.restart()
        failure = finished.exception(FINISH_DEADLINE)
    except TimeoutError as error:
        failure = error
    if failure is not None:
        log.error("the analyst could not finish the run: %s", failure)
    analyst.forget()


def _ends(status: Status, timeout: float) -> bool:
    try:
        status.exception(timeout)
    except TimeoutError:
        return False
    return True
