"""All processes of the daemon together."""

from __future__ import annotations

import time
from collections.abc import Sequence

from daemon.ending import Ending
from daemon.supervisor.keeper import Keeper

STOP_SECONDS = 4.5
"""How long all processes together may take to end when asked, s."""
POLL = 0.02
"""How often processes that start are looked at, s."""


class Supervisor:
    """Keeps several processes alive; they go on if it is killed, and the next one adopts them.

    Args:
        keepers: one per process, in the order in which they are asked to end.
    """

    def __init__(self, keepers: Sequence[Keeper]) -> None:
        self.keepers = list(keepers)

    def start(self, given_up: Ending) -> bool:
        """Starts or adopts all processes and waits until each has answered.

        Args:
            given_up: set it, and we wait no longer.

        Returns:
            Whether all have answered.

        Raises:
            ProcessError: when one does not start; the others go on until `stop`.
        """
        for keeper in self.keepers:
            keeper.start()
        waiting = self.keepers
        while waiting := [keeper for keeper in waiting if not keeper.ready]:
            if given_up.wait(POLL):
                return False
        return True

    def stop(self) -> bool:
        """Ends all processes: asks them, and ends by force what does not end in time.

        Returns:
            Whether all ended by themselves.
        """
        deadline = time.monotonic() + STOP_SECONDS
        for keeper in self.keepers:
            keeper.ask_to_end()
        ended = [keeper.make_end(max(deadline - time.monotonic(), 0.0)) for keeper in self.keepers]
        return all(ended)
