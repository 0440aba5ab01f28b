"""The page as an operator first meets it: what goes on, and the buttons for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import expect

Open = Callable[..., Any]
Scan = Callable[..., str]
METADATA = {"sample": "Si-Ge film 7", "operator": "Ada"}


def test_a_scan_is_seen_and_steered(tab: Open, scan: Scan, api: httpx.Client) -> None:
    """State, progress and best value; pause, resume, and abort, which asks once."""
    scan(points=60, least=3, metadata=METADATA)
    watched = tab()
    page = watched.go("/")
    expect(page.locator(".hero .pill")).to_have_text("Running")
    expect(page.locator(".hero-about")).to_contain_text("Si-Ge film 7 · Ada")
    expect(page.locator(".hero-progress strong")).to_have_text(re.compile(r"^\d+ of at most 60 points$"))
    expect(page.locator(".tile").nth(0)).to_contain_text("unmixing.weights[3]")
    expect(page.locator(".tile").nth(2)).to_contain_text("points per hour")
    expect(page.locator(".tile").nth(3)).to_contain_text("open")
    expect(page.locator(".picture canvas").first).to_be_visible()
    watched.shoot("now")

    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".hero .pill")).to_have_text("Paused")
    assert api.get("/status").json()["engine_state"] == "paused"
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".hero .pill")).to_have_text("Running")

    page.get_by_role("button", name="Abort").click()
    page.get_by_role("button", name="Keep measuring").click()
    assert api.get("/status").json()["engine_state"] == "running"
    page.get_by_role("button", name="Abort").click()
    page.get_by_label("Reason").fill("<b>beam lost</b>")
    page.get_by_role("button", name="Abort scan").click()
    expect(page.locator(".hero .pill")).to_have_text("Idle")
    expect(page.locator(".tile").nth(1)).to_contain_text("<b>beam lost</b>")
    assert api.get("/runs", params={"limit": 1}).json()["runs"][0]["reason"] == "<b>beam lost</b>"


def test_a_phone_shows_it_too(tab: Open, scan: Scan) -> None:
    """At 390 pixels nothing is wider than the window, and the buttons are there."""
    scan(points=60, least=2)
    watched = tab(phone=True, dark=True)
    page = watched.go("/")
    expect(page.get_by_role("button", name="Abort")).to_be_visible()
    expect(page.locator(".tile").nth(0)).to_contain_text("stage_x")
    watched.shoot("now-phone")


def test_somebody_logs_in(tab: Open, keys: dict[str, str]) -> None:
    """A wrong key is told so; a right one is remembered for the session of the tab, and forgotten at the end."""
    watched = tab(key="")
    watched.expected = ["401"]
    page = watched.page
    page.goto(watched._base)
    page.get_by_label("Key").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    watched.shoot("login")
    page.get_by_label("Key").fill(keys["operator"])
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".hero")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0
    assert keys["operator"] not in page.evaluate("document.cookie + location.href")
    page.reload()
    expect(page.locator(".hero")).to_be_visible()
    page.locator("summary[aria-label^='Menu']").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Key")).to_be_visible()
