"""What the analyst says goes into its log."""

from __future__ import annotations

import contextlib
import traceback


def print_traceback() -> None:
    """Prints the exception being handled to the log, which may lie on the very disk that is full."""
    with contextlib.suppress(OSError):
        traceback.print_exc()
