"""The processes of one trial: hardware, daemon and an independent subscriber."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.served import free_ports
from daemon.packages import package_folder
from daemon.settings import DEFAULT_FILE

HARDWARE = {"clock": "x20", "exposure-time": 0.4, "speed": 100, "settling-time": 0.1, "shutter-open": "false"}
"""Some 60 ms per point, most of it motion and exposure."""
PATIENCE = 90.0
"""How long a process may take to start on a busy machine, s."""
VICTIMS = ("engine", "server", "analyst", "supervisor")


class TrialError(Exception):
    """Something that must work for a trial to mean anything did not."""


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE, every: float = 0.02) -> Any:  # noqa: ANN401
    """Wait until something holds, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TrialError(f"{what}: not within {seconds:g} s")
        time.sleep(every)
    return found


def environment() -> dict[str, str]:
    """For children: our own packages, one thread, no settings of ours."""
    packages = package_folder("daemon")
    assert packages is not None
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BEAMPILOT_")}
    return {**kept, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(packages.parent)}


@dataclass(frozen=True)
class Ports:
    """Where the daemon answers."""

    http: int
    documents: int
    frames: int
    status: int


class Bench:
    """Hardware, daemon and subscriber in one folder.

    Args:
        folder: an empty folder, with a short path: there will be a Unix socket in it.
        seed: of the hardware.
        durability: of the records.
        options: of the hardware, on top of `HARDWARE`.
    """

    def __init__(self, folder: Path, seed: int, durability: str = "process", **options: object) -> None:
        self.folder, self.data = folder, folder / "data"
        self.hardware_log, self.heard_log = folder / "hardware.jsonl", folder / "heard.jsonl"
        self._settings, self._socket = folder / "settings.toml", folder / "hardware"
        self._ports = Ports(*free_ports(4))
        url = f"http://127.0.0.1:{self._ports.http}/api/v1/"
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=2.0, verify=False)  # noqa: S501 - no TLS
        self._children: list[subprocess.Popen[bytes]] = []
        self._supervisor: subprocess.Popen[bytes] | None = None
        chosen = {**HARDWARE, "seed": seed, **options}
        words = [word for name, value in chosen.items() for word in (f"--{name}", str(value))]
        served = ["-P", "-m", "simulators.served", "--socket", str(self._socket), "--log", str(self.hardware_log)]
        try:
            self._start("hardware", *served, *words)
            address = f"tcp://127.0.0.1:{self._ports.documents}"
            script = Path(__file__).with_name("subscriber.py")
            self._start("subscriber", str(script), address, str(self.heard_log))
            self._write_settings(durability)
            wait_for(self._socket.exists, "the hardware")
            wait_for(self.heard_log.exists, "the subscriber")
            self.serve()
        except BaseException:
            self.close()
            raise

    def serve(self) -> None:
        """Start the supervisor, and wait until all is ready."""
        code = "from daemon.cli import main; main()"
        words = ["serve", "--settings", str(self._settings), "--data", str(self.data)]
        self._supervisor = self._start("serve", "-P", "-c", code, *words)
        wait_for(lambda: (self.status() or {}).get("engine_state"), "the daemon")
        self.pids()

    def status(self) -> dict[str, Any] | None:
        """The server's status; None where it does not answer."""
        return self.get("status")

    def get(self, what: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """Ask the server; None where it does not answer, or does not know the answer."""
        with contextlib.suppress(httpx.HTTPError, OSError):
            answer = self._client.get(what, headers=self._key(), params=query)  # type: ignore[arg-type]
            return answer.json() if answer.status_code == 200 else None

    def post(self, what: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Tell the server something."""
        answer = self._client.post(what, headers=self._key(), json=body, timeout=20.0)
        if answer.is_error:
            raise TrialError(f"{what}: {answer.status_code} {answer.text}")
        return answer.json()

    def pids(self) -> dict[str, int]:
        """The processes by name, as the server knows them."""
        facts = wait_for(self.status, "the server's status")
        found = {name: one["pid"] for name, one in facts["processes"].items() if one.get("pid")}
        assert self._supervisor is not None
        found["supervisor"] = self._supervisor.pid
        return found

    def kill(self, pid: int) -> float:
        """Kill a process of ours with SIGKILL; returns when, s since 1970."""
        os.kill(pid, signal.SIGKILL)
        now = time.time()
        if self._supervisor is not None and pid == self._supervisor.pid:
            self._supervisor.wait()
        return now

    def end(self) -> None:
        """Have the daemon end in peace, so that everything is on disk."""
        if self._supervisor is not None and self._supervisor.poll() is None:
            self._supervisor.send_signal(signal.SIGTERM)
            self._supervisor.wait(PATIENCE)

    def close(self) -> None:
        """End everything."""
        self._client.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.end()
        for child in self._children:
            child.kill()
            child.wait()
        for pid in self._left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _left(self) -> list[int]:
        """Processes of this trial's data folder that still run: their command lines name it."""
        name, found = os.fsencode(str(self.data)), []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if name in (folder / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return found

    def _start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.out").open("ab") as output:
            child = subprocess.Popen([sys.executable, *words], stdout=output, stderr=output, env=environment())
        self._children.append(child)
        return child

    def _key(self) -> dict[str, str]:
        return {"Authorization": f"ApiKey {(self.data / 'api_key').read_text().strip()}"}

    def _write_settings(self, durability: str) -> None:
        """The twin's own settings, with its hardware out of the house, and a scan that only its budget ends."""
        lines = DEFAULT_FILE.read_text(encoding="utf-8").splitlines()
        lines = [line for line in lines if not line.startswith(("factory", "options", "improvement_fraction"))]
        at = lines.index("[instrument]") + 1
        lines[at:at] = ['factory = "simulators.served:instrument"', f'options = {{ socket = "{self._socket}" }}']
        ports = self._ports
        lines += ["[server]", f"port = {ports.http}", "[queue]", "autocontinue = true"]
        lines += ["[recorder]", f'durability = "{durability}"', "[sockets]"]
        lines += [f'{name} = "tcp://127.0.0.1:{getattr(ports, name)}"' for name in ("documents", "frames", "status")]
        self._settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
