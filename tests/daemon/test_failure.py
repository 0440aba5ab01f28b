"""What a plan failed with, in one line of the daemon's own."""

from __future__ import annotations

import errno

from bluesky.utils import FailedStatus

from daemon.errors import AnalystError, DiskFull, EngineError
from daemon.failure import explain_failure


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def test_our_own_exceptions_are_found_behind_bluesky_s() -> None:
    """A failed status wraps the reason."""
    reason = AnalystError("died")
    assert explain_failure(_caused(FailedStatus("status"), reason)) is reason


def test_a_full_disk_is_named_wherever_it_is_in_the_chain() -> None:
    """A frame that could not be written, for instance."""
    full = OSError(errno.ENOSPC, "No space left on device", "/data/x")
    wrapped = _caused(FailedStatus("status"), _caused(RuntimeError("frame"), full))
    explained = explain_failure(wrapped)
    assert isinstance(explained, DiskFull)
    assert "/data/x" in str(explained)


def test_anything_else_keeps_its_name_and_text_on_one_line() -> None:
    """With the original as its cause."""
    failure = _caused(FailedStatus("status"), ValueError("two\nlines"))
    explained = explain_failure(failure)
    assert isinstance(explained, EngineError)
    assert str(explained) == "the plan failed: ValueError: two lines"
    assert explained.__cause__ is failure
