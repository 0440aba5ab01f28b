"""The queue and its items through the verbs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

Drive = Callable[..., None]

TOUR = {"item_type": "plan", "name": "tour"}
STATUS = """
msg time items_in_queue items_in_history running_item_uid manager_state queue_stop_pending queue_autostart_enabled
worker_environment_exists worker_environment_state worker_background_tasks re_state ip_kernel_state ip_kernel_captured
pause_pending status_uid run_list_uid plan_queue_uid plan_history_uid devices_existing_uid plans_existing_uid
devices_allowed_uid plans_allowed_uid plan_queue_mode task_results_uid lock_info_uid lock
"""
"""Keys of the status of bluesky-queueserver 0.0.25."""


def test_the_status_has_exactly_the_keys_of_the_queue_server(drive: Drive) -> None:
    """None more, none less; `ping` says the same."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        status = await door.get("/status")
        assert set(status) == set(STATUS.split())
        assert status["manager_state"] == "idle"
        assert status["re_state"] == "idle"
        assert status["plan_queue_mode"] == {"loop": False, "ignore_failures": False}
        assert (await door.get("/ping"))["status_uid"] == status["status_uid"]

    drive(scenario)


def test_an_item_comes_back_as_it_was_given(drive: Drive) -> None:
    """Under a UID of its own, and in the name of whoever's key it was."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        item = {
            "item_type": "plan",
            "name": "grid_scan",
            "args": [],
            "kwargs": {"points": 3},
            "meta": {"sample": "film"},
            "item_uid": "of the client",
            "user": "somebody else",
        }
        reply = await door.post("/queue/item/add", item=item, user="x", user_group="y")
        added = reply["item"]
        assert reply["qsize"] == 1
        assert added["item_uid"] != "of the client"
        same = ("item_type", "name", "args", "kwargs", "meta")
        assert {name: added[name] for name in same} == {name: item[name] for name in same}
        assert (added["user"], added["user_group"]) == ("single-user", "primary")
        assert (await door.get("/queue/get"))["items"] == [added]
        assert (await door.get("/queue/item/get", uid=added["item_uid"]))["item"] == added

    drive(scenario)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"name": "tour"}, "item_type"),
        ({"item_type": "instruction", "name": "queue_stop"}, "instruction"),
        ({"item_type": "plan"}, "name"),
        ({"item_type": "plan", "name": "tour", "args": [1]}, "kwargs"),
        ({"item_type": "plan", "name": "tour", "kwargs": [1]}, "kwargs"),
        ({"item_type": "plan", "name": "detour"}, "detour"),
        ({"item_type": "plan", "name": "tour", "kwargs": {"speed": 1}}, "speed"),
        ("tour", "object"),
    ],
)
def test_items_that_cannot_be_done_are_refused(drive: Drive, item: object, why: str) -> None:
    """Each says why, and comes back as it was; the queue stays as it is."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        reply = await door("POST", "/queue/item/add", item=item)
        assert reply["success"] is False
        assert why in reply["msg"]
        assert reply["item"] == item
        assert (await door.get("/queue/get"))["items"] == []

    drive(scenario)


def test_a_list_of_metadata_is_merged_and_the_first_wins(drive: Drive) -> None:
    """As a queue server does it."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        item = {**TOUR, "meta": [{"a": 1}, {"a": 2, "b": 3}]}
        assert (await door.post("/queue/item/add", item=item))["item"]["meta"] == {"a": 1, "b": 3}

    drive(scenario)


def test_items_come_where_they_are_to_be(drive: Drive) -> None:
    """At a position, or beside another item, not both."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        _, b, _ = await door.add("a", "b", "c")

        async def add(name: str, **where: object) -> None:
            await door.post("/queue/item/add", item={**TOUR, "meta": {"name": name}}, **where)

        await add("1", pos="front")
        await add("2", pos=-2)
        await add("3", before_uid=b)
        await add("4", after_uid=b)
        await add("5", pos=1)
        assert await door.names() == "15a3b42c"
        assert "before_uid" in await door.refused("/queue/item/add", item=TOUR, pos=1, before_uid=b)

    drive(scenario)


