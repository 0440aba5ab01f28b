"""A real daemon with the simulated film, and a real browser that looks at it."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shutil
import time
import uuid
from asyncio.events import _set_running_loop
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from PIL import Image

from benchmarks.served import ROOT, Daemon, settings_file
from daemon.analyst.maps import write_array, write_group
from daemon.recorder import Recorder

sync_api = pytest.importorskip("playwright.sync_api", reason="install the extra `test`")

Page: TypeAlias = Any
"""Playwright's, which is imported only where it is installed."""
CHROMIUM = os.environ.get("BEAMPILOT_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
CLOCK = "x20"
"""The twin is so much faster than the instrument: about a point per second."""
PATIENCE = 20_000
"""How long anything on the page may take, ms: the machine may do other things, too."""
sync_api.expect.set_options(timeout=PATIENCE)
REMEMBER = "sessionStorage.getItem('beampilot.key') ?? sessionStorage.setItem('beampilot.key', %s)"
"""Logs somebody in as the page would have."""
KEPT = "BEAMPILOT_SCREENSHOTS"
"""Where this is set, pictures that the docs show are made anew."""
PAGE = ROOT / "docs" / "how-to" / "dashboard.md"
DAY = 86_400.0
"""Runs that tests write are of the day before: those of the daemon are newer."""
LARGEST = 95_000
"""Size of a picture that is kept, bytes."""
FACTORY = "simulators.diffractometer:instrument"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test here the time that a busy machine needs, and leave them out where there is no browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(180))
            if not Path(CHROMIUM).exists():
                item.add_marker(pytest.mark.skip(reason=f"there is no browser {CHROMIUM}: install chromium"))


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A served twin, for all tests here."""
    folder = tmp_path_factory.mktemp("dashboard")
    options = {"preset": "smooth", "seed": 0, "clock": CLOCK}
    file = settings_file(folder, instrument={"factory": FACTORY, "options": options})
    (folder / "data").mkdir()
    daemon = Daemon(folder / "data", file)
    with daemon:
        daemon.serve()
        yield daemon


@pytest.fixture(scope="session")
def api(daemon: Daemon) -> Iterator[httpx.Client]:
    """The daemon's API, as its administrator."""
    with daemon.http() as client:
        yield client


@pytest.fixture(scope="session")
def keys(api: httpx.Client) -> dict[str, str]:
    """A key of each role."""
    made = {}
    for role in ("observer", "operator", "administrator"):
        answer = api.post("/tokens", json={"name": f"an {role}", "role": role})
        made[role] = answer.raise_for_status().json()["secret"]
    return made


@pytest.fixture(scope="session")
def browser() -> Iterator[tuple[Any, asyncio.AbstractEventLoop]]:
    """Debian's Chromium, and the loop that talks to it."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True)
        loop = asyncio.get_running_loop()
        yield browser, loop
        _set_running_loop(loop)
        browser.close()


@pytest.fixture(autouse=True)
def chromium(browser: tuple[Any, asyncio.AbstractEventLoop]) -> Iterator[Any]:
    """The browser, for one test.

    Playwright leaves its event loop marked as running in this thread. Outside of the tests here it must not be, or
    nobody else could run one.
    """
    started, loop = browser
    _set_running_loop(loop)
    yield started
    _set_running_loop(None)


class Watched:
    """A tab that must not complain: neither in its console, nor by asking anybody else for anything.

    Args:
        page: Playwright's page.
        base: the daemon's address.
        folder: where pictures go.

    Attributes:
        page: as given.
        problems: what it did that it must not do.
        expected: parts of messages that are no problem here.
    """

    def __init__(self, page: Page, base: str, folder: Path) -> None:
        self.page = page
        self.problems: list[str] = []
        self.expected: list[str] = []
        self._base, self._folder = base, folder
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: said.type in ("error", "warning") and self._note(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self._note(f"exception: {error}"))
        page.on("request", lambda request: self._asked(request.url))

    def go(self, where: str = "/") -> Page:
        """Go to a view, and wait until it is there."""
        self.page.goto(self._base + where)
        self.page.wait_for_selector(".view > *")
        return self.page

    def address(self) -> str:
        """The part of the address that says what is shown."""
        return self.page.evaluate("location.hash")

    def shoot(self, name: str) -> None:
        """Take a picture; the page must not be wider than the window."""
        self.check_width()
        kept = os.environ.get(KEPT) if f"dashboard/{name}.png" in PAGE.read_text(encoding="utf-8") else None
        folder = Path(kept) if kept else self._folder
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}.png"
        self.page.screenshot(path=file)
        if kept:
            shrink(file)

    def check_width(self) -> None:
        """Fail if the page is wider than the window."""
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= self.page.viewport_size["width"], f"{self.address()} is {width} pixels wide"

    def check(self) -> None:
        """Fail if it complained."""
        left = [problem for problem in self.problems if not any(part in problem for part in self.expected)]
        assert not left, "\n".join(left)

    def _note(self, problem: str) -> None:
        self.problems.append(problem)

    def _asked(self, url: str) -> None:
        if not url.startswith((self._base, self._base.replace("http", "ws", 1), "data:", "blob:")):
            self._note(f"foreign request: {url}")


def shrink(file: Path) -> None:
    """Give a picture fewer colours until it is small enough to be kept with the docs."""
    for colours in (256, 128, 64, 32):
        if file.stat().st_size <= LARGEST:
            return
        with Image.open(file) as whole:
            few = whole.convert("RGB").quantize(colours)
        few.save(file, optimize=True)


Open = Callable[..., Watched]


@pytest.fixture
def tab(chromium: Page, daemon: Daemon, tmp_path: Path) -> Iterator[Open]:
    """Opens tabs, each in a browser context of its own; each must not have complained at the end."""
    base = daemon.url.removesuffix("/api/v1")
    contexts, tabs = [], []

    def open_tab(
        key: str | None = None, *, phone: bool = False, dark: bool = False, language: str = "en-GB", **more: Any
    ) -> Watched:
        context = chromium.new_context(
            viewport=PHONE if phone else DESK,
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            locale=language,
            **more,
        )
        contexts.append(context)
        secret = daemon.key.removeprefix("ApiKey ") if key is None else key
        if secret:
            context.add_init_script(REMEMBER % json.dumps(secret))
        watched = Watched(context.new_page(), base, tmp_path)
        tabs.append(watched)
        return watched

    yield open_tab
    for context in contexts:
        context.close()
    for watched in tabs:
        watched.check()


@pytest.fixture
def scan(api: httpx.Client, daemon: Daemon) -> Iterator[Callable[..., str]]:
    """Starts a scan, and ends it with the test; gives the item's uid."""

    def start(plan: str = "autonomous_scan", least: int = 1, **parameters: Any) -> str:
        wait_idle(api, daemon)
        item = api.post("/queue/execute", json={"plan": plan, "parameters": parameters}).raise_for_status().json()
        daemon.wait_for(lambda facts: facts["run"] and facts["run"]["points"] >= least)
        return item["uid"]

    yield start
    if api.get("/status").json()["run"]:
        api.post("/plan/abort", json={"reason": "the test has ended"})
    wait_idle(api, daemon)


