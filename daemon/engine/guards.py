"""What may interrupt a plan by itself: the signals that the settings name, and a disk that fills up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bluesky import RunEngine

from daemon.engine.interruptions import Interruptions, Suspension
from daemon.engine.room import Room, RoomGuard
from daemon.engine.signal_guards import make_guards
from daemon.engine.suspenders import Suspenders
from daemon.plans.context import ScanContext
from daemon.plans.steps import Messages
from daemon.settings import Settings
from devices.area_detector import AreaDetector
from devices.shutter import Shutter


class Guards:
    """Watches for a whole engine; knows why the plan under way waits, and keeps for how long it did.

    Args:
        settings: of the daemon.
        devices: the instrument.
        engine: the RunEngine.
        run: gives the folder of the run under way.

    Raises:
        InstrumentError: when the settings name a device or a signal that there is not.
    """

    def __init__(
        self, settings: Settings, devices: Mapping[str, Any], engine: RunEngine, run: Callable[[], Path | None]
    ) -> None:
        self._interruptions = Interruptions()
        shutter = next((device for device in devices.values() if isinstance(device, Shutter)), None)
        self._suspenders = Suspenders(engine, self._interruptions, shutter)
        self._signals = make_guards(settings.suspenders, devices, self._suspenders)
        self._room = RoomGuard(settings.data, settings.recorder.least_free, self._interruptions, run)
        self._room.begin([device for device in devices.values() if isinstance(device, AreaDetector)], shutter)

    @property
    def suspended(self) -> Suspension | None:
        """What the plan waits for by itself; None while it goes on."""
        return self._interruptions.current

    @property
    def room(self) -> Room | None:
        """How much more fits on the disk that holds the data folder; None where the system does not tell."""
        return self._room.room

    def start(self) -> None:
        """Begins to watch the signals."""
        for signal in self._signals:
            signal.start()

    def stop(self) -> None:
        """Ends watching them."""
        for signal in self._signals:
            signal.stop()

    def begin(self, context: ScanContext) -> Callable[[], Messages]:
        """A plan is about to run: forgets what interrupted the one before.

        Args:
            context: what the plan works with.

        Returns:
            What the plan has to send before each point.
        """
        self._room.begin(context.cameras, context.shutter, context.frames)
        self._interruptions.clear()
        self._suspenders.begin()
        return self._room.before_point

    def statistics(self) -> dict[str, Any]:
        """What the run keeps: every interruption, and the time lost, s."""
        return self._interruptions.statistics()
