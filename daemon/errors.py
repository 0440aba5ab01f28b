"""Every exception of the daemon, in one tree.

```
BeampilotError                  exit code 1
├── UserError                   exit code 2: a person can put it right; one clear line, no traceback
│   ├── SettingsError           a settings file, variable or option
│   ├── InstrumentError         the factory that the settings name, or the devices it made
│   ├── PlanRejected            a plan's name or parameters
│   │   └── NothingLeft         ... of a continuation: its campaign has measured all its points
│   ├── RunNotFound             no such run in the data folder
│   ├── ArrayNotFound           a run has no such array
│   ├── SliceRefused            that much of an array, or in that form, is not given
│   ├── StudyError              a study that cannot be done as it was asked for
│   ├── StackError              a stack or standards that cannot be read, or not be unmixed as it was asked for
│   ├── ScanError               an image or labels that cannot be read, or not be searched as it was asked for
│   ├── AddressError            an address on which nothing can be published
│   ├── AlreadyServing          another daemon has this data folder
│   ├── ServerRefused           the server does not do what it was asked
│   ├── QueueConflict           not now: the queue or the engine is in another state
│   └── TiledMissing            Tiled's client is not installed
├── RecorderError               a run could not be written or read
│   └── DiskFull                ... because the disk is full
├── StoreError                  queue, history, tokens or lock cannot be had as they were asked for
│   ├── StoreUnavailable        ... because the database cannot be opened, read or written
│   ├── ItemNotFound            no such item in the queue
│   ├── ItemRejected            an item, or a place in the queue, that cannot be
│   ├── ItemRunning             an item is running; it, or another, would have to wait
│   ├── TokenNotFound           no such token
│   └── LockHeld                somebody else holds the control lock
├── ServerUnreachable           no server answers
├── ReportFailed                a report could not be made
├── TiledError                  a run could not be registered in Tiled
│   └── TiledUnreachable        ... because its server does not answer
├── ProcessError                a process of the daemon does not start
├── DeviceFailed                a device failed during a scan, and trying again did not help
├── EngineError                 the engine cannot do what was asked of it
│   ├── EngineStuck             ... and nothing ends its plan but the end of its process
│   ├── EngineUnreachable       ... because it does not answer
│   └── EngineRefused           ... and says why, from its own process
└── AnalystError                the analyst process failed or does not answer
    └── ChannelClosedError      ... because one side of the conversation is gone
```
"""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""System error numbers that mean: there is no more room."""

_FIELD = re.compile(r"(?:settings: plans\.\w+: |\w+_scan: )?(?P<field>[A-Za-z_][\w.\[\]]*): (?P<message>.+)")
"""A line of a rejection: the plan, or the settings' section; the field's path; what to change."""


class BeampilotError(Exception):
    """Base of everything that the daemon raises on purpose."""

    exit_code: ClassVar[int] = 1


class UserError(BeampilotError):
    """A mistake that a person can put right; its text says what to change, in one line."""

    exit_code: ClassVar[int] = 2


class SettingsError(UserError):
    """The settings are wrong; one line per field, each with the field's path."""


class InstrumentError(UserError):
    """The instrument that the settings name cannot be made or lacks a device."""


class PlanRejected(UserError):  # noqa: N818 - says what happened
    """A plan's name or parameters cannot be used with this instrument.

    Its text has a line per problem, which begins with the field's path where the problem is a field's.
    """

    @property
    def fields(self) -> list[dict[str, str]]:
        """The fields that are wrong, each with its path (`field`) and what to change (`message`)."""
        found = [_FIELD.match(line) for line in str(self).splitlines()]
        return [{"field": match["field"], "message": match["message"]} for match in found if match]


class NothingLeft(PlanRejected):
    """A campaign cannot be continued because it has used up its budget."""


class RunNotFound(UserError):  # noqa: N818 - says what happened
    """The data folder holds no run by that name."""


class ArrayNotFound(UserError):  # noqa: N818 - says what happened
    """The run has no array by that name."""


class SliceRefused(UserError):  # noqa: N818 - says what happened
    """So much of an array is not given at once, or not in that form; the text says what is."""


class StudyError(UserError):
    """A study cannot be done as it was asked for."""


class StackError(UserError):
    """A stack or its standards cannot be read, or not be unmixed as it was asked for."""


class ScanError(UserError):
    """An image or its labels cannot be read, or not be searched as it was asked for."""


class AddressError(UserError):
    """Nothing can be published on this address."""


class AlreadyServing(UserError):  # noqa: N818 - says what happened
    """Another daemon has this data folder."""


class ServerRefused(UserError):  # noqa: N818 - says what happened
    """The server does not do what it was asked.

    Args:
        text: what it said.
        status: the HTTP status.
    """

    def __init__(self, text: str, status: int) -> None:
        self.status = status
        super().__init__(text)


class QueueConflict(UserError):  # noqa: N818 - says what happened
    """The queue or the engine is not in a state in which this can be done; the text says in which it is."""


class StoreError(BeampilotError):
    """Queue, history, tokens or lock cannot be had as they were asked for."""