def wait_idle(api: httpx.Client, daemon: Daemon) -> None:
    """Wait until the engine has nothing to do, and the server knows it."""
    daemon.wait_for(lambda facts: facts["state"] == "idle")
    deadline = time.monotonic() + PATIENCE / 1e3
    while api.get("/status").json()["item"] and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.fixture(scope="session")
def record(daemon: Daemon) -> Callable[..., str]:
    """Writes a closed run into the daemon's folder: `record(values, x, y, …)`; gives its uid."""
    return functools.partial(record_run, daemon.data)


def record_run(
    data: Path,
    values: Sequence[float],
    xs: Sequence[float],
    ys: Sequence[float],
    *,
    uid: str = "",
    maps: Mapping[str, Any] | None = None,
    **start: Any,
) -> str:
    """Write a closed run whose reading is `signal`, with what the analyst would have written.

    Args:
        data: the data folder.
        values: of the points; NaN where a measurement failed.
        xs: positions along stage_x.
        ys: positions along stage_y.
        uid: of the run; a fresh one if it is empty.
        maps: arrays of `analysis/optimization`: shape (y, x), or (axis,) for the two axes.
        **start: more for the start document.
    """
    uid = uid or str(uuid.uuid4())
    span = {"low": 0.0, "high": 150.0, "points": 31}
    parameters = {"axes": {"stage_x": span, "stage_y": span}, "objective": "signal", "points": len(values)}
    about = {"plan_name": "autonomous_scan", "parameters": parameters, "detectors": ["point"], **start}
    stamp = time.time() - DAY - 10.0 * len(values)
    recorder = Recorder(data)
    recorder("start", {"uid": uid, "time": stamp, "scan_id": 900 + len(values), **about})
    keys = {name: {"source": "test", "dtype": "number", "shape": [], "units": "µm"} for name in ("stage_x", "stage_y")}
    keys["signal"] = {"source": "test", "dtype": "number", "shape": [], "units": "counts"}
    described = {"uid": f"{uid}-p", "run_start": uid, "time": stamp, "name": "primary", "data_keys": keys}
    recorder("descriptor", {**described, "object_keys": {"stage": ["stage_x", "stage_y"], "point": ["signal"]}})
    for index, (value, x, y) in enumerate(zip(values, xs, ys, strict=True)):
        reading = {"stage_x": float(x), "stage_y": float(y), "signal": float(value)}
        when = stamp + 10.0 * index
        event = {"uid": f"{uid}-{index}", "descriptor": f"{uid}-p", "seq_num": index + 1, "time": when, "filled": {}}
        recorder("event", {**event, "data": reading, "timestamps": dict.fromkeys(reading, when)})
    ends = {"uid": f"{uid}-s", "run_start": uid, "time": time.time(), "exit_status": "success", "reason": ""}
    recorder("stop", {**ends, "num_events": {"primary": len(values)}})
    recorder.wait_closed()
    assert recorder.run is not None
    for name, array in (maps or {}).items():
        dimensions = (name,) if array.ndim == 1 else ("stage_y", "stage_x")
        write_array(write_group(recorder.run, "optimization", {}) / name, array, dimensions)
    recorder.close()
    return uid
