"""What the engine says, line by line, out of its log."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from daemon.logs import logs_folder
from daemon.server.queueserver.own import uid_of
from daemon.server.queueserver.refused import RefusedError
from daemon.server.queueserver.verbs import Call, Reply, Verbs

verbs = Verbs("console")

FILE = "engine.jsonl"
LARGEST = 256 * 1024
"""How much of the log is looked at, bytes from its end."""
LINES = 200
"""How many lines are given if nobody says how many."""
EVERYTHING = "ALL"
"""Asks for all that is still known."""


@dataclass(frozen=True, slots=True)
class Console:
    """The log of the engine.

    Attributes:
        path: its file.
    """

    path: Path

    def mark(self) -> str:
        """Where the log ends now: the file, which is another when the old one was put aside, and how long it is."""
        try:
            found = self.path.stat()
        except OSError:
            return "0-0"
        return f"{found.st_ino}-{found.st_size}"

    def since(self, mark: str) -> tuple[str, list[dict[str, Any]]]:
        """What came after a mark.

        Args:
            mark: the former one; `ALL` for all that is known, and nothing comes after one that is not known.

        Returns:
            The new mark, and messages with `time` (epoch, s) and `msg`.
        """
        now = self.mark()
        inode, _, end = now.partition("-")
        old, _, begin = mark.partition("-")
        if mark == EVERYTHING:
            return now, self._messages(0, int(end))
        if old != inode or not begin.isdecimal() or int(begin) > int(end):
            return now, []
        return now, self._messages(int(begin), int(end))

    def _messages(self, begin: int, end: int) -> list[dict[str, Any]]:
        begin = max(begin, end - LARGEST)
        if begin == end:
            return []
        with self.path.open("rb") as file:
            file.seek(begin)
            read = file.read(end - begin)
        return [found for line in read.splitlines() if (found := message(line)) is not None]


@verbs.verb("GET", "/console_output", "read:console", takes=("nlines",), empty={"text": ""})
async def console_output(call: Call) -> Reply:
    """The latest lines."""
    lines = call.payload.get("nlines", LINES)
    if not isinstance(lines, int) or isinstance(lines, bool) or lines < 0:
        raise RefusedError(f"nlines is {lines!r}: use a number from 0")
    _, messages = await asyncio.to_thread(console_of(call).since, EVERYTHING)
    return {"text": "".join(each["msg"] for each in messages[-lines:]) if lines else ""}


@verbs.verb("GET", "/console_output/uid", "read:console", empty={"console_output_uid": None})
async def console_output_uid(call: Call) -> Reply:
    """An identifier that changes when there is something new."""
    return {"console_output_uid": uid_of("console", await asyncio.to_thread(console_of(call).mark))}


@verbs.verb(
    "GET",
    "/console_output_update",
    "read:console",
    takes=("last_msg_uid",),
    empty={"last_msg_uid": "", "console_output_msgs": []},
)
async def console_output_update(call: Call) -> Reply:
    """What is new since the message with a UID, which the last reply named."""
    mark, messages = await asyncio.to_thread(console_of(call).since, str(call.required("last_msg_uid")))
    return {"last_msg_uid": mark, "console_output_msgs": messages}


def console_of(call: Call) -> Console:
    """The console of the daemon."""
    return Console(logs_folder(call.queue.settings.data) / FILE)


def message(line: bytes) -> dict[str, Any] | None:
    """A line of the log as clients read it; None for the part of a line that a cut has left."""
    try:
        found = json.loads(line)
        moment = datetime.fromisoformat(found["time"])
        text = f"[{found['level'][:1].upper()} {moment:%Y-%m-%d %H:%M:%S} {found['logger']}] {found['event']}\n"
    except (ValueError, KeyError, TypeError):
        return None
    return {"time": moment.timestamp(), "msg": text + (f"{found['exception']}\n" if "exception" in found else "")}
