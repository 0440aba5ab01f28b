"""What all verbs have in common: a payload, a scope, the lock, and an answer that says whether it was done."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from daemon.errors import BeampilotError
from daemon.server.access import Principal, needs, principal_of
from daemon.server.plain_json import check_plain
from daemon.server.problems import responses
from daemon.server.queueserver.own import Own, own
from daemon.server.queueserver.refused import RefusedError, reason

if TYPE_CHECKING:
    from daemon.server.queue_service import QueueService
    from daemon.store import Store

Reply = dict[str, Any]
Answer = Callable[["Call"], Awaitable[Reply | list[Reply]]]
WORDS = str.maketrans({"/": "_", "{": "", "}": ""})
"""Makes a word of a path."""
NAMES = re.compile(r"\{(\w+)\}")
"""Finds the names in a path."""
Part = Literal["environment", "queue"]
"""What the lock of a queue server can hold back: what is executed, and what is planned."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a verb.

    Attributes:
        request: as it came.
        principal: who asks.
        payload: its parameters, without the lock's key.
    """

    request: Request
    principal: Principal
    payload: dict[str, Any]

    @property
    def queue(self) -> QueueService:
        """Where queue and plan actions are done."""
        return self.request.app.state.queue

    @property
    def store(self) -> Store:
        """Queue, history and accounts."""
        return self.request.app.state.store

    @property
    def own(self) -> Own:
        """What this door keeps itself."""
        return own(self.request)

    def required(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """A parameter.

        Raises:
            RefusedError: when it is not given.
        """
        if name not in self.payload:
            raise RefusedError(f"the parameter '{name}' is missing")
        return self.payload[name]


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of the queue server.

    Attributes:
        method: of HTTP.
        path: under `/api`.
        scope: what whoever asks must have.
        takes: names of its parameters.
        locked: which part of the lock holds it back.
        empty: what the reply has where it is not done.
        failure: how the reason begins then.
        bare: the reply stands for itself, without `success` and `msg`.
        types: JSON schemas of parameters that are refused with another status where they do not fit.
        query: names of what is given in the query.
        statuses: other answers that it may give.
        answer: does it.
    """

    method: str
    path: str
    scope: str
    takes: frozenset[str]
    locked: Part | None
    empty: Reply
    failure: str
    bare: bool
    types: Mapping[str, Any]
    query: tuple[str, ...]
    statuses: tuple[int, ...]
    answer: Answer

    async def __call__(self, request: Request, principal: Principal) -> Reply | list[Reply]:
        """Do it; the reply."""
        try:
            given = await payload_of(request)
            key = given.pop("lock_key", None) if self.locked else None
            if unknown := sorted(given.keys() - self.takes):
                text = f"unknown parameters {unknown}; this verb takes {sorted(self.takes)}"
                raise HTTPException(422, text) if self.bare else RefusedError(text)
            if self.locked:
                await own(request).lock.check(self.locked, key, principal.name)
            reply = await self.answer(Call(request, principal, given))
        except BeampilotError as error:
            known = error.reply if isinstance(error, RefusedError) else {}
            return {"success": False, "msg": f"{self.failure}{reason(error)}", **self.empty, **known}
        return {"success": True, "msg": "", **reply} if isinstance(reply, dict) and not self.bare else reply


@dataclass(frozen=True, slots=True)
class Verbs:
    """A group of verbs.

    Attributes:
        name: of the group, as the API's description shows it.
        members: the verbs, in order.
    """

    name: str
    members: list[Verb] = field(default_factory=list)

    def verb(
        self,
        method: Literal["GET", "POST", "DELETE"],
        path: str,
        scope: str,
        *,
        takes: tuple[str, ...] = (),
        locked: Part | None = None,
        empty: Reply | None = None,
        failure: str = "",
        bare: bool = False,
        types: Mapping[str, Any] | None = None,
        query: tuple[str, ...] = (),
        statuses: tuple[int, ...] = (),
    ) -> Callable[[Answer], Answer]:
        """Make a verb of a function; the parameters are the attributes of `Verb`."""

        def add(answer: Answer) -> Answer:
            told = (frozenset(takes), locked, empty or {}, failure, bare, types or {}, query, statuses)
            self.members.append(Verb(method, path, scope, *told, answer))
            return answer

        return add

    def router(self) -> APIRouter:
        """The group's routes."""
        router = APIRouter(tags=[f"queueserver: {self.name}"])
        for verb in self.members:
            _route(router, verb)
        return router


async def payload_of(request: Request) -> dict[str, Any]:
    """The JSON object in the body, which clients send with GET too; empty where there is none.

    Raises:
        HTTPException: 422 when it is something else.
    """
    body = await request.body()
    if not body:
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(422, "the body is not JSON") from None
    if not isinstance(found, dict):
        raise HTTPException(422, "the body is not a JSON object")
    try:
        check_plain(found)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    return found


def _route(router: APIRouter, verb: Verb) -> None:
    """Add a verb's route. The body is read by the verb, so that nobody's is read before they may ask for it."""
    allowed = Depends(needs(verb.scope, locked=False) if verb.scope else principal_of)

    async def endpoint(request: Request, principal: Principal = allowed) -> Response:
        return JSONResponse(await verb(request, principal))

    statuses = {413, 422, *verb.statuses}
    router.add_api_route(
        verb.path,
        endpoint,
        methods=[verb.method],
        name=verb.answer.__name__,
        operation_id=f"queueserver_{verb.method.lower()}{verb.path.translate(WORDS)}",
        summary=(verb.answer.__doc__ or "").partition("\n")[0],
        responses={200: _answer(verb), **responses(*statuses)},
        openapi_extra={
            "x-scope": verb.scope,
            "x-locked": verb.locked is not None,
            "parameters": _parameters(verb),
            **_body(verb),
        },
    )


def _parameters(verb: Verb) -> list[dict[str, Any]]:
    """What stands in path and query, documented."""
    text = {"type": "string"}
    path = [{"name": name, "in": "path", "required": True, "schema": text} for name in NAMES.findall(verb.path)]
    return [*path, *({"name": name, "in": "query", "schema": text} for name in verb.query)]


def _answer(verb: Verb) -> dict[str, Any]:
    """The reply, documented."""
    if verb.bare:
        return {"description": "What is asked for.", "content": {"application/json": {"schema": {}}}}
    told = {"success": {"type": "boolean"}, "msg": {"type": "string", "description": "Why it was not done."}}
    schema = {"type": "object", "properties": told | {name: {} for name in verb.empty}, "required": list(told)}
    text = "Whether it was done, and what is asked for."
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _body(verb: Verb) -> dict[str, Any]:
    """The payload, documented: whatever else is in it, or is wrong with it, the reply says so by `success`."""
    names = sorted(verb.takes | ({"lock_key"} if verb.locked else set()))
    schema: dict[str, Any] = {"type": "object", "properties": {name: verb.types.get(name, {}) for name in names}}
    if verb.bare:
        schema["additionalProperties"] = False
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}} if names else {}
