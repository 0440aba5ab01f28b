"""Tokens: who is let in, and that secrets are not kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from daemon.errors import StoreError, TokenNotFound
from daemon.store import ROLES, Store


def test_a_secret_opens_as_its_role(store: Store) -> None:
    """Each secret finds its own token, with the scopes of its role."""
    made = [store.create_token(f"token of {role}", role) for role in ROLES]
    assert len({secret for secret, _ in made}) == len(ROLES)
    for secret, token in made:
        assert secret.startswith("bp_")
        assert len(secret) == 3 + 43
        assert store.find_token(secret) == token
        assert token.scopes == ROLES[token.role]
    assert store.tokens() == [token for _, token in made]


def test_nothing_else_opens(store: Store) -> None:
    """Not a part of a secret, nor its digest, nor something odd."""
    secret, token = store.create_token("n", "operator")
    for wrong in ("", "bp_", secret[:-1], secret + "x", secret.upper(), token.id, "\0", "\ud800", "é" * 1000):
        assert store.find_token(wrong) is None


def test_equal_beginnings_of_digests_are_told_apart(store: Store) -> None:
    """A token is found by the beginning, but let in by the whole."""
    secret, _ = store.create_token("n", "operator")
    with store._change() as connection:
        connection.exec_driver_sql("UPDATE tokens SET digest = substr(digest, 1, 63) || 'x'")
    assert store.find_token(secret) is None


def test_secrets_are_not_kept(sqlite_url: str) -> None:
    """Neither in the database nor beside it."""
    with Store(sqlite_url) as store:
        secret, _ = store.create_token("n", "operator")
        folder = Path(sqlite_url.removeprefix("sqlite:///")).parent
        for file in folder.iterdir():
            assert secret.removeprefix("bp_").encode() not in file.read_bytes()


def test_expiry_and_revocation(store: Store) -> None:
    """Both let nobody in, whatever the time zone; the token stays listed."""
    soon = datetime.now(UTC) + timedelta(hours=1)
    east = timezone(timedelta(hours=9))
    alive, token = store.create_token("alive", "observer", soon.astimezone(east))
    assert token.expires_at == soon
    assert token.expires_at is not None
    assert token.expires_at.tzinfo is UTC
    dead, _ = store.create_token("dead", "observer", datetime.now(east) - timedelta(seconds=1))
    assert store.find_token(alive) == token
    assert store.find_token(dead) is None
    revoked = store.revoke_token(token.id)
    assert revoked.revoked_at is not None
    assert store.revoke_token(token.id) == revoked
    assert store.find_token(alive) is None
    assert [token.name for token in store.tokens()] == ["alive", "dead"]


def test_mistakes(store: Store) -> None:
    """Each says what is wrong, and makes nothing."""
    with pytest.raises(StoreError, match=r"'root': use one of observer, operator, administrator"):
        store.create_token("n", "root")
    with pytest.raises(StoreError, match="no time zone"):
        store.create_token("n", "observer", datetime(2030, 1, 1))
    with pytest.raises(TokenNotFound, match="gone"):
        store.revoke_token("gone")
    assert store.tokens() == []


def test_roles_grow() -> None:
    """Each role may do all that the one before it may, and more; only administrators make tokens."""
    observer, operator, administrator = ROLES.values()
    assert observer < operator < administrator
    assert all(scope.startswith("read:") for scope in observer)
    assert not any(scope.startswith("admin:") for scope in operator)
    assert "admin:apikeys" in administrator
