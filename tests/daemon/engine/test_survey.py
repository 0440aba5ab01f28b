"""Surveys of the tunnelling microscope's twin: images chosen by what they tell, and every cluster in the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import event_model
import numpy as np
import pytest
import zarr

from daemon.continuation import continuation
from daemon.detection import Request, search
from daemon.engine import Engine
from daemon.errors import PlanRejected
from daemon.online_survey import read_survey
from daemon.runs import Run
from daemon.settings import load_settings
from daemon.verify import verify_run

CLASSES = ("Pb1", "Pb2", "Pb3", "Pb4", "Pb5", "Pb6")
AREA = {"stage_x": {"low": 20.0, "high": 180.0}, "stage_y": {"low": 20.0, "high": 180.0}}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector that knows nothing: it sees clusters here and there."""
    import torch

    from analysis.detection.calibration import Calibration
    from analysis.detection.detector import Detector
    from analysis.detection.network import Architecture, Network
    from analysis.detection.weights import make_card, make_confidence

    torch.manual_seed(4)
    network = Network(Architecture(len(CLASSES), width=4, head=8)).eval()
    with torch.no_grad():
        network.class_logits.weight.mul_(100.0)
        network.class_logits.bias.fill_(-0.5)
        network.objectness.bias.fill_(3.0)
    confidence = make_confidence(Calibration.none(len(CLASSES)), 0.3)
    path = tmp_path_factory.mktemp("detector") / "tiny.safetensors"
    Detector(network, make_card(network, CLASSES, confidence), "cpu").save(path)
    return path


def open_engine(data: Path, weights: Path, **options: Any) -> Engine:
    """An engine on the microscope, with options of the twin."""
    chosen = {"preset": "easy", "shape": [96, 96], "area": [200.0, 200.0], "clock": "fastest", **options}
    stream = {"steps": [{"step": "detection", "weights": str(weights)}]}
    instrument = {"factory": "simulators.stm:instrument", "options": chosen}
    return Engine(load_settings(data=data, instrument=instrument, analysis={"stream": stream}))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[Engine]:
    """One engine for all: its analyst takes longer to begin than a survey."""
    with open_engine(tmp_path_factory.mktemp("survey"), weights) as opened:
        opened.start_plan("survey", survey(1)).wait(120)  # now all its threads are there
        yield opened


def survey(points: int = 8, **changes: Any) -> dict[str, Any]:
    """Parameters of a short survey."""
    return {"axes": AREA, "points": points, "precision": 0.001, **changes}


def test_a_survey_finds_and_counts(engine: Engine, weights: Path) -> None:
    """Fields are chosen with reasons; every cluster is in a table, in the documents, and found again in the run."""
    from analysis.detection import Detector

    seen: list[tuple[str, dict[str, Any]]] = []
    token = engine.subscribe(lambda name, document: seen.append((name, document)))
    result = engine.start_plan("survey", survey()).wait(120)
    engine.unsubscribe(token)
    assert (result.exit_status, result.points) == ("success", 8)
    assert result.run is not None
    for name, document in seen:
        event_model.schema_validators[event_model.DocumentNames[name]].validate(document)
    rows = Run(result.run).table("suggestions")
    again = [kind for kind in rows["agent_kind"] if kind.startswith("scanned again: tip change")]
    assert all(kind.startswith("expected information") for kind in rows["agent_kind"] if kind not in again)
    places = np.column_stack([rows["agent_stage_x"], rows["agent_stage_y"]])
    assert len(np.unique(places.round(3), axis=0)) == 8 - len(again)
    table = zarr.open_group(result.run / "analysis" / "detections", mode="r")
    offsets = np.asarray(table["offsets"][:]).astype(int)
    assert (len(offsets), table.attrs["images"], table.attrs["growing"]) == (9, 8, None)
    assert tuple(table.attrs["classes"]) == CLASSES
    events, boxes = np.asarray(table["event"][:]), np.asarray(table["boxes"][:])
    assert offsets[-1] == len(events) == len(boxes) > 20
    np.testing.assert_array_equal(np.repeat(np.arange(8), np.diff(offsets)), events)
    np.testing.assert_allclose(table["boxes_nm"][:], 0.15 * boxes, rtol=1e-6)
    documents = Run(result.run).table("detections")
    np.testing.assert_array_equal(documents["detections_point"], events + 1)
    np.testing.assert_allclose(documents["detections_x1_px"], boxes[:, 2])
    named = [CLASSES[int(label)] for label in table["labels"][:]]
    assert documents["detections_class"].tolist() == named
    np.testing.assert_allclose(rows["agent_value"] * 96 * 96 * 0.15**2 / 100.0, np.diff(offsets), rtol=1e-9)
    assert verify_run(result.run).problems == ()
    searched = search(result.run, Detector.load(weights), Request())
    np.testing.assert_array_equal(searched.labels, table["labels"][:])
    np.testing.assert_allclose(np.concatenate([one.found.boxes for one in searched.images]), boxes, atol=1e-3)