def test_a_batch_is_added_whole_or_not_at_all(drive: Drive) -> None:
    """Each item has a result of its own; an empty batch is one, too."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await door.add("a", "b")
        items = [{**TOUR, "meta": {"name": "c"}}, {**TOUR, "name": "detour"}, {**TOUR, "meta": {"name": "d"}}]
        reply = await door("POST", "/queue/item/add/batch", items=items, pos="front")
        assert reply["success"] is False
        assert [result["success"] for result in reply["results"]] == [True, False, True]
        assert "detour" in reply["results"][1]["msg"]
        assert (reply["items"], reply["qsize"]) == (items, 2)
        assert await door.names() == "ab"
        reply = await door.post("/queue/item/add/batch", items=[items[0], items[2]], pos=1)
        assert reply["qsize"] == 4
        assert await door.names() == "acdb"
        assert (await door.post("/queue/item/add/batch", items=[]))["items"] == []

    drive(scenario)


def test_a_batch_is_removed_whole_or_not_at_all(drive: Drive) -> None:
    """Unless what is missing does not matter, which is the default."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        a, b, c = await door.add("a", "b", "c")
        await door.refused("/queue/item/remove/batch", uids=[a, "z"], ignore_missing=False)
        await door.refused("/queue/item/remove/batch", uids=[a, a], ignore_missing=False)
        assert await door.names() == "abc"
        reply = await door.post("/queue/item/remove/batch", uids=[c, "z", a, a])
        assert [item["item_uid"] for item in reply["items"]] == [c, a]
        assert reply["qsize"] == 1
        removed = await door.post("/queue/item/remove")
        assert removed["item"]["item_uid"] == b
        assert "queue of 0" in await door.refused("/queue/item/remove")

    drive(scenario)


def test_items_move_alone_and_together(drive: Drive) -> None:
    """Beside itself an item stays; with `reorder`, a batch keeps the order of the queue."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        a, b, c, d, e = await door.add(*"abcde")
        moved = await door.post("/queue/item/move", uid=b, pos_dest="back")
        assert (moved["item"]["item_uid"], moved["qsize"]) == (b, 5)
        assert await door.names() == "acdeb"
        await door.post("/queue/item/move", pos="back", before_uid=c)
        assert await door.names() == "abcde"
        await door.post("/queue/item/move", uid=c, after_uid=c)
        assert await door.names() == "abcde"
        await door.post("/queue/item/move/batch", uids=[d, b], pos_dest="front")
        assert await door.names() == "dbace"
        reply = await door.post("/queue/item/move/batch", uids=[e, d], after_uid=a, reorder=True)
        assert [item["item_uid"] for item in reply["items"]] == [d, e]
        assert await door.names() == "badec"
        for wrong in (
            {"uids": [a, "z"], "pos_dest": 0},
            {"uids": [a], "before_uid": a},
            {"uids": [a]},
            {"pos_dest": 0},
        ):
            await door.refused("/queue/item/move/batch", **wrong)
        assert await door.names() == "badec"

    drive(scenario)


def test_an_item_is_updated_in_its_place(drive: Drive) -> None:
    """Also to another plan; with `replace`, it gets a new UID."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        _, b, _ = await door.add("a", "b", "c")
        reply = await door.post("/queue/item/update", item={**TOUR, "item_uid": b, "meta": {"name": "B"}})
        assert reply["item"]["item_uid"] == b
        assert await door.names() == "aBc"
        other = {"item_type": "plan", "name": "grid_scan", "item_uid": b, "meta": {"name": "G"}}
        assert (await door.post("/queue/item/update", item=other))["item"]["item_uid"] == b
        reply = await door.post("/queue/item/update", item={**other, "meta": {"name": "H"}}, replace=True)
        assert reply["item"]["item_uid"] != b
        assert (await door.get("/queue/item/get", pos=1))["item"]["name"] == "grid_scan"
        assert await door.names() == "aHc"
        assert b in await door.refused("/queue/item/update", item=other)

    drive(scenario)


