"""``serve`` as a process, with stand-ins for the engine and the server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.cli.app import run
from daemon.lock import last_holder
from daemon.supervisor import find_process

SERVING = Path(__file__).with_name("serving.py")
STAND_IN = Path(__file__).parents[1] / "supervisor" / "stand_in.py"
Serve = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def port() -> int:
    """A port that is free."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


@pytest.fixture
def serve(tmp_path: Path, port: int) -> Iterator[Serve]:
    """Begin to serve; whatever runs still is killed after the test."""
    begun: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        command = [sys.executable, str(SERVING), str(tmp_path), str(port)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        for name in ("documents", "frames", "status"):  # the usual ones may be taken by a daemon of another test
            environment[f"BEAMPILOT_SOCKETS__{name.upper()}"] = f"ipc://{tmp_path}/{name}"
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()
    for name in ("server", "engine"):
        if left := process_of(tmp_path, name):
            os.kill(left, signal.SIGKILL)


def process_of(data: Path, name: str) -> int | None:
    """The pid of a stand-in."""
    found = find_process([str(STAND_IN), "--data", str(data / name)])
    return None if found is None else found.pid


def ready(process: subprocess.Popen[str]) -> dict[str, str]:
    """What is printed when all processes have answered."""
    assert process.stdout is not None
    lines = [process.stdout.readline().split() for _ in range(3)]
    return {line[0]: " ".join(line[1:]) for line in lines if line}


def wait_for(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_day_of_a_daemon(serve: Serve, tmp_path: Path, port: int, number: signal.Signals) -> None:
    """It says where it is, and ends everything without being asked twice."""
    process = serve()
    assert ready(process) == {
        "address": f"http://127.0.0.1:{port}",
        "key": str(tmp_path / "api_key"),
        "data": str(tmp_path),
    }
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    told, ending = said.splitlines()
    assert "in a browser" in told
    assert ending == "beampilot: stopping safely: scan, motors, shutter …"
    for name in ("server", "engine"):
        assert (tmp_path / name / "clean").exists()
        assert process_of(tmp_path, name) is None


def test_a_second_one_is_refused(serve: Serve, tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """One line with the pid and the address of the first, exit code 2, and the first goes on."""
    process = serve()
    ready(process)
    assert run(["serve", "--data", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"pid {process.pid}" in line
    assert f"http://127.0.0.1:{port}" in line
    assert process.poll() is None


def test_what_a_killed_supervisor_left_is_adopted(serve: Serve, tmp_path: Path) -> None:
    """The same processes go on under the new supervisor, which watches and ends them."""
    first = serve()
    ready(first)
    left = {name: process_of(tmp_path, name) for name in ("server", "engine")}
    first.kill()
    first.wait()
    assert {name: process_of(tmp_path, name) for name in left} == left
    second = serve()
    ready(second)
    holder = last_holder(tmp_path)
    assert holder is not None
    assert holder.pid == second.pid
    assert {name: process_of(tmp_path, name) for name in left} == left
    engine = left["engine"]
    assert engine is not None
    os.kill(engine, signal.SIGKILL)
    wait_for(lambda: process_of(tmp_path, "engine") not in (None, engine))
    assert process_of(tmp_path, "server") == left["server"]
    second.send_signal(signal.SIGTERM)
    _, said = second.communicate(timeout=20)
    assert second.returncode == 0
    assert f"engine adopted (pid {engine})" in said
    assert f"engine (pid {engine}) is gone: it ended; started again now" in said


def test_a_process_that_does_not_start(serve: Serve, tmp_path: Path) -> None:
    """Its last words in one line, and nothing is left running."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "mistake").touch()
    process = serve()
    out, said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert said == "beampilot: the engine does not start: data: this cannot be used\n"
    assert process_of(tmp_path, "server") is None


def test_told_to_stop_while_starting(serve: Serve, tmp_path: Path) -> None:
    """Nobody has to wait for a start that is no longer wanted."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "silent").touch()
    process = serve()
    wait_for(lambda: process_of(tmp_path, "engine"))
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert process_of(tmp_path, "engine") is None


def test_an_address_that_somebody_else_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Said before anything starts, with the setting to change."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        assert run(["serve", "--data", str(tmp_path), "--port", str(number)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"cannot listen on 127.0.0.1:{number}: Address already in use" in line
    assert "--port" in line


def test_an_open_address_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other machines could listen to the key."""
    monkeypatch.setenv("BEAMPILOT_SERVER__HOST", "0.0.0.0")  # noqa: S104 - it is refused
    assert run(["serve", "--data", str(tmp_path)]) == 2
    assert "behind_proxy" in capsys.readouterr().err
