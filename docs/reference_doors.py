"""The generated parts of the reference about HTTP: who may ask what, and every operation of the OpenAPI."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from reference_text import prose, table

YES, NO = "yes", "–"
TITLES = {"/api/v1": "Beampilot's own", "/api": "As a queue server"}


@functools.cache
def _description() -> dict[str, Any]:
    from daemon.server.doors import description

    return description()


def access() -> str:
    """Every endpoint with the scope that it needs, and the roles that have it."""
    from daemon.server.doors import doors
    from daemon.store.roles import ROLES

    parts = []
    for prefix, anchor in (("/api/v1", "v1"), ("/api", "queueserver")):
        cells = [
            (
                door.method,
                f"`{door.path}`",
                _scope(door.scope),
                *(YES if not door.scope or door.scope in has else NO for has in ROLES.values()),
            )
            for door in doors()
            if door.path.startswith("/api/v1/") == (prefix == "/api/v1")
        ]
        parts += [
            f"## {TITLES[prefix]}: `{prefix}` {{#{anchor}}}\n",
            table(("", "path", "scope", *ROLES), cells) + "\n",
        ]
    return "\n".join(parts)


def _scope(scope: str | None) -> str:
    if scope is None:
        return "no key"
    return f"`{scope}`" if scope else "any key"


def operations() -> str:
    """Every operation with what it does, what it takes and how it answers, by resource."""
    from daemon.server.doors import API

    parts: dict[str, list[tuple[str, ...]]] = {}
    for path, methods in _description()["paths"].items():
        for method, about in methods.items():
            if path.startswith(API):
                row = (f"`{method.upper()} {path}`", _what(about), _takes(about), _answers(about))
                parts.setdefault(about["tags"][0], []).append(row)
    titles = ("operation", "what it does", "takes", "answers")
    sections = ([f"## {tag} {{#{tag}}}\n", table(titles, cells) + "\n"] for tag, cells in parts.items())
    return "\n".join(line for section in sections for line in section)


def verbs() -> str:
    """Every verb of the queue server with its parameters."""
    from daemon.server.doors import API

    cells = [
        (f"`{method.upper()} {path}`", _what(about), _takes(about))
        for path, methods in _description()["paths"].items()
        for method, about in methods.items()
        if not path.startswith(API)
    ]
    return table(("verb", "what it does", "takes"), cells)


def _what(about: dict[str, Any]) -> str:
    return prose(about.get("description") or about["summary"])


def _takes(about: dict[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in _names(about)) or NO


def _names(about: dict[str, Any]) -> Iterator[str]:
    for parameter in about.get("parameters", ()):
        if parameter["in"] != "path":
            yield f"{parameter['name']}" if parameter["in"] == "header" else f"?{parameter['name']}"
    for content in about.get("requestBody", {}).get("content", {}).values():
        schemas = [content["schema"], *content["schema"].get("anyOf", ())]
        known = _description()["components"]["schemas"]
        for schema in schemas:
            yield from known.get(schema.get("$ref", "").rpartition("/")[2], schema).get("properties", ())


def _answers(about: dict[str, Any]) -> str:
    return ", ".join(sorted(str(status) for status in about["responses"]))
