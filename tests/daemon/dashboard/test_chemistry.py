"""What the frames are made of: of a stack that was unmixed while it came, and of a scan."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from playwright.sync_api import expect

from benchmarks.served import Daemon
from daemon.analyst.maps import write_array, write_group
from daemon.runs import RunStore

Open = Callable[..., Any]
Scan = Callable[..., str]
Record = Callable[..., str]
SHAPE = (48, 64)


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
    watched.shoot("chemistry")
    page.get_by_role("checkbox", name="CuO (r = 0.991)").uncheck()
    assert overlay.screenshot() != before
    with page.expect_download() as download:
        page.locator(".save-buttons button", has_text="CSV").last.click()
    assert download.value.suggested_filename == "settling.csv"
    phone = tab(phone=True, dark=True)
    phone.go(f"/#/chemistry?run={uid[:8]}")
    expect(phone.page.locator(".chart.drawn")).to_have_count(2)
    phone.shoot("chemistry-phone")


def test_the_patterns_of_a_scan(tab: Open, scan: Scan) -> None:
    """While it runs: the patterns, and how much of each every point has."""
    scan(points=200, least=6, improvement_fraction=None)
    watched = tab()
    page = watched.go("/#/chemistry")
    expect(page.locator(".pattern-card")).to_have_count(4)
    expect(page.locator(".pattern-card .bar-values").first).not_to_be_empty()
    page.wait_for_timeout(300)
    watched.shoot("patterns")
