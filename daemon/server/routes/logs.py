"""`/logs`: what the processes of the daemon say."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import Path, Query, Request

from daemon.server.log_lines import read_log
from daemon.server.models import Answer, Whole
from daemon.server.routing import make_router, route

router = make_router("status")

MARK = r"^[0-9]{1,20}-[0-9]{1,20}$"
"""Where a log ended: its file's number, and how long it was."""


class LogLineAnswer(Answer):
    """A message."""

    time: str
    """In ISO form, UTC; empty where the line has none."""
    level: str
    """debug, info, warning, error or critical; empty where the line has none."""
    logger: str
    """Which part of the process wrote it."""
    event: str
    """What it says."""
    exception: str
    """The traceback; empty if there is none."""


class LogAnswer(Answer):
    """What is new in a log."""

    lines: list[LogLineAnswer]
    """The oldest first."""
    mark: str
    """`after` of the next question."""


@router.get("/logs/{process}", **route("read:console", 422))
async def get_log(
    request: Request,
    process: Annotated[Literal["supervisor", "server", "engine", "analyst"], Path(description="Whose log.")],
    after: Annotated[
        str | None, Query(pattern=MARK, description="`mark` of the last answer: only what is new.")
    ] = None,
    limit: Annotated[Whole, Query(ge=1, le=1000, description="Most lines.")] = 200,
) -> LogAnswer:
    """The newest lines of a process's log."""
    data = request.app.state.settings.data
    mark, lines = await asyncio.to_thread(read_log, data, process, after, limit)
    return LogAnswer(lines=[LogLineAnswer.model_validate(line) for line in lines], mark=mark)
