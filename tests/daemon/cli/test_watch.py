"""``watch``, against a server whose status changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from daemon.cli import watch
from daemon.cli.app import run
from daemon.errors import ServerUnreachable

Fake = Any  # a FakeDaemon of conftest.py, which no test module can import

ITEM = {"uid": "abc", "plan": "grid_scan"}
RUNNING = {
    "engine_state": "running",
    "item": ITEM,
    "run": {"path": "/r", "points": 3},
    "queue_length": 0,
    "queue_running": True,
}
IDLE = {"engine_state": "idle", "item": None, "run": None, "queue_length": 0, "queue_running": True}


@pytest.fixture
def course(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the server says at each look; the last one forever."""
    steps: list[Any] = []

    def looks(_: object) -> Iterator[Any]:
        while True:
            step = steps.pop(0) if len(steps) > 1 else steps[0]
            if isinstance(step, BaseException | type):
                raise step
            yield step

    monkeypatch.setattr(watch, "PERIOD", 0.0)
    monkeypatch.setattr(watch, "_looks", looks)
    fake.answers["GET /status"] = (200, IDLE)
    return steps


@pytest.mark.parametrize(("status", "code"), [("success", 0), ("fail", 1), ("interrupted", 1)])
def test_until_idle_tells_how_it_ended(
    fake: Fake, course: list[Any], capsys: pytest.CaptureFixture[str], status: str, code: int
) -> None:
    """A script can wait for a scan; a line per change."""
    fake.answers["GET /history"] = (200, [{"uid": "abc", "exit_status": status}, {"uid": "o", "exit_status": "fail"}])
    course += [RUNNING, RUNNING, IDLE]
    assert run(["watch", "--until-idle", "--json", "--data", str(fake.data)]) == code
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["engine_state"] for line in lines] == ["running", "idle"]
    assert lines[0]["run"] == {"path": "/r", "points": 3}


def test_a_server_that_goes_away_is_waited_for(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The watcher says so, and goes on."""
    fake.answers["GET /status"] = (200, RUNNING)
    fake.answers["GET /history"] = (200, [])
    monkeypatch.setattr(watch, "PERIOD", 0.0)
    real, calls = watch.Remote.get, iter(range(100))

    def get(remote: watch.Remote, path: str, **query: object) -> object:
        number = next(calls)
        if number == 1:
            raise ServerUnreachable("it is gone")
        if number == 2:
            fake.answers["GET /status"] = (200, IDLE)
        return real(remote, path, **query)

    monkeypatch.setattr(watch.Remote, "get", get)
    assert run(["watch", "--until-idle", "--data", str(fake.data)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "engine unknown: it is gone"
    assert second.startswith("engine idle")


@pytest.mark.parametrize(("answer", "line"), [("p", "POST /plan/pause"), ("a", "POST /plan/abort"), ("l", None)])
def test_ctrl_c_asks(
    fake: Fake, course: list[Any], monkeypatch: pytest.MonkeyPatch, answer: str, line: str | None
) -> None:
    """Pause and abort go to the daemon and the watching goes on; leave ends it and touches nothing."""
    fake.answers |= {"POST /plan/pause": (200, {}), "POST /plan/abort": (200, {}), "GET /history": (200, [])}
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: answer)
    course += [RUNNING, KeyboardInterrupt, IDLE]
    assert run(["watch", "--until-idle", "--data", str(fake.data)]) == 0
    assert [each for each in fake.lines() if each.startswith("POST")] == ([line] if line else [])


def test_ctrl_c_without_a_terminal_leaves(fake: Fake, course: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is there to answer, and the scan must not be touched."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    course += [RUNNING, KeyboardInterrupt, IDLE]
    assert run(["watch", "--data", str(fake.data)]) == 0
    assert not [each for each in fake.lines() if each.startswith("POST")]
