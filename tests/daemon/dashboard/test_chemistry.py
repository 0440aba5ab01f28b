"""What the frames are made of: of a stack that was unmixed while it came, and of a scan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from benchmarks.served import ROOT, Daemon
from daemon.analyst.maps import write_array, write_group
from daemon.runs import RunStore

Open = Callable[..., Any]
Scan = Callable[..., str]
Record = Callable[..., str]
SHAPE = (48, 64)
SCAN = {"axes": {"energy": {"low": 925.0, "high": 945.0, "points": 40}}, "detectors": ["detector"], "components": 3}


@pytest.fixture
def microscope(tmp_path: Path) -> Iterator[Daemon]:
    """A served photoemission microscope with standards of copper; a scan takes a few seconds."""
    text = (ROOT / "docs" / "examples" / "copper-stack.toml").read_text(encoding="utf-8")
    file = tmp_path / "settings.toml"
    file.write_text(text.replace("[128, 150]", "[64, 75]").replace("fastest", "x12"), encoding="utf-8")
    (tmp_path / "data").mkdir()
    with Daemon(tmp_path / "data", file) as daemon:
        daemon.serve()
        yield daemon


def unmixed(daemon: Daemon, uid: str) -> None:
    """Write what the analyst writes of a stack, and what stands in a library."""
    energies = np.linspace(925.0, 945.0, 60)
    peaks = [np.exp(-(((energies - centre) / width) ** 2)) for centre, width in ((931.5, 0.9), (934.2, 1.5))]
    spectra = np.array([*peaks, 0.3 + 0.01 * (energies - 925.0)])
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    first = np.exp(-(((rows - 15) / 8) ** 2) - ((columns - 20) / 10) ** 2)
    second = np.exp(-(((rows - 32) / 9) ** 2) - ((columns - 44) / 9) ** 2)
    maps = np.array([first, second, 1.0 - np.clip(first + second, 0, 1)])
    about = {"energies": 60, "converged": True, "names": ["CuO", "Cu2O", None], "correlations": [0.991, 0.984, None]}
    folder = write_group(
        RunStore(daemon.data).find(uid), "stack", {**about, "shift_eV": 0.12, "repairs": ["a frame was empty"]}
    )
    standards = spectra * [[1.02], [0.97], [np.nan]]
    for name, array, dimensions in (
        ("energy", energies, ("energy",)),
        ("spectra", spectra, ("component", "energy")),
        ("standards", standards, ("component", "energy")),
        ("abundances", maps, ("component", "detector_y", "detector_x")),
        ("change", np.geomspace(1, 1e-4, 59), ("update",)),
        ("misfit", np.geomspace(0.5, 0.02, 59), ("update",)),
    ):
        write_array(folder / name, array, dimensions, {"units": "eV"} if name == "energy" else {})


def test_a_stack_and_what_it_is_made_of(tab: Open, record: Record, daemon: Daemon) -> None:
    """Spectra with their standards, maps, all in colours, how they settled, and what was chosen."""
    uid = record([1.0, 2.0, 3.0], [1, 2, 3], [1, 2, 3], plan_name="stack_scan", sample="copper oxides")
    unmixed(daemon, uid)
    watched = tab()
    page = watched.go(f"/#/chemistry?run={uid[:8]}")
    expect(page.locator(".chart.drawn")).to_have_count(2)
    expect(page.locator("figure")).to_have_count(3)
    expect(page.locator("figcaption").first).to_have_text("CuO (r = 0.991)")
    facts = page.locator(".card", has=page.get_by_role("heading", name="How it was unmixed"))
    expect(facts).to_contain_text(re.compile("Energies so far.*60", re.DOTALL))
    expect(facts).to_contain_text("r = 0.984")
    expect(facts).to_contain_text("a frame was empty")
    overlay = page.get_by_role("img", name="All components in their colours")
    before = overlay.screenshot()
    page.get_by_role("checkbox", name="CuO (r = 0.991)").uncheck()
    assert overlay.screenshot() != before
    with page.expect_download() as download:
        page.locator(".save-buttons button", has_text="CSV").last.click()
    assert download.value.suggested_filename == "settling.csv"
    phone = tab(phone=True, dark=True)
    phone.go(f"/#/chemistry?run={uid[:8]}")
    expect(phone.page.locator(".chart.drawn")).to_have_count(2)
    phone.shoot("chemistry-phone")


def test_what_was_found_afterwards_is_shown_beside_what_was_found_on_the_way(
    tab: Open, record: Record, daemon: Daemon
) -> None:
    """With what was chosen and how sure that is; a page that is open notices it."""
    uid = record([1.0, 2.0], [1, 2], [1, 2], plan_name="stack_scan")
    unmixed(daemon, uid)
    watched = tab()
    page = watched.go(f"/#/chemistry?run={uid[:8]}")
    expect(page.locator(".chart.drawn")).to_have_count(2)
    found = {"name": "CuO", "standard": "CuO", "share": 0.7, "correlation": 0.9996}
    weak = {"name": "component 1", "standard": "Cu2O", "share": 0.3, "correlation": 0.71}
    about = {"omega": 0.2, "method": "nmf-so", "background": "shirley", "certainty": 0.75, "components": [found, weak]}
    tried = {**about, "n_components": 2, "misfit": 0.0123}
    folder = write_group(
        RunStore(daemon.data).find(uid), "unmixed", {"unmixing": {**about, "n_components": 2, "tried": [tried]}}
    )
    energies = np.linspace(925.0, 945.0, 30)
    write_array(folder / "abundances", np.full((2, *SHAPE), 0.5), ("component", "y", "x"))
    write_array(folder / "spectra", np.ones((2, 30)), ("component", "energy"))
    write_array(folder / "energy", energies, ("energy",), {"units": "eV"})
    facts = page.locator(".card", has=page.get_by_role("heading", name="How it was unmixed"))
    expect(facts).to_contain_text("2, chosen")
    for text in ("75 %", "0.2", "nmf-so, shirley", "0.0123", "70 %, r > 0.999", "Cu2O? r = 0.710"):
        expect(facts).to_contain_text(text)
    expect(page.locator("figcaption").nth(1)).to_have_text("Component 1 (Cu2O? r = 0.710)")
    page.get_by_role("button", name="While it was measured").click()
    expect(facts).to_contain_text("3, given")
    assert "analysis=stack" in watched.address()
    page.get_by_role("button", name="Unmixed afterwards").click()
    expect(facts).to_contain_text("2, chosen")


def test_a_stack_scan_is_unmixed_while_it_runs(microscope: Daemon, tab: Open) -> None:
    """Spectra with their standards and maps come while energies do, in the view Now, too, and stay at the end."""
    watched = tab(microscope.key.removeprefix("ApiKey "))
    watched._base = microscope.url.removesuffix("/api/v1")
    with microscope.http() as api:
        given = {"plan": "stack_scan", "parameters": {**SCAN, "metadata": {"sample": "copper oxides"}}}
        api.post("/queue/execute", json=given).raise_for_status()
        page = watched.go("/#/chemistry")
        facts = page.locator(".card", has=page.get_by_role("heading", name="How it was unmixed"))
        energies = facts.locator("div", has_text="Energies so far").locator("dd")
        expect(page.locator(".chart.drawn")).to_have_count(2)
        expect(page.locator("figure")).to_have_count(3)
        expect(facts).to_contain_text("3, given")
        before = int(energies.inner_text())
        expect(energies).to_have_text("40", timeout=60_000)
        assert before < 40
        microscope.wait_for(lambda told: told["state"] == "idle")
        for name in ("CuO", "Cu2O"):
            expect(page.locator("figcaption", has_text=f"{name} (r")).to_have_count(1)
        expect(facts).to_contain_text("nmf-so")
        names = page.evaluate("document.querySelector('.chart').data.map((trace) => trace.name)")
        assert {"CuO, standard", "Cu2O, standard"} <= set(names)
        watched.shoot("chemistry")
        watched.go("/#/now")
        expect(page.locator(".tile").first).to_contain_text("CuO")
        expect(page.get_by_role("img", name="All components in their colours")).to_be_visible()
        watched.shoot("now-stack")


def test_the_patterns_of_a_scan(tab: Open, scan: Scan) -> None:
    """While it runs: the patterns, and how much of each every point has."""
    scan(points=200, least=6, improvement_fraction=None)
    watched = tab()
    page = watched.go("/#/chemistry")
    expect(page.locator(".pattern-card")).to_have_count(4)
    expect(page.locator(".pattern-card .bar-values").first).not_to_be_empty()
    page.wait_for_timeout(300)
    watched.shoot("patterns")
