"""What the OpenAPI says beyond what the routes themselves do: how keys are given."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

SCHEMES = {
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The word `ApiKey`, a space, and the key.",
    },
    "Bearer": {"type": "http", "scheme": "bearer", "description": "The key itself."},
}
OPEN: dict[str, Any] = {"security": []}
"""What the OpenAPI has of a route that asks for no key."""


def describe_keys(app: FastAPI) -> None:
    """Have the app's OpenAPI say that every operation needs a key, unless its route says otherwise."""
    described = app.openapi

    def whole() -> dict[str, Any]:
        schema = described()
        schema.setdefault("components", {})["securitySchemes"] = SCHEMES
        schema["security"] = [{name: []} for name in SCHEMES]
        return schema

    app.openapi = whole  # type: ignore[method-assign]  # FastAPI's own way to change what it makes
