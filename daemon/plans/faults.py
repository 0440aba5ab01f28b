"""What counts as the fault of a device, and how it is told to an operator."""

from __future__ import annotations

import errno
import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bluesky.utils import FailedStatus, RunEngineControlException
from ophyd.utils.errors import DisconnectedError, LimitError

from daemon.errors import BeampilotError
from devices.errors import DeviceError, FrameWriterError, SaturatedFrameError, SetpointError

log = logging.getLogger(__name__)

Outcome = Literal["tried again", "recovered", "failed"]
Kind = Literal["failure", "connection", "saturated", "nan", "hopeless"]

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class DeviceFault(Exception):  # noqa: N818 - says what happened
    """Something that a device did wrong; trying again may help.

    Args:
        device: the device.
        cause: what it did, in an operator's words.
        kind: what may help: a failure is tried again, a connection made again, the hopeless is given up.
    """

    def __init__(self, device: Any, cause: str, kind: Kind = "failure") -> None:  # noqa: ANN401 - any ophyd device
        self.device = device
        self.name = str(getattr(device, "name", "") or device)
        self.cause = cause
        self.kind: Kind = kind
        super().__init__(f"{self.name}: {cause}")


@dataclass(slots=True)
class FaultEntry:
    """One fault, as it is kept with the run.

    Attributes:
        device: name of the device.
        point: number of the point, from 1; None where it happened between points.
        cause: what the device did.
        outcome: what became of it.
    """

    device: str
    point: int | None
    cause: str
    outcome: Outcome = "tried again"


@dataclass(slots=True)
class FaultLog:
    """The faults of one scan.

    Attributes:
        entries: one per fault, in order.
    """

    entries: list[FaultEntry] = field(default_factory=list)

    def add(self, fault: DeviceFault, where: str, point: int | None = None) -> FaultEntry:
        """Notes a fault.

        Args:
            fault: what happened.
            where: when in the scan, for the log: "at point 4".
            point: number of the point, from 1.
        """
        entry = FaultEntry(fault.name, point, fault.cause)
        self.entries.append(entry)
        log.warning("%s failed %s: %s", fault.name, where, fault.cause)
        return entry

    def plain(self) -> list[dict[str, Any]]:
        """The faults as plain types, for the run's statistics."""
        return [asdict(entry) for entry in self.entries]


def find_fault(error: BaseException, device: object) -> DeviceFault | None:
    """The device's fault behind an exception; None where it is nobody's, as with a full disk or an abort.

    Args:
        error: what was raised in the plan.
        device: what was asked to do something when it was raised; for a failed status, what the status belongs to;
            None where that is not known.
    """
    if isinstance(error, DeviceFault):
        return error
    if isinstance(error, RunEngineControlException) or not isinstance(error, Exception):
        return None
    chain = _causes(error)
    if any(isinstance(cause, BeampilotError | FrameWriterError) or _full(cause) for cause in chain):
        return None
    if device is None and not isinstance(error, FailedStatus | DeviceError):
        return None
    real = next((cause for cause in chain if not isinstance(cause, FailedStatus)), error)
    who = device if device is not None else _guess(error, real)
    return DeviceFault(who, _words(real, str(getattr(who, "name", who))), _kind(real))


def find_nan(device: object, reading: Mapping[str, Any]) -> DeviceFault | None:
    """The fault of a device that reads something that is not a number; None where all is well."""
    for key, value in reading.items():
        number = value["value"]
        if isinstance(number, float) and math.isnan(number):
            return DeviceFault(device, f"the reading {key} is not a number", "nan")
    return None


def _kind(error: BaseException) -> Kind:
    if isinstance(error, SaturatedFrameError):
        return "saturated"
    if isinstance(error, LimitError | SetpointError | TypeError | AttributeError):
        return "hopeless"
    return "connection" if isinstance(error, ConnectionError | DisconnectedError) else "failure"


def _guess(failure: BaseException, error: BaseException) -> str:
    """Whose status failed, where the plan was not told because it was paused meanwhile."""
    status = failure.args[0] if failure.args else None
    for source in (status, error):
        for attribute in ("device", "obj", "pos", "axis"):
            if found := getattr(source, attribute, None):
                return str(getattr(found, "name", found))
    return "a device"


def _words(error: BaseException, name: str) -> str:
    text = " ".join(str(error).split()).removeprefix(f"{name}: ")
    return text or type(error).__name__


def _full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in FULL


def _causes(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__
    return chain
