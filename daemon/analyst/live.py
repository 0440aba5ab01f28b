"""An image while it is scanned, as the instrument shows it to other processes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.analyst.output import print_traceback

if TYPE_CHECKING:
    from devices.ring import RingReader

EVERY = 0.5
"""What is found in an image under way is written this often at most, s."""


class LiveImage:
    """Looks on while images are scanned; where it cannot, there is nothing to see.

    Args:
        path: the file of the shared memory.
    """

    def __init__(self, path: Path) -> None:
        from devices.errors import FrameWriterError
        from devices.ring import FrameRing, RingReader

        self._reader: RingReader | None = None
        self._written = -EVERY
        try:
            self._reader = RingReader(FrameRing.attach(path))
        except FrameWriterError:
            print_traceback()

    def next(self) -> NDArray[Any] | None:
        """The newest state that was not seen yet, shape (y, x), NaN where not scanned; None where there is none.

        A whole image is none: it is read from the run when its point is recorded.
        """
        found = None if self._reader is None else self._reader.latest()
        if found is None:
            return None
        _, image, _ = found
        return None if np.isfinite(image[-1]).any() else image

    def due(self) -> bool:
        """Whether what is found may be written again; counts as written."""
        now = time.monotonic()
        if now - self._written < EVERY:
            return False
        self._written = now
        return True
