"""Says in the daemon's own words what a plan failed with."""

from __future__ import annotations

import errno
from pathlib import Path

from bluesky.utils import FailedStatus

from daemon.errors import BeampilotError, EngineError, from_os_error


def explain_failure(failure: BaseException) -> BeampilotError:
    """The member of our family that says why a plan failed.

    Args:
        failure: what the RunEngine raised; the reason of a failed status is its cause.

    Returns:
        The first exception of our own along the chain of causes; else a full disk, if that is a cause; else an
        `EngineError` that names the device's or plan's own exception.
    """
    chain = _causes(failure)
    for error in chain:
        if isinstance(error, BeampilotError):
            return error
    for error in chain:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return from_os_error(error, Path(error.filename or "."))
    real = next((error for error in chain if not isinstance(error, FailedStatus)), failure)
    explained = EngineError(f"the plan failed: {type(real).__name__}: {' '.join(str(real).split())}")
    explained.__cause__ = failure
    return explained


def _causes(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__
    return chain
