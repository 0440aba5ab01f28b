"""What goes wrong at an instrument for a while: the beam is lost, an interlock opens, a shutter falls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence


class Outage:
    """Something that can go wrong, and whoever is told of it at once.

    It happens in the time of the wall, whatever the clock of the simulator does: what goes wrong knows nothing of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watchers: list[Callable[[], None]] = []
        self._times = 0

    @property
    def active(self) -> bool:
        """Whether it is wrong now."""
        return self._times > 0

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed()`` whenever it goes wrong and when it is well again, in the thread that makes it so."""
        with self._lock:
            self._watchers.append(changed)

    def trip(self, seconds: float) -> None:
        """Go wrong now, and return when it is over.

        Args:
            seconds: For how long, s of wall time.
        """
        self.begin()
        try:
            time.sleep(seconds)
        finally:
            self.end()

    def begin(self) -> None:
        """Go wrong until :meth:`end`."""
        self._count(1)

    def end(self) -> None:
        """Be well again, where as many ends have come as beginnings."""
        self._count(-1)

    def _count(self, step: int) -> None:
        """Change the number of things that are wrong, and tell the watchers when that changes the state."""
        with self._lock:
            before, self._times = self.active, max(0, self._times + step)
            watchers = list(self._watchers) if self.active != before else []
        for changed in watchers:
            changed()


def schedule(outage: Outage, trips: Sequence[tuple[float, float]]) -> None:
    """Have things go wrong later, from a thread of its own that ends with the last of them.

    Args:
        outage: What goes wrong.
        trips: When, s from now, and for how long, s; both of wall time.
    """
    began = time.monotonic()

    def run() -> None:
        for after, seconds in sorted(trips):
            time.sleep(max(0.0, began + after - time.monotonic()))
            outage.trip(seconds)

    if trips:
        threading.Thread(target=run, name="outages", daemon=True).start()
