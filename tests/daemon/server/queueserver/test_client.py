"""The real client of queue servers, unchanged, against the whole daemon."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.packages import package_folder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CLIENT = "bluesky-queueserver-api==0.0.13"
INSTALL = 400.0
"""For pip on a busy machine, s."""
PATIENCE = 60.0
"""For processes on a busy machine, s."""
KEY = "the key of the single user"
REFUSED = {"script_upload", "function_execute", "permissions_set", "kernel_interrupt", "manager_kill"}


@pytest.fixture(scope="session")
def client_python() -> Path:
    """A Python with the client, in an environment of its own that is kept for the next time."""
    digest = hashlib.sha256(f"{CLIENT} {sys.version}".encode()).hexdigest()[:10]
    folder = Path(tempfile.gettempdir()) / f"beampilot-{os.getuid()}-client-{digest}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, timeout=INSTALL)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", CLIENT]
        done = subprocess.run(pip, capture_output=True, text=True, timeout=INSTALL, check=False)
        if done.returncode:
            pytest.skip(f"{CLIENT} cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
        ready.touch()
    return python


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A whole daemon over an empty data folder: its address and its supervisor."""
    packages = package_folder("daemon")
    assert packages is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sockets = {name: f"ipc://{tmp_path}/{name}.sock" for name in ("documents", "status", "frames")}
    environment = {
        **os.environ,
        "BEAMPILOT_DATA": str(tmp_path / "data"),
        "BEAMPILOT_API_KEY": KEY,
        "BEAMPILOT_SERVER__PORT": str(port),
        **{f"BEAMPILOT_SOCKETS__{name.upper()}": address for name, address in sockets.items()},
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(packages.parent),
    }
    command = [sys.executable, "-P", "-c", "from daemon.cli import main; main()", "serve"]
    (tmp_path / "data").mkdir()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.1)
        else:
            return


def test_the_real_client_drives_the_daemon(client_python: Path, daemon: tuple[str, subprocess.Popen[bytes]]) -> None:
    """Every method of its `rest_api_method_map`, blocking and with asyncio; only what is not done says so."""
    url, process = daemon
    walk = Path(__file__).with_name("walk.py")
    done = subprocess.run([client_python, walk, url, KEY], capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    first = json.loads(done.stdout)
    assert len(first) >= 54
    assert {
        name for name, reply in first.items() if isinstance(reply, dict) and reply.get("success") is False
    } == REFUSED
    assert process.wait(PATIENCE) == 0
