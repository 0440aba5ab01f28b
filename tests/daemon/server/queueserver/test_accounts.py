"""Who one is, and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Drive = Callable[..., None]
KEY = "the key of the single user"


async def ask(door: Any, method: str, path: str, key: str = KEY, **more: Any) -> Any:  # noqa: ANN401
    """A request; the response."""
    return await door.client.request(method, f"/api{path}", headers={"Authorization": f"ApiKey {key}"}, **more)


def test_the_single_user_is_an_administrator(drive: Drive) -> None:
    """And sees so in whoami, scopes and apikey; logging out forgets nothing, for nothing is remembered."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        me = await door.get("/auth/whoami")
        assert (me["type"], me["roles"]) == ("user", ["administrator"])
        assert me["identities"][0]["id"] == "single-user"
        scopes = await door.get("/auth/scopes")
        assert scopes == {"roles": ["administrator"], "scopes": me["scopes"]}
        assert "admin:apikeys" in scopes["scopes"]
        assert len((await door.get("/auth/apikey"))["first_eight"]) == 8
        assert await door("POST", "/auth/logout") == {}

    drive(scenario)


def test_keys_are_made_used_and_revoked(drive: Drive) -> None:
    """A key is shown with its secret once, is told by its first eight characters, and lets nobody in once revoked."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        made = await door("POST", "/auth/apikey", expires_in=900, note="notebook")
        assert len(made["first_eight"]) == 8
        assert (made["note"], bool(made["expiration_time"])) == ("notebook", True)
        info = await door("GET", "/auth/apikey", key=made["secret"])
        assert info["first_eight"] == made["first_eight"]
        assert info["scopes"] == made["scopes"]
        me = await door("GET", "/auth/whoami", key=made["secret"])
        assert [key["first_eight"] for key in me["api_keys"]] == [made["first_eight"]]
        first = {"params": {"first_eight": made["first_eight"]}, "json": {}}
        assert (await ask(door, "DELETE", "/auth/apikey", **first)).json()["success"]
        assert (await ask(door, "GET", "/status", made["secret"])).status_code == 401
        assert (await ask(door, "DELETE", "/auth/apikey", **first)).status_code == 404
        assert (await ask(door, "DELETE", "/auth/apikey", json={})).status_code == 404

    drive(scenario)


@pytest.mark.parametrize("seconds", [0, -1, 1.5, True, "soon"])
def test_a_key_ends_in_the_future(drive: Drive, seconds: object) -> None:
    """Seconds that are none are refused before a key is made."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        response = await ask(door, "POST", "/auth/apikey", json={"expires_in": seconds})
        assert response.status_code == 422

    drive(scenario)


def test_a_key_may_no_more_than_was_asked_for(drive: Drive) -> None:
    """It has the scopes of the largest role within those asked for; an observer makes none."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        observer = (await door.get("/auth/scopes"))["scopes"]
        reads = [scope for scope in observer if scope.startswith("read:")]
        made = await door("POST", "/auth/apikey", expires_in=None, scopes=[*reads, "write:queue:edit"])
        assert sorted(made["scopes"]) == sorted(reads)
        assert made["expiration_time"] is None
        for wrong in (["read:status"], ["write:everything"]):
            response = await ask(door, "POST", "/auth/apikey", json={"expires_in": 9, "scopes": wrong})
            assert response.status_code == 400
            assert "observer" in response.json()["detail"]
        response = await ask(door, "POST", "/auth/apikey", made["secret"], json={"expires_in": 9})
        assert response.status_code == 403

    drive(scenario)


def test_principals_are_listed_and_get_keys(drive: Drive) -> None:
    """Whoever has a key is listed, and administrators make keys for them."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        door.store.create_token("alice", "operator")
        found = {each["identities"][0]["id"]: each for each in await door.get("/auth/principal")}
        assert set(found) == {"single-user", "alice"}
        alice = found["alice"]["uuid"]
        assert (await door.get(f"/auth/principal/{alice}"))["roles"] == ["operator"]
        made = await door("POST", f"/auth/principal/{alice}/apikey", expires_in=60)
        assert (await door("GET", "/auth/whoami", key=made["secret"]))["uuid"] == alice
        assert (await ask(door, "GET", "/auth/principal/nobody")).status_code == 404

    drive(scenario)


def test_a_key_is_its_own_refresh_token(drive: Drive) -> None:
    """Only the key that came with the request; there are no sessions to revoke."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        reply = await door("POST", "/auth/session/refresh", refresh_token=KEY)
        assert (reply["access_token"], reply["refresh_token"]) == (KEY, KEY)
        assert reply["expires_in"] > 3600
        response = await ask(door, "POST", "/auth/session/refresh", json={"refresh_token": "another"})
        assert response.status_code == 401
        assert "sessions" in response.json()["detail"]
        assert (await ask(door, "DELETE", "/auth/session/revoke/1")).status_code == 404

    drive(scenario)
