"""Logs: a line of JSON per message, in files of the data folder that are put aside when they grow too large."""

from __future__ import annotations

import logging
import logging.handlers
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from structlog.typing import Processor

from daemon.errors import disk_errors
from daemon.settings import LogSettings


class _Handler(logging.handlers.RotatingFileHandler):
    """Writes a log file; what cannot be written (a full disk) is dropped, for a log must never stop an instrument."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Drops the message."""


def logs_folder(data: Path) -> Path:
    """The folder of all logs."""
    return data / "logs"


@contextmanager
def logging_to(data: Path, process: str, settings: LogSettings | None = None) -> Iterator[Path]:
    """Logs to the data folder while the context is open.

    Messages of the standard `logging` (bluesky's, ophyd's, our own) and of structlog go to the same file, each with
    `time`, `level`, `logger`, `event`, the process's id, and whatever was given with it.

    Args:
        data: the data folder; made if it is not there.
        process: name of the process, and of its file: several processes never share one.
        settings: level and size of the logs.

    Yields:
        The log file.

    Raises:
        DiskFull: when there is no room for the folder or the file.
        RecorderError: when they cannot be made for another reason.
    """
    chosen = settings or LogSettings()
    path = logs_folder(data) / f"{process}.jsonl"
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _Handler(path, maxBytes=chosen.max_bytes, backupCount=chosen.backups, encoding="utf-8")
    handler.setFormatter(_formatter())
    _configure_structlog()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(chosen.level.upper())
    try:
        yield path
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        handler.close()


def _shared() -> list[Processor]:
    """What is added to every message, whoever sent it."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.CallsiteParameterAdder([structlog.processors.CallsiteParameter.PROCESS]),
        structlog.processors.format_exc_info,
    ]


def _configure_structlog() -> None:
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(default=str),
        ],
    )
