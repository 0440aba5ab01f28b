"""The newest lines of the daemon's logs, for whoever looks on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.logs import logs_folder

PROCESSES = ("supervisor", "server", "engine", "analyst")
"""Whose logs there are."""
ENDS = (".jsonl", ".log")
"""Of a log's file: messages as JSON, or whatever a process printed."""
LARGEST = 256 * 1024
"""How much of a log is looked at, bytes from its end."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A message.

    Attributes:
        time: in ISO form; empty where the line has none.
        level: debug, info, warning, error or critical; empty where the line has none.
        logger: which part of the process wrote it.
        event: what it says.
        exception: the traceback; empty if there is none.
    """

    time: str
    level: str
    logger: str
    event: str
    exception: str


def read_log(data: Path, process: str, after: str | None, limit: int) -> tuple[str, list[LogLine]]:
    """Read what is new in a log; blocks.

    Args:
        data: the data folder.
        process: whose log.
        after: the mark of the last answer; None, or one of a file that was put aside, for the newest lines.
        limit: the most lines that are wanted.

    Returns:
        A mark for the next time, and the newest lines, the oldest first.
    """
    path = next((each for each in _files(data, process) if each.is_file()), None)
    if path is None:
        return "0-0", []
    with path.open("rb") as file:
        number = str(path.stat().st_ino)
        known, _, offset = (after or "").partition("-")
        begin = int(offset) if known == number and offset.isdecimal() else 0
        end = file.seek(0, 2)
        if begin > end:
            begin = 0
        start = max(begin, end - LARGEST)
        file.seek(start)
        found = file.read(end - start)
    whole = found[: found.rfind(b"\n") + 1]  # the rest is still to be written
    lines = whole.splitlines()
    if start > begin:
        del lines[:1]  # begins somewhere in a line
    return f"{number}-{start + len(whole)}", [_line(each) for each in lines[-limit:]]


def _files(data: Path, process: str) -> list[Path]:
    return [logs_folder(data) / f"{process}{end}" for end in ENDS]


def _line(raw: bytes) -> LogLine:
    text = raw.decode(errors="replace")
    try:
        found: dict[str, Any] = json.loads(text)
        event = str(found["event"])
    except (ValueError, LookupError, TypeError):
        return LogLine("", "", "", text, "")
    time, level, logger = (str(found.get(name, "")) for name in ("time", "level", "logger"))
    return LogLine(time, level, logger, event, str(found.get("exception", "")))
