"""For everybody: axe finds nothing serious, and the keyboard is enough."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

axe = pytest.importorskip("axe_playwright_python", reason="install the extra `test`")

Open = Callable[..., Any]
Scan = Callable[..., str]
VIEWS = ("now", "map?point=1", "frame", "queue?new=", "chemistry", "progress", "history", "health")
RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
SERIOUS = ("serious", "critical")


def violations(page: Page) -> list[str]:
    """What axe finds that is serious, one line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(files(axe).joinpath("axe.min.js").read_text(encoding="utf-8") + "; 0")
    found = [each for each in page.evaluate(RUN) if each["impact"] in SERIOUS]
    return [f"{each['id']}: {each['help']}: {[node['html'][:150] for node in each['nodes']]}" for each in found]


@pytest.mark.parametrize("look", [{}, {"dark": True}, {"phone": True}], ids=["light", "dark", "phone"])
def test_nothing_serious_is_found(tab: Open, scan: Scan, look: dict[str, bool]) -> None:
    """On every view, with a scan under way: contrast, names, roles, order."""
    scan(points=200, least=3, improvement_fraction=None)
    watched = tab(**look)
    for view in VIEWS:
        page = watched.go(f"/#/{view}")
        page.wait_for_timeout(250)
        assert violations(page) == [], view
    page.keyboard.press("?")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    assert violations(page) == []
    page.keyboard.press("Escape")


def test_the_log_in_can_be_read_by_everybody(tab: Open) -> None:
    """The first page that anybody sees."""
    watched = tab(key="")
    watched.page.goto(watched._base)
    expect(watched.page.get_by_label("Key")).to_be_focused()
    assert violations(watched.page) == []


def test_the_keyboard_is_enough(tab: Open, scan: Scan) -> None:
    """From view to view, into the page, through a question and back; fields keep their letters."""
    scan(points=200, least=1, improvement_fraction=None)
    watched = tab()
    page = watched.go("/")
    for number, view in enumerate(("now", "map", "frame", "queue", "chemistry", "progress", "history", "health"), 1):
        page.keyboard.press(str(number))
        expect(page.locator(f".view-{view}")).to_be_visible()
    page.keyboard.press("4")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="New scan").press("Enter")
    page.get_by_label("Sample").fill("")
    page.get_by_label("Sample").press_sequentially("pa1?/")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.get_by_label("Sample")).to_have_value("pa1?/")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("p")
    expect(page.locator(".header .pill")).to_have_text("Paused")
    page.keyboard.press("p")
    expect(page.locator(".header .pill")).to_have_text("Running")
    page.keyboard.press("a")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".header .pill")).to_have_text("Running")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
