"""What is old is removed, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.recorder.attributes import write_attributes
from daemon.recorder.journal import Journal, encode
from daemon.retention import KEEP, REMOVED, remove_old
from daemon.retention_settings import RetentionSettings

NOW = 1_000_000_000.0
DAY = 86400.0


def _run(data: Path, number: int, ended: float | None, continues: Path | None = None) -> Path:
    """A run that ended so many days ago; None for one that is open."""
    path = data / "runs" / "2001-09-09" / f"{number}-{number:08x}.zarr"
    path.mkdir(parents=True)
    start = {"uid": f"{number:08x}", "time": 0.0} | ({"continues": str(continues)} if continues else {})
    stop = None if ended is None else {"time": NOW - ended * DAY, "exit_status": "success"}
    (path / "journal.jsonl").write_bytes(encode("start", start))
    write_attributes(path, {"start": start, "stop": stop, "settings": {}, "versions": {}, "statistics": {}})
    return path


def test_old_closed_runs_go_and_all_others_stay(tmp_path: Path) -> None:
    """Younger, open, being written, marked; and a folder that is empty then goes too."""
    old, young, unfinished = _run(tmp_path, 1, 11), _run(tmp_path, 2, 9), _run(tmp_path, 3, None)
    written, marked = _run(tmp_path, 4, 11), _run(tmp_path, 5, 11)
    journal = Journal(written / "journal.jsonl")
    (marked / KEEP).touch()
    removed = remove_old(tmp_path, RetentionSettings(runs_days=10), NOW)
    assert removed.runs == (old,)
    assert sorted(old.parent.iterdir()) == sorted([young, unfinished, written, marked])
    journal.close()
    assert remove_old(tmp_path, RetentionSettings(runs_days=10), NOW).runs == (written,)
    assert remove_old(tmp_path, RetentionSettings(), NOW + 1e9).runs == ()


def test_a_run_that_another_one_continues_stays_as_long_as_that(tmp_path: Path) -> None:
    """Also through a chain of them."""
    first = _run(tmp_path, 1, 30)
    second = _run(tmp_path, 2, 20, first)
    third = _run(tmp_path, 3, 5, second)
    assert remove_old(tmp_path, RetentionSettings(runs_days=10), NOW).runs == ()
    assert remove_old(tmp_path, RetentionSettings(runs_days=4), NOW).runs == (first, second, third)
    assert not first.parent.exists()


def test_what_a_killed_process_left_half_removed_is_removed(tmp_path: Path) -> None:
    """Such a run is in no list any more."""
    path = _run(tmp_path, 1, 1)
    path.rename(path.with_name(f"{REMOVED}{path.name}"))
    remove_old(tmp_path, RetentionSettings(), NOW)
    assert list(path.parent.iterdir()) == []


def test_only_logs_that_were_put_aside_are_removed(tmp_path: Path) -> None:
    """By their last line's age."""
    logs = tmp_path / "logs"
    logs.mkdir()
    for name, days in {"engine.jsonl": 200, "engine.jsonl.1": 200, "server.log.1": 91, "engine.jsonl.2": 89}.items():
        (logs / name).touch()
        os.utime(logs / name, (NOW - days * DAY,) * 2)
    removed = remove_old(tmp_path, RetentionSettings(), NOW)
    assert sorted(path.name for path in removed.logs) == ["engine.jsonl.1", "server.log.1"]
    assert remove_old(tmp_path, RetentionSettings(logs_days=None), NOW + 1e9).logs == ()


def test_what_cannot_be_removed_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is whole or gone; nothing is raised."""
    path = _run(tmp_path, 1, 30)

    def refuse(*_: object) -> Path:
        raise PermissionError("no")

    monkeypatch.setattr(Path, "rename", refuse)
    assert remove_old(tmp_path, RetentionSettings(runs_days=1), NOW).runs == ()
    assert (path / "journal.jsonl").exists()
