"""The environment, the manager, the console, and what is refused."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from daemon.lock import hold
from daemon.server.queueserver.console import Console, message
from daemon.server.queueserver.manager import supervisor

Drive = Callable[..., None]


def test_the_environment_is_open_from_the_beginning(drive: Drive) -> None:
    """Opening it again is no error, unlike in a queue server, where somebody has to open it."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await door.post("/environment/open")
        status = await door.get("/status")
        assert (status["worker_environment_exists"], status["worker_environment_state"]) == (True, "idle")
        assert (await door.post("/environment/update"))["task_uid"]
        assert (await door.get("/config/get"))["config"] == {"ip_connect_info": {}}

    drive(scenario)


def test_a_closed_environment_is_opened_anew(drive: Drive) -> None:
    """The engine is told to end; until the next one answers, the environment is being created."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await door.post("/environment/close")
        assert door.engine.called == ["shutdown"]
        assert (await door.get("/status"))["worker_environment_exists"] is False
        await door.post("/environment/open")
        assert (await door.get("/status"))["manager_state"] == "creating_environment"
        door.engine.epoch, door.engine.away = 2, False
        await door.state("idle")

    drive(scenario)


def test_the_environment_is_not_closed_under_a_plan(drive: Drive) -> None:
    """Neither is the manager stopped."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        await door.add("a")
        await door.post("/queue/start")
        await door.state("executing_queue")
        assert "executing_queue" in await door.refused("/environment/close")
        assert "executing_queue" in await door.refused("/manager/stop")
        assert door.engine.called == ["start"]

    drive(scenario)


@pytest.mark.parametrize(
    ("path", "payload"),
    [
        ("/script/upload", {"script": "print()", "update_lists": True}),
        ("/function/execute", {"item": {"item_type": "function", "name": "f"}, "run_in_background": True}),
        ("/kernel/interrupt", {"interrupt_plan": True}),
        ("/permissions/set", {"user_group_permissions": {}}),
        ("/test/manager/kill", {}),
    ],
)
def test_what_is_not_done_says_why(drive: Drive, path: str, payload: dict[str, Any]) -> None:
    """In words that say what to do instead."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        assert len(await door.refused(path, **payload)) > 30

    drive(scenario)


def test_the_manager_is_only_stopped_by_its_supervisor(drive: Drive) -> None:
    """A server without one is ended where it was started."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        assert "supervisor" in await door.refused("/manager/stop", option="safe_off")
        assert "option" in await door.refused("/manager/stop", option="at once")

    drive(scenario)


def test_an_answer_is_put_off(drive: Drive) -> None:
    """For as long as is asked for, within reason."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        began = time.monotonic()
        assert (await door.get("/test/server/sleep", time=0.2))["success"]
        assert time.monotonic() - began >= 0.2
        for wrong in (-1, 1e9, "long", None):
            await door.refused("/test/server/sleep", method="GET", time=wrong)

    drive(scenario)


def test_the_supervisor_is_whoever_holds_the_lock_file(tmp_path: Any) -> None:  # noqa: ANN401
    """Not whoever held it once: its process id may be another's by now."""
    assert supervisor(tmp_path) is None
    with hold(tmp_path, "http://127.0.0.1:1"):
        assert supervisor(tmp_path) == os.getpid()
    assert supervisor(tmp_path) is None


def test_no_task_is_ever_found(drive: Drive) -> None:
    """Which clients take for done long ago."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        assert (await door.get("/task/status", task_uid="a"))["status"] == "not_found"
        assert (await door.get("/task/status", task_uid=["a", "b"]))["status"] == {"a": "not_found", "b": "not_found"}
        assert (await door.get("/task/result", task_uid="a"))["result"] == {}
        await door.refused("/task/result", method="GET")

    drive(scenario)


def test_permissions_are_those_of_the_role(drive: Drive) -> None:
    """Both groups of the queue server's own default may everything but functions."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        groups = (await door.get("/permissions/get"))["user_group_permissions"]["user_groups"]
        assert set(groups) == {"root", "primary"}
        await door.post("/permissions/reload", restore_permissions=True)

    drive(scenario)


def line(event: str, **more: str) -> str:
    """A line of a log."""
    return (
        json.dumps({"time": "2026-11-21T08:00:00Z", "level": "info", "logger": "engine", "event": event, **more}) + "\n"
    )


def test_the_console_tells_what_is_new(drive: Drive) -> None:
    """By marks that the client sends back; a mark that is not known is answered with one that is."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        log = door.data / "logs" / "engine.jsonl"
        assert (await door.get("/console_output"))["text"] == ""
        nothing = await door.get("/console_output_update", last_msg_uid="ALL")
        assert nothing["console_output_msgs"] == []
        log.parent.mkdir(exist_ok=True)
        log.write_text(line("one") + line("two"))
        everything = await door.get("/console_output_update", last_msg_uid="ALL")
        assert [each["msg"].split()[-1] for each in everything["console_output_msgs"]] == ["one", "two"]
        unknown = await door.get("/console_output_update", last_msg_uid="never seen")
        assert unknown["console_output_msgs"] == []
        uid = (await door.get("/console_output/uid"))["console_output_uid"]
        with log.open("a") as file:
            file.write(line("three", exception="Traceback"))
        for mark in (everything["last_msg_uid"], unknown["last_msg_uid"]):
            new = await door.get("/console_output_update", last_msg_uid=mark)
            assert [each["msg"] for each in new["console_output_msgs"]] == [
                "[I 2026-11-21 08:00:00 engine] three\nTraceback\n"
            ]
        assert (await door.get("/console_output/uid"))["console_output_uid"] != uid
        assert (await door.get("/console_output", nlines=1))["text"].endswith("three\nTraceback\n")
        await door.refused("/console_output", method="GET", nlines=-1)
        await door.refused("/console_output_update", method="GET")

    drive(scenario)


def test_a_log_that_was_put_aside_is_another(tmp_path: Any) -> None:  # noqa: ANN401
    """Marks of the old file are not known in the new one; half a line is no message."""
    log = tmp_path / "engine.jsonl"
    log.write_text(line("one"))
    console = Console(log)
    mark = console.mark()
    log.rename(tmp_path / "engine.jsonl.1")
    log.write_text(line("two"))
    assert console.since(mark)[1] == []
    assert message(b'"half of a li') is None
