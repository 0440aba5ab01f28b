"""Keeps one process of the daemon alive."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from daemon.errors import BeampilotError, ProcessError
from daemon.supervisor.backoff import Backoff
from daemon.supervisor.processes import Process, find_process, put_aside, start_process
from daemon.supervisor.pulse import Probe, Pulse

WATCH = 0.05
"""How often a process is looked at, s."""
TRIES = 3
"""A process that is killed by somebody before its first answer is started again so often."""
TAIL = 4000
"""How much of what a process printed last is searched for a reason, bytes."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Orders:
    """What a keeper is to keep alive.

    Attributes:
        name: the process in a word.
        command: how it is started.
        words: consecutive words of its command line by which one that runs already is found.
        output: file to which everything is appended that it prints.
        probe: asks it for a sign of life.
        environment: variables on top of ours.
        silence: it is ended and started again when it has not answered for so long, s.
        startup: how long it may take until its first answer, s.
    """

    name: str
    command: Sequence[str]
    words: Sequence[str]
    output: Path
    probe: Probe
    environment: Mapping[str, str] = field(default_factory=dict)
    silence: float = 2.0
    startup: float = 60.0


class Keeper:
    """Starts or adopts a process, watches it, and starts it again when it ends or falls silent.

    Args:
        orders: what to keep alive.
        tell: gets a line whenever something happens that an operator wants to know.
        backoff: how long to wait before it is started again.
    """

    def __init__(self, orders: Orders, tell: Callable[[str], None], backoff: Backoff | None = None) -> None:
        self.orders = orders
        self.process: Process | None = None
        self.failure: ProcessError | None = None
        self._tell = tell
        self._backoff = backoff or Backoff()
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._changing = threading.Lock()
        self._printed = 0
        self._tries = 0
        self._silenced = False
        self._thread = threading.Thread(target=self._run, name=f"keeper-{orders.name}", daemon=True)

    def start(self) -> None:
        """Begins; returns at once."""
        self._thread.start()

    @property
    def ready(self) -> bool:
        """Whether the process has ever answered.

        Raises:
            ProcessError: when it ended instead, or never answered in the time it had.
        """
        if self.failure is not None:
            raise self.failure
        return self._ready.is_set()

    def ask_to_end(self) -> None:
        """Watches no more, and asks the process to end."""
        with self._changing:
            self._stopping.set()
        if self.process is not None:
            self.process.send(signal.SIGTERM)

    def make_end(self, seconds: float) -> bool:
        """Waits for the end, and ends it by force when that takes too long.

        Returns:
            Whether it ended by itself.
        """
        if self.process is None or self.process.wait(seconds):
            return True
        self._say(logging.ERROR, f"did not end in time and was killed (pid {self.process.pid})")
        self.process.kill()
        return False

    def _run(self) -> None:
        try:
            self.process = find_process(self.orders.words)
            if self.process is not None:
                self._say(logging.INFO, f"adopted (pid {self.process.pid})")
            else:
                self._start()
            while (reason := self._watch()) is not None:
                if not self._may_pass():
                    self._give_up(reason)
                    return
                if not self._again(reason):
                    return
        except (BeampilotError, OSError) as error:
            code = getattr(error, "exit_code", 1)
            self.failure = ProcessError(f"the {self.orders.name} cannot be started: {error}", code)

    def _may_pass(self) -> bool:
        """Whether another try may end otherwise: it has answered before, was not ours, or somebody killed it."""
        if self._ready.is_set() or (self.process and self.process.adopted):
            return True
        self._tries += 1
        code = self.process.exit_code if self.process else None
        return code is not None and code < 0 and not self._silenced and self._tries < TRIES

    def _start(self) -> None:
        output = self.orders.output
        with self._changing:
            if self._stopping.is_set():
                return
            put_aside(output)
            self._printed = output.stat().st_size if output.exists() else 0
            self.process = start_process(self.orders.command, output, dict(self.orders.environment))
        log.info("%s started (pid %d)", self.orders.name, self.process.pid)

    def _watch(self) -> str | None:
        """Watches the process.

        Returns:
            Why it is gone; None when we are to watch no more.
        """
        process, orders = self.process, self.orders
        if process is None:
            return "it was never started"
        pulse = Pulse(orders.name, orders.probe, orders.silence / 2)
        try:
            while not self._stopping.wait(WATCH):
                if not process.alive:
                    return _ending(process.exit_code)
                if pulse.felt and pulse.silence < orders.silence:
                    self._backoff.well()
                    self._ready.set()
                elif pulse.silence > (orders.silence if pulse.felt else orders.startup):
                    self._silenced = True
                    process.kill()
                    return f"it did not answer for {pulse.silence:.1f} s and was killed"
            return None
        finally:
            pulse.end()

    def _again(self, reason: str) -> bool:
        """Starts the process again after a while; False when we are told to stop meanwhile."""
        gone = self.process.pid if self.process else 0
        while True:
            delay = self._backoff.failed()
            when = f"in {delay:g} s" if delay else "now"
            self._say(logging.WARNING, f"(pid {gone}) is gone: {reason}; started again {when}")
            if self._stopping.wait(delay):
                return False
            try:
                self._start()
            except (BeampilotError, OSError) as error:  # a full disk, no memory: it may pass
                reason = str(error)
            else:
                return True

    def _give_up(self, reason: str) -> None:
        """The process never answered, so another try would end the same way."""
        code = (self.process.exit_code if self.process else None) or 1
        told = self._last_words() or f"{reason}; see {self.orders.output}"
        self.failure = ProcessError(f"the {self.orders.name} does not start: {told}", code if code == 2 else 1)
        log.error("%s", self.failure)

    def _last_words(self) -> str:
        """The last line that the process printed since it was started."""
        try:
            with self.orders.output.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(self._printed, size - TAIL))
                lines = file.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return next((line.strip().removeprefix("beampilot: ") for line in reversed(lines) if line.strip()), "")

    def _say(self, level: int, text: str) -> None:
        log.log(level, "%s %s", self.orders.name, text)
        self._tell(f"{self.orders.name} {text}")


def _ending(code: int | None) -> str:
    if code is None:
        return "it ended"
    return f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with exit code {code}"
