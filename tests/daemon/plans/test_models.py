"""Parameters of plans: what is accepted, refused and described."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from daemon.plans import PLANS, AutonomousScan, GridScan, find_plan, read_parameters
from daemon.plans.models import AxisRange, Box, Circle, Located, Metadata, Polygon
from daemon.settings import load_settings

AXES = {"x": {"low": 0.0, "high": 1.0, "points": 3}, "y": {"low": 0.0, "high": 1.0, "points": 2}}
MODELS = [AutonomousScan, GridScan, AxisRange, Box, Circle, Polygon, Located, Metadata]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_is_described(model: type[BaseModel]) -> None:
    """The reference is made from the descriptions."""
    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name}"


def test_the_packaged_settings_start_both_plans_without_parameters() -> None:
    """As the demo does."""
    settings = load_settings()
    for name in ("autonomous_scan", "grid_scan"):
        checked = read_parameters(PLANS[name], {}, settings.plans.get(name))
        assert set(checked.axes) == {"stage_x", "stage_y"}


def test_given_parameters_win_over_the_settings() -> None:
    """Field by field."""
    kind = find_plan("autonomous_scan")
    defaults = {"axes": AXES, "objective": "a", "points": 7}
    checked = read_parameters(kind, {"objective": "b"}, defaults)
    assert isinstance(checked, AutonomousScan)
    assert (checked.objective, checked.points) == ("b", 7)


def test_parameters_survive_json() -> None:
    """They are kept in the start document and read again when a campaign is taken up."""
    forbidden = [
        {"kind": "box", "limits": {"x": (0.1, 0.2)}},
        {"kind": "circle", "axes": ("x", "y"), "centre": (0.5, 0.5), "radius": 0.1},
        {"kind": "polygon", "axes": ("x", "y"), "vertices": [(0, 0), (1, 0), (0, 1)]},
    ]
    given: dict[str, Any] = {
        "axes": AXES,
        "objective": "a",
        "forbidden": forbidden,
        "located": {"probability": 0.9, "radius": 2.0},
        "metadata": {"sample": "s", "weather": "rain"},
        "resume_from": "/some/run",
    }
    scan = AutonomousScan(**given)
    assert AutonomousScan.model_validate_json(scan.model_dump_json()) == scan
    assert scan.metadata.model_dump()["weather"] == "rain"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"axes": {}}, ("axes",)),
        ({"axes": {"x": {"low": 1.0, "high": 1.0}}}, ("axes", "x")),
        ({"axes": {"x": {"low": float("nan"), "high": 1.0}}}, ("axes", "x")),
        ({"axes": {**AXES, "z": {"low": 0.0, "high": 1.0}}}, ("axes",)),
        ({"detectors": []}, ("detectors",)),
        ({"detectors": ["a", "a"]}, ("detectors",)),
        ({"objective": ""}, ("objective",)),
        ({"initial_points": 0}, ("initial_points",)),
        ({"time_budget": 0.0}, ("time_budget",)),
        ({"improvement_fraction": 1.0}, ("improvement_fraction",)),
        ({"located": {"probability": 1.0, "radius": 1.0}}, ("located", "probability")),
        ({"forbidden": [{"kind": "polygon", "axes": ["x", "y"], "vertices": [[0, 0]]}]}, ("forbidden", 0)),
        ({"colour": "red"}, ("colour",)),
    ],
)
def test_mistakes_are_found_where_they_are(changes: dict[str, Any], where: tuple[str | int, ...]) -> None:
    """The error's path is the field's."""
    with pytest.raises(ValidationError) as caught:
        AutonomousScan(**{"axes": AXES, "objective": "a", **changes})
    assert caught.value.errors()[0]["loc"][: len(where)] == where


def test_a_scan_without_an_objective_is_refused() -> None:
    """It would not know what to look for."""
    with pytest.raises(ValidationError, match="is missing; give an expression"):
        AutonomousScan(axes=AXES)
