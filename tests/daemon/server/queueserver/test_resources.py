"""Plans and devices, as clients read them."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Callable
from typing import Any

import pytest

from daemon.plans.models import AutonomousScan, GridScan
from daemon.server.queueserver.descriptions import plan_description, reduced, type_of

Drive = Callable[..., None]


def test_plans_are_described_as_by_the_queue_server(drive: Drive) -> None:
    """Names, kinds, types and defaults as source code; those that must be given come first."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        reply = await door.get("/plans/allowed")
        plan = reply["plans_allowed"]["grid_scan"]
        assert (plan["name"], plan["description"]) == ("grid_scan", "Points on a grid.")
        assert plan["properties"] == {"is_generator": True}
        parameters = {each["name"]: each for each in plan["parameters"]}
        assert next(iter(parameters)) == "axes"
        assert parameters["axes"] == {
            "name": "axes",
            "kind": {"name": "KEYWORD_ONLY", "value": 3},
            "annotation": {"type": "dict"},
            "description": "Axes to scan.",
        }
        assert parameters["detectors"]["annotation"] == {"type": "typing.List[str]"}
        assert parameters["detectors"]["default"] == "['detector']"
        assert parameters["points"]["min"] == "1"
        assert parameters["design"]["annotation"] == {"type": "Names", "enums": {"Names": ["sobol", "random"]}}
        assert parameters["exposure_time"]["annotation"] == {"type": "typing.Optional[float]"}
        assert reply["plans_allowed_uid"] == (await door.get("/status"))["plans_allowed_uid"]
        assert (await door.get("/plans/existing"))["plans_existing"] == reply["plans_allowed"]

    drive(scenario)


def test_reduced_descriptions_have_values_instead_of_source_code(drive: Drive) -> None:
    """For clients that make forms of them."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        plan = (await door.get("/plans/existing", reduced=True))["plans_existing"]["grid_scan"]
        parameters = {each["name"]: each for each in plan["parameters"]}
        assert parameters["axes"]["is_optional"] is False
        expected = {"type": "int", "is_list": False, "is_optional": True, "default": 60, "min": 1, "max": 1000}
        assert {name: parameters["points"][name] for name in expected} == expected
        assert (parameters["detectors"]["is_list"], parameters["detectors"]["default"]) == (True, ["detector"])
        assert parameters["design"]["enum"] == ["sobol", "random"]

    drive(scenario)


def test_devices_have_their_axes_as_components(drive: Drive) -> None:
    """Under the names that they have in the device."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        reply = await door.get("/devices/existing")
        stage = reply["devices_existing"]["stage"]
        assert (stage["classname"], stage["module"]) == ("Stage", "devices.stage")
        assert stage["components"]["x"]["is_movable"] is True
        assert "components" not in reply["devices_existing"]["detector"]
        assert reply["devices_existing"]["shutter"]["is_readable"] is False
        allowed = await door.get("/devices/allowed")
        assert allowed["devices_allowed"] == reply["devices_existing"]
        assert allowed["devices_allowed_uid"] == (await door.get("/status"))["devices_allowed_uid"]

    drive(scenario)


@pytest.mark.parametrize("model", [AutonomousScan, GridScan])
def test_types_and_defaults_of_our_own_plans_are_python(model: Any) -> None:  # noqa: ANN401
    """As clients evaluate them: types with `typing`, defaults as literals."""
    schema = model.model_json_schema()
    plan = plan_description({"name": "plan", "description": "", "schema": schema, "defaults": {}})
    assert {each["name"] for each in plan["parameters"]} == set(schema["properties"])
    for each in plan["parameters"]:
        kind = each["annotation"]["type"]
        assert kind == "Names" or eval(kind, {"typing": typing}) is not None  # noqa: S307 - as the queue server does
        if "default" in each:
            assert ast.literal_eval(each["default"]) == schema["properties"][each["name"]]["default"]
    assert reduced(plan)["parameters"][0]["kind"]["value"] == inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "typing.Union[int, str]"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "typing.Optional[float]"),
        ({"type": "array", "items": {"$ref": "#/$defs/Box"}}, "typing.List[dict]"),
        ({"type": "array"}, "typing.List[typing.Any]"),
        ({"anyOf": [{}, {"type": "null"}]}, "typing.Any"),
        ({}, "typing.Any"),
    ],
)
def test_types_by_schema(schema: dict[str, Any], kind: str) -> None:
    """What JSON schema can say and a plan may use."""
    assert type_of(schema, {"$defs": {"Box": {"type": "object"}}}) == kind
