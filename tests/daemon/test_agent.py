"""The engine's side of the agent: bluesky's protocols, one request per question, and the rows it writes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from bluesky.protocols import Movable, Preparable, Readable, Stoppable

from daemon.agent import Agent, Timing
from daemon.analyst.messages import Ask, Begin, Failed, Observe, Observed, Request, Suggested
from daemon.errors import AnalystError, DiskFull

BEGIN = Begin("/run", {}, True, {}, {}, {}, {})


class Analyst:
    """Keeps what it is sent."""

    def __init__(self, adaptive: bool = True) -> None:
        self.sent: list[Request] = []
        self.agent = Agent(self.sent.append, {"x": "µm"}, adaptive, lambda run: BEGIN, lambda: "/run")

    def record(self, number: int, x: float, when: float) -> None:
        """Sends the documents of a point."""
        data = {"x": x, "total": 7, "shutter": "open"}
        event = {"descriptor": "p", "seq_num": number, "data": data, "timestamps": dict.fromkeys(data, when)}
        self.agent.document("event", event)


@pytest.fixture
def analyst() -> Analyst:
    """An analyst whose agent has seen the beginning of a run."""
    made = Analyst()
    made.agent.document("start", {"uid": "s"})
    made.agent.document("descriptor", {"uid": "p", "name": "primary"})
    return made


def test_the_agent_is_a_bluesky_device() -> None:
    """It can be prepared, set and read; it is nothing that a pause would stop."""
    agent = Analyst().agent
    for protocol in (Readable, Movable, Preparable):
        assert isinstance(agent, protocol)
    assert not isinstance(agent, Stoppable)


def test_the_run_begins_for_the_analyst_with_its_first_document(analyst: Analyst) -> None:
    """Before anything is asked."""
    assert analyst.sent == [BEGIN]


def test_a_question_is_sent_once_however_often_it_is_asked(analyst: Analyst) -> None:
    """While the answer is under way, and after it is there."""
    first, again = analyst.agent.prepare(1), analyst.agent.prepare(1)
    assert first is again
    assert not first.done
    analyst.agent.take(("ask", 1), Suggested(1, {"x": 3.0}))
    assert first.success
    assert analyst.agent.prepare(1).success
    assert analyst.sent[1:] == [Ask(1, None, 0.0)]
    found = analyst.agent.suggestion(1)
    assert found is not None
    assert found.position == {"x": 3.0}


def test_a_question_says_where_the_axes_will_be_and_how_long_it_took(analyst: Analyst) -> None:
    """In instrument time, from the first reading on."""
    analyst.agent._answers["ask", 1] = Suggested(1, {"x": 3.0})
    analyst.record(1, 3.01, 1000.0)
    analyst.agent._answers["ask", 2] = Suggested(2, {"x": 4.0})
    analyst.record(2, 4.0, 1012.5)
    analyst.agent.prepare(3)
    assert analyst.sent[-1] == Ask(3, {"x": 4.0}, 12.5)


def test_a_point_is_observed_with_what_was_really_recorded(analyst: Analyst) -> None:
    """A replayed event replaces the one before; text is no reading."""
    analyst.record(1, 2.0, 5.0)
    analyst.record(1, 2.5, 6.0)
    status = analyst.agent.set(1)
    assert analyst.sent[-1] == Observe(1, {"x": 2.5}, {"x": 2.5, "total": 7.0})
    assert not analyst.agent.ready(1)
    analyst.agent.take(("observe", 1), Observed(1, 7.0, 2.6, 7.0, {"x": 2.5}, 3.0, 1.0))
    assert status.success
    assert analyst.agent.ready(1)


def test_a_request_that_fails_fails_its_status(analyst: Analyst) -> None:
    """With the analyst's reason; a later attempt asks anew."""
    status = analyst.agent.prepare(1)
    analyst.agent.take(("ask", 1), Failed(("ask", 1), "no room left"))
    error = status.exception()
    assert isinstance(error, AnalystError)
    assert "no room left" in str(error)
    assert not analyst.agent.prepare(1).done


def test_a_full_disk_is_the_operators_to_mend(analyst: Analyst, tmp_path: Path) -> None:
    """Whichever process met it: the same line, and the exit code of a mistake."""
    status = analyst.agent.prepare(1)
    analyst.agent.take(("ask", 1), Failed(("ask", 1), "DiskFull: …", str(tmp_path / "state")))
    error = status.exception()
    assert isinstance(error, DiskFull)
    assert f"the disk is full: cannot write {tmp_path / 'state'}" in str(error)


def test_a_row_tells_why_what_and_what_next(analyst: Analyst) -> None:
    """All columns are described, with units."""
    agent = analyst.agent
    agent._answers["ask", 1] = Suggested(1, {"x": 2.0}, "expected improvement", 1.5, 0.5, -2.0, 0.25, 9.0)
    agent._answers["ask", 2] = Suggested(2, {"x": 4.0}, "expected improvement", acquisition=-3.0)
    analyst.record(1, 2.01, 1000.0)
    agent._answers["observe", 1] = Observed(1, 1.25, 0.1, 1.25, {"x": 2.01}, 3.0, 1.0)
    agent.timings[1] = Timing(1.0, 2.0, 0.5, 0.0)
    agent.set(1)
    row: dict[str, Any] = {key.removeprefix("agent_"): item["value"] for key, item in agent.read().items()}
    assert set(agent.describe()) == set(agent.read())
    assert (row["point"], row["value"], row["error"], row["best_value"], row["best_x"]) == (1, 1.25, 0.1, 1.25, 2.01)
    assert (row["x"], row["kind"], row["mean"], row["deviation"]) == (2.0, "expected improvement", 1.5, 0.5)
    assert (row["acquisition"], row["travel_cost"], row["milliseconds"]) == (-2.0, 0.25, 9.0)
    assert (row["next_x"], row["next_kind"], row["next_acquisition"]) == (4.0, "expected improvement", -3.0)
    assert (row["move_ms"], row["expose_ms"], row["record_ms"], row["waiting_ms"]) == (1.0, 2.0, 0.5, 0.0)
    assert (row["analyse_ms"], row["tell_ms"], row["instrument_time"]) == (3.0, 1.0, 1000.0)
    units = {key.removeprefix("agent_"): item.get("units") for key, item in agent.describe().items()}
    assert (units["x"], units["next_x"], units["tell_ms"], units["travel_cost"]) == ("µm", "µm", "ms", "s")


def test_the_reason_to_stop_is_in_the_last_row_alone(analyst: Analyst) -> None:
    """Rows may be written after the decision."""
    agent = analyst.agent
    for number in (1, 2):
        analyst.record(number, 1.0, 1.0)
    agent.end_after(2, "enough")
    agent.end_after(3, "")
    reasons = []
    for number in (1, 2):
        agent.set(number)
        reasons.append(agent.read()["agent_stop"]["value"])
    assert reasons == ["", "enough"]


def test_a_scan_of_fixed_positions_has_rows_without_reasons() -> None:
    """Value, error and times only."""
    analyst = Analyst(adaptive=False)
    assert "agent_value" in analyst.agent.describe()
    assert "agent_mean" not in analyst.agent.describe()
    assert math.isnan(analyst.agent.read()["agent_value"]["value"])
