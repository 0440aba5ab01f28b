"""A real Tiled server holds what was recorded: scalars, frames and documents, through kills of every kind."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from daemon.runs import Run, RunStore
from daemon.tiled.follower import MEMORY

PYTHON = os.environ.get("BEAMPILOT_TILED_PYTHON", sys.executable)
"""A Python with `tiled[server]` and `bluesky-tiled-plugins`; its dependencies need not fit beside ours."""
TOOL = Path(PYTHON).with_name("tiled")
CLIENT = "import tiled.client, tiled.server.app, bluesky_tiled_plugins, structlog, zarr"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """Skips where there is no Tiled."""
    done = subprocess.run([PYTHON, "-c", CLIENT], capture_output=True, check=False)
    if done.returncode or not TOOL.exists():
        pytest.skip("no tiled[server] and bluesky-tiled-plugins; name a Python that has them: BEAMPILOT_TILED_PYTHON")


def wait_for(what: Callable[[], object], seconds: float = 60.0) -> None:
    """Waits until something is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "that took too long"
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether a server is up."""
    try:
        urllib.request.urlopen(f"{url}/healthz", timeout=5.0).close()  # noqa: S310 - our own server
    except OSError:
        return False
    return True


@contextmanager
def server(folder: Path, data: Path, port: int) -> Iterator[str]:
    """A Tiled server with a catalog in a folder, which survives it."""
    (folder / "files").mkdir(parents=True, exist_ok=True)
    command = [str(TOOL), "serve", "catalog", str(folder / "catalog.db"), "--init", "--read", str(data)]
    command += ["--write", str(folder / "files"), "--write", f"duckdb:///{folder / 'tables.db'}"]
    command += ["--port", str(port), "--api-key", "secret"]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(url) or process.poll() is not None)
        yield url
    finally:
        process.kill()
        process.wait()


@contextmanager
def registering(data: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """The process that registers runs."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).resolve().parents[3]),
        "BEAMPILOT_TILED__URL": url,
        "BEAMPILOT_TILED__API_KEY": "secret",
    }
    process = subprocess.Popen([PYTHON, "-P", "-m", "daemon.tiled", "--data", str(data)], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def remembered(data: Path) -> int:
    """How many runs are registered for good."""
    path = data / MEMORY
    return len(json.loads(path.read_text())["runs"]) if path.exists() else 0


def told(data: Path) -> str:
    """What the process that registers runs said."""
    path = data / "logs" / "tiled.jsonl"
    return path.read_text() if path.exists() else ""


def tables(folder: Path) -> int:
    """How often the server was told of events."""
    return (folder / "server.log").read_text().count("PATCH /api/v1/table")


def demo(data: Path, *more: str) -> subprocess.Popen[bytes]:
    """A scan in a process of its own."""
    command = [
        sys.executable,
        "-c",
        "from daemon.cli import main; main()",
        "demo",
        "--headless",
        "--data",
        str(data),
        *more,
    ]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def check(run: Run, folder: Path) -> None:
    """What was read back is what was recorded."""
    uid = run.start["uid"]
    documents = json.loads((folder / f"{uid}.json").read_text())
    assert documents["start"] == run.start
    assert documents["stop"] == run.stop
    with np.load(folder / f"{uid}.npz") as arrays:
        for stream in run.streams:
            for name, values in run.table(stream).items():
                told = arrays[f"{stream}/{name}"]
                same = values.astype(str) if values.dtype == object else values
                np.testing.assert_array_equal(told, same, err_msg=f"{stream}/{name}")
        frames = run.frames("detector")[...]
        np.testing.assert_array_equal(arrays["primary/detector"], frames)
        assert frames.any()


def test_everything_reads_back_equal(tmp_path: Path) -> None:
    """Runs from before, one while it goes on; the process is killed four times, and the server once."""
    data, folder, back = tmp_path / "data", tmp_path / "tiled", tmp_path / "back"
    back.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert demo(data, "--points", "6").wait() == 0
    with registering(data, f"http://127.0.0.1:{port}") as early:
        wait_for(lambda: "does not answer" in told(data))
        assert early.poll() is None, "it must wait for a server that is not there"
    with server(folder, data, port) as url:
        scan = demo(data, "--points", "20", "--clock", "x30")
        try:
            for pieces in (1, 4, 12):
                with registering(data, url):
                    wait_for(lambda pieces=pieces: tables(folder) >= pieces or remembered(data) == 2)
            assert scan.wait() == 0
        finally:
            scan.kill()
            scan.wait()
    with registering(data, url), server(folder, data, port):
        wait_for(lambda: remembered(data) == 2)
        read = [PYTHON, str(Path(__file__).with_name("read_back.py")), url, str(back)]
        subprocess.run(read, check=True)
    assert len(list(back.glob("*.npz"))) == 2
    for path in RunStore(data).paths():
        check(Run(path), back)
    shutil.rmtree(folder)