def test_the_manager_is_never_idle_between_start_and_execution(drive: Drive) -> None:
    """However long the engine takes, nor between two items: a client that waits for idle would go too early."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        door.engine.slow = 0.6
        uids = await door.add("a", "b")
        seen: list[str] = []
        await door.post("/queue/start")
        for _ in range(40):
            status = await door.get("/status")
            seen.append(status["manager_state"])
            if status["manager_state"] == "executing_queue":
                break
            await asyncio.sleep(0.03)
        assert seen[0] == "starting_queue"
        assert set(seen) == {"starting_queue", "executing_queue"}
        assert status["running_item_uid"] == uids[0]
        assert status["items_in_queue"] == 1
        assert "executing_queue" in await door.refused("/queue/start")
        running = (await door.get("/queue/get"))["running_item"]
        assert running["item_uid"] == uids[0]
        assert running["properties"]["time_start"] > 0
        door.engine.finish()
        between = [(await door.get("/status"))["manager_state"] for _ in range(30)]
        assert "idle" not in between
        await door.until(lambda status: status["running_item_uid"] == uids[1] and door.engine.run is not None)
        door.engine.finish()
        await door.state("idle")

    drive(scenario)


def test_an_empty_queue_that_is_started_becomes_idle_again(drive: Drive) -> None:
    """There is nothing to do."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await door.post("/queue/start")
        await door.state("idle")

    drive(scenario)


def test_the_queue_stops_after_the_item_and_the_stop_can_be_taken_back(drive: Drive) -> None:
    """Taking it back is never an error; stopping what does not run is."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        assert "idle" in await door.refused("/queue/stop")
        await door.post("/queue/stop/cancel")
        await door.add("a", "b")
        await door.post("/queue/start")
        await door.state("executing_queue")
        await door.post("/queue/stop")
        assert (await door.get("/status"))["queue_stop_pending"] is True
        await door.post("/queue/stop/cancel")
        assert (await door.get("/status"))["queue_stop_pending"] is False
        await door.post("/queue/stop")
        door.engine.finish()
        status = await door.state("idle")
        assert (status["items_in_queue"], status["items_in_history"]) == (1, 1)
        assert status["queue_stop_pending"] is False

    drive(scenario)


def test_modes_and_autostart(drive: Drive) -> None:
    """What is not named stays; an item that comes starts the queue."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await door.post("/queue/mode/set", mode={"loop": True})
        await door.post("/queue/mode/set", mode={"ignore_failures": True})
        assert (await door.get("/status"))["plan_queue_mode"] == {"loop": True, "ignore_failures": True}
        await door.post("/queue/mode/set", mode="default")
        assert (await door.get("/status"))["plan_queue_mode"] == {"loop": False, "ignore_failures": False}
        for wrong in ({"speed": True}, {"loop": 1}, "fast", None):
            await door.refused("/queue/mode/set", mode=wrong)
        await door.refused("/queue/autostart", enable="yes")
        await door.refused("/queue/autostart")
        await door.post("/queue/autostart", enable=True)
        assert (await door.get("/status"))["queue_autostart_enabled"] is True
        await door.add("a")
        await door.state("executing_queue")
        await door.post("/queue/autostart", enable=False)
        door.engine.finish()
        await door.state("idle")

    drive(scenario)


def test_identifiers_change_with_what_they_stand_for(drive: Drive) -> None:
    """And no others: clients read again only what has changed."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        before = await door.get("/status")
        await door.add("a")
        after = await door.get("/status")
        changed = {name for name in before if name.endswith("_uid") and before[name] != after[name]}
        assert changed == {"plan_queue_uid", "status_uid"}
        assert (await door.get("/queue/get"))["plan_queue_uid"] == after["plan_queue_uid"]
        await door.post("/queue/clear")
        assert (await door.get("/status"))["items_in_queue"] == 0

    drive(scenario)


def test_an_item_is_executed_at_once_past_the_queue(drive: Drive) -> None:
    """Only one at a time; the queue stays as it is and stopped."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await door.add("a")
        reply = await door.post("/queue/item/execute", item={**TOUR, "meta": {"name": "now"}})
        assert reply["qsize"] == 1
        assert (await door.get("/status"))["manager_state"] in ("starting_queue", "executing_queue")
        await door.until(lambda status: door.engine.item == reply["item"]["item_uid"])
        assert "running" in await door.refused("/queue/item/execute", item=TOUR)
        door.engine.finish()
        await door.state("idle")
        assert await door.names() == "a"
        assert (await door.get("/history/get"))["items"][0]["meta"] == {"name": "now"}

    drive(scenario)
