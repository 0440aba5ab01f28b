"""The queue: a form made from a plan's schema, errors at their fields, and items that are moved about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

Open = Callable[..., Any]
NAME = "<script>alert('sample')</script>"


@pytest.fixture(autouse=True)
def _empty(api: httpx.Client) -> Iterator[None]:
    """Nothing waits before and after."""
    api.delete("/queue")
    yield
    api.delete("/queue")


def items(api: httpx.Client) -> list[dict[str, Any]]:
    """What waits."""
    return api.get("/queue").json()["items"]


def test_a_scan_is_added_by_a_form(tab: Open, api: httpx.Client) -> None:
    """What is wrong is said at its field; what was not changed is left to the settings."""
    watched = tab()
    watched.expected = ["422"]
    page = watched.go("/#/queue")
    expect(page.get_by_role("heading", name="Nothing waits")).to_be_visible()
    page.get_by_role("button", name="New scan").click()
    form = page.locator("form")
    axis = form.locator(".axis-row").first
    expect(axis).to_contain_text("The axis goes from 0 to 150 µm")
    expect(form.get_by_label("Points", exact=True)).to_have_value("60")
    axis.get_by_label("From").fill("200")
    form.get_by_label("Points", exact=True).fill("0")
    form.get_by_text("More settings").click()
    form.get_by_label("Seed").fill("one")
    form.get_by_role("button", name="Add to the queue").click()
    expect(form.get_by_label("Points", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(form.locator(".field", has=page.get_by_label("Points", exact=True)).locator(".problem")).to_contain_text("1")
    expect(form.locator(".field", has=page.get_by_label("Seed")).locator(".problem")).not_to_be_empty()
    watched.shoot("queue-errors")
    assert items(api) == []

    form.get_by_label("Seed").fill("7")
    form.get_by_label("Points", exact=True).fill("12")
    form.get_by_role("button", name="Add to the queue").click()
    expect(axis.locator(".problem")).not_to_be_empty()
    expect(axis.get_by_label("From")).to_have_attribute("aria-invalid", "true")
    axis.get_by_label("From").fill("50")
    axis.get_by_label("Positions").fill("11")
    form.get_by_label("Sample").fill(NAME)
    form.get_by_role("button", name="Circle").click()
    for label, value in (("Centre stage_x", "100"), ("Centre stage_y", "40"), ("Radius", "12.5")):
        form.get_by_label(label).fill(value)
    form.get_by_role("button", name="Add to the queue").click()
    expect(page.locator(".items .item").first).to_contain_text(NAME)
    (item,) = items(api)
    assert item["parameters"] == {
        "axes": {
            "stage_x": {"low": 50, "high": 150, "points": 11},
            "stage_y": {"low": 0, "high": 150, "points": 31},
        },
        "points": 12,
        "seed": 7,
        "metadata": {"proposal": "", "sample": NAME, "operator": ""},
        "forbidden": [{"kind": "circle", "axes": ["stage_x", "stage_y"], "centre": [100, 40], "radius": 12.5}],
    }


def test_items_are_edited_moved_doubled_and_removed(tab: Open, api: httpx.Client) -> None:
    """By buttons, and by dragging; another tab sees it at once."""
    for points in (3, 4, 5):
        axes = {"stage_x": {"low": 0, "high": 150, "points": points}, "stage_y": {"low": 0, "high": 150, "points": 2}}
        api.post("/queue", json={"plan": "grid_scan", "parameters": {"axes": axes}})
    watched, other = tab(), tab()
    page, second = watched.go("/#/queue"), other.go("/#/queue")
    rows = page.locator("ol[aria-label=Waiting] .item")

    def order() -> list[int]:
        return [item["parameters"]["axes"]["stage_x"]["points"] for item in items(api)]

    expect(rows).to_have_count(3)
    rows.nth(0).get_by_role("button", name=re.compile("^Move down")).click()
    expect(rows.nth(1)).to_contain_text("150 × 3")
    assert order() == [4, 3, 5]
    rows.nth(2).drag_to(rows.nth(0))
    expect(rows.nth(0)).to_contain_text("150 × 5")
    assert order() == [5, 4, 3]
    rows.nth(1).get_by_role("button", name=re.compile("^Duplicate")).click()
    expect(second.locator("ol[aria-label=Waiting] .item")).to_have_count(4)
    rows.nth(3).get_by_role("button", name=re.compile("^Edit")).click()
    page.locator(".axis-row").first.get_by_label("Positions").fill("9")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(rows.nth(3)).to_contain_text("150 × 9")
    rows.nth(0).get_by_role("button", name=re.compile("^Remove")).click()
    expect(rows).to_have_count(3)
    assert order() == [4, 4, 9]
    watched.shoot("queue")
    page.get_by_label("Loop").check()
    expect(second.get_by_label("Loop")).to_be_checked()
    page.get_by_label("Loop").uncheck()
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("dialog").get_by_role("button", name="Clear").click()
    expect(second.get_by_role("heading", name="Nothing waits")).to_be_visible()


def test_every_plan_has_a_form(tab: Open, api: httpx.Client) -> None:
    """Each of its parameters has a field with a name and a hint; the defaults are accepted as they are."""
    watched = tab(phone=True, dark=True)
    page = watched.go("/#/queue?new=")
    for plan in api.get("/plans").json()["plans"]:
        title = plan["name"].replace("_", " ").capitalize()
        page.get_by_role("button", name=title).click()
        expect(page.locator(".editor .hint").first).to_have_text(plan["description"])
        fields = page.locator(".form-fields > .field")
        assert fields.count() == len(plan["schema"]["properties"]), plan["name"]
        for index in range(fields.count()):
            assert fields.nth(index).locator("label, legend").first.text_content().strip()
        watched.check_width()
    page.get_by_role("button", name="Grid scan").click()
    page.locator("details.form-more summary").click()
    watched.shoot("queue-phone")
    page.get_by_role("button", name="Add to the queue").click()
    expect(page.locator("ol[aria-label=Waiting] .item")).to_have_count(1)
    assert items(api)[0]["parameters"] == {}
