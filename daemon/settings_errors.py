"""Says in one line per field what is wrong with it and what to change."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, TypeGuard, get_args

from pydantic import BaseModel, ValidationError


def explain(error: ValidationError, model: type[BaseModel], source: str | Mapping[str, Mapping[str, Any]]) -> str:
    """Renders a validation error for a person.

    Args:
        error: what pydantic found.
        model: the model that was being filled; it knows the names and descriptions of fields.
        source: where the values came from; if from several places, the values by place, the strongest last.

    Returns:
        One line per wrong field: `<source>: <field path>: <what to change>`.
    """
    sources = {source: {}} if isinstance(source, str) else source
    return "\n".join(
        f"{_source(item['loc'], sources)}: {_path(item['loc'])}: {_advice(dict(item), model)}"
        for item in error.errors()
    )


def _source(location: tuple[int | str, ...], sources: Mapping[str, Mapping[str, Any]]) -> str:
    """The strongest source that says anything about a field; the weakest, a file, for what nobody says."""
    names = list(sources)
    return next((name for name in reversed(names) if _says(sources[name], location)), names[0])


def _says(values: object, location: tuple[int | str, ...]) -> bool:
    for part in location:
        if not isinstance(values, Mapping):
            return True  # a list was set as a whole
        if part not in values:
            return False
        values = values[part]
    return True


def _path(location: tuple[int | str, ...]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).lstrip(".") or "(whole file)"


def _advice(item: dict[str, Any], model: type[BaseModel]) -> str:
    owner = _model_at(item["loc"][:-1], model)
    name = str(item["loc"][-1]) if item["loc"] else ""
    if item["type"] == "extra_forbidden" and owner is not None:
        known = sorted(owner.model_fields)
        near = difflib.get_close_matches(name, known, n=1)
        return (
            f"unknown setting; did you mean {near[0]}?" if near else f"unknown setting; known here: {', '.join(known)}"
        )
    if item["type"] == "missing" and owner is not None:
        return f"is missing; set it: {owner.model_fields[name].description}"
    message = str(item["msg"]).removeprefix("Value error, ")
    given = item.get("input")
    return message if isinstance(given, dict | list) else f"{message[:1].lower()}{message[1:]} (it is {given!r})"


def _model_at(location: tuple[int | str, ...], model: type[BaseModel]) -> type[BaseModel] | None:
    current: object = model
    for part in location:
        if _is_model(current):
            field = current.model_fields.get(str(part))
            current = None if field is None else field.annotation
        else:
            current = _value_model(current)
    return current if _is_model(current) else None


def _value_model(annotation: object) -> type[BaseModel] | None:
    """The model inside `dict[str, Model]` or `Model | None`, if there is one."""
    return next((argument for argument in reversed(get_args(annotation)) if _is_model(argument)), None)


def _is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
