"""Logs: one JSON object per line, bounded, and never in the way."""

from __future__ import annotations

import errno
import json
import logging
import os
from pathlib import Path

import pytest
import structlog

from daemon.errors import RecorderError
from daemon.logs import logging_to
from daemon.settings import LogSettings


def lines(path: Path) -> list[dict[str, object]]:
    """The messages of a log file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_standard_and_structured_messages_share_a_file(tmp_path: Path) -> None:
    """Bluesky speaks through `logging`, we add fields; both can be filtered by the same keys."""
    before = list(logging.getLogger().handlers)
    with logging_to(tmp_path, "engine") as path:
        logging.getLogger("bluesky").info("run %s", "opened")
        structlog.get_logger("daemon.engine").warning("stalled", seconds=0.2, run=Path("/r"))
        logging.getLogger("bluesky").debug("too fine")
        try:
            raise ValueError("no beam")
        except ValueError:
            logging.getLogger("daemon").exception("failed")
    assert path == tmp_path / "logs" / "engine.jsonl"
    first, second, third = lines(path)
    assert (first["event"], first["logger"], first["level"], first["process"]) == (
        "run opened", "bluesky", "info", os.getpid(),
    )  # fmt: skip
    assert (second["event"], second["seconds"], second["run"], second["level"]) == ("stalled", 0.2, "/r", "warning")
    assert "ValueError: no beam" in str(third["exception"])
    assert str(first["time"]).endswith("Z")
    assert logging.getLogger().handlers == before


def test_files_are_put_aside_when_they_grow(tmp_path: Path) -> None:
    """No more than the files that the settings allow, each complete lines."""
    with logging_to(tmp_path, "engine", LogSettings(max_bytes=10_000, backups=2)) as path:
        for number in range(600):
            logging.getLogger("test").info("message %d", number)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["engine.jsonl", "engine.jsonl.1", "engine.jsonl.2"]
    assert all(file.stat().st_size <= 10_000 for file in files)
    assert lines(files[0])[-1]["event"] == "message 599"
    assert lines(files[1])


def test_a_log_that_cannot_be_written_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A full disk: the message is dropped, without a word on the terminal."""
    with logging_to(tmp_path, "engine"):
        handler = logging.getLogger().handlers[-1]
        assert isinstance(handler, logging.StreamHandler)

        def full(_: str) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(handler.stream, "write", full, raising=False)
        logging.getLogger("test").error("lost")
        monkeypatch.undo()
    assert capfd.readouterr().err == ""


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """An error of our family, with the path."""
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(RecorderError, match="logs"), logging_to(tmp_path, "engine"):
        pass
