"""The commands that control a scan, against a server that a test makes up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from daemon.cli.app import run
from daemon.cli.remote import Remote
from daemon.errors import EngineUnreachable

Fake = Any  # a FakeDaemon of conftest.py, which no test module can import

STATUS: dict[str, Any] = {
    "version": "0.1.0",
    "data": "/data",
    "processes": {
        "server": {"pid": 11, "alive": True, "heartbeat_age_s": 0.0},
        "engine": {"pid": 12, "alive": True, "heartbeat_age_s": 0.2},
        "analyst": {"pid": 13, "alive": True, "heartbeat_age_s": 0.3},
    },
    "engine_state": "running",
    "run": {"uid": "abc", "path": "/data/runs/1-abc.zarr", "points": 7},
    "item": {"uid": "0123456789", "plan": "grid_scan"},
    "queue_length": 1,
    "queue_running": True,
    "queue_uid": "q",
}


def test_status_for_people(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """Engine, run, queue and processes, a line each."""
    fake.answers["GET /status"] = (200, STATUS)
    assert run(["status", "--data", str(fake.data)]) == 0
    printed = capsys.readouterr().out
    for words in ("running", "/data/runs/1-abc.zarr, 7 points", "1 item waits", "pid 12, answers", "0.2 s ago"):
        assert words in printed
    assert fake.asked[0].key == "ApiKey the key of this folder"


def test_status_for_programs_fails_when_a_process_is_not_well(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON is the server's own; the exit code says that something is wrong."""
    sick = {**STATUS, "processes": {**STATUS["processes"], "analyst": {"pid": None, "alive": False}}}
    fake.answers["GET /status"] = (200, sick)
    assert run(["status", "--json", "--data", str(fake.data)]) == 1
    assert json.loads(capsys.readouterr().out) == sick


CONTROLS: dict[str, tuple[list[str], str, dict[str, Any]]] = {
    "pause": (["pause"], "pause", {"defer": False}),
    "pause later": (["pause", "--defer"], "pause", {"defer": True}),
    "resume": (["resume"], "resume", {}),
    "stop": (["stop"], "stop", {}),
    "abort": (["abort", "--reason", "beam lost"], "abort", {"reason": "beam lost"}),
    "halt": (["halt"], "halt", {}),
}


@pytest.mark.parametrize(("words", "command", "body"), CONTROLS.values(), ids=CONTROLS.keys())
def test_controls_go_to_the_server(fake: Fake, words: list[str], command: str, body: dict[str, Any]) -> None:
    """With their arguments as JSON."""
    fake.answers[f"POST /plan/{command}"] = (200, {})
    assert run([*words, "--data", str(fake.data)]) == 0
    (asked,) = fake.asked
    assert (asked.line, asked.body) == (f"POST /plan/{command}", body)


@pytest.mark.parametrize(("words", "command", "body"), CONTROLS.values(), ids=CONTROLS.keys())
def test_controls_go_to_the_engine_when_the_server_is_dead(
    words: list[str],
    command: str,
    body: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The operator is told that they did."""
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(Remote, "tell_engine", lambda _, name, **given: told.append((name, given)))
    monkeypatch.setenv("BEAMPILOT_SERVER__PORT", "9")
    assert run([*words, "--data", str(tmp_path)]) == 0
    assert told == [(command, body)]
    assert "the engine was told directly" in capsys.readouterr().err


def test_when_nobody_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line: where, why, and what to do."""

    def silent(*_: object, **__: object) -> None:
        raise EngineUnreachable("nobody")

    monkeypatch.setattr(Remote, "tell_engine", silent)
    monkeypatch.setenv("BEAMPILOT_SERVER__PORT", "9")
    for words in (["abort"], ["status"], ["submit", "grid_scan"], ["queue"], ["watch"]):
        assert run([*words, "--data", str(tmp_path)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        (line,) = captured.err.splitlines()
        assert "no daemon answers at http://127.0.0.1:9 (Connection refused)" in line
        assert f"beampilot serve --data {tmp_path.resolve()}" in line


def test_another_machines_engine_is_never_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With --url the engine of this machine's data folder is somebody else's."""
    monkeypatch.setattr(Remote, "tell_engine", lambda *_, **__: pytest.fail("told"))
    assert run(["abort", "--url", "http://127.0.0.1:9", "--data", str(tmp_path)]) == 1


def test_the_folders_key_is_not_sent_elsewhere(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """To an address that is typed only the environment's key goes."""
    fake.answers["GET /status"] = (200, STATUS)
    assert run(["status", "--url", fake.url, "--data", str(fake.data)]) == 0
    monkeypatch.setenv("BEAMPILOT_API_KEY", "mine")
    assert run(["status", "--url", f"{fake.url}/api/v1/", "--data", str(fake.data)]) == 0
    assert [each.key for each in fake.asked] == [None, "ApiKey mine"]


REFUSALS = {
    "key": (401, "the key is wrong", ["the key is wrong", "BEAMPILOT_API_KEY"]),
    "scope": (403, "the scope write:plan:control is missing", ["write:plan:control"]),
    "state": (409, "nothing runs", ["nothing runs"]),
    "fields": (422, [{"field": "axes.stage_x.low", "message": "too low"}], ["axes.stage_x.low: too low"]),
    "types": (422, [{"loc": ["body", "to"], "msg": "no place"}], ["body.to: no place"]),
}


@pytest.mark.parametrize(("status", "detail", "said"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals_are_told_in_a_line(
    fake: Fake, status: int, detail: object, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What the server says, exit code 2."""
    fake.answers["POST /plan/stop"] = (status, {"detail": detail})
    assert run(["stop", "--data", str(fake.data)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert all(words in line for words in said)


def test_answers_that_are_not_ours(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever else listens there."""
    fake.answers["POST /plan/stop"] = (418, ["teapot"])
    assert run(["stop", "--data", str(fake.data)]) == 2
    assert "418" in capsys.readouterr().err