def test_the_whole_area_is_told_of(engine: Engine) -> None:
    """The number, its interval, and the density at all places."""
    result = engine.start_plan("survey", survey(6, objective="detections.count.Pb2")).wait(120)
    assert result.run is not None
    told = zarr.open_group(result.run / "analysis" / "survey", mode="r")
    low, high = told.attrs["interval"]
    assert low < told.attrs["count"] < high
    assert told.attrs["fields"] == 6
    assert told.attrs["value"] == ["detections.expected.Pb2"]
    maps = zarr.open_group(result.run / "analysis" / "optimization", mode="r")
    assert maps["mean"].shape == (len(maps["stage_y"][:]), len(maps["stage_x"][:]))
    assert np.isfinite(maps["deviation"][:]).all()
    survey_told = read_survey(result.run)
    assert survey_told is not None
    assert "Pb2" in survey_told.headline


def test_a_survey_ends_when_it_knows_enough(engine: Engine) -> None:
    """With the number and its interval as the reason."""
    result = engine.start_plan("survey", survey(30, precision=0.5)).wait(120)
    assert 3 <= result.points < 30
    assert "known to" in result.stop_reason


def test_images_without_a_surface_end_a_survey(engine: Engine) -> None:
    """Each field is tried twice and then left; the reasons are in the events."""
    outage = engine.devices["detector"].backend.outage
    outage.begin()
    result = engine.start_plan("survey", survey(20, skips=2)).wait(120)
    outage.end()
    assert result.run is not None
    rows = Run(result.run).table("suggestions")
    assert result.points == 4
    assert "2 fields in a row had to be skipped" in result.stop_reason
    kinds = rows["agent_kind"].tolist()
    assert kinds[0] == "expected information"
    assert kinds[1].startswith("scanned again: noise")
    assert "the field before was skipped: noise" in kinds[2]
    places = np.column_stack([rows["agent_stage_x"], rows["agent_stage_y"]])
    np.testing.assert_array_equal(places[0], places[1])
    assert not np.array_equal(places[1], places[2])


def test_an_abort_draws_the_tip_back(engine: Engine) -> None:
    """And the run has what was found before."""
    handle = engine.start_plan("survey", survey(100))
    aborted = []

    def abort(name: str, document: dict[str, Any]) -> None:
        if name == "event" and not aborted and engine.points >= 3 and engine.state == "running":
            aborted.append(document)
            engine.abort("enough")

    token = engine.subscribe(abort)
    result = handle.wait(60)
    engine.unsubscribe(token)
    assert result.exit_status == "abort"
    assert engine.devices["detector"].backend.withdrawn
    assert engine.devices["detector"].ring is None
    assert verify_run(result.run or Path()).problems == ()


def test_a_survey_taken_up_in_a_new_run_knows_the_fields_before(engine: Engine) -> None:
    """No field is scanned anew, all count, and either run tells of its own images alone."""
    first = engine.start_plan("survey", survey(5, retries=0)).wait(120).run
    assert first is not None
    plan, parameters = continuation(first, 4)
    assert plan == "survey"
    second = engine.start_plan(plan, parameters).wait(120).run
    assert second is not None
    assert Run(second).start["continues"] == str(first)
    tables = [Run(run).table("suggestions") for run in (first, second)]
    places = np.vstack([np.column_stack([rows["agent_stage_x"], rows["agent_stage_y"]]) for rows in tables])
    assert len(np.unique(places.round(3), axis=0)) == len(places) == 9
    told, before = (zarr.open_group(run / "analysis" / "survey", mode="r").attrs for run in (second, first))
    flaws = [zarr.open_group(run / "analysis" / "detections", mode="r").attrs["flaws"] for run in (first, second)]
    assert before["fields"] == 5 - len(flaws[0])
    assert told["fields"] == 9 - len(flaws[0]) - len(flaws[1])
    found = zarr.open_group(second / "analysis" / "detections", mode="r")
    assert found.attrs["images"] == 4
    offsets = np.asarray(found["offsets"][:]).astype(int)
    np.testing.assert_array_equal(np.repeat(np.arange(4), np.diff(offsets)), found["event"][:])
    documents = Run(second).table("detections")
    np.testing.assert_array_equal(documents["detections_point"], np.asarray(found["event"][:]).astype(int) + 1)
    np.testing.assert_allclose(documents["detections_x1_px"], np.asarray(found["boxes"][:])[:, 2])


def test_clusters_are_sought_by_any_scan(engine: Engine) -> None:
    """A campaign's objective can be the number of clusters of a class."""
    grid = {name: {**axis, "points": 3} for name, axis in AREA.items()}
    result = engine.start_plan(
        "autonomous_scan", {"axes": grid, "points": 5, "objective": "detections.count.Pb3", "initial_points": 3}
    ).wait(120)
    assert result.points == 5
    assert np.isfinite(Run(result.run or Path()).table("suggestions")["agent_value"]).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (survey(objective="detections.count.Pb9"), "detections.count.Pb9 is not known; known are"),
        (survey(objective="detector_total"), "give detections.count or detections.density"),
        (survey(objective="clusters.count"), "clusters.count is not known"),
        ({"axes": {"stage_x": {"low": 20.0, "high": 180.0}}}, "name two axes"),
        (survey(axes={**AREA, "stage_y": {"low": 0.0, "high": 900.0}}), "outside the limits of stage_y"),
    ],
)
def test_what_cannot_be_surveyed_is_refused(engine: Engine, parameters: dict[str, Any], message: str) -> None:
    """Before anything moves, with the field."""
    with pytest.raises(PlanRejected, match=message):
        engine.start_plan("survey", parameters)
