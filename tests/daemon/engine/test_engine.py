"""Whole scans through a real RunEngine, the simulated instrument and a real analyst process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from event_model import DocumentNames, schema_validators

from daemon.engine import Engine
from daemon.errors import DeviceFailed, EngineError, PlanRejected
from daemon.plans import PLANS
from daemon.runs import Run

Open = Callable[..., Engine]
Parameters = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("overlap", [False, True])
def test_every_point_is_measured_analysed_and_recorded(engine: Engine, scan: Parameters, overlap: bool) -> None:
    """Also the last one, whose value another engine would leave out."""
    seen: list[tuple[str, dict[str, Any]]] = []
    token = engine.subscribe(lambda name, document: seen.append((name, document)))
    result = engine.start_plan("autonomous_scan", scan(overlap=overlap)).wait(60)
    engine.unsubscribe(token)
    assert (result.exit_status, result.points) == ("success", 6)
    assert result.run is not None
    run = Run(result.run)
    primary, rows = run.table("primary"), run.table("suggestions")
    assert rows["agent_point"].tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(rows["agent_value"], primary["detector_total"])
    np.testing.assert_allclose(rows["agent_stage_x"], primary["stage_x"])
    assert rows["agent_error"] == pytest.approx(np.sqrt(primary["detector_total"]))
    np.testing.assert_array_equal(rows["agent_next_stage_y"][:-1], rows["agent_stage_y"][1:])
    assert rows["agent_best_value"].tolist() == np.maximum.accumulate(primary["detector_total"]).tolist()
    assert rows["agent_kind"].tolist() == ["initial design"] * 4 + ["expected improvement"] * 2
    assert rows["agent_stop"].tolist() == [""] * 5 + ["all 6 points are measured"]
    assert np.isfinite(rows["agent_deviation"][4:]).all()
    for key in ("move_ms", "expose_ms", "record_ms", "analyse_ms", "tell_ms", "milliseconds", "waiting_ms"):
        assert (rows[f"agent_{key}"] >= 0).all(), key
    # The journal's documents are those that a watcher gets, in that order.
    assert [(name, document["uid"]) for name, document in run.documents()] == [(n, d["uid"]) for n, d in seen]


def test_every_document_satisfies_the_schemas(engine: Engine, scan: Parameters) -> None:
    """All kinds of documents of a scan with frames, dark frames and a baseline."""
    run = engine.start_plan("autonomous_scan", scan(dark_frames=1)).wait(60).run
    assert run is not None
    kinds = Counter()
    for name, document in Run(run).documents():
        schema_validators[DocumentNames[name]].validate(json.loads(json.dumps(document)))
        kinds[name] += 1
    assert kinds["stream_datum"] == 6 + 2
    assert set(kinds) == {"start", "descriptor", "event", "stream_resource", "stream_datum", "stop"}


def test_the_start_document_says_what_the_campaign_is(engine: Engine, scan: Parameters) -> None:
    """Proposal, sample, operator, free fields, all parameters; the scan's number goes on counting."""
    about = {"proposal": "2026A1234", "sample": "SiGe 7", "operator": "Curie", "annealed": True}
    first = engine.start_plan("autonomous_scan", scan(points=1, metadata=about)).wait(60).run
    second = engine.start_plan("autonomous_scan", scan(points=1)).wait(60).run
    assert first is not None
    assert second is not None
    start = Run(first).start
    assert (start["proposal"], start["sample"], start["operator"]) == ("2026A1234", "SiGe 7", "Curie")
    assert start["metadata"] == {"annealed": True}
    model = PLANS["autonomous_scan"].model
    assert set(start["parameters"]) == set(model.model_fields)
    assert model(**start["parameters"]).model_dump(mode="json") == start["parameters"]
    assert start["plan_name"] == "autonomous_scan"
    assert start["hints"]["dimensions"] == [[["stage_x"], "primary"], [["stage_y"], "primary"]]
    assert Run(second).start["scan_id"] == start["scan_id"] + 1


def test_dark_frames_and_baseline_have_streams_of_their_own(engine: Engine, scan: Parameters) -> None:
    """Darks are taken without light before and after; the baseline at the start and at the end."""
    run = engine.start_plan("autonomous_scan", scan(points=2, dark_frames=2)).wait(60).run
    assert run is not None
    darks, primary, baseline = (Run(run).table(name) for name in ("darks", "primary", "baseline"))
    assert len(darks["detector_total"]) == 4
    assert darks["detector_total"].max() < primary["detector_total"].max()
    assert Run(run).frames("detector", "darks").shape[0] == 4
    assert Run(run).frames("detector").shape[0] == 2
    assert len(baseline["stage_x"]) == 2
    assert {"shutter", "monitor_current"} <= set(baseline)
    assert engine.devices["shutter"].state.get() == "closed"
    assert not engine.devices["detector"].dark


