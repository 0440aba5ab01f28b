"""Plots of convergence and time, and the health of the daemon."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import expect

Open = Callable[..., Any]
Scan = Callable[..., str]


def test_plots_are_drawn_and_kept(tab: Open, scan: Scan, tmp_path: Path) -> None:
    """By Plotly from the installed package, without a word of complaint from the content security policy."""
    scan(points=200, least=6, improvement_fraction=None)
    watched = tab()
    page = watched.go("/#/progress")
    expect(page.locator(".chart.drawn")).to_have_count(4)
    expect(page.locator(".table tbody tr").first).to_contain_text("Motion")
    page.wait_for_timeout(1000)
    watched.shoot("progress")
    card = page.locator(".chart-card", has=page.get_by_role("heading", name="Best value so far"))
    for kind in ("CSV", "PNG"):
        with page.expect_download() as download:
            card.get_by_role("button", name=re.compile(kind)).click()
        download.value.save_as(tmp_path / kind)
    rows = list(csv.DictReader((tmp_path / "CSV").read_text(encoding="utf-8").splitlines()))
    best = [float(row["best_so_far"]) for row in rows]
    assert best == sorted(best)
    assert best[-1] == max(float(row["value"]) for row in rows if row["value"])
    assert (tmp_path / "PNG").read_bytes().startswith(b"\x89PNG")


def test_the_colours_can_be_changed(tab: Open, scan: Scan) -> None:
    """Light, dark, or as the system has it; what is drawn follows."""
    scan(points=200, least=3, improvement_fraction=None)
    watched = tab(dark=True)
    page = watched.go("/#/progress")
    expect(page.locator(".chart.drawn")).to_have_count(4)
    watched.shoot("progress-dark")

    def ink() -> str:
        return page.evaluate("getComputedStyle(document.querySelector('.chart .xtick text')).fill")

    dark = ink()
    page.locator("summary[aria-label^='Menu']").click()
    page.get_by_role("button", name="Light").click()
    page.wait_for_timeout(300)
    assert ink() != dark
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(243, 245, 248)"
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_health_tells_what_goes_on_inside(tab: Open, scan: Scan, api: httpx.Client) -> None:
    """Processes, room, latencies, and what they say."""
    scan(points=200, least=3, improvement_fraction=None)
    watched = tab()
    page = watched.go("/#/health")
    expect(page.locator(".pill", has_text="Well")).to_have_count(3)
    pid = api.get("/status").json()["processes"]["engine"]["pid"]
    expect(page.locator(".tile", has=page.get_by_role("heading", name="Engine", exact=True))).to_contain_text(str(pid))
    expect(page.locator(".facts > div", has_text="Left on the disk").locator("dd")).to_have_text(re.compile("[GT]B$"))
    expect(page.locator(".facts > div", has_text="Choosing a point").locator("dd")).to_have_text(re.compile("ms, last"))
    expect(page.locator(".console")).to_contain_text("the engine is ready")
    page.get_by_role("button", name="Supervisor").click()
    expect(page.locator(".console")).to_contain_text("engine started")
    watched.shoot("health")
