"""Memory for a camera's frames, made beside everything else: it can take longer than an event loop may stand still."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from devices.frames import FrameLayout
from devices.ring import FrameRing


class RingMaker:
    """Makes the ring that fits a camera's frames, in a thread of its own, and keeps it while it fits.

    Args:
        slots: How many frames a ring holds.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._made: Future[FrameRing] | None = None
        self._looks: object = None

    @property
    def ring(self) -> FrameRing | None:
        """The ring, if there is one already."""
        made = self._made
        return made.result() if made is not None and made.done() and made.exception() is None else None

    def soon(self, layout: FrameLayout) -> Future[FrameRing]:
        """Return the ring for frames that look so; it may still be in the making.

        Its result raises `FrameWriterError` where there is not enough memory; then the next call tries again.
        """
        looks = (layout.shape, layout.little_endian)
        made = self._made
        if made is None or self._looks != looks or (made.done() and made.exception() is not None):
            self.close()
            made, self._looks = Future[FrameRing](), looks
            self._made = made
            threading.Thread(target=self._make, args=(layout, made), name="frame-ring", daemon=True).start()
        return made

    def close(self) -> None:
        """Give the memory back, also of a ring that is still in the making."""
        made, self._made = self._made, None
        if made is not None:
            made.add_done_callback(_close)

    def _make(self, layout: FrameLayout, made: Future[FrameRing]) -> None:
        try:
            ring = FrameRing.create(layout.shape, layout.little_endian, self._slots)
        except Exception as error:
            made.set_exception(error)
        else:
            made.set_result(ring)


def _close(made: Future[FrameRing]) -> None:
    if made.exception() is None:
        made.result().close()
