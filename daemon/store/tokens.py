"""Tokens: what lets a client in, and as whom."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.errors import TokenNotFound
from daemon.store.database import Database
from daemon.store.records import Token, new_uid, now, zoned
from daemon.store.roles import scopes_of
from daemon.store.tables import tokens

MARK = "bp_"
SECRET_BYTES = 32
PREFIX = 16
"""Digits of the digest by which a token is found: those of the secret would tell something of it."""


class Tokens(Database):
    """Tokens by the digests of their secrets.

    A secret is 256 bits of chance, so one round of SHA-256 keeps it: there is nothing to guess.
    """

    def create_token(self, name: str, role: str, expires_at: datetime | None = None) -> tuple[str, Token]:
        """A new token, and its secret, which cannot be had again.

        Args:
            name: what it is for.
            role: "observer", "operator" or "administrator".
            expires_at: with its time zone; None for never.

        Raises:
            StoreError: if there is no such role, or the time has no zone.
        """
        scopes_of(role)
        if expires_at is not None:
            zoned(expires_at)
        secret = MARK + secrets.token_urlsafe(SECRET_BYTES)
        digest = _digest(secret)
        values = {"id": new_uid(), "name": name, "role": role, "created_at": now(), "expires_at": expires_at}
        with self._change(lock=False) as connection:
            connection.execute(sa.insert(tokens).values(**values, prefix=digest[:PREFIX], digest=digest))
            return secret, _token(_row(connection, values["id"]))

    def find_token(self, secret: str) -> Token | None:
        """The token with this secret; None if there is none, or it has expired or was revoked."""
        digest = _digest(secret)
        with self._look() as connection:
            rows = connection.execute(sa.select(tokens).where(tokens.c.prefix == digest[:PREFIX])).all()
        found = [_token(row) for row in rows if hmac.compare_digest(row.digest, digest)]
        return next((token for token in found if token.valid(now())), None)

    def tokens(self) -> list[Token]:
        """All tokens, oldest first, also those that let nobody in any more."""
        with self._look() as connection:
            chosen = sa.select(tokens).order_by(tokens.c.created_at, tokens.c.id)
            return [_token(row) for row in connection.execute(chosen)]

    def revoke_token(self, id: str) -> Token:  # noqa: A002 - the record's own word
        """Lets nobody in with it from now on; again is harmless.

        Raises:
            TokenNotFound: if there is no such token.
        """
        with self._change(lock=False) as connection:
            due = (tokens.c.id == id) & tokens.c.revoked_at.is_(None)
            connection.execute(sa.update(tokens).where(due).values(revoked_at=now()))
            return _token(_row(connection, id))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _row(connection: sa.Connection, id: str) -> sa.Row[Any]:  # noqa: A002 - the record's own word
    row = connection.execute(sa.select(tokens).where(tokens.c.id == id)).first()
    if row is None:
        raise TokenNotFound(f"there is no token {id}")
    return row


def _token(row: sa.Row[Any]) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        role=row.role,
        scopes=scopes_of(row.role),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
