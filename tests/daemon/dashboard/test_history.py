"""What was measured: found, looked at, replayed, reported; also ten thousand points of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from benchmarks.served import Daemon

Open = Callable[..., Any]
Scan = Callable[..., str]
Record = Callable[..., str]
MANY = 10_000


def test_runs_are_found_and_reported(tab: Open, scan: Scan, daemon: Daemon, tmp_path: Path) -> None:
    """With a thumbnail, how they ended, and a report that opens offline."""
    scan(points=4, least=4, metadata={"sample": "needle 7", "operator": "Röntgen"})
    daemon.wait_for(lambda facts: facts["state"] == "idle")
    watched = tab()
    page = watched.go("/#/history")
    row = page.locator(".items .item")
    expect(row.first.locator(".thumbnail canvas")).to_be_visible()
    watched.shoot("runs")
    page.keyboard.press("/")
    page.keyboard.type("NEEDLE")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("needle 7 · Röntgen")
    expect(row).to_contain_text("finished")
    expect(row.locator(".thumbnail canvas")).to_be_visible()
    assert "search=NEEDLE" in watched.address()
    with page.expect_download() as download:
        row.get_by_role("button", name=re.compile("Report")).click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert "needle 7" in file.read_text(encoding="utf-8")
    page.get_by_role("searchbox").fill("no such thing")
    expect(page.get_by_role("heading", name="No run found")).to_be_visible()


def test_a_run_is_played_back(tab: Open, record: Record) -> None:
    """Point by point, faster than it was measured; it can be stopped anywhere, and the address says how fast."""
    rng = np.random.default_rng(0)
    uid = record(rng.normal(size=40), rng.uniform(0, 150, 40), rng.uniform(0, 150, 40), sample="replayed")
    watched = tab()
    page = watched.go("/#/history?search=replayed")
    page.get_by_role("link", name=re.compile("Replay")).click()
    expect(page.locator(".player output")).to_have_text(re.compile(r"^\d+ of 40$"))
    page.get_by_label("Speed of the replay").select_option("200")
    assert f"run={uid[:8]}" in watched.address()
    expect(page.locator(".player output")).to_have_text("40 of 40")
    page.get_by_label("Point of the replay").fill("17")
    expect(page.locator(".player output")).to_have_text("17 of 40")
    assert "replay=" not in watched.address()
    page.get_by_role("link", name="to the live run").click()
    expect(page.locator(".player output")).not_to_have_text("17 of 40")


@pytest.fixture(scope="module")
def large(record: Record) -> str:
    """A run of ten thousand points, with a model of a fine grid."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 150, MANY), rng.uniform(0, 150, MANY)
    values = np.exp(-((x - 80) ** 2 + (y - 60) ** 2) / 900) + 0.05 * rng.normal(size=MANY)
    values[::97] = np.nan
    grid = np.linspace(0, 150, 101)
    field = np.exp(-((grid[None] - 80) ** 2 + (grid[:, None] - 60) ** 2) / 900)
    maps = {"mean": field, "deviation": field / 9, "acquisition": -field, "stage_x": grid, "stage_y": grid}
    return record(values, x, y, maps=maps, sample="large")


def test_ten_thousand_points_are_no_burden(tab: Open, large: str) -> None:
    """They are all there, can be zoomed and moved, found by a click, and plotted."""
    watched = tab()
    page = watched.go(f"/#/map?run={large[:8]}")
    expect(page.locator(".player output")).to_have_text("10000 of 10000")
    canvas = page.locator(".map-canvas")
    box = canvas.bounding_box()
    before = canvas.screenshot()
    canvas.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(page.get_by_role("heading", name=re.compile(r"^Point \d+$"))).to_be_visible()
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(100)
    assert canvas.screenshot() != before
    slowest = page.evaluate(SLOWEST)
    print(f"slowest of 30 pictures while moving: {slowest:.0f} ms")
    watched.go(f"/#/progress?run={large[:8]}")
    expect(page.locator(".chart.drawn")).to_have_count(4)


SLOWEST = """async () => {
  const canvas = document.querySelector('.map-canvas');
  const times = [];
  for (let step = 0; step < 30; step++) {
    const began = performance.now();
    canvas.dispatchEvent(new KeyboardEvent('keydown', {key: step % 2 ? 'ArrowLeft' : 'ArrowRight', bubbles: true}));
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - began);
  }
  return Math.max(...times);
}"""
