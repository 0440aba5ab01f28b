"""Steps of a scan that are tried again when a device fails: bounded, noted, and interruptible at any moment.

Everything here is a bluesky message, so that a pause or an abort acts at once, also between two tries. After a
failure a checkpoint is set, so that a pause never sends the messages of a failed try again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import Any

from bluesky import Msg
from bluesky.run_engine import WaitForTimeoutError
from bluesky.utils import FailedStatus, IllegalMessageSequence

from daemon.errands import Errand, stop_device
from daemon.errors import DeviceFailed
from daemon.fault_settings import FaultSettings
from daemon.plans.faults import DeviceFault, FaultEntry, FaultLog, find_fault, find_nan

Messages = Generator[Msg, Any, None]
Response = Generator[Msg, Any, Any]
Device = Any
"""Any ophyd device."""


class Attempt:
    """One try of a step: keeps account of who was asked to do what.

    Args:
        number: which try it is, from 1.
        settings: what to do about faults.
        stale: statuses of earlier tries; their failures count no more.

    Attributes:
        recorded: whether the step's event has been saved: after that it is not tried again.
        bundling: whether an event is open.
    """

    def __init__(self, number: int, settings: FaultSettings, stale: list[Any]) -> None:
        self.recorded = False
        self.bundling = False
        self._number, self._settings, self._stale = number, settings, stale
        self._asked: list[tuple[Any, Any]] = []
        self._waiting: list[tuple[Any, Any, str]] = []
        self._device: Any = None
        self._allowed: float | None = 0.0

    def start(self, command: str, device: Device, *args: Any, group: str, seconds: float | None, late: str) -> Messages:
        """Asks a device to begin something.

        Args:
            command: `set` or `trigger`.
            device: the device.
            *args: for the command.
            group: what is waited for together.
            seconds: how long it may take, s; None for as long as it takes.
            late: what to say when it takes longer, for example "did not reach 5 µm".
        """
        self._asked.append((device, None))  # Its failure may come before its status.
        status = yield from self._send(Msg(command, device, *args, group=self._group(group)), device)
        self._asked[-1] = (device, status)
        self._waiting.append((device, status, late))
        if self._allowed is not None:
            self._allowed = None if seconds is None else max(self._allowed, seconds)

    def wait(self, group: str) -> Messages:
        """Waits until everything that was begun is done.

        Raises:
            DeviceFault: when it takes too long.
        """
        seconds, self._allowed = self._allowed, 0.0
        if not self._waiting:
            return
        try:
            yield from self._send(Msg("wait", None, group=self._group(group), timeout=seconds))
        except WaitForTimeoutError:
            device, late = self._latecomer()
            raise DeviceFault(device, f"{late} within {seconds:.3g} s") from None
        self._waiting.clear()

    def event(self, stream: str, devices: Sequence[Any]) -> Messages:
        """Reads devices and saves what they read as an event.

        Raises:
            DeviceFault: when one reads something that is not a number.
        """
        self.bundling = True
        yield from self._send(Msg("create", None, name=stream))
        for device in devices:
            reading = yield from self._send(Msg("read", device), device)
            if self._settings.nan == "accept" or getattr(device, "gaps", False):
                continue
            # After a pause bluesky does not tell what was read.
            if (fault := find_nan(device, reading or device.read())) is not None:
                raise fault
        self.recorded = True
        yield from self._send(Msg("save"))
        self.bundling = False

    def drop(self) -> Messages:
        """Takes back a half-read event."""
        if self.bundling:
            with suppress(IllegalMessageSequence, FailedStatus):
                yield Msg("drop")

    def fault(self, error: Exception) -> DeviceFault | None:
        """Whose fault an exception is; None where the step must not be tried again."""
        if self.recorded:
            return None
        if isinstance(error, FailedStatus):
            return find_fault(error, self._owner(error))
        return find_fault(error, self._device)

    def unfinished(self, fault: DeviceFault) -> list[Any]:
        """The devices that must be stopped before the next try."""
        devices = [device for device, status in self._asked if status is None or not status.done]
        known = any(device is fault.device for device, _ in self._asked)
        return devices if not known or fault.device in devices else [*devices, fault.device]

    @property
    def statuses(self) -> list[Any]:
        """The statuses of everything that was begun, as far as they are known."""
        return [status for _, status in self._asked if status is not None]

    def _send(self, message: Msg, device: object = None) -> Response:
        self._device = device
        try:
            response = yield message
        except FailedStatus as error:
            if not any(status is error.args[0] for status in self._stale):
                raise
            response = None  # What failed late belongs to an earlier try; this message has been carried out.
        self._device = None
        return response

    def _group(self, name: str) -> str:
        # What never ends stays in its group, and would keep the next try waiting.
        return name if self._number == 1 else f"{name}, try {self._number}"

    def _owner(self, error: FailedStatus) -> object:
        failed = error.args[0] if error.args else None
        for device, status in self._asked:
            if status is not None and status is failed:
                return device
        # It failed at once, or bluesky began it again after a pause: the plan was not told of this status.
        name = getattr(failed, "device", "")
        return next((device for device, _ in self._asked if getattr(device, "name", None) == name), self._device)

    def _latecomer(self) -> tuple[Any, str]:
        late = [
            (device, words)
            for device, status, words in self._waiting
            if (status is not None and not status.done) or getattr(device, "moving", False) is True
        ]
        device, _, words = self._waiting[0]
        return late[0] if late else (device, words)


class Tries:
    """Carries out the steps of a scan, and tries them again when a device fails.

    Args:
        settings: what to do about faults.
        log: where they are noted.
    """

    def __init__(self, settings: FaultSettings, log: FaultLog) -> None:
        self._settings, self._log = settings, log

    def run(
        self, where: str, step: Callable[[Attempt], Messages], point: int | None = None, undo: Callable[[], Any] = list
    ) -> Messages:
        """Carries out a step until it succeeds or has failed too often.

        Args:
            where: when in the scan, for messages: "at point 4".
            step: the step's messages; called once per try.
            point: number of the point, from 1.
            undo: messages that take back what a failed try left behind.

        Raises:
            DeviceFailed: when trying again did not help.
        """
        failures: Counter[str] = Counter()
        noted: list[FaultEntry] = []
        stale: list[Any] = []
        lost: DeviceFault | None = None
        while True:
            attempt = Attempt(len(noted) + 1, self._settings, stale)
            try:
                if lost is not None:
                    yield from self._reconnect(lost)
                yield from step(attempt)
            except Exception as error:
                fault = attempt.fault(error)
                yield from attempt.drop()
                if fault is None:
                    raise
                noted.append(self._log.add(fault, where, point))
                failures[fault.name] += 1
                stale += [*attempt.statuses, *error.args[:1]]
                yield from self._recover(attempt, fault, undo)
                if fault.kind == "hopeless" or failures[fault.name] > self._retries(fault):
                    noted[-1].outcome = "failed"
                    raise DeviceFailed(fault.name, fault.cause, where, failures[fault.name]) from error
                lost = fault if fault.kind == "connection" else None
                yield from _whatever_fails(Msg("sleep", None, self._settings.delay))
            else:
                for entry in noted[-1:]:
                    entry.outcome = "recovered"
                return

    def _retries(self, fault: DeviceFault) -> int:
        policy = {"saturated": self._settings.saturated, "nan": self._settings.nan}.get(fault.kind, "retry")
        return 0 if policy == "fail" else self._settings.retries

    def _recover(self, attempt: Attempt, fault: DeviceFault, undo: Callable[[], Any]) -> Messages:
        """Takes back what was begun, and stops what is still under way."""
        yield from undo()
        yield from _whatever_fails(Msg("checkpoint"))
        for device in attempt.unfinished(fault):
            stopping = Errand(f"stopping {getattr(device, 'name', device)}", _stopper(device))
            yield from self._errand(stopping, self._settings.stop_timeout)
            if not stopping.done:
                if device is fault.device:
                    fault.cause += ", and it does not stop"
                fault.kind = "hopeless"

    def _reconnect(self, fault: DeviceFault) -> Messages:
        connect = getattr(fault.device, "connect", None)
        if connect is None:
            return
        seconds = self._settings.connect_timeout
        connecting = Errand(f"connecting {fault.name}", _connector(fault.device, seconds))
        yield from self._errand(connecting, seconds + 1.0)
        if not connecting.done:
            raise DeviceFault(fault.device, f"no connection within {seconds:g} s", "connection")
        if connecting.error is not None:
            found = find_fault(connecting.error, fault.device)
            raise found if found is not None else connecting.error

    def _errand(self, errand: Errand, seconds: float) -> Messages:
        group = f"{errand.name} ({id(errand):x})"
        yield from _whatever_fails(Msg("trigger", errand, group=group))
        yield from _whatever_fails(Msg("wait", None, group=group, timeout=seconds, error_on_timeout=False))


def _whatever_fails(message: Msg) -> Messages:
    """Sends a message of the recovery: what fails late belongs to the try that has failed already."""
    with suppress(FailedStatus, WaitForTimeoutError):
        yield message


def _stopper(device: object) -> Callable[[], None]:
    return lambda: stop_device(device)


def _connector(device: Device, seconds: float) -> Callable[[], None]:
    def connect() -> None:
        before = getattr(device, "layout", None)
        device.connect(seconds)
        if before is not None and not device.layout.same_as(before):
            raise DeviceFault(device, "its frames look different since it was connected again", "hopeless")

    return connect
