"""What the pages about HTTP and ZMQ tell runs against a daemon, as a reader would run it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from daemon.packages import package_folder

pytestmark = [pytest.mark.timeout(240)]
Blocks = Callable[..., list[str]]
KEY = "the key of the pages"
PATIENCE = 90.0
"""For processes that import torch on a busy machine, s."""
WRITTEN = {"http": 8710, "documents": 5578, "frames": 5579, "status": 5580}
"""Ports in the pages."""


@dataclass(frozen=True, slots=True)
class Served:
    """A daemon.

    Attributes:
        ports: by what they are for.
        environment: for commands.
    """

    ports: dict[str, int]
    environment: dict[str, str]

    def here(self, text: str) -> str:
        """A text of a page with the ports of this daemon."""
        for name, port in WRITTEN.items():
            text = re.sub(rf"(127\.0\.0\.1:){port}\b", rf"\g<1>{self.ports[name]}", text)
        return text

    def play(self, blocks: list[str], names: dict[str, Any], page: str) -> None:
        """Run blocks of a page, one after the other."""
        for block in blocks:
            exec(compile(self.here(block), page, "exec"), names)  # noqa: S102 - our own page

    def submit(self) -> None:
        """Start a scan of six points."""
        six = ["--set", "axes.stage_x.points=3", "--set", "axes.stage_y.points=2"]
        done = self.command("submit", "grid_scan", *six, "--start")
        assert done.returncode == 0, done.stderr

    def command(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run `beampilot …`."""
        command = [*BEAMPILOT, *words]
        return subprocess.run(command, env=self.environment, cwd=cwd, capture_output=True, text=True, check=False)


BEAMPILOT = [sys.executable, "-P", "-c", "from daemon.cli import main; main()"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A daemon for the simulated film."""
    data, packages = tmp_path_factory.mktemp("served"), package_folder("daemon")
    assert packages is not None
    trials = [socket.create_server(("127.0.0.1", 0)) for _ in WRITTEN]
    ports = {name: trial.getsockname()[1] for name, trial in zip(WRITTEN, trials, strict=True)}
    for trial in trials:
        trial.close()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BEAMPILOT_")},
        "BEAMPILOT_DATA": str(data),
        "BEAMPILOT_API_KEY": KEY,
        "BEAMPILOT_SERVER__PORT": str(ports["http"]),
        **{f"BEAMPILOT_SOCKETS__{name.upper()}": f"tcp://127.0.0.1:{ports[name]}" for name in list(WRITTEN)[1:]},
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(packages.parent),
    }
    with subprocess.Popen([*BEAMPILOT, "serve"], env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("address")
            wait_for(f"http://127.0.0.1:{ports['http']}/api/v1/healthz")
            yield Served(ports, environment)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def wait_for(address: str) -> None:
    """Wait until all is well."""
    deadline = time.monotonic() + PATIENCE
    while httpx.get(address, trust_env=False).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key, where the pages take it from."""
    monkeypatch.setenv("BEAMPILOT_API_KEY", KEY)


def test_http(served: Served, blocks: Blocks, key: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Every block, from the first connection to the last listing."""
    names: dict[str, Any] = {}
    try:
        served.play(blocks("python", "how-to/http-api.md"), names, "http-api.md")
    finally:
        if "client" in names:
            names["client"].close()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "idle 0 None"
    assert printed[2].startswith("success 6 ")
    assert printed[3].startswith("422 [{'field': 'parameters.exposure_time'")
    assert "detector_total" in printed[4]
    assert printed[5].startswith("[2] [")
    assert re.match(r"\(2, .*\) uint\d+ [1-9]", printed[6])
    assert re.match(r"6 \[\S+, \S+, \S+, \S+\] µm", printed[7])
    assert printed[8].startswith("409 nothing to steer")
    assert "['start', 'descriptor'" in printed[9]
    assert printed[10].endswith(" success")
    assert printed[11] == "3 2 304"


def test_zmq(served: Served, blocks: Blocks, key: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers and back-fill, status, and a frame; scans run where the page says so."""
    names: dict[str, Any] = {}
    _, subscribe, follow, status, camera, frame, _ = blocks("python", "how-to/zmq.md")
    served.play([subscribe], names, "zmq.md")
    time.sleep(0.5)
    served.submit()
    served.play([follow, status, camera], names, "zmq.md")
    time.sleep(0.5)
    served.submit()
    served.play([frame], names, "zmq.md")
    printed = capsys.readouterr().out.splitlines()
    number, first, last = printed[0].split()
    assert first.endswith(":1")
    assert last.endswith(f":{number}")
    assert printed[1] in ("idle", "running")
    assert printed[3].split()[0] == "detector"
    assert int(number) == len(names["numbers"]) == len(set(names["numbers"]))


def test_blueskys_own_dispatcher(served: Served, blocks: Blocks, key: None, tmp_path: Path) -> None:
    """The script of the page sees a whole scan."""
    script = tmp_path / "listen.py"
    script.write_text(served.here(blocks("python", "how-to/zmq.md")[0]), encoding="utf-8")
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as listener:
        try:
            time.sleep(5.0)  # until it has imported bluesky and connected
            served.submit()
            seen = []
            assert listener.stdout is not None
            while not seen or seen[-1] != "stop":
                seen.append(listener.stdout.readline().strip())
        finally:
            listener.kill()
    assert seen[0].startswith("start")
    assert [line for line in seen if line.startswith("event")]


def test_keys_for_other_machines(served: Served, blocks: Blocks, tmp_path: Path, monkeypatch: Any) -> None:  # noqa: ANN401
    """The command of the page makes the two files, and bluesky reads them."""
    (line,) = blocks("bash", "how-to/zmq.md")
    done = served.command(*line.split()[1:], cwd=tmp_path)
    assert done.stdout == "".join(blocks("text", "how-to/zmq.md"))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    served.play(blocks("python", "how-to/zmq.md")[-1:], names, "zmq.md")
    assert Path(names["curve"].secret_path).is_file()
    assert Path(names["curve"].server_public_key).is_file()
    names["secured"].loop.close()
