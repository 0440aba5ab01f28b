"""The daemon as a whole, as an operator meets it: the commands, three processes, and the simulated film."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.served import free_ports
from daemon.packages import package_folder

pytestmark = [pytest.mark.timeout(180)]
SIX = ["--set", "axes.stage_x.points=3", "--set", "axes.stage_y.points=2"]
LONG = ["--set", "axes.stage_x.points=151", "--set", "axes.stage_y.points=151"]
"""A scan that is still under way when a command has started on a busy machine."""
PATIENCE = 60.0
"""For processes that import torch on a busy machine, s."""


class Daemon:
    """A served data folder and the commands for it.

    Args:
        data: an empty data folder.
    """

    def __init__(self, data: Path) -> None:
        ports = free_ports(4)
        packages = package_folder("daemon")
        assert packages is not None
        self.data = data
        self._environment = {
            **os.environ,
            "BEAMPILOT_DATA": str(data),
            "BEAMPILOT_SERVER__PORT": str(ports[0]),
            "BEAMPILOT_SOCKETS__DOCUMENTS": f"tcp://127.0.0.1:{ports[1]}",
            "BEAMPILOT_SOCKETS__STATUS": f"tcp://127.0.0.1:{ports[2]}",
            "BEAMPILOT_SOCKETS__FRAMES": f"tcp://127.0.0.1:{ports[3]}",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(packages.parent),
        }
        self.process: subprocess.Popen[str] | None = None

    def command(self, *words: str) -> list[str]:
        """The command line of `beampilot …`."""
        return [sys.executable, "-P", "-c", "from daemon.cli import main; main()", *words]

    def serve(self) -> list[str]:
        """Serve, and give the lines that say where."""
        self.process = subprocess.Popen(
            self.command("serve"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
        )
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline() for _ in range(3)]
        assert all(lines), self.process.communicate()[1]
        return lines

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command and give what it printed."""
        done = subprocess.run(
            self.command(*words), capture_output=True, text=True, env=self._environment, timeout=PATIENCE, check=False
        )
        assert done.returncode == code, done.stderr + done.stdout
        return done.stdout

    def status(self) -> dict[str, Any]:
        """What `beampilot status --json` prints, whether all is well or not."""
        done = subprocess.run(
            self.command("status", "--json"), capture_output=True, text=True, env=self._environment, check=False
        )
        return json.loads(done.stdout) if done.stdout else {}

    def wait_for(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait until the status is as wanted."""
        deadline = time.monotonic() + PATIENCE
        while not condition(facts := self.status()):
            assert time.monotonic() < deadline, facts
            time.sleep(0.1)
        return facts

    def end(self) -> tuple[int, float]:
        """End with SIGTERM; give the exit code and how long it took, s."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=30)
        sys.stderr.write(said)
        return self.process.returncode, time.monotonic() - began


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that ends with the test, however that ends."""
    daemon = Daemon(tmp_path)
    yield daemon
    if daemon.process is not None and daemon.process.poll() is None:
        daemon.end()


def history(daemon: Daemon) -> list[dict[str, Any]]:
    """What ran, the newest first."""
    import httpx

    facts = daemon.data / "api_key"
    lines = json.loads((daemon.data / "daemon.lock").read_text())
    answer = httpx.get(
        f"{lines['address']}/api/v1/history",
        headers={"Authorization": f"ApiKey {facts.read_text().strip()}"},
        trust_env=False,
    )
    answer.raise_for_status()
    return answer.json()["entries"]


def test_a_scan_is_queued_and_watched_and_an_engine_may_die(daemon: Daemon) -> None:
    """Six points by the queue; then the engine is killed in the middle of a long scan."""
    address = daemon.serve()[0].split()[1]
    assert daemon.run("status").count("answers") == 3
    item = json.loads(daemon.run("submit", "grid_scan", *SIX, "--start", "--json"))
    daemon.run("watch", "--until-idle")
    (entry,) = history(daemon)
    assert (entry["uid"], entry["exit_status"], entry["points"]) == (item["uid"], "success", 6)

    daemon.run("submit", "grid_scan", *LONG, "--start")
    running = daemon.wait_for(lambda facts: facts.get("run") and facts["run"]["points"] > 3)
    first = running["processes"]["engine"]["pid"]
    os.kill(first, signal.SIGKILL)
    idle = daemon.wait_for(
        lambda facts: (
            facts.get("engine_state") == "idle"
            and facts["processes"]["engine"]["pid"] != first
            and facts["queue_running"] is False
            and len(history(daemon)) == 2  # the server hears of the death a moment later
        )
    )
    assert idle["data"] == str(daemon.data)
    entry = history(daemon)[0]
    assert entry["exit_status"] == "interrupted"
    assert entry["reason"]
    runs = json.loads(daemon.run("runs", "--json"))
    assert [run["exit_status"] for run in runs] == ["success", "abort"]
    assert address.startswith("http://127.0.0.1:")

    code, seconds = daemon.end()
    assert code == 0
    assert seconds < 5.0 + 1.0  # the interpreter's own end is not ours


def test_the_engine_can_be_told_when_the_server_is_dead(daemon: Daemon) -> None:
    """Pause and abort reach it by its own socket; the supervisor's processes are stopped for it."""
    daemon.serve()
    daemon.run("submit", "grid_scan", *LONG, "--start")
    facts = daemon.wait_for(lambda facts: facts.get("run") and facts["run"]["points"] > 1)
    assert daemon.process is not None
    daemon.process.kill()
    daemon.process.communicate()
    os.kill(facts["processes"]["server"]["pid"], signal.SIGKILL)
    daemon.run("abort", "--reason", "nobody serves")
    deadline = time.monotonic() + PATIENCE
    while not (runs := json.loads(daemon.run("runs", "--json"))) or runs[-1]["exit_status"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert runs[-1]["exit_status"] == "abort"
    daemon.serve()
    again = daemon.status()
    assert again["processes"]["engine"]["pid"] == facts["processes"]["engine"]["pid"]
    code, _ = daemon.end()
    assert code == 0
