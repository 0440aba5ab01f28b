"""Walks through every method of the real client; run by its own Python, which has the client but not Beampilot.

Usage: python walk.py URL KEY. Prints one JSON object: what each method of `rest_api_method_map` was answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from bluesky_queueserver_api import BPlan
from bluesky_queueserver_api.comm_base import rest_api_method_map
from bluesky_queueserver_api.http import REManagerAPI
from bluesky_queueserver_api.http.aio import REManagerAPI as AsyncREManagerAPI

PATIENCE = 90
"""For plans and processes on a busy machine, s."""
LINE = {"stage_x": {"low": 0.0, "high": 100.0, "points": 2}, "stage_y": {"low": 0.0, "high": 100.0, "points": 2}}


def line(points: int = 2) -> BPlan:
    """A scan of so many points in each direction."""
    return BPlan("grid_scan", axes={name: {**axis, "points": points} for name, axis in LINE.items()})


class Walk:
    """A walk; every method is called through the client's own function for it, where it has one.

    Args:
        url: of the server.
        key: of the single user.
    """

    def __init__(self, url: str, key: str) -> None:
        self.client = REManagerAPI(http_server_uri=url, timeout=30, request_fail_exceptions=True)
        self.client.set_authorization_key(api_key=key)
        self.key = key
        # What was answered when a method was called first: later calls may have to be refused.
        self.answers: dict[str, Any] = {}
        send = self.client.send_request

        def noted(*, method: object, **arguments: object) -> object:
            try:
                reply = send(method=method, **arguments)
            except self.client.RequestFailedError as error:
                self.answers.setdefault(str(method), error.response)
                raise
            self.answers.setdefault(str(method), reply)
            return reply

        self.client.send_request = noted  # type: ignore[method-assign]

    def refused(self, call: Callable[..., object], *arguments: object, **named: object) -> None:
        """Call a method that must be refused."""
        try:
            call(*arguments, **named)
        except self.client.RequestFailedError:
            return
        raise AssertionError(f"{call} was not refused")

    def walk(self) -> None:
        """All of it."""
        self.look()
        self.edit()
        self.execute()
        self.pause_and_end()
        self.account()
        self.refusals()
        self.environment()
        left = [name for name in rest_api_method_map if name not in self.answers]
        assert left == ["manager_stop"], left

    def look(self) -> None:
        """What only reads."""
        client = self.client
        client.environment_open()
        client.wait_for_idle(timeout=PATIENCE)
        client.send_request(method="ping")
        assert client.status(reload=True)["worker_environment_exists"]
        client.config_get()
        assert "grid_scan" in client.plans_allowed()["plans_allowed"]
        assert "grid_scan" in client.plans_existing()["plans_existing"]
        assert "stage" in client.devices_allowed()["devices_allowed"]
        assert "stage" in client.devices_existing()["devices_existing"]
        client.permissions_get()
        client.permissions_reload()
        task = client.environment_update()["task_uid"]
        client.task_status(task)
        client.task_result(task)
        assert client.wait_for_completed_task(task, timeout=PATIENCE)

    def edit(self) -> None:
        """The queue and its items."""
        client = self.client
        client.queue_clear()
        client.queue_mode_set(mode="default")
        client.queue_autostart(False)
        first = client.item_add(line())["item"]["item_uid"]
        batch = client.item_add_batch([line(), line()])["items"]
        uids = [item["item_uid"] for item in batch]
        client.item_move(uid=uids[1], pos_dest="front")
        client.item_move_batch(uids=uids, pos_dest="back")
        client.item_update(BPlan(client.item_get(uid=uids[0])["item"]))
        assert [item["item_uid"] for item in client.queue_get()["items"]] == [first, *uids]
        client.item_remove(uid=uids[0])
        client.item_remove_batch(uids=uids)
        assert len(client.queue_get()["items"]) == 1
        self.refused(client.item_add, BPlan("no such plan"))
        client.lock_key = "the lock's key"
        client.lock_queue(note="for a moment")
        self.refused(client.queue_clear)
        assert client.lock_info()["lock_info"]["queue"]
        client.unlock()

    def execute(self) -> None:
        """The queue is worked off, and a plan is run past it."""
        client = self.client
        client.history_clear()
        client.queue_start()
        states = {client.status(reload=True)["manager_state"]}
        client.queue_stop()
        client.queue_stop_cancel()
        client.wait_for_idle(timeout=PATIENCE)
        assert states <= {"starting_queue", "executing_queue"}, states
        client.item_execute(line())
        assert client.status(reload=True)["manager_state"] != "idle"
        client.wait_for_idle(timeout=PATIENCE)
        history = client.history_get()["items"]
        assert [item["result"]["exit_status"] for item in history] == ["completed"] * 2, history
        assert all(len(item["result"]["run_uids"]) == len(item["result"]["scan_ids"]) == 1 for item in history)
        assert not client.re_runs("open")["run_list"]

    def pause_and_end(self) -> None:
        """A plan is paused, goes on, is paused and ended, in each of the three ways."""
        client = self.client
        words = []
        for end in (client.re_stop, client.re_abort, client.re_halt):
            client.item_execute(line(30))
            client.wait_for_condition(lambda status: status["re_state"] == "running", timeout=PATIENCE)
            client.re_pause(option="immediate" if end is client.re_stop else "deferred")
            client.wait_for_idle_or_paused(timeout=PATIENCE)
            client.re_resume()
            client.wait_for_idle_or_running(timeout=PATIENCE)
            client.re_pause(option="immediate")
            client.wait_for_condition(lambda status: status["manager_state"] == "paused", timeout=PATIENCE)
            end()
            client.wait_for_idle(timeout=PATIENCE)
            words.append(client.history_get()["items"][-1]["result"]["exit_status"])
        assert words == ["stopped", "aborted", "halted"], words

    def account(self) -> None:
        """Keys."""
        client = self.client
        assert client.whoami()["roles"] == ["administrator"]
        client.api_scopes()
        client.apikey_info()
        new = client.apikey_new(expires_in=900, note="a moment")
        assert client.apikey_info(api_key=new["secret"])["first_eight"] == new["first_eight"]
        client.apikey_delete(first_eight=new["first_eight"])
        client.principal_info(principal_uid=client.principal_info()[0]["uuid"])
        client.logout()
        client.set_authorization_key(token=self.key, refresh_token=self.key)
        client.session_refresh()
        client.status(reload=True)
        client.set_authorization_key(api_key=self.key)
        self.monitors()

    def monitors(self) -> None:
        """What is told without being asked."""
        client = self.client
        client.system_info_monitor.enable()
        client.console_monitor.enable()
        assert "status" in client.system_info_monitor.next_msg(timeout=10)["msg"]
        time.sleep(1.5)
        client.item_execute(line())
        assert client.console_monitor.next_msg(timeout=20)["msg"]
        client.wait_for_idle(timeout=PATIENCE)
        client.system_info_monitor.disable_wait(timeout=5)
        client.console_monitor.disable_wait(timeout=5)

    def refusals(self) -> None:
        """What is not done."""
        client = self.client
        self.refused(client.script_upload, "print()")
        self.refused(client.function_execute, {"item_type": "function", "name": "f"})
        self.refused(client.permissions_set, {})
        self.refused(client.kernel_interrupt)
        self.refused(client.send_request, method="manager_kill")

    def environment(self) -> None:
        """The environment is closed, and killed under a plan, and each time there is another."""
        client = self.client
        client.environment_close()
        client.environment_open()
        client.wait_for_idle(timeout=PATIENCE)
        client.item_execute(line(30))
        client.wait_for_condition(lambda status: status["re_state"] == "running", timeout=PATIENCE)
        client.environment_destroy()
        client.wait_for_idle(timeout=PATIENCE)
        assert client.history_get()["items"][-1]["result"]["exit_status"] == "failed"


async def walk_async(url: str, key: str) -> None:
    """The same queue, with the client for asyncio; it ends the daemon."""
    client = AsyncREManagerAPI(http_server_uri=url, timeout=30)
    client.set_authorization_key(api_key=key)
    await client.item_add(line())
    await client.queue_start()
    assert (await client.status(reload=True))["manager_state"] != "idle"
    await client.wait_for_idle(timeout=PATIENCE)
    history = await client.history_get()
    assert history["items"][-1]["result"]["exit_status"] == "completed"
    assert (await client.send_request(method="manager_stop"))["success"]
    await client.close()


def main() -> None:
    """Walk, and print the answers."""
    url, key = sys.argv[1:]
    walk = Walk(url, key)
    walk.walk()
    walk.client.close()
    asyncio.run(walk_async(url, key))
    sys.stdout.write(json.dumps(walk.answers))


main()
