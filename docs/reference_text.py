"""Tables of pydantic models and of command line options in an operator's words, for the reference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

WORDS: dict[Any, str] = {
    int: "whole number",
    float: "number",
    bool: "true or false",
    str: "text",
    Path: "path",
    Any: "anything",
}
TITLES = ("field", "takes", "default", "what it is")
SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Lay out a Markdown table; bars inside of cells are escaped."""
    lines = [list(titles)]
    lines.append(["---"] * len(lines[0]))
    lines += [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def type_text(kind: Any) -> str:  # noqa: ANN401 - any annotation
    """Say what a field takes, in an operator's words."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return type_text(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(type_text(part) for part in arguments if part is not NoneType))
    if origin is tuple and Ellipsis not in arguments:
        return "[" + ", ".join(type_text(part) for part in arguments) + "]"
    if origin in (list, tuple):
        return f"list of {type_text(arguments[0])}"
    if origin is dict:
        return "table" if arguments[1] is Any else f"table: name = {type_text(arguments[1])}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    return WORDS[kind]


def bounds_text(field: FieldInfo) -> str:
    """What a field's value is held to, such as ` ≥ 1`; empty without bounds."""
    found = [
        f"{sign}\N{NO-BREAK SPACE}{getattr(m, name):g}"
        for m in field.metadata
        for name, sign in SIGNS.items()
        if hasattr(m, name)
    ]
    return ", " + ", ".join(found) if found else ""


def default_text(field: FieldInfo) -> str:
    """A field's default as TOML has it; a dash where it is left open, `required` where there is none."""
    if field.is_required():
        return "required"
    value = field.default
    if field.default_factory is not None or value is None or isinstance(value, BaseModel) or value in ((), ""):
        return "–"
    text = str(value).lower() if isinstance(value, bool) else str(value).replace("'", '"')
    return f"`{text}`"


def rows(model: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """One row per field: name, type, default, description."""
    for name, field in model.model_fields.items():
        described = prose(str(field.description))
        yield f"`{name}`", type_text(field.annotation) + bounds_text(field), default_text(field), described


def models_in(kind: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any annotation
    """Every model that an annotation names, and those that these name."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from models_in(field.annotation)
    for part in get_args(kind):
        yield from models_in(part)


def is_model(kind: object) -> bool:
    """Whether an annotation is one model and nothing else."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def model_section(model: type[BaseModel], level: int) -> str:
    """A heading, a description and a table of one model."""
    heading = f"{'#' * level} {model.__name__} {{#{model.__name__.lower()}}}"
    return f"{heading}\n\n{model.__doc__}\n\n{table(TITLES, rows(model))}\n"


def prose(text: str) -> str:
    """A description whose angle brackets Markdown must not take for HTML; code in backticks stays as it is."""
    parts = text.split("`")
    return "`".join(part if index % 2 else part.replace("<", "&lt;") for index, part in enumerate(parts))


def option_text(text: str) -> str:
    """A help text without typer's marks for types, and with bounds in words."""
    text = re.sub(r"<(?:list\[)?int[^>]*>", "N", text)
    text = re.sub(r"<(?:list\[)?(?:str|text)[^>]*>", "TEXT", text, flags=re.IGNORECASE)
    text = re.sub(r"<(?:list\[)?float[^>]*>", "NUMBER", text, flags=re.IGNORECASE)
    text = re.sub(r"<([\w -]+(?:\|[\w -]+)+)>", r"\1", text)
    text = re.sub(r"\[(\d+)<=x<=(\d+)\]", r"(\1 to \2)", text)
    text = re.sub(r"x>=(\d+)", r"at least \1", text)
    text = re.sub(r"\[((?:default|at least|required)[^\]]*)\]", r"(\1)", text)
    return re.sub(r"^([A-Z|]+) TEXT$", r"\1", re.sub(r"\s+", " ", text).strip())