class StoreUnavailable(StoreError):  # noqa: N818 - says what happened
    """The database cannot be opened, read or written."""


class ItemNotFound(StoreError):  # noqa: N818 - says what happened
    """The queue holds no item by that uid."""

    exit_code: ClassVar[int] = 2


class ItemRejected(StoreError):  # noqa: N818 - says what happened
    """An item that cannot be stored, or a place in the queue that cannot be."""

    exit_code: ClassVar[int] = 2


class ItemRunning(StoreError):  # noqa: N818 - says what happened
    """An item is running: it cannot be changed, and no other can run beside it."""

    exit_code: ClassVar[int] = 2


class TokenNotFound(StoreError):  # noqa: N818 - says what happened
    """There is no token by that id."""

    exit_code: ClassVar[int] = 2


class LockHeld(StoreError):  # noqa: N818 - says what happened
    """Somebody else holds the control lock.

    Args:
        holder: who holds it.
        since: since when.
        note: what for.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, holder: str, since: datetime, note: str = "") -> None:
        self.holder = holder
        self.since = since
        self.note = note
        why = f" ({note})" if note else ""
        when = f"{since:%Y-%m-%d %H:%M:%S} UTC"
        super().__init__(f"{holder} holds the control lock since {when}{why}: ask for it, or unlock it by force")


class ServerUnreachable(BeampilotError):  # noqa: N818 - says what happened
    """No server answers."""


class ReportFailed(BeampilotError):  # noqa: N818 - says what happened
    """The report of a run could not be made; the text says why."""


class ProcessError(BeampilotError):
    """A process of the daemon does not start.

    Args:
        text: which one and why.
        exit_code: that of the process, where a person can put right what it complained about.
    """

    def __init__(self, text: str, exit_code: int = 1) -> None:
        self.exit_code = exit_code  # type: ignore[misc] # a person's mistake in a child stays one here
        super().__init__(text)


class RecorderError(BeampilotError):
    """A run could not be written or read."""


class DiskFull(RecorderError):  # noqa: N818 - says what happened
    """There is no room left where runs are written.

    Args:
        path: the file or folder that could not be written.
        free: what the file system still has free, bytes; None if it cannot be asked.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, path: Path, free: int | None) -> None:
        self.path = path
        self.free = free
        room = "an unknown number of bytes is" if free is None else f"{free:,} bytes are"
        advice = "delete something, or name a folder on another disk with --data or --output"
        super().__init__(f"the disk is full: cannot write {path} ({room} free); {advice}")


class DeviceFailed(BeampilotError):  # noqa: N818 - says what happened
    """A device failed during a scan, and trying again did not help.

    Args:
        device: its name.
        cause: what it failed with, in an operator's words.
        where: when in the scan: "at point 4", "while dark frames were taken".
        tries: how often it was tried in all.
    """

    def __init__(self, device: str, cause: str, where: str, tries: int) -> None:
        self.device = device
        self.cause = cause
        self.where = where
        self.tries = tries
        times = "1 try" if tries == 1 else f"{tries} tries"
        super().__init__(f"{device} failed {where}: {cause} ({times})")


class EngineError(BeampilotError):
    """The engine cannot do what was asked of it."""


class EngineStuck(EngineError):  # noqa: N818 - says what happened
    """Nothing ends the plan but the end of the engine's process."""


class EngineUnreachable(EngineError):  # noqa: N818 - says what happened
    """The engine process does not answer."""


class EngineRefused(EngineError):  # noqa: N818 - says what happened
    """The engine process does not do what it was asked.

    Args:
        kind: name of the exception's class in the engine's process.
        message: its text.
        fields: parameters that are wrong, each with its path (`field`) and what to change (`message`).
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, kind: str, message: str, fields: Sequence[dict[str, str]] = ()) -> None:
        self.kind = kind
        self.message = message
        self.fields = list(fields)
        super().__init__(message)


class TiledError(BeampilotError):
    """A run could not be registered in Tiled; it is tried again."""


class TiledUnreachable(TiledError):  # noqa: N818 - says what happened
    """The Tiled server does not answer."""


class TiledMissing(UserError):  # noqa: N818 - says what happened
    """The settings name a Tiled server, but its client is not installed."""


class AnalystError(BeampilotError):
    """The analyst process failed or does not answer."""


class ChannelClosedError(AnalystError):
    """The other side of the conversation between engine and analyst is gone."""


def free_space(path: Path) -> int | None:
    """Free bytes of the file system that holds `path`, or of its nearest parent that exists."""
    for folder in (path, *path.parents):
        with contextlib.suppress(OSError):
            return shutil.disk_usage(folder).free
    return None


def from_os_error(error: OSError, path: Path) -> RecorderError:
    """The member of this family that says what `error` meant for `path`."""
    if error.errno in FULL:
        return DiskFull(path, free_space(path))
    return RecorderError(f"cannot write {path}: {error.strerror or error}")


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns the system's errors while writing `path` into ours.

    Raises:
        DiskFull: when there is no more room.
        RecorderError: for any other error of the file system.
    """
    try:
        yield
    except OSError as error:
        raise from_os_error(error, path) from error
