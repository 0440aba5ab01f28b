"""`/tokens`: keys of people and programs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AwareDatetime, Field, field_validator

from daemon.base import StrictModel
from daemon.server.access import SINGLE_USER
from daemon.server.models import Answer
from daemon.server.routing import make_router, route
from daemon.server.state import Records

router = make_router("tokens")


class NewToken(StrictModel):
    """A key that is wanted."""

    name: str = Field(min_length=1, max_length=255, pattern=r"^\S(.*\S)?$")
    """Whose it is; it stands in the access log and on the control lock."""
    role: Literal["observer", "operator", "administrator"] = "observer"
    """What it may do."""
    expires_at: AwareDatetime | None = None
    """When it ends to be valid; null for never."""

    @field_validator("name")
    @classmethod
    def _not_ours(cls, value: str) -> str:
        if value == SINGLE_USER:
            raise ValueError(f"{SINGLE_USER} is the name of the key in the data folder: use another")
        return value

    @field_validator("expires_at")
    @classmethod
    def _ahead(cls, value: datetime | None) -> datetime | None:
        if value is not None and value <= datetime.now(UTC):
            raise ValueError("it would have expired already")
        return value


class TokenAnswer(Answer):
    """A key, without the key itself."""

    id: str
    """By which it is revoked."""
    name: str
    """Whose it is."""
    role: str
    """observer, operator or administrator."""
    scopes: list[str]
    """What it may do."""
    created_at: datetime
    """UTC."""
    expires_at: datetime | None
    """UTC; null for never."""
    revoked_at: datetime | None
    """UTC; null if it is valid still."""

    @field_validator("scopes", mode="before")
    @classmethod
    def _sorted(cls, value: frozenset[str]) -> list[str]:
        return sorted(value)


class NewTokenAnswer(TokenAnswer):
    """A new key."""

    secret: str
    """The key; it is shown this once and never again."""


class TokensAnswer(Answer):
    """The keys."""

    tokens: list[TokenAnswer]
    """The oldest first."""


@router.get("/tokens", **route("admin:apikeys"))
async def get_tokens(records: Records) -> TokensAnswer:
    """The keys of people and programs, without the keys themselves."""
    found = await asyncio.to_thread(records.tokens)
    return TokensAnswer(tokens=[TokenAnswer.model_validate(token) for token in found])


@router.post("/tokens", status_code=201, **route("admin:apikeys", 422))
async def create_token(new: NewToken, records: Records) -> NewTokenAnswer:
    """Make a key."""
    secret, token = await asyncio.to_thread(records.create_token, new.name, new.role, new.expires_at)
    return NewTokenAnswer(**TokenAnswer.model_validate(token).model_dump(), secret=secret)


@router.delete("/tokens/{token}", **route("admin:apikeys", 404, 422))
async def revoke_token(token: Annotated[str, Path(max_length=255)], records: Records) -> TokenAnswer:
    """Make a key invalid, for good."""
    return TokenAnswer.model_validate(await asyncio.to_thread(records.revoke_token, token))
