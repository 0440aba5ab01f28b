"""A scan folded from its documents."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from daemon.progress import Progress, axes_of, read_progress, told_scores
from daemon.runs import Run

NAN = math.nan


def start(**more: Any) -> dict[str, Any]:
    """The start document of an autonomous scan of two axes."""
    axes = {"sx": {"low": 0.0, "high": 30.0, "points": 4}, "sy": {"low": 0.0, "high": 20.0, "points": 3}}
    parameters = {"axes": axes, "objective": "det_total", "maximize": True, "points": 9, **more}
    return {"uid": "s", "time": 0.0, "parameters": parameters, "detectors": ["det"]}


def descriptors() -> list[dict[str, Any]]:
    """The descriptors of the measured points and of what the agent says of them."""
    configuration = {"stage": {"data": {"sx_speed": 10.0, "sx_settling_time": 0.5}}, "det": {"data": {}}}
    configuration["det"]["data"]["det_exposure_time"] = 2.0
    keys = {"sx": {"units": "µm"}, "sy": {"units": "µm"}, "det_total": {}}
    objects = {"stage": ["sx", "sy"], "det": ["det_total"]}
    return [
        {"uid": "p", "name": "primary", "data_keys": keys, "object_keys": objects, "configuration": configuration},
        {"uid": "a", "name": "suggestions", "data_keys": {}, "object_keys": {"agent": []}, "configuration": {}},
    ]


def event(number: int, total: float, arrived: float, exposed: float, x: float = 0.0) -> dict[str, Any]:
    """A measured point."""
    stamps = {"sx": arrived, "sy": arrived, "det_total": exposed}
    return {
        "descriptor": "p",
        "seq_num": number,
        "data": {"sx": x, "sy": 10.0, "det_total": total},
        "timestamps": stamps,
    }


def row(number: int, **data: Any) -> dict[str, Any]:
    """What the agent says of a point."""
    return {
        "descriptor": "a",
        "seq_num": number,
        "data": {f"agent_{key}": value for key, value in {"point": number, **data}.items()},
        "timestamps": {},
    }


@pytest.fixture
def progress() -> Progress:
    """A scan that has begun."""
    progress = Progress()
    progress("start", start())
    for descriptor in descriptors():
        progress("descriptor", descriptor)
    return progress


def test_axes_and_grid(progress: Progress) -> None:
    """Ranges come from the start document, units from the descriptor."""
    assert [(axis.name, axis.unit, axis.high) for axis in progress.axes] == [("sx", "µm", 30.0), ("sy", "µm", 20.0)]
    assert progress.grid_points == 12
    assert progress.budget == 9


def test_time_of_axes_that_tell_when_they_arrived(progress: Progress) -> None:
    """Motion until the arrival, exposure from there."""
    progress("event", event(1, 1.0, arrived=100.0, exposed=102.0))
    progress("event", event(2, 1.0, arrived=105.0, exposed=108.0))
    assert progress.points[0].times == {"exposure": 2.0}
    assert progress.points[1].times == {"motion": 3.0, "exposure": 3.0}
    assert progress.seconds == 8.0


def test_time_of_axes_that_are_asked_afterwards(progress: Progress) -> None:
    """The exposure is what the detector is set to, the rest was motion."""
    progress("event", event(1, 1.0, arrived=102.1, exposed=102.0))
    progress("event", event(2, 1.0, arrived=108.1, exposed=108.0))
    assert progress.points[1].times == {"motion": 4.0, "exposure": 2.0}


def test_time_of_the_grid(progress: Progress) -> None:
    """12 positions, each 10 µm at 10 µm/s, 0.5 s settling and 2 s exposure."""
    assert progress.grid_seconds() is None
    progress("event", event(1, 1.0, 100.0, 102.0))
    assert progress.grid_seconds() == pytest.approx(12 * (1.0 + 0.5 + 2.0))


def test_objective_is_a_reading_until_the_analyst_spoke(progress: Progress) -> None:
    """Its answer replaces it, with its error and its reason."""
    progress("event", event(1, 7.0, 100.0, 102.0))
    assert progress.points[0].value == 7.0
    progress("event", row(1, value=5.0, error=0.1, kind="initial design", mean=NAN, deviation=NAN, acquisition=NAN))
    (point,) = progress.points
    assert (point.value, point.error, point.kind, point.initial) == (5.0, 0.1, "initial design", True)


def test_a_point_measured_again_replaces_itself(progress: Progress) -> None:
    """After a pause bluesky sends the same number once more."""
    progress("event", event(1, 7.0, 100.0, 102.0))
    progress("event", event(1, 8.0, 110.0, 112.0, x=10.0))
    (point,) = progress.points
    assert (point.value, point.position) == (8.0, (10.0, 10.0))


def test_best_follows_the_analyst(progress: Progress) -> None:
    """An earlier point may become the best when all are scored again."""
    for number, x in enumerate((0.0, 10.0, 20.0), 1):
        progress("event", event(number, float(number), 100.0 * number, 100.0 * number + 2, x))
        progress("event", row(number, value=float(number), best_value=float(number), best_sx=x, best_sy=10.0))
    assert (progress.best or progress.points[0]).number == 3
    progress("event", row(3, value=0.5, best_value=0.9, best_sx=10.0, best_sy=10.0))
    best = progress.best
    assert best is not None
    assert (best.number, best.value) == (2, 0.9)


def test_newest_scores_replace_those_told_first(progress: Progress) -> None:
    """They may lag behind the newest point."""
    for number in (1, 2, 3):
        progress("event", event(number, 1.0, 100.0 * number, 100.0 * number + 2, 10.0 * number))
    progress.score_again([(5.0, 0.1), (4.0, 0.1)])
    assert [point.value for point in progress.points] == [5.0, 4.0, 1.0]
    assert progress.best_values() == [5.0, 5.0, 5.0]


def test_failed_points_are_those_analysed_without_a_value(progress: Progress) -> None:
    """One that still waits for its analysis has not failed."""
    for number, value in enumerate((1.0, NAN, NAN), 1):
        progress("event", event(number, NAN, 100.0 * number, 100.0 * number + 2))
        if number < 3:
            progress("event", row(number, value=value))
    assert progress.failed == 1


def test_choice_comes_from_the_newest_row_and_ends_with_the_run(progress: Progress) -> None:
    """Where the next point will be measured, and why."""
    progress("event", event(1, 1.0, 100.0, 102.0))
    reason = {"next_kind": "expected improvement", "next_mean": 2.0, "next_deviation": 0.5, "next_acquisition": -1.0}
    progress("event", row(1, value=1.0, next_sx=20.0, next_sy=0.0, **reason))
    choice = progress.choice
    assert choice is not None
    assert (choice.number, choice.position, choice.kind) == (2, (20.0, 0.0), "expected improvement")
    progress("event", row(1, value=1.0, next_sx=NAN, next_sy=NAN, next_kind=""))
    assert progress.choice is None
    progress("event", row(1, value=1.0, next_sx=20.0, next_sy=0.0, **reason))
    progress("stop", {"exit_status": "success"})
    assert progress.choice is None


def test_minimising(progress: Progress) -> None:
    """The lowest value is the best."""
    progress("start", start(maximize=False))
    for descriptor in descriptors():
        progress("descriptor", descriptor)
    for number, total in enumerate((3.0, 1.0, 2.0), 1):
        progress("event", event(number, total, 100.0 * number, 100.0 * number + 2))
    assert (progress.best or progress.points[0]).number == 2
    assert progress.best_values() == [3.0, 1.0, 1.0]


def test_foreign_plans_have_no_axes() -> None:
    """A plan of bluesky's own is followed without a search space."""
    assert axes_of({"plan_name": "scan", "plan_args": {"args": ["Axis()"]}}) == ()
    progress = Progress()
    progress("start", {"uid": "x", "plan_name": "count"})
    progress("descriptor", {"uid": "d", "name": "primary", "data_keys": {}, "object_keys": {}, "configuration": {}})
    progress("event", {"descriptor": "d", "seq_num": 1, "data": {"det": 1.0}, "timestamps": {"det": 1.0}})
    assert progress.points == []
    assert progress.best is None


def test_a_real_run(demo: dict[str, Any]) -> None:
    """A run on disk folds to what the engine counted."""
    progress = read_progress(Path(demo["run"]))
    assert len(progress.points) == 12
    assert progress.points[0].initial
    assert progress.points[-1].kind == "expected improvement"
    assert [axis.unit for axis in progress.axes] == ["µm", "µm"]
    scores = told_scores(Path(demo["run"]))
    assert len(scores) == 12
    assert max(value for value, _ in scores) == pytest.approx(demo["best_value"], rel=1e-6)


def test_no_scores_without_an_optimiser(demo: dict[str, Any], tmp_path: Path) -> None:
    """A grid scan has no optimiser that was told anything."""
    assert Run(Path(demo["run"])).start
    assert told_scores(tmp_path) == []
