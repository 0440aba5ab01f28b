"""Plans and devices, described as the clients of a queue server read them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from typing import Any

KIND = inspect.Parameter.KEYWORD_ONLY
"""Every parameter of a plan is given by name."""
TYPES = {"integer": "int", "number": "float", "string": "str", "boolean": "bool", "null": "None", "object": "dict"}
"""Names of Python's types by those of JSON schema."""
LIST = "typing.List["
READABLE = frozenset({"camera", "detector", "monitor", "stage"})
"""Kinds of devices that can be read in a plan."""

Schema = Mapping[str, Any]


def plan_description(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan.

    Args:
        plan: as the engine describes it: name, description, schema of its parameters, and defaults from the settings.
    """
    schema, defaults = plan["schema"], plan.get("defaults") or {}
    names = sorted(schema.get("properties", {}), key=lambda name: not _required(name, schema, defaults))
    return {
        "name": plan["name"],
        "description": plan.get("description") or schema.get("description", ""),
        "properties": {"is_generator": True},
        "parameters": [_parameter(name, schema, defaults) for name in names],
    }


def device_description(device: Mapping[str, Any]) -> dict[str, Any]:
    """A device.

    Args:
        device: as the engine describes it: name, class, kind and axes.
    """
    module, _, name = device["class"].rpartition(".")
    kind, axes = device.get("kind", ""), device.get("axes", ())
    found = _device(name, module, readable=kind in READABLE or bool(axes), movable=False)
    if axes:
        prefix = f"{device['name']}_"
        axis = _device("Axis", module, readable=True, movable=True)
        found["components"] = {each["name"].removeprefix(prefix): dict(axis) for each in axes}
    return found


def reduced(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan's description, with types and values in plain words for simple clients.

    Args:
        plan: its full description.
    """
    return {
        "name": plan["name"],
        "description": plan["description"],
        "parameters": [_reduced(parameter) for parameter in plan["parameters"]],
    }


def _required(name: str, schema: Schema, defaults: Mapping[str, Any]) -> bool:
    return name not in defaults and "default" not in schema["properties"][name]


def _parameter(name: str, schema: Schema, defaults: Mapping[str, Any]) -> dict[str, Any]:
    own = schema["properties"][name]
    found: dict[str, Any] = {
        "name": name,
        "kind": {"name": KIND.name, "value": int(KIND)},
        "annotation": {"type": type_of(own, schema)},
    }
    if "description" in own:
        found["description"] = own["description"]
    if choices := _resolved(own, schema).get("enum"):
        found["annotation"] = {"type": "Names", "enums": {"Names": [str(choice) for choice in choices]}}
    if not _required(name, schema, defaults):
        # As source code, which is how a queue server writes them.
        found["default"] = repr(defaults[name] if name in defaults else own["default"])
    for ours, theirs in (("minimum", "min"), ("maximum", "max")):
        if ours in own:
            found[theirs] = repr(own[ours])
    return found


def type_of(value: Schema, schema: Schema) -> str:
    """The Python type, as source code, of what a JSON schema describes.

    Args:
        value: the schema of the value.
        schema: the schema with the definitions that it refers to.
    """
    found = _resolved(value, schema)
    if choices := found.get("anyOf") or found.get("oneOf"):
        return _union([type_of(choice, schema) for choice in choices])
    kind = found.get("type")
    if kind == "array":
        return f"{LIST}{type_of(found.get('items') or {}, schema)}]"
    return TYPES.get(kind, "typing.Any") if isinstance(kind, str) else "typing.Any"


def _union(types: list[str]) -> str:
    kinds = list(dict.fromkeys(kind for kind in types if kind != "None"))
    if "typing.Any" in kinds or not kinds:
        return "typing.Any"
    joined = kinds[0] if len(kinds) == 1 else f"typing.Union[{', '.join(kinds)}]"
    return joined if "None" not in types else f"typing.Optional[{joined}]"


def _resolved(value: Schema, schema: Schema) -> Schema:
    """What a reference refers to; a schema that is none stays."""
    while "$ref" in value:
        value = schema["$defs"][value["$ref"].rpartition("/")[2]]
    return value


def _device(name: str, module: str, *, readable: bool, movable: bool) -> dict[str, Any]:
    kinds = {"is_readable": readable, "is_movable": movable, "is_flyable": False}
    return {**kinds, "classname": name, "module": module}


def _reduced(parameter: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: parameter[name] for name in ("name", "kind", "description") if name in parameter}
    annotation = parameter["annotation"]
    kind = annotation["type"]
    if enums := annotation.get("enums"):
        found |= {"type": "str", "enum": [name for names in enums.values() for name in names]}
    elif word := next((word for word in ("float", "int", "str") if word in kind.replace("typing.", "")), None):
        found["type"] = word
    found["is_list"] = kind.startswith(LIST)
    found["is_optional"] = "default" in parameter
    values = {name: parameter[name] for name in ("default", "min", "max") if name in parameter}
    return {**found, **{name: ast.literal_eval(value) for name, value in values.items()}}
