"""How soon and how smoothly the dashboard shows things, in Debian's Chromium.

`beampilot serve` scans the diffractometer twin with a camera of 512 × 512 pixels (16 bits) at 20 frames a second; every
frame is written to the run before it is shown. *First frame*: a browser context without anything in its cache opens the
view Frame; time from there until the first live frame is painted. *Frame latency*: time from when a frame is on disk
until it is painted, in a tab, while three more viewers take every frame; and once more with four tabs on this one
machine, which has to paint them all. The server's processor time is that of its whole process, with four viewers and
without any. *A viewer that stalls*: a fifth client takes nothing from its
WebSocket for 30 s, then reads on; the server's memory meanwhile, the latency of the others, and the age of what it
gets one second after it went on. *Ten thousand points*: a closed run is opened from the list of runs; time until all of
its points are on the map and a key moves it, and the longest picture while the map is moved and zoomed.

Run ``python -m benchmarks.dashboard --help``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import websockets
from websockets.sync.client import connect

from benchmarks.report import Report, results
from benchmarks.served import ROOT, Daemon, resident, settings_file

SIZE, RATE = 512, 20.0
VIEWERS = 4
STALL = 30.0
MANY = 10_000
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
TIME_AT = 24
"""Place of a frame's time in the header of a preview, bytes."""
REMEMBER = "sessionStorage.setItem('beampilot.key', %s)"
WATCH = """() => {
  window.painted = [];
  new PerformanceObserver((list) => {
    for (const mark of list.getEntries()) {
      window.painted.push((performance.timeOrigin + mark.startTime) / 1000 - mark.detail);
    }
  }).observe({type: 'mark', buffered: false});
}"""
FIRST = """() => new Promise((done) => new PerformanceObserver((list) => {
  const found = list.getEntries().find((mark) => mark.name === 'frame painted');
  if (found) done(found.startTime);
}).observe({type: 'mark', buffered: true}))"""
MOVE = """async () => {
  const canvas = document.querySelector('.map-canvas');
  const times = [];
  for (let step = 0; step < 60; step++) {
    const began = performance.now();
    const key = step < 10 ? '+' : step % 2 ? 'ArrowLeft' : 'ArrowRight';
    canvas.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - began);
  }
  return times;
}"""


def processor_seconds(pid: int) -> float:
    """Processor time of a process, s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100.0


@contextlib.contextmanager
def scanning(daemon: Daemon) -> Iterator[None]:
    """A scan that lasts longer than we do."""
    axes = {name: {"low": 0.0, "high": 150.0, "points": 1000} for name in ("stage_x", "stage_y")}
    daemon.engine.call("start", plan="grid_scan", parameters={"axes": axes})
    daemon.wait_for(lambda facts: facts["run"] and facts["run"]["points"] > 20)
    try:
        yield
    finally:
        daemon.engine.call("abort")
        daemon.wait_for(lambda facts: facts["state"] == "idle")


def opened(browser: Any, daemon: Daemon, where: str) -> Any:  # noqa: ANN401 - Playwright's own types
    """A tab in a context of its own, which has nothing in its cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(REMEMBER % json.dumps(daemon.key.removeprefix("ApiKey ")))
    page = context.new_page()
    page.goto(daemon.url.removesuffix("/api/v1") + where, wait_until="commit")
    return page


def first_frames(browser: Any, daemon: Daemon, trials: int) -> list[float]:  # noqa: ANN401 - as above
    """Time from opening the page until the first live frame, s."""
    found = []
    for _ in range(trials):
        page = opened(browser, daemon, "/#/frame")
        found.append(page.evaluate(FIRST) / 1e3)
        page.context.close()
    return found


def frame_latency(browser: Any, daemon: Daemon, seconds: float, tabs: int) -> tuple[np.ndarray, float, float]:  # noqa: ANN401 - as above
    """Latencies of frames in all tabs, s, and parts of a core that the server uses with and without viewers."""
    server = daemon.pids()["server"]

    def busy() -> float:
        before, began = processor_seconds(server), time.monotonic()
        time.sleep(seconds)
        return (processor_seconds(server) - before) / (time.monotonic() - began)

    alone = busy()
    others = [Viewer(daemon) for _ in range(VIEWERS - tabs)]
    for viewer in others:
        viewer.start()
    pages = [opened(browser, daemon, "/#/frame") for _ in range(tabs)]
    for page in pages:
        page.wait_for_selector(".frame-canvas")
        page.evaluate(WATCH)
    pages[0].wait_for_timeout(1000)
    for page in pages:
        page.evaluate("window.painted.length = 0")
    watched = busy()
    latencies = np.concatenate([page.evaluate("window.painted") for page in pages])
    for page in pages:
        page.context.close()
    for viewer in others:
        viewer.end()
    return latencies, watched, alone


