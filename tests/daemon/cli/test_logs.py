"""``logs``: lines of all processes in the order of time, without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.cli import logs
from daemon.cli.app import run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with logs of three processes."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "engine.jsonl").write_text(
        '{"event": "moved", "level": "info", "time": "2026-11-20T10:00:01.5Z", "axis": "x"}\n'
        '{"event": "stalled", "level": "error", "time": "2026-11-20T10:00:03Z", "exception": "Traceback"}\n'
    )
    (folder / "supervisor.jsonl").write_text(
        '{"event": "engine started", "level": "info", "time": "2026-11-20T10:00:00Z"}\n'
    )
    (folder / "server.log").write_text("a line of a library\n\n")
    return tmp_path


def test_all_processes_in_the_order_of_time(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also lines that are not ours, and tracebacks."""
    assert run(["logs", "--data", str(data)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "server a line of a library",
        "2026-11-20 10:00:00Z supervisor info engine started",
        "2026-11-20 10:00:01.5Z engine info moved axis=x",
        "2026-11-20 10:00:03Z engine error stalled",
        "Traceback",
    ]


def test_one_process_its_last_line_as_json(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For programs each line is an object."""
    assert run(["logs", "engine", "-n", "1", "--json", "--data", str(data)]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["event"] == "stalled"
    assert json.loads(line)["source"] == "engine"


def test_following_goes_on_in_a_new_file(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that grew too large is put aside; what was written before and after is shown once."""
    path = data / "logs" / "engine.jsonl"
    steps = iter(range(10))

    def sleep(_: float) -> None:
        step = next(steps)
        if step == 0:
            with path.open("a") as file:
                file.write('{"event": "last of the old"}\n')
            path.rename(path.with_name("engine.jsonl.1"))
            path.write_text('{"event": "first of the new"}\n')
        elif step == 1:
            with path.open("a") as file:
                file.write('{"event": "second')
        elif step == 2:
            with path.open("a") as file:
                file.write(' of the new"}\n')
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr(logs.time, "sleep", sleep)
    assert run(["logs", "engine", "-n", "0", "--follow", "--data", str(data)]) == 130
    assert capsys.readouterr().out.splitlines() == [
        "engine last of the old",
        "engine first of the new",
        "engine second of the new",
    ]


def test_nothing_written_and_unknown_processes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A word for each."""
    assert run(["logs", "--data", str(tmp_path)]) == 0
    assert "nothing was written" in capsys.readouterr().err
    assert run(["logs", "printer", "--data", str(tmp_path)]) == 2
    assert "known are supervisor, server, engine, analyst" in capsys.readouterr().err
