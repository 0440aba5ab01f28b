"""What a path can be asked: the answer to a method that it has not names all those that it has."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.routing import compile_path

from daemon.server.problems import failed

if TYPE_CHECKING:
    from collections.abc import Mapping

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


def add_allowed_methods(app: FastAPI) -> None:
    """Have an app name all methods of a path, where its router names those of the first route alone."""

    @functools.cache
    def patterns() -> list[tuple[re.Pattern[str], Mapping[str, object]]]:
        return [(compile_path(path)[0], methods) for path, methods in app.openapi()["paths"].items()]

    async def refused(request: Request, _: Exception) -> JSONResponse:
        found = next((methods for pattern, methods in patterns() if pattern.match(request.url.path)), {})
        allowed = sorted(METHODS & {method.upper() for method in found})
        text = f"{request.method} cannot be done here; what can be: {', '.join(allowed)}"
        return failed(405, text, {"Allow": ", ".join(allowed)})

    app.add_exception_handler(405, refused)
