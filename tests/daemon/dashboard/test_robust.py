"""What happens when the network, a WebSocket or a process goes: the page says so, and comes back."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import expect

from benchmarks.served import Daemon

Open = Callable[..., Any]
Scan = Callable[..., str]
NO_SOCKETS = (
    "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({code: 1006}), 5); } close() {} };"
)


def test_a_break_of_the_network_is_told_and_made_good(tab: Open, scan: Scan, api: httpx.Client) -> None:
    """What was missed is fetched, every point of it."""
    scan(points=200, least=2, improvement_fraction=None)
    watched = tab()
    watched.expected = ["ERR_INTERNET_DISCONNECTED", "WebSocket"]
    page = watched.go("/#/map")
    expect(page.locator(".map-canvas")).to_be_visible()
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".banner.bad")).to_contain_text("No word from the daemon for")
    before = api.get("/status").json()["run"]["points"]
    while api.get("/status").json()["run"]["points"] < before + 3:
        page.wait_for_timeout(200)
    page.context.set_offline(False)
    expect(page.locator(".banner.good")).to_contain_text("Connected again after")
    expect(page.locator(".banner.bad")).to_be_hidden()
    with page.expect_download() as download:
        page.locator(".save-buttons button", has_text="CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").strip().splitlines()
    numbers = [int(line.split(",")[0]) for line in lines[1:]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= before + 3


def test_nothing_needs_a_websocket(tab: Open, scan: Scan, api: httpx.Client) -> None:
    """Where a proxy lets none through, the status is asked for, and abort works."""
    scan(points=200, least=2, improvement_fraction=None)
    watched = tab()
    watched.page.add_init_script(NO_SOCKETS)
    page = watched.go("/")
    expect(page.locator(".hero .pill")).to_have_text("Running")
    expect(page.locator(".hero-progress strong")).to_have_text(re.compile(r"^[3-9]"))
    expect(page.locator(".banner.bad")).to_be_hidden()
    page.get_by_role("button", name="Abort").click()
    page.get_by_role("button", name="Abort scan").click()
    expect(page.locator(".hero .pill")).to_have_text("Idle")
    assert api.get("/runs", params={"limit": 1}).json()["runs"][0]["exit_status"] == "abort"


def test_a_server_and_an_engine_may_die(tab: Open, scan: Scan, api: httpx.Client, daemon: Daemon) -> None:
    """The page stays, says what is away, and goes on when they are back."""
    scan(points=200, least=2, improvement_fraction=None)
    watched = tab()
    watched.expected = ["ERR_CONNECTION", "WebSocket", "503"]
    page = watched.go("/")
    expect(page.locator(".hero .pill")).to_have_text("Running")
    server = daemon.pids()["server"]
    os.kill(server, signal.SIGSTOP)  # one that dies at once may be back before anybody misses it
    expect(page.locator(".banner.bad")).to_contain_text("No word from the daemon for")
    os.kill(server, signal.SIGKILL)
    expect(page.locator(".banner.good")).to_contain_text("Connected again", timeout=60_000)
    expect(page.locator(".hero .pill")).to_have_text("Running")
    engine = daemon.pids()["engine"]
    os.kill(engine, signal.SIGKILL)
    expect(page.locator(".hero .pill")).to_have_text(re.compile("Engine away|Idle"), timeout=60_000)
    daemon.wait_for(lambda facts: facts["pid"] != engine and facts["analyst_alive"])
    expect(page.locator(".hero .pill")).to_have_text("Idle", timeout=60_000)
    expect(page.locator(".hero-about")).to_contain_text(re.compile("aborted|interrupted"))


def test_clocks_may_differ(tab: Open) -> None:
    """The page says so, and shows how old things are by the daemon's clock."""
    watched = tab()
    watched.page.clock.set_fixed_time("2020-01-01T00:00:00Z")
    page = watched.go("/")
    expect(page.locator(".banner.warn", has_text="clocks")).to_contain_text(
        "clocks of this computer and the daemon differ"
    )
