"""The plan that runs, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Drive = Callable[..., None]


async def running(door: Any) -> str:  # noqa: ANN401
    """Start an item; its UID."""
    (uid,) = await door.add("a")
    await door.post("/queue/start")
    await door.until(lambda status: status["re_state"] == "running" and status["running_item_uid"] == uid)
    return uid


async def result(door: Any) -> dict[str, Any]:  # noqa: ANN401
    """What became of the latest item."""
    await door.state("idle")
    return (await door.get("/history/get"))["items"][-1]["result"]


def test_an_item_that_is_done_stands_in_the_history(drive: Drive) -> None:
    """With its run, the run's number and its times; while it runs, its run is listed as open."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        before = (await door.get("/status"))["plan_history_uid"]
        uid = await running(door)
        runs = (await door.post("/re/runs"))["run_list"]
        assert runs == [{"uid": f"run-of-{uid}", "scan_id": 17, "is_open": True, "exit_status": None}]
        door.engine.finish()
        found = await result(door)
        assert found["exit_status"] == "completed"
        assert found["run_uids"] == [f"run-of-{uid}"]
        assert found["scan_ids"] == [17]
        assert 0 <= found["time_stop"] - found["time_start"] < 60
        assert (found["msg"], found["traceback"]) == ("", "")
        history = await door.get("/history/get")
        assert history["items"][0]["item_uid"] == uid
        assert history["plan_history_uid"] == (await door.get("/status"))["plan_history_uid"] != before

    drive(scenario)


@pytest.mark.parametrize(("option", "state"), [("immediate", "paused"), (None, "executing_queue")])
def test_a_plan_is_paused_at_once_or_at_a_checkpoint(drive: Drive, option: str | None, state: str) -> None:
    """Until the checkpoint comes, the pause is pending."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await running(door)
        await door.post("/re/pause", **({} if option is None else {"option": option}))
        status = await door.state(state)
        assert status["pause_pending"] is (option is None)
        door.engine.state = "paused"
        status = await door.state("paused")
        assert status["pause_pending"] is False
        assert status["worker_environment_state"] == "executing_plan"
        await door.post("/re/resume")
        await door.state("executing_queue")
        door.engine.finish()
        await door.state("idle")

    drive(scenario)


@pytest.mark.parametrize(("verb", "word"), [("stop", "stopped"), ("abort", "aborted"), ("halt", "halted")])
def test_a_plan_that_is_ended_says_how(drive: Drive, verb: str, word: str) -> None:
    """In the words of the queue server."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await running(door)
        await door.post("/re/pause", option="immediate")
        await door.state("paused")
        await door.post(f"/re/{verb}")
        assert (await result(door))["exit_status"] == word
        assert door.engine.called == ["start", "pause", verb]

    drive(scenario)


def test_how_a_plan_was_ended_outlives_the_server(drive: Drive) -> None:
    """The store alone does not know a halt from an abort, nor a stop from the plan's own end."""

    async def first(door: Any) -> None:  # noqa: ANN401
        await running(door)
        await door.post("/re/halt")
        await door.state("idle")
        await running(door)
        await door.post("/re/stop")
        await door.state("idle")

    async def second(door: Any) -> None:  # noqa: ANN401
        history = (await door.get("/history/get"))["items"]
        assert [item["result"]["exit_status"] for item in history] == ["halted", "stopped"]

    drive(first)
    drive(second)


def test_an_end_that_the_engine_refuses_is_none(drive: Drive) -> None:
    """The plan then ends by itself."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await running(door)
        door.engine.stubborn = True
        assert "not now" in await door.refused("/re/stop")
        door.engine.finish()
        assert (await result(door))["exit_status"] == "completed"

    drive(scenario)


def test_a_full_disk_does_not_keep_anybody_from_an_abort(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lost is a word in the history of another server."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await running(door)
        monkeypatch.setattr("daemon.server.queueserver.endings.write_private", full)
        await door.post("/re/abort")
        assert (await result(door))["exit_status"] == "aborted"

    drive(scenario)


def test_a_plan_that_fails_says_why(drive: Drive) -> None:
    """The engine's reason is the item's message."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await running(door)
        door.engine.finish("fail", "stage_x does not move")
        found = await result(door)
        assert found["exit_status"] == "failed"
        assert "stage_x does not move" in found["msg"]

    drive(scenario)


def test_what_does_not_fit_the_state_is_refused(drive: Drive) -> None:
    """With the state that it is in, or the options that there are."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        assert "idle" in await door.refused("/re/resume")
        assert "later" in await door.refused("/re/pause", option="later")
        assert "option" in await door.refused("/re/runs", option="all")

    drive(scenario)


def test_runs_are_listed_open_or_closed(drive: Drive) -> None:
    """The last item's run stays in the list, closed, until the next item begins."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await running(door)
        first = (await door.get("/status"))["run_list_uid"]
        assert len((await door.get("/re/runs/open"))["run_list"]) == 1
        assert (await door.get("/re/runs/closed"))["run_list"] == []
        door.engine.finish()
        await door.state("idle")
        closed = await door.get("/re/runs/closed")
        assert closed["run_list"][0]["exit_status"] == "success"
        assert closed["run_list_uid"] == (await door.get("/status"))["run_list_uid"] != first
        assert (await door.get("/re/runs/open"))["run_list"] == []

    drive(scenario)


def test_the_history_is_forgotten_in_part_and_whole(drive: Drive) -> None:
    """All but the latest, up to an item and with it, or everything."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        uids = await door.add(*"abcd")
        await door.post("/queue/start")
        for uid in uids:
            await door.until(lambda status, uid=uid: door.engine.item == uid)
            door.engine.finish()
        await door.state("idle")

        async def left() -> list[str]:
            return [item["item_uid"] for item in (await door.get("/history/get"))["items"]]

        assert await left() == uids
        await door.refused("/history/clear", size=1, item_uid=uids[0])
        await door.refused("/history/clear", size="all")
        await door.post("/history/clear", size=9)
        await door.post("/history/clear", item_uid="unknown")
        assert await left() == uids
        await door.post("/history/clear", size=3)
        assert await left() == uids[1:]
        await door.post("/history/clear", item_uid=uids[1])
        assert await left() == uids[2:]
        await door.post("/history/clear")
        assert await left() == []

    drive(scenario)
