"""The server as a process: small, quickly there, and adopting what it finds."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

HEAVY = ("ophyd", "bluesky", "torch", "matplotlib", "xarray", "zarr", "scipy", "pyarrow")
MEMORY = 150e6
"""Most memory that the server may take, bytes."""


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def resident(pid: int) -> int:
    """Memory of a process, bytes."""
    kilobytes = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert kilobytes is not None
    return int(kilobytes[1]) * 1024


def test_it_serves_alone_is_small_and_ends_cleanly(tmp_path: Path) -> None:
    """Without an engine it answers and says what is wrong; SIGTERM ends it."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BEAMPILOT_")}
    environment["BEAMPILOT_SERVER__PORT"] = str(port)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "daemon.server", "--data", str(tmp_path)], env=environment, cwd=tmp_path
    )
    try:
        url = f"http://127.0.0.1:{port}/api/v1"
        deadline = time.monotonic() + 30
        while True:
            try:
                health = httpx.get(f"{url}/healthz", trust_env=False)
                break
            except httpx.ConnectError:
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.05)
        assert health.status_code == 503
        assert any(text.startswith("engine:") for text in health.json()["problems"])
        headers = {"Authorization": f"ApiKey {(tmp_path / 'api_key').read_text().strip()}"}
        status = httpx.get(f"{url}/status", headers=headers, trust_env=False).json()
        assert (status["engine_state"], status["data"]) == (None, str(tmp_path))
        assert status["processes"]["server"]["pid"] == process.pid
        assert httpx.post(f"{url}/queue", json={"plan": "x"}, headers=headers, trust_env=False).status_code == 503
        assert httpx.post(f"{url}/queue/start", headers=headers, trust_env=False).status_code == 503
        assert resident(process.pid) < MEMORY
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("module", ["daemon.server", "daemon.server.__main__"])
def test_it_imports_nothing_heavy(module: str) -> None:
    """What it needs now and then is imported then."""
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