def test_a_grid_scan_computes_the_objective_of_every_position(engine: Engine) -> None:
    """Snake-wise, the first axis fastest, with the shape that bluesky's tools look for."""
    axes = {
        "stage_x": {"low": 10.0, "high": 30.0, "points": 3},
        "stage_y": {"low": 50.0, "high": 60.0, "points": 2},
    }
    run = engine.start_plan("grid_scan", {"axes": axes, "objective": "detector_total / 2"}).wait(60).run
    assert run is not None
    primary, rows = Run(run).table("primary"), Run(run).table("suggestions")
    np.testing.assert_allclose(primary["stage_x"], [10, 20, 30, 30, 20, 10])
    np.testing.assert_allclose(primary["stage_y"], [50, 50, 50, 60, 60, 60])
    np.testing.assert_allclose(rows["agent_value"], primary["detector_total"] / 2)
    start = Run(run).start
    assert (start["shape"], start["extents"], start["num_points"]) == ([2, 3], [[50, 60], [10, 30]], 6)
    assert start["motors"] == ["stage_y", "stage_x"]


def test_maps_of_the_model_lie_in_the_run(engine: Engine, scan: Parameters) -> None:
    """Named dimensions, the axes' coordinates, and the state of the optimiser."""
    run = engine.start_plan("autonomous_scan", scan()).wait(60).run
    assert run is not None
    maps = Run(run).analysis("optimization")
    assert set(maps) == {"mean", "deviation", "acquisition", "stage_x", "stage_y", "value", "error"}
    assert maps["value"].shape == maps["error"].shape == (6,)
    assert maps["mean"].shape == maps["deviation"].shape == (31, 31)
    np.testing.assert_allclose(maps["stage_x"], np.linspace(0, 150, 31))
    metadata = json.loads((run / "analysis" / "optimization" / "mean" / "zarr.json").read_text())
    assert metadata["dimension_names"] == ["stage_y", "stage_x"]
    assert json.loads((run / "analysis" / "optimizer.json").read_text())["told"] == 6


def test_components_and_weights_lie_in_the_run(engine: Engine, scan: Parameters) -> None:
    """The values of the rows at the end are the weights of the component that the objective names."""
    run = engine.start_plan("autonomous_scan", scan(objective="unmixing.weights[1]", points=6)).wait(60).run
    assert run is not None
    unmixing = Run(run).analysis("unmixing")
    assert unmixing["components"].shape == (4, 64, 64)
    assert unmixing["weights"].shape == unmixing["weight_errors"].shape == (6, 4)
    row = Run(run).table("suggestions")
    assert row["agent_value"][-1] == pytest.approx(unmixing["weights"][-1, 1])
    assert row["agent_error"][-1] == pytest.approx(unmixing["weight_errors"][-1, 1])


