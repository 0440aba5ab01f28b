"""Who may do what: nobody sees a button that would be refused, and who is refused is told why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

Open = Callable[..., Any]
Scan = Callable[..., str]
CONTROLS = ("Pause", "Abort", "New scan", "Start queue", "Clear", "Measure here", "Exclude", "Take control", "Again")


def test_an_observer_sees_everything_and_no_button(
    tab: Open, scan: Scan, keys: dict[str, str], api: httpx.Client
) -> None:
    """On every view, and by no key either."""
    scan(points=200, least=3, improvement_fraction=None)
    api.post("/queue", json={"plan": "grid_scan"})
    watched = tab(keys["observer"])
    page = watched.go("/")
    for view in ("now", "map", "frame", "queue", "chemistry", "progress", "history", "health"):
        page = watched.go(f"/#/{view}")
        page.wait_for_timeout(250)
        for name in CONTROLS:
            assert page.get_by_role("button", name=name, exact=True).count() == 0, (view, name)
    page.keyboard.press("a")
    page.keyboard.press("p")
    page.wait_for_timeout(200)
    expect(page.locator("dialog")).to_have_count(0)
    assert api.get("/status").json()["engine_state"] == "running"
    watched.go("/#/queue?new=")
    expect(page.locator(".editor")).to_be_hidden()
    api.delete("/queue")


def test_two_tabs_and_one_control(tab: Open, scan: Scan, keys: dict[str, str], api: httpx.Client) -> None:
    """Who takes control keeps others out, who see it at once, are told who and why, and can still abort."""
    scan(points=200, least=1, improvement_fraction=None)
    mine, theirs = tab(keys["operator"]), tab()
    page, other = mine.go("/"), theirs.go("/")
    page.locator("summary[aria-label^='Menu']").click()
    page.get_by_role("button", name="Take control").click()
    page.get_by_label("What for").fill("alignment of <b>the beam</b>")
    page.get_by_role("dialog").get_by_role("button", name="Take control").click()
    banner = other.locator(".banner.info")
    expect(banner).to_contain_text("an operator is in control")
    expect(banner).to_contain_text("alignment of <b>the beam</b>")
    expect(other.get_by_role("button", name="Pause")).to_be_disabled()
    expect(other.get_by_role("button", name="Abort")).to_be_enabled()
    expect(page.locator(".banner.info")).to_be_hidden()
    page.get_by_role("button", name="Pause").click()
    expect(other.locator(".hero .pill")).to_have_text("Paused")
    other.locator("summary[aria-label^='Menu']").click()
    other.get_by_role("button", name="Take control away").click()
    expect(banner).to_be_hidden()
    other.get_by_role("button", name="Resume").click()
    expect(page.locator(".hero .pill")).to_have_text("Running")


@pytest.mark.parametrize(("role", "words"), [("observer", "This needs the role operator; yours is observer.")])
def test_a_refusal_says_which_role_is_needed(
    tab: Open, scan: Scan, keys: dict[str, str], role: str, words: str
) -> None:
    """Should a button be pressed all the same: a role may be changed while a page is open."""
    scan(points=200, least=1, improvement_fraction=None)
    watched = tab(keys[role])
    watched.expected = ["403"]
    watched.page.route("**/api/v1/whoami", lambda route: route.fulfill(json=OPERATOR))
    page = watched.go("/")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".notice.refused")).to_contain_text("needs the role operator")


OPERATOR = {"name": "x", "role": "observer", "scopes": ["write:plan:control", "read:console"], "token_id": None}


def test_a_key_that_was_revoked_leads_to_the_log_in(tab: Open, api: httpx.Client) -> None:
    """At once, with the next request."""
    made = api.post("/tokens", json={"name": "short", "role": "observer"}).json()
    watched = tab(key="")
    watched.expected = ["401", "4401"]
    page = watched.page
    page.goto(watched._base)
    page.get_by_label("Key").fill(made["secret"])
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".hero")).to_be_visible()
    api.delete(f"/tokens/{made['id']}")
    expect(page.get_by_label("Key")).to_be_visible()
