"""The map: the model and the points on it, why the next one, and an operator who steers."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from playwright.sync_api import expect

Open = Callable[..., Any]
Scan = Callable[..., str]
Record = Callable[..., str]
FORBIDDEN = [
    {"kind": "circle", "axes": ["stage_x", "stage_y"], "centre": [120, 30], "radius": 20},
    {"kind": "box", "limits": {"stage_x": [0, 20], "stage_y": [120, 150]}},
]


def test_the_model_and_the_points_grow(tab: Open, scan: Scan) -> None:
    """Layers, the reason of the next point, and a measured point with its frame and its times."""
    scan(points=200, least=8, forbidden=FORBIDDEN, improvement_fraction=None)
    watched = tab()
    page = watched.go("/#/map")
    card = page.locator(".tile").first
    expect(card.locator("h2")).to_have_text(re.compile(r"^Next: point \d+$"))
    expect(card).to_contain_text("expecting")
    expect(card.locator(".tile-value")).to_have_text(re.compile(r"^[\d.]+ µm, [\d.]+ µm$"))
    page.wait_for_function("document.querySelector('.bar-values span').textContent !== ''")
    mean = page.locator(".bar-values").inner_text()
    page.get_by_role("button", name="Deviation").click()
    expect(page.locator(".bar-title")).to_contain_text("Standard deviation")
    assert page.locator(".bar-values").inner_text() != mean
    assert "layer=deviation" in watched.address()
    page.get_by_role("button", name="Mean").click()

    page.locator(".map-canvas").focus()
    page.keyboard.press("]")
    point = page.locator(".card", has=page.get_by_role("heading", name="Point 1", exact=True))
    expect(point).to_contain_text("Initial design")
    expect(point).to_contain_text("Exposure")
    expect(point.locator(".frame-canvas")).to_be_visible()
    page.keyboard.press("]")
    expect(page.get_by_role("heading", name="Point 2", exact=True)).to_be_visible()
    assert "point=2" in watched.address()

    box = page.locator(".map-canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".readout")).to_contain_text("model")
    watched.shoot("map")
    # The address can be given to others.
    other = tab(dark=True)
    page = other.go(f"/{watched.address()}&layer=acquisition")
    expect(page.get_by_role("heading", name="Point 2", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Acquisition")).to_have_attribute("aria-pressed", "true")
    other.shoot("map-dark")


def test_an_operator_steers(tab: Open, scan: Scan, api: httpx.Client) -> None:
    """A click asks for a point; numbers leave a region out; nothing is measured there any more."""
    scan(points=200, least=3, improvement_fraction=None)
    watched = tab()
    page = watched.go("/#/map")
    steer = page.locator(".card", has=page.get_by_role("heading", name="Steer the search"))
    steer.get_by_role("button", name="Measure here").click()
    page.locator(".map-canvas").click(position={"x": 400, "y": 200})
    notice = page.locator(".notice.said").last
    expect(notice).to_contain_text("will be measured")
    wanted = [float(value) for value in re.findall(r"stage_. ([\d.]+)", notice.inner_text())]
    expect(steer.get_by_role("button", name="Look")).to_have_attribute("aria-pressed", "true")

    steer.get_by_text("By numbers").click()
    for label, value in (("stage_x from", 100), ("stage_x to", 150), ("stage_y from", 100), ("stage_y to", 150)):
        steer.get_by_label(label, exact=True).fill(str(value))
    steer.get_by_role("button", name="Exclude").last.click()
    page.get_by_role("button", name="Leave it out").click()
    expect(steer.locator(".steered")).to_contain_text("stage_x 100 – 150, stage_y 100 – 150")
    excluded = api.get("/status").json()["steering"]["excluded"]
    assert excluded == [{"kind": "box", "limits": {"stage_x": [100, 150], "stage_y": [100, 150]}}]

    page.wait_for_timeout(4000)
    rows = api.get("/runs/latest/tables/suggestions").json()["columns"]
    row = rows["agent_kind"].index("operator")
    assert [rows["agent_stage_x"][row], rows["agent_stage_y"][row]] == wanted
    expect(steer.locator(".steered li")).to_have_count(1)


def test_what_is_drawn_can_be_kept(tab: Open, record: Record, tmp_path: Path) -> None:
    """The picture, every point with all its digits, and the model; of a run from the history."""
    grid = np.linspace(0.0, 150.0, 4)
    values = np.array([1.5, float("nan"), 1 / 3, -2.0])
    mean = np.arange(16.0).reshape(4, 4)
    maps = {"mean": mean, "deviation": mean + 1, "acquisition": -mean, "stage_x": grid, "stage_y": grid}
    uid = record(values, grid, grid[::-1], maps=maps, sample="=cmd()")
    watched = tab()
    page = watched.go(f"/#/map?run={uid[:8]}")
    expect(page.locator(".run-title")).to_contain_text("=cmd()")
    kept = {}
    for name in ("PNG", "CSV", "numbers (CSV)"):
        button = (
            page.get_by_role("button", name="Save the model's")
            if "numbers" in name
            else page.locator(".save-buttons button", has_text=name)
        )
        with page.expect_download() as download:
            button.click()
        kept[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(kept[name])
    assert kept["PNG"].read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader(kept["CSV"].read_text(encoding="utf-8").splitlines()))
    assert [row["value"] for row in rows] == ["1.5", "", repr(1 / 3), "-2"]
    assert [float(row["stage_y (µm)"]) for row in rows] == list(grid[::-1])
    model = list(csv.DictReader(kept["numbers (CSV)"].read_text(encoding="utf-8").splitlines()))
    assert [float(row["mean"]) for row in model] == list(mean.ravel())
    assert [float(row["stage_x"]) for row in model[:4]] == list(grid)


def test_maps_of_nothing_and_of_the_same(tab: Open, record: Record) -> None:
    """NaN everywhere, one value everywhere, and no point with a value are shown, and break nothing."""
    grid = np.linspace(0.0, 150.0, 5)
    flat, none = np.full((5, 5), 7.0), np.full((5, 5), np.nan)
    axes = {"stage_x": grid, "stage_y": grid}
    watched = tab()
    for values, field in (([7.0] * 5, flat), ([float("nan")] * 5, none), ([1e-300, 1e300, -1e300, 0.0, 5.0], flat)):
        uid = record(values, grid, grid, maps={"mean": field, "deviation": field * 0, "acquisition": none, **axes})
        for layer in ("mean", "deviation", "acquisition", "none"):
            page = watched.go(f"/#/map?run={uid[:8]}&layer={layer}")
            expect(page.locator(".map-canvas")).to_be_visible()
        watched.go(f"/#/progress?run={uid[:8]}")
        expect(page.locator(".chart.drawn").first).to_be_visible()
