"""The analyst is killed, or the campaign taken up in another run: nothing is lost and nothing asked twice."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.engine import Engine, PlanHandle
from daemon.runs import Run

Open = Callable[..., Engine]
Parameters = Callable[..., dict[str, Any]]

OBJECTIVES = ["detector_total", pytest.param("unmixing.weights[0]", marks=pytest.mark.slow)]
STEADY = {"fluctuation": 0.0, "beam_lifetime": 1e12, "backlash": 0.0}
"""A beam and a stage that are the same in every scan, so that scans can be compared."""


def _rows(run: Path | None) -> dict[str, Any]:
    assert run is not None
    return Run(run).table("suggestions")


def _undisturbed(open_engine: Open, parameters: dict[str, Any]) -> dict[str, Any]:
    """The rows of a scan by an engine of its own: the twin draws new noise when it comes to a position again."""
    engine = open_engine(**STEADY)
    run = engine.start_plan("autonomous_scan", parameters).wait(60).run
    engine.close()
    return _rows(run)


def _kill_at(engine: Engine, handle: PlanHandle, points: int) -> None:
    """Kills the analyst when so many points are recorded."""
    run = Run(handle.wait_open(30))
    deadline = time.monotonic() + 30
    while run.points < points:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    pid = engine.analyst.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_scan_whose_analyst_is_killed_goes_on_as_if_nothing_had_happened(
    open_engine: Open, scan: Parameters, objective: str
) -> None:
    """The same positions for the same reasons as in an undisturbed scan, and the same values in the end."""
    parameters = scan(objective=objective, points=9)
    calm = _undisturbed(open_engine, parameters)
    engine = open_engine(**STEADY)
    handle = engine.start_plan("autonomous_scan", parameters)
    _kill_at(engine, handle, 3)
    _kill_at(engine, handle, 6)
    result = handle.wait(60)
    assert (result.exit_status, result.points) == ("success", 9)
    assert engine.analyst.restarts >= 1
    disturbed = _rows(result.run)
    for key in ("point", "stage_x", "stage_y", "kind"):
        np.testing.assert_array_equal(disturbed[f"agent_{key}"], calm[f"agent_{key}"], err_msg=key)
    for key in ("mean", "deviation", "acquisition"):
        np.testing.assert_allclose(disturbed[f"agent_{key}"], calm[f"agent_{key}"], rtol=1e-9, err_msg=key)
    np.testing.assert_allclose(disturbed["agent_value"][-1], calm["agent_value"][-1], rtol=1e-12)
    assert np.isfinite(disturbed["agent_value"]).all()


def test_a_scan_with_overlap_survives_too(open_engine: Open, scan: Parameters) -> None:
    """Answers may come in another order there, but every point is measured, analysed and recorded once."""
    engine = open_engine()
    handle = engine.start_plan("autonomous_scan", scan(points=10, overlap=True))
    _kill_at(engine, handle, 2)
    result = handle.wait(60)
    rows = _rows(result.run)
    assert rows["agent_point"].tolist() == list(range(1, 11))
    assert np.isfinite(rows["agent_value"]).all()
    positions = list(zip(rows["agent_stage_x"], rows["agent_stage_y"], strict=True))
    assert len(set(positions)) == 10
    assert result.run is not None
    assert json.loads((result.run / "analysis" / "optimizer.json").read_text())["optimizer"]["asked"] == 10


def test_an_idle_engine_whose_analyst_is_killed_starts_another(open_engine: Open, scan: Parameters) -> None:
    """Before the first scan, between two scans: the next one finds an analyst."""
    engine = open_engine()
    first = engine.analyst.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert engine.start_plan("autonomous_scan", scan(points=2)).wait(60).exit_status == "success"
    assert engine.analyst.pid != first


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_campaign_taken_up_in_a_new_run_goes_on_where_it_stood(
    open_engine: Open, scan: Parameters, objective: str
) -> None:
    """Six points and then four are the same ten points as in one run; the first run's are not measured again."""
    whole = _undisturbed(open_engine, scan(points=10, objective=objective))
    engine = open_engine(**STEADY)
    first = engine.start_plan("autonomous_scan", scan(points=6, objective=objective)).wait(60).run
    again = scan(points=4, objective=objective, resume_from=str(first))
    second = engine.start_plan("autonomous_scan", again).wait(60).run
    assert first is not None
    assert second is not None
    both = [_rows(first), _rows(second)]
    for key in ("stage_x", "stage_y", "kind"):
        joined = np.concatenate([rows[f"agent_{key}"] for rows in both])
        np.testing.assert_array_equal(joined, whole[f"agent_{key}"], err_msg=key)
    assert both[1]["agent_best_value"][-1] == pytest.approx(whole["agent_best_value"][-1], rel=1e-12)
    assert Run(second).start["continues"] == str(first)
    assert json.loads((second / "analysis" / "optimizer.json").read_text())["told"] == 10


def test_a_suggestion_that_was_never_measured_is_the_first_of_the_next_run(open_engine: Open, scan: Parameters) -> None:
    """An aborted scan knew where to go next; the campaign goes there."""
    engine = open_engine(clock="x10", exposure_time=3.0, speed=1e5, settling_time=0.0)
    handle = engine.start_plan("autonomous_scan", scan(points=6))
    run = Run(handle.wait_open(30))
    while run.points < 2:
        time.sleep(0.01)
    time.sleep(0.1)
    engine.abort("lunch")
    first = handle.wait(60).run
    assert first is not None
    asked = {
        item["number"]: item for item in json.loads((first / "analysis" / "optimizer.json").read_text())["suggestions"]
    }
    measured = Run(first).points
    again = scan(points=1, resume_from=str(first))
    second = engine.start_plan("autonomous_scan", again).wait(60).run
    assert _rows(second)["agent_stage_x"].tolist() == [asked[measured + 1]["position"]["stage_x"]]
    assert _rows(second)["agent_stage_y"].tolist() == [asked[measured + 1]["position"]["stage_y"]]
