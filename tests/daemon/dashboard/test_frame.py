"""The live image: scale and range, a region, a line, a rate; and the last one while no camera runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
from playwright.sync_api import Locator, Page, expect

from benchmarks.served import Daemon
from daemon.analyst.maps import write_array, write_group
from daemon.runs import RunStore

Open = Callable[..., Any]
Scan = Callable[..., str]


def fact(page: Page, name: str) -> Locator:
    """The value of a fact."""
    return page.locator(".facts > div", has=page.locator("dt", has_text=re.compile(f"^{name}$"))).locator("dd").first


def test_frames_are_live_and_can_be_measured_in(tab: Open, scan: Scan) -> None:
    """Colours follow the chosen scale; a region and a line tell what they hold."""
    scan(points=200, least=1, improvement_fraction=None)
    watched = tab()
    page = watched.go("/#/frame")
    expect(page.locator(".frame-canvas")).to_be_visible()
    expect(fact(page, "Shown")).to_have_text("live")
    expect(fact(page, "Rate")).to_have_text(re.compile(r"^[\d.]+ per second$"))
    expect(fact(page, "Size")).to_have_text("64 × 64")
    page.get_by_role("button", name="Linear").click()
    expect(page.locator(".bar-values span").nth(0)).not_to_have_text("")
    page.get_by_label("Auto range").uncheck()
    page.get_by_label("Highest value shown").fill("50")
    page.get_by_label("Highest value shown").press("Enter")
    expect(page.locator(".bar-values span").nth(2)).to_have_text("50")
    assert "range=" in watched.address()
    assert "scale=linear" in watched.address()
    page.get_by_role("button", name="Log").click()
    page.get_by_label("Auto range").check()

    box = page.locator(".frame-canvas").bounding_box()
    centre = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for tool, heading in (("Region", "Region of interest"), ("Line", "Line profile")):
        page.get_by_role("button", name=tool, exact=True).click()
        page.mouse.move(*centre)
        page.mouse.down()
        page.mouse.move(centre[0] + 120, centre[1] + 80, steps=4)
        page.mouse.up()
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert int(fact(page, "Pixels").inner_text()) > 20
    expect(fact(page, "Mean")).to_have_text(re.compile(r"^[\d,.]+ ± [\d,.]+$"))
    page.mouse.move(centre[0], centre[1])
    expect(page.locator(".readout")).to_have_text(re.compile(r"^x \d+, y \d+: [\d,]+$"))
    with page.expect_download() as download:
        page.locator(".save-buttons button", has_text="PNG").click()
    assert download.value.suggested_filename.startswith("frame-")
    watched.shoot("frame")


def test_the_last_frame_is_there_while_nothing_runs(tab: Open, scan: Scan, api: httpx.Client, daemon: Daemon) -> None:
    """As it was recorded, and says of which point."""
    scan(points=3, least=3)
    daemon.wait_for(lambda facts: facts["state"] == "idle")
    watched = tab(phone=True)
    page = watched.go("/#/frame")
    expect(page.locator(".frame-canvas")).to_be_visible()
    expect(fact(page, "Taken")).to_have_text(re.compile(r"^Point 3 of scan \d+$"))
    expect(fact(page, "Shown")).to_have_text("as recorded")
    watched.shoot("frame-phone")


def test_what_was_found_is_drawn_over_its_frame(tab: Open, scan: Scan, daemon: Daemon) -> None:
    """With its class and confidence, of the point whose frame is shown and no other."""
    scan(points=3, least=3)
    daemon.wait_for(lambda facts: facts["state"] == "idle")
    watched = tab()
    page = watched.go("/#/frame")
    expect(fact(page, "Shown")).to_have_text("as recorded")
    expect(fact(page, "Found in it")).to_have_text("–")
    before = page.locator(".frame-canvas").screenshot()
    folder = write_group(RunStore(daemon.data).find(), "detections", {"classes": ["Pb3", "Pb5"]})
    boxes = np.array([[1.0, 1.0, 9.0, 9.0], [8.0, 10.0, 24.0, 30.0], [30.0, 12.0, 50.0, 28.0]])
    write_array(folder / "event", np.array([0.0, 2.0, 2.0]), ("detection",))
    write_array(folder / "boxes", boxes, ("detection", "corner"))
    write_array(folder / "scores", np.array([0.5, 0.91, 0.77]), ("detection",))
    write_array(folder / "labels", np.array([0.0, 0.0, 1.0]), ("detection",))
    page.reload()
    expect(fact(page, "Found in it")).to_have_text("1 Pb3, 1 Pb5")
    assert page.locator(".frame-canvas").screenshot() != before
    watched.shoot("detections")