def test_the_engine_imports_no_torch(tmp_path: Path) -> None:
    """Torch's import takes seconds and its collections stall the loop; only the analyst has it."""
    program = f"""
import sys
from pathlib import Path
from daemon.engine import Engine
from daemon.settings import load_settings
with Engine(load_settings(data=Path({str(tmp_path)!r}))) as engine:
    result = engine.start_plan("autonomous_scan", {{"points": 3, "objective": "detector_total"}}).wait(60)
assert result.exit_status == "success", result
print(sorted({{"torch", "sklearn", "gpytorch", "botorch"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


REJECTED = [
    ("autonomous_scan", {"axes": {"stage_z": {"low": 0, "high": 1}}}, "axes.stage_z", "stage_x, stage_y"),
    ("autonomous_scan", {"axes": {"stage_x": {"low": 0, "high": 151}}}, "axes.stage_x.high", "0 to 150 µm"),
    ("autonomous_scan", {"axes": {"stage_x": {"low": 9, "high": 3}}}, "axes.stage_x", "below"),
    ("autonomous_scan", {"axes": {}}, "axes", "at least 1"),
    ("autonomous_scan", {"objective": "unmixing.weights[4]"}, "objective", "unmixing.weights[3]"),
    ("autonomous_scan", {"objective": "detector_sum"}, "objective", "detector_total"),
    ("autonomous_scan", {"objective": "import os"}, "objective", "cannot be read"),
    ("autonomous_scan", {"objective": None}, "objective", "detector_total"),
    ("autonomous_scan", {"detectors": ["camera"]}, "detectors[0]", "detector"),
    ("autonomous_scan", {"detectors": ["stage"]}, "detectors[0]", "no detector"),
    ("autonomous_scan", {"acquisition": "luck"}, "acquisition", "ei"),
    ("autonomous_scan", {"surrogate": "oracle"}, "surrogate", "gp"),
    ("autonomous_scan", {"point": 3}, "point", "points"),
    ("autonomous_scan", {"points": 0}, "points", "1"),
    ("autonomous_scan", {"max_dose": 0.001}, "max_dose", "exposure_time"),
    ("autonomous_scan", {"resume_from": "/nowhere"}, "resume_from", "runs"),
    (
        "autonomous_scan",
        {"forbidden": [{"kind": "box", "limits": {"stage_x": [0, 150]}}]},
        "forbidden",
        "nothing is left",
    ),
    ("grid_scan", {"axes": {"stage_x": {"low": 0, "high": 1}}}, "axes", "number of positions"),
    ("grid_scan", {"axes": {"stage_x": {"low": 0, "high": 1, "points": 0}}}, "axes.stage_x.points", "1"),
    ("spiral_scan", {}, "spiral_scan", "grid_scan"),
]


def test_mistakes_are_refused_before_anything_happens(open_engine: Open, scan: Parameters, tmp_path: Path) -> None:
    """One line with the field's path and what to change; no run, no scan number, no motion."""
    engine = open_engine()
    before = engine.devices["stage"].x.position
    for plan, changes, field, advice in REJECTED:
        base = scan() if plan == "autonomous_scan" else {}
        with pytest.raises(PlanRejected) as caught:
            engine.start_plan(plan, {**base, **changes})
        text = str(caught.value)
        assert field in text, (changes, text)
        assert advice in text, (changes, text)
        assert "\n" not in text
    assert engine.devices["stage"].x.position == before
    assert engine.state == "idle"
    assert not (tmp_path / "data" / "runs").exists()
    assert not (tmp_path / "data" / "scan_id").exists()


def test_one_plan_at_a_time(open_engine: Open, scan: Parameters) -> None:
    """A second start is refused while the first goes on, and accepted afterwards."""
    engine = open_engine(debug_delay=0.3)
    handle = engine.start_plan("autonomous_scan", scan(points=2))
    with pytest.raises(EngineError, match="runs still"):
        engine.start_plan("grid_scan", {})
    handle.wait(60)
    assert engine.start_plan("autonomous_scan", scan(points=1)).wait(60).points == 1


def test_a_watcher_that_fails_hurts_nobody(engine: Engine, scan: Parameters) -> None:
    """Exceptions of callbacks would end the run if they reached the RunEngine."""

    def broken(name: str, document: dict[str, Any]) -> None:
        raise ValueError(name)

    token = engine.subscribe(broken)
    assert engine.start_plan("autonomous_scan", scan(points=1)).wait(60).exit_status == "success"
    engine.unsubscribe(token)


def test_no_position_is_exposed_beyond_its_dose(open_engine: Open) -> None:
    """Where all positions had theirs, the scan ends and says why."""
    engine = open_engine(exposure_time=2.0)
    axes = {"stage_x": {"low": 0.0, "high": 10.0, "points": 3}}
    parameters = {"axes": axes, "objective": "detector_total", "points": 9, "initial_points": 2, "max_dose": 3.0}
    result = engine.start_plan("autonomous_scan", parameters).wait(60)
    assert result.run is not None
    assert sorted(Run(result.run).table("primary")["stage_x"].round(6)) == [0.0, 5.0, 10.0]
    assert "maximum dose of 3 s" in result.stop_reason


def test_a_failing_device_fails_the_plan_in_one_line(engine: Engine, scan: Parameters) -> None:
    """The run is closed as failed, the shutter closed, and the next plan can start."""
    camera = engine.devices["detector"].backend
    expose, camera.expose = camera.expose, lambda done, dark=False: done(None, OSError("cable pulled"))
    handle = engine.start_plan("autonomous_scan", scan())
    with pytest.raises(DeviceFailed, match="detector failed at point 1: cable pulled"):
        handle.wait(60)
    assert handle.run is not None
    assert Run(handle.run).status == "fail"
    assert engine.devices["shutter"].state.get() == "closed"
    camera.expose = expose
    assert engine.start_plan("autonomous_scan", scan(points=1)).wait(60).points == 1