class Stalled(threading.Thread):
    """A client that reads nothing for a while.

    Attributes:
        age: of the newest frame one second after it went on, s.
    """

    def __init__(self, daemon: Daemon) -> None:
        super().__init__(name="stalled", daemon=True)
        self._url, self._key = daemon.url.replace("http", "ws", 1) + "/ws/frames", daemon.key
        self.age = float("nan")

    def run(self) -> None:
        """Connect, stall, and go on."""
        asyncio.run(self._stall())

    async def _stall(self) -> None:
        async with websockets.connect(self._url, max_size=None, max_queue=1, compression=None, proxy=None) as socket:
            await socket.send(json.dumps({"authorization": self._key}))
            await asyncio.sleep(STALL)
            went_on = time.time()
            while time.time() < went_on + 1.0:
                message = await socket.recv()
                if isinstance(message, bytes):
                    self.age = time.time() - struct.unpack_from("<d", message, TIME_AT)[0]


class Viewer(threading.Thread):
    """A client that takes every frame and paints none: a viewer whose browser is on another machine."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__(name="viewer", daemon=True)
        self._url, self._key = daemon.url.replace("http", "ws", 1) + "/ws/frames", daemon.key
        self._ended = threading.Event()

    def run(self) -> None:
        """Take frames until the end."""
        where = connect(self._url, max_size=None, compression=None, proxy=None)
        with where as socket:
            socket.send(json.dumps({"authorization": self._key, "acknowledge": True}))
            while not self._ended.is_set():
                if isinstance(socket.recv(), bytes):
                    socket.send("{}")

    def end(self) -> None:
        """Take no more."""
        self._ended.set()
        self.join(5.0)


def stalling(browser: Any, daemon: Daemon) -> tuple[float, np.ndarray, float]:  # noqa: ANN401 - as above
    """Growth of the server's memory, MB, latencies of another tab meanwhile, s, and the staller's age afterwards, s."""
    server = daemon.pids()["server"]
    page = opened(browser, daemon, "/#/frame")
    page.wait_for_selector(".frame-canvas")
    page.evaluate(WATCH)
    client = Stalled(daemon)
    client.start()
    time.sleep(3.0)
    before = resident(server)
    page.evaluate("window.painted.length = 0")
    time.sleep(STALL - 5.0)
    grown, latencies = resident(server) - before, np.array(page.evaluate("window.painted"))
    client.join(STALL)
    page.context.close()
    return grown, latencies, client.age


def large_run(data: Path) -> str:
    """A closed run of ten thousand points with a model; its uid."""
    from daemon.analyst.maps import write_array, write_group
    from daemon.recorder import Recorder

    rng = np.random.default_rng(0)
    places = rng.uniform(0.0, 150.0, (MANY, 2))
    values = np.exp(-((places - 70.0) ** 2).sum(axis=1) / 900.0) + 0.05 * rng.normal(size=MANY)
    uid, now = "77777777-0000-0000-0000-000000000000", time.time() - MANY
    span = {"low": 0.0, "high": 150.0, "points": 101}
    parameters = {"axes": {"stage_x": span, "stage_y": span}, "objective": "signal", "points": MANY}
    keys = {name: {"source": "test", "dtype": "number", "shape": []} for name in ("stage_x", "stage_y", "signal")}
    recorder = Recorder(data)
    recorder("start", {"uid": uid, "time": now, "scan_id": 7, "plan_name": "autonomous_scan", "parameters": parameters})
    recorder("descriptor", {"uid": "p", "run_start": uid, "time": now, "name": "primary", "data_keys": keys})
    for index, ((x, y), value) in enumerate(zip(places.tolist(), values.tolist(), strict=True)):
        reading = {"stage_x": x, "stage_y": y, "signal": value}
        event = {"uid": f"e{index}", "descriptor": "p", "seq_num": index + 1, "time": now + index, "filled": {}}
        recorder("event", {**event, "data": reading, "timestamps": dict.fromkeys(reading, now + index)})
    stop = {"uid": "s", "run_start": uid, "time": now + MANY, "exit_status": "success", "reason": ""}
    recorder("stop", {**stop, "num_events": {"primary": MANY}})
    recorder.wait_closed()
    assert recorder.run is not None  # noqa: S101 - it has just been closed
    grid = np.linspace(0.0, 150.0, 101)
    mean = np.exp(-((grid[None] - 70.0) ** 2 + (grid[:, None] - 70.0) ** 2) / 900.0)
    folder = write_group(recorder.run, "optimization", {})
    for axis in ("stage_x", "stage_y"):
        write_array(folder / axis, grid, (axis,))
    for name, field in {"mean": mean, "deviation": mean / 9, "acquisition": -mean}.items():
        write_array(folder / name, field, ("stage_y", "stage_x"))
    recorder.close()
    return uid


def large_runs(browser: Any, daemon: Daemon, trials: int) -> tuple[list[float], np.ndarray]:  # noqa: ANN401 - as above
    """Time until a run of ten thousand points can be moved, s, and of each picture while it is moved, ms."""
    large_run(daemon.data)
    took, pictures = [], []
    for _ in range(trials):
        page = opened(browser, daemon, "/#/history")
        link = page.locator("a.item-title", has_text="Scan 7 ")
        link.wait_for()
        began = time.monotonic()
        link.click()
        page.locator(".player output", has_text=f"{MANY} of {MANY}").wait_for()
        page.locator(".map-canvas").press("+")
        page.evaluate("new Promise(requestAnimationFrame)")
        took.append(time.monotonic() - began)
        pictures.append(page.evaluate(MOVE))
        page.context.close()
    return took, np.concatenate(pictures)


def percentiles(values: Sequence[float] | np.ndarray, unit: float, digits: int = 0) -> list[str]:
    """Median, 95th percentile and worst."""
    found = [*(np.percentile(values, percent) for percent in (50, 95)), np.max(values)]
    return [f"{unit * each:.{digits}f}" for each in found]


def told(text: str) -> None:
    """Say how far it is."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long frames are watched, s")
    parser.add_argument("--trials", type=int, default=5, help="how often a page is opened")
    parser.add_argument("--write", action="store_true", help="keep the table for the documentation")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    report = Report()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given = {"size": SIZE, "rate": RATE, "preset": "smooth", "seed": 0, "clock": "fastest"}
        camera = {"factory": "benchmarks.streaming_camera:instrument", "path": str(ROOT), "options": given}
        (folder / "data").mkdir()
        daemon = stack.enter_context(Daemon(folder / "data", settings_file(folder, instrument=camera)))
        daemon.serve()
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True)
        stack.callback(browser.close)
        with scanning(daemon):
            first = first_frames(browser, daemon, options.trials)
            told(f"first frames: {first}")
            latencies, watched, alone = frame_latency(browser, daemon, options.seconds, 1)
            told(f"latency: {np.percentile(latencies, 95):.3f} s, server {watched:.0%}, alone {alone:.0%}")
            crowded, _, _ = frame_latency(browser, daemon, options.seconds, VIEWERS)
            grown, others, age = stalling(browser, daemon)
            told(f"stalled: {grown:+.1f} MB, {age:.2f} s")
        took, pictures = large_runs(browser, daemon, options.trials)
    rows = [
        ("page load to first live frame, s", *percentiles(first, 1.0, 2), "< 1"),
        (f"frame on disk to canvas, {VIEWERS} viewers, ms", *percentiles(latencies, 1e3), "p95 < 150"),
        (f"the same, all {VIEWERS} painted by this machine, ms", *percentiles(crowded, 1e3), ""),
        ("the same, while another viewer stalls, ms", *percentiles(others, 1e3), "as before"),
        (f"run of {MANY:,} points from the list to interactive, s", *percentiles(took, 1.0, 2), "< 2"),
        ("one picture while its map is moved, ms", *percentiles(pictures, 1.0), ""),
    ]
    report.table(("", "median", "p95", "worst", "target"), rows)
    facts = [
        (f"frames painted per second, of {RATE:.0f}", f"{len(latencies) / options.seconds:.1f}", ""),
        ("the same with all viewers painted by this machine", f"{len(crowded) / VIEWERS / options.seconds:.1f}", ""),
        (f"server, {VIEWERS} viewers, part of a core", f"{watched:.0%}", "< 15 %"),
        ("server, no viewer", f"{alone:.0%}", ""),
        (f"server's memory while a viewer stalls for {STALL:.0f} s, MB", f"{grown:+.1f}", "no growth"),
        ("age of its newest frame 1 s after it went on, s", f"{age:.2f}", "< 1"),
    ]
    report.table(("", "", "target"), facts)
    report.finish(results(__file__) if options.write else None)


if __name__ == "__main__":
    main()
