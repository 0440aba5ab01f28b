"""A daemon of our own for a benchmark: its processes, its doors, and what they cost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from daemon.engine_client import EngineClient
from daemon.errors import EngineUnreachable
from daemon.runtime import engine_address

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0
"""The longest that anything may take to begin, s."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses now."""
    with contextlib.ExitStack() as stack:
        trials = [stack.enter_context(socket.socket()) for _ in range(count)]
        for trial in trials:
            trial.bind(("127.0.0.1", 0))
        return [trial.getsockname()[1] for trial in trials]


class Daemon:
    """A data folder and the processes that serve it, on ports of their own.

    Args:
        data: an empty folder.
        settings: a settings file; without it, the diffractometer twin.
        **variables: for the processes' environment.

    Attributes:
        data: as given.
        documents: address of the documents' socket.
        environment: of the processes.
        url: of the HTTP API.
    """

    def __init__(self, data: Path, settings: Path | None = None, **variables: str) -> None:
        http, *ports = free_ports(4)
        addresses = [f"tcp://127.0.0.1:{port}" for port in ports]
        self.data, self.settings = data, settings
        self.url = f"http://127.0.0.1:{http}/api/v1"
        self.documents, frames, status = addresses
        self.environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            "BEAMPILOT_SERVER__PORT": str(http),
            # On a machine that does other things, too, a process may be kept waiting longer than on an instrument's.
            "BEAMPILOT_SERVER__HEARTBEAT_TIMEOUT": "20",
            "BEAMPILOT_SOCKETS__DOCUMENTS": self.documents,
            "BEAMPILOT_SOCKETS__FRAMES": frames,
            "BEAMPILOT_SOCKETS__STATUS": status,
            **variables,
        }
        self.engine = EngineClient(engine_address(data), timeout=PATIENCE)
        self.process: subprocess.Popen[str] | None = None

    def serve(self) -> None:
        """Start `beampilot serve`, and wait until all its processes answer."""
        command = [sys.executable, "-P", "-c", "from daemon.cli import main; main()", "serve", "--data", str(self.data)]
        self._start(command)
        if self.process is None or self.process.stdout is None or not self.process.stdout.readline():
            raise SystemExit(f"the daemon did not start; see {self.data}/logs")

    def start_engine(self) -> None:
        """Start the engine alone, and wait until it answers."""
        self._start([sys.executable, "-P", "-m", "daemon.engine", "--data", str(self.data)])
        self.wait_for(lambda _: True)

    def start_server(self) -> None:
        """Start the HTTP server alone, and wait until it answers."""
        self._start([sys.executable, "-P", "-m", "daemon.server", "--data", str(self.data)])
        deadline = time.monotonic() + PATIENCE
        with httpx.Client(trust_env=False, timeout=1.0) as client:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.TransportError):
                    client.get(f"{self.url}/healthz")
                    return
                time.sleep(0.05)
        raise SystemExit(f"the server did not start; see {self.data}/logs")

    def end(self) -> float:
        """End everything as an operator does; returns how long that took, s."""
        if self.process is None:
            return 0.0
        process, self.process, began = self.process, None, time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=60.0)
        finally:
            process.kill()
        if process.returncode:
            raise SystemExit(f"the daemon ended with code {process.returncode}; see {self.data}/logs")
        return time.monotonic() - began

    def forget(self) -> None:
        """Wait for the end of a process that ends by itself, as one does whose plan cannot be ended."""
        if self.process is not None:
            self.process.communicate(timeout=PATIENCE)
            self.process = None

    def http(self) -> httpx.Client:
        """A client with the daemon's own key."""
        key = (self.data / "api_key").read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"ApiKey {key}"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=PATIENCE)

    @property
    def key(self) -> str:
        """The daemon's own key, as WebSockets want it."""
        return "ApiKey " + (self.data / "api_key").read_text(encoding="utf-8").strip()

    def wait_for(self, condition: Callable[[dict[str, Any]], object], patience: float = PATIENCE) -> dict[str, Any]:
        """Wait until the engine's status fulfils a condition; returns it."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            with contextlib.suppress(EngineUnreachable):
                if condition(facts := self.engine.call("status")):
                    return facts
            if self.process is not None and self.process.poll() is not None:
                raise SystemExit(f"the daemon ended; see {self.data}/logs")
            time.sleep(0.01)
        raise SystemExit(f"the engine did not come so far within {patience:g} s; see {self.data}/logs")

    def pids(self) -> dict[str, int]:
        """The processes by what they are."""
        facts = self.engine.call("status")
        found = {"engine": facts["pid"], "analyst": facts["analyst_pid"]}
        if self.process is not None and self.process.pid != facts["pid"]:
            found["supervisor"] = self.process.pid
        for child in _children(found.get("supervisor", 0)):
            if "daemon.server" in command_line(child):
                found["server"] = child
        return found

    def _start(self, command: list[str]) -> None:
        more = [] if self.settings is None else ["--settings", str(self.settings)]
        quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
        self.process = subprocess.Popen(
            [*command, *more], env=self.environment, stdout=pipe, stderr=quiet, text=True, cwd=self.data
        )

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | BaseException | None) -> None:
        if kind is None:
            self.end()
        elif self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30.0)


def command_line(pid: int) -> str:
    """How a process was started; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _children(pid: int) -> Iterator[int]:
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            yield from map(int, file.read_text().split())


def resident(pid: int) -> float:
    """Resident memory of a process, MB."""
    return _memory(pid, "VmRSS")


def peak(pid: int) -> float:
    """Most resident memory that a process ever had, MB."""
    return _memory(pid, "VmHWM")


def _memory(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise SystemExit(f"process {pid} has no memory")


def scheduled(pid: int) -> tuple[float, float]:
    """Processor time of a process' main thread, and time it was ready but another one had the processor, s."""
    busy, queued, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    return 1e-9 * int(busy), 1e-9 * int(queued)


def settings_file(folder: Path, **sections: dict[str, Any]) -> Path:
    """Write a settings file: the twin's defaults with some fields changed; returns it."""
    import tomllib

    from daemon.settings import DEFAULT_FILE

    whole = tomllib.loads(DEFAULT_FILE.read_text(encoding="utf-8"))
    for name, fields in sections.items():
        whole[name] = {**whole.get(name, {}), **fields}
    file = folder / "settings.toml"
    file.write_text("\n".join(_toml(whole)), encoding="utf-8")
    return file


def _toml(whole: dict[str, Any]) -> Iterator[str]:
    for name, section in whole.items():
        yield f"[{name}]"
        for field, value in section.items():
            yield f"{field} = {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)
