"""`/documents`: every document by number, also of runs that are closed and of engines that are dead."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.exceptions import RequestValidationError

from daemon.numbers import Number, format_number, parse_number
from daemon.server.live.documents import recorded
from daemon.server.models import Answer, Whole
from daemon.server.routing import make_router, plain, route

router = make_router("documents")

NUMBER = r"^[0-9]{1,18}:[0-9]{1,18}$"
"""A document's number."""


class NumberedPage(Answer):
    """Documents by number."""

    documents: list[list[Any]]
    """Each as its number `EPOCH:SEQUENCE`, its name and its content; what is not finite is null."""
    next: str | None
    """`after` of the next page: the last number so far; null where there is none."""


@router.get("/documents", response_model=NumberedPage, **route("read:monitor", 422))
async def get_documents(
    request: Request,
    after: Annotated[
        str | None, Query(pattern=NUMBER, description="The last number that is known, `EPOCH:SEQUENCE`.")
    ] = None,
    limit: Annotated[Whole, Query(ge=1, le=10_000)] = 1000,
) -> Response:
    """What follows a number, the oldest first; ask again with `next` until there is nothing more."""
    data = request.app.state.settings.data
    found = await asyncio.to_thread(recorded, data, _number(after), limit)
    documents = [(format_number(one.number), one.name, one.document) for one in found]
    return plain({"documents": documents, "next": documents[-1][0] if documents else after})


def _number(text: str | None) -> Number | None:
    try:
        return None if text is None else parse_number(text)
    except ValueError as error:
        raise RequestValidationError([{"loc": ("query", "after"), "msg": str(error), "type": "value_error"}]) from None
