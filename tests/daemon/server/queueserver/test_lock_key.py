"""The lock and its key."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from typing import Any

import pytest

Drive = Callable[..., None]

TOUR = {"item_type": "plan", "name": "tour"}


def test_whoever_has_the_key_may_and_nobody_else(drive: Drive) -> None:
    """The queue is locked: items need the key, the execution of what is queued does not."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        before = (await door.get("/lock/info"))["lock_info_uid"]
        reply = await door.post("/lock", lock_key="abc", queue=True, note="beamtime", user="x")
        info = reply["lock_info"]
        assert (info["queue"], info["environment"]) == (True, False)
        assert (info["user"], info["note"], info["emergency_lock_key_is_set"]) == ("single-user", "beamtime", False)
        assert info["time"] > 0
        assert info["time_str"]
        status = await door.get("/status")
        assert status["lock"] == {"environment": False, "queue": True}
        assert status["lock_info_uid"] == reply["lock_info_uid"] != before
        for key in ({}, {"lock_key": "wrong"}, {"lock_key": None}, {"lock_key": 3}):
            await door.refused("/queue/item/add", item=TOUR, **key)
        await door.post("/queue/item/add", item=TOUR, lock_key="abc")
        await door.post("/queue/start")
        await door.state("executing_queue")
        door.engine.finish()
        await door.state("idle")

    drive(scenario)


def test_the_environment_is_locked_apart_from_the_queue(drive: Drive) -> None:
    """And the other way round, or both."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await door.post("/lock", lock_key="abc", environment=True)
        assert "locked environment" in await door.refused("/queue/start")
        assert "locked environment" in await door.refused("/re/pause")
        await door.post("/queue/item/add", item=TOUR)
        await door.post("/lock", lock_key="abc", environment=True, queue=True)
        await door.refused("/queue/item/add", item=TOUR)

    drive(scenario)


def test_a_lock_is_changed_and_opened_with_its_key_alone(drive: Drive) -> None:
    """Without a lock, any key unlocks; a wrong key is told who locked it."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await door.post("/unlock", lock_key="any")
        await door.refused("/lock", lock_key="abc")
        await door.refused("/lock", lock_key="", queue=True)
        await door.refused("/lock", queue=True)
        await door.post("/lock", lock_key="abc", queue=True)
        await door.refused("/lock", lock_key="def", queue=True)
        assert await door.refused("/lock/info", method="GET", lock_key="def")
        assert (await door("GET", "/lock/info", lock_key="abc"))["success"]
        await door.refused("/unlock", lock_key="def")
        await door.refused("/unlock")
        assert (await door.get("/status"))["lock"]["queue"] is True
        info = (await door.post("/unlock", lock_key="abc"))["lock_info"]
        assert info == {**dict.fromkeys(("user", "time", "note")), "environment": False, "queue": False} | {
            "time_str": "",
            "emergency_lock_key_is_set": False,
        }
        await door.post("/queue/item/add", item=TOUR)

    drive(scenario)


def test_the_key_is_nowhere_on_disk(drive: Drive) -> None:
    """Only a digest of it is, in a file that nobody else reads."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await door.post("/lock", lock_key="a very secret key", queue=True)
        file = door.data / "queueserver_lock.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "digest" in json.loads(file.read_text())
        found = [path for path in door.data.rglob("*") if path.is_file() and b"a very secret key" in path.read_bytes()]
        assert not found

    drive(scenario)


def test_a_lock_outlives_the_server(drive: Drive) -> None:
    """Its key, too."""

    async def first(door: Any) -> None:  # noqa: ANN401
        await door.post("/lock", lock_key="abc", queue=True)

    async def second(door: Any) -> None:  # noqa: ANN401
        await door.refused("/queue/clear")
        await door.post("/queue/clear", lock_key="abc")

    drive(first)
    drive(second)


def test_both_doors_have_one_lock(drive: Drive) -> None:
    """What is locked here is locked for others there, and what was locked there, by name, is locked here."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        other, _ = door.store.create_token("other", "operator")
        headers = {"Authorization": f"ApiKey {other}"}
        await door.post("/lock", lock_key="abc", queue=True)
        response = await door.client.post("/api/v1/queue", json={"plan": "tour"}, headers=headers)
        assert response.status_code == 423
        assert (await door("POST", "/queue/item/add", key=other, item=TOUR, lock_key="abc"))["success"]
        await door.post("/unlock", lock_key="abc")
        door.store.lock("other", "without a key")
        assert (await door.get("/status"))["lock"] == {"environment": True, "queue": True}
        assert "other" in await door.refused("/queue/item/add", item=TOUR, lock_key="abc")
        assert "other" in await door.refused("/unlock", lock_key="abc")
        assert (await door("POST", "/queue/item/add", key=other, item=TOUR))["success"]

    drive(scenario)


def test_the_key_of_a_former_lock_is_worth_nothing(drive: Drive) -> None:
    """The other door took the lock away, and its former holder locked again without a key."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        other, _ = door.store.create_token("other", "operator")
        await door.post("/lock", lock_key="abc", queue=True)
        door.store.unlock("other", force=True)
        await door.post("/queue/clear")
        door.store.lock("single-user")
        await door.post("/queue/clear")
        reply = await door("POST", "/queue/clear", key=other, lock_key="abc")
        assert reply["success"] is False

    drive(scenario)


def test_what_cannot_be_kept_is_not_locked(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock whose key nobody could check would lock everybody out."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def scenario(door: Any) -> None:  # noqa: ANN401
        monkeypatch.setattr("daemon.server.queueserver.lock_key.write_private", full)
        await door.refused("/lock", lock_key="abc", queue=True)
        assert (await door.get("/status"))["lock"] == {"environment": False, "queue": False}

    drive(scenario)
