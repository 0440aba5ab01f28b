"""An operator steers a scan that runs: through the engine, the agent, the plan and a real analyst."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from daemon.engine import Engine
from daemon.engine.commands import EngineCommands
from daemon.engine.status import engine_status
from daemon.errors import EngineError, PlanRejected
from daemon.numbers import Register
from daemon.runs import Run

Parameters = Callable[..., dict[str, Any]]
LEFT = {"kind": "box", "limits": {"stage_x": [0, 75]}}


def until_points(engine: Engine, count: int) -> None:
    """Wait until so many points are measured."""
    deadline = time.monotonic() + 30.0
    while engine.points < count or engine.state == "idle":
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("overlap", [False, True])
def test_a_wish_is_measured_and_a_region_is_not(thoughtful_engine: Engine, scan: Parameters, overlap: bool) -> None:
    """On the grid, with the reason that an operator asked; nothing is measured in the region but what was under way."""
    engine = thoughtful_engine
    handle = engine.start_plan("autonomous_scan", scan(points=14, overlap=overlap))
    until_points(engine, 2)
    assert engine.steering.wish({"stage_x": 101.0, "stage_y": 42.6}) == {"stage_x": 100.0, "stage_y": 45.0}
    engine.steering.exclude(LEFT)
    under_way = engine.points + 1
    facts = engine_status(engine)["steering"]
    assert facts["excluded"] == [{"kind": "box", "limits": {"stage_x": [0.0, 75.0]}}]
    result = handle.wait(60)
    assert (result.exit_status, result.points, result.statistics["excluded"]) == ("success", 14, facts["excluded"])
    assert result.run is not None
    rows, primary = Run(result.run).table("suggestions"), Run(result.run).table("primary")
    (wished,) = [row for row, kind in enumerate(rows["agent_kind"]) if kind == "operator"]
    assert (primary["stage_x"][wished], primary["stage_y"][wished]) == (100.0, 45.0)
    assert wished < under_way + 2
    assert (primary["stage_x"][under_way:] > 75).all()


def test_what_cannot_be_measured_is_refused(thoughtful_engine: Engine, scan: Parameters) -> None:
    """Each axis that is wrong is named; a region that covers everything, or is none, is refused."""
    engine = thoughtful_engine
    handle = engine.start_plan(
        "autonomous_scan", scan(points=30, forbidden=[{"kind": "box", "limits": LEFT["limits"]}])
    )
    until_points(engine, 1)
    with pytest.raises(PlanRejected) as refused:
        engine.steering.wish({"stage_x": 200.0, "stage_z": 1.0})
    assert {each["field"] for each in refused.value.fields} == {f"position.stage_{axis}" for axis in "xyz"}
    with pytest.raises(PlanRejected, match="nothing may be measured there"):
        engine.steering.wish({"stage_x": 10.0, "stage_y": 10.0})
    for region in ({"kind": "box", "limits": {"stage_x": [0, 150]}}, {"kind": "box"}, {"kind": "cloud"}, "everything"):
        with pytest.raises(PlanRejected, match=r"^region"):
            engine.steering.exclude(region)
    commands = EngineCommands(engine, Register())
    answer = commands.obey({"command": "measure", "arguments": {"position": {"stage_x": 1.0}}})
    assert (answer["ok"], answer["kind"]) == (False, "PlanRejected")
    engine.abort("the test has seen enough")
    handle.wait(60)
    with pytest.raises(EngineError, match="nothing to steer"):
        _ = engine.steering
    assert engine_status(engine)["steering"] is None
