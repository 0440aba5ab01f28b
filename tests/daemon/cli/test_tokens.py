"""``token``, against a server that a test makes up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.cli.app import run

Fake = Any  # a FakeDaemon of conftest.py, which no test module can import

TOKEN = {
    "id": 3,
    "name": "notebook",
    "role": "operator",
    "created_at": "2026-11-20T10:00:00+00:00",
    "expires_at": None,
    "revoked_at": None,
}


def test_create_prints_the_key_alone(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """So that a shell can keep it in a variable; everything else goes to standard error."""
    fake.answers["POST /tokens"] = (201, {"secret": "bp_x", "token": TOKEN})
    assert run(["token", "create", "notebook", "--role", "operator", "--days", "2", "--data", str(fake.data)]) == 0
    captured = capsys.readouterr()
    assert captured.out == "bp_x\n"
    assert "only now" in captured.err
    body = fake.asked[0].body
    assert (body["name"], body["role"]) == ("notebook", "operator")
    left = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=1.9) < left <= timedelta(days=2)


def test_list_and_revoke(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """The list never holds a key."""
    fake.answers |= {"GET /tokens": (200, [TOKEN]), "DELETE /tokens/3": (200, {})}
    assert run(["token", "list", "--data", str(fake.data)]) == 0
    row = capsys.readouterr().out.splitlines()[1]
    assert row.split() == ["3", "notebook", "operator", "2026-11-20", "10:00", "–", "–"]
    assert run(["token", "list", "--json", "--data", str(fake.data)]) == 0
    assert json.loads(capsys.readouterr().out) == [TOKEN]
    assert run(["token", "revoke", "3", "--data", str(fake.data)]) == 0
    assert fake.lines()[-1] == "DELETE /tokens/3"


def test_keys_for_the_sockets_are_made_without_a_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The two files are named; the same name again is one clear line."""
    command = ["token", "zmq", "viewer", "--out", str(tmp_path / "keys"), "--data", str(tmp_path / "data")]
    assert run(command) == 0
    told = capsys.readouterr()
    assert told.out.split() == [str(tmp_path / "keys" / name) for name in ("viewer.key_secret", "server.key")]
    assert all(Path(path).is_file() for path in told.out.split())
    assert "to shut viewer out" in told.err
    assert run(command) == 2
    assert "viewer already" in capsys.readouterr().err
