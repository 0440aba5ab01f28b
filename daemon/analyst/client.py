"""The engine's side of the analyst: keeps one process alive, sends requests, hands answers on.

One receiver thread owns the process for its whole life. When the process dies, the same thread starts another one,
tells it which run to rebuild from disk, and sends every request again that has no answer yet. Requests are
idempotent, so one too many does no harm; a scan only waits.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from daemon.analyst.messages import ALIVE, Answer, Ask, Begin, Failed, Finish, Key, Request, pack, unpack
from daemon.analyst.process import AnalystProcess, start_analyst
from daemon.errors import AnalystError, ChannelClosedError
from daemon.settings import AnalystSettings

RESTARTS = 5
"""After this many deaths at the same request all that are pending fail, and the next one starts the process again."""

FORGIVEN = 60.0
"""A process that dies while nobody asks anything has not failed if the one before it died so long ago, s."""

PATIENCE = 300.0
"""A process that has not answered a request for this long counts as dead, s."""

Listener = Callable[[Key, Answer], None]


class AnalystClient:
    """Keeps the analyst alive and talks to it.

    Args:
        settings: threads and priority of the process.
        listener: called from the receiver thread with the request's key and its answer; must return at once.
        log: file for what the process prints.
        delay: makes every suggestion this much slower, s.
    """

    def __init__(
        self, settings: AnalystSettings, listener: Listener, log: Path | None = None, delay: float = 0.0
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._log = log
        self._delay = delay
        self._lock = threading.RLock()
        self._pending: dict[Key, Request] = {}
        self._waiting_since = self._heard = time.monotonic()
        self._begin: Begin | None = None
        self._deaths = 0  # since it last answered what was asked
        self._died = -FORGIVEN
        self._current: AnalystProcess | None = None
        self._serial = 0
        self._closing = False
        self._thread: threading.Thread | None = None
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """Process id of the analyst, None before the start."""
        current = self._current
        return None if current is None else current.process.pid

    @property
    def silence(self) -> float | None:
        """Time since the last sign of life, s; None while no process runs."""
        return None if self._current is None else time.monotonic() - self._heard

    def start(self) -> None:
        """Starts the process; returns at once, requests may follow immediately.

        Raises:
            AnalystError: when the system cannot start a process.
        """
        with self._lock:
            if self._current is not None or self._closing:
                return
            self._current = self._start_process()
            self._thread = threading.Thread(
                target=self._receive, args=(self._current,), name="analyst-receiver", daemon=True
            )
            self._thread.start()

    def request(self, message: Request) -> None:
        """Sends a request; its answer goes to the listener. Never blocks for the answer."""
        with self._lock:
            if isinstance(message, Begin):
                self._serial += 1
                self._begin = message = replace(message, serial=self._serial)
                self._pending.clear()
            if not self._pending:
                self._waiting_since = time.monotonic()
            self._pending[message.key] = message
            if self._current is None:
                self.start()
                self._resend()
            else:
                self._send(message)

    def abandon_questions(self) -> bool:
        """Gives up every suggestion that has not come yet; returns whether there was any."""
        with self._lock:
            asked = [key for key, message in self._pending.items() if isinstance(message, Ask)]
            for key in asked:
                del self._pending[key]
            return bool(asked)

    def restart(self) -> None:
        """Has the process replaced by another one, which rebuilds the run from disk."""
        with self._lock:
            if self._current is not None:
                self._current.process.kill()
                self._current.channel.hang_up()

    def forget(self) -> None:
        """Drops the run: nothing is rebuilt if the process dies from now on."""
        with self._lock:
            self._begin = None
            self._pending.clear()

    def close(self) -> None:
        """Ends the process and the receiver thread."""
        with self._lock:
            self._closing = True
            current, thread = self._current, self._thread
        if current is not None:
            # The thread that receives closes the channel itself: a file descriptor must not go while it waits on it.
            current.process.kill()
            current.channel.hang_up()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _start_process(self) -> AnalystProcess:
        self._heard = time.monotonic()
        try:
            return start_analyst(self._settings, self._log, self._delay)
        except OSError as error:
            raise AnalystError(f"the analyst process cannot be started: {error}") from error

    def _send(self, message: Request) -> None:
        # The receiver sees the same death and sends everything pending to the next process.
        if self._current is not None:
            with contextlib.suppress(ChannelClosedError):
                self._current.channel.send(pack(message))

    def _receive(self, process: AnalystProcess) -> None:
        current: AnalystProcess | None = process
        while current is not None:
            try:
                plain = current.channel.receive(1.0)
            except ChannelClosedError:
                current = self._restart(current)
                continue
            if plain is not None:
                self._heard = time.monotonic()
            if plain is not None and plain != ALIVE:
                self._deliver(unpack(plain))
            elif self._is_lost(current):
                current.channel.hang_up()

    def _is_lost(self, process: AnalystProcess) -> bool:
        """Whether a process is dead (a child of its own may hold its end of the channel), stands still, or hangs."""
        now = time.monotonic()
        hangs = bool(self._pending) and now - self._waiting_since > PATIENCE
        return hangs or now - self._heard > self._settings.silence or process.process.poll() is not None

    def _deliver(self, answer: Request | Answer) -> None:
        key = answer.key
        with self._lock:
            begun = self._begin is None or self._begin.key not in self._pending
            if not begun and key != (self._begin and self._begin.key):
                return  # An answer about the run before this one, which was given up while the analyst was busy.
            known = self._pending.pop(key, None)
            self._waiting_since = time.monotonic()
            if known is not None and not isinstance(known, Begin):
                self._deaths = 0
            if isinstance(known, Finish):
                self._begin = None
        if known is not None and not isinstance(answer, Request):
            self._listener(key, answer)

    def _restart(self, dead: AnalystProcess) -> AnalystProcess | None:
        """Replaces a process that died; None when the client is closing, or when it dies again and again."""
        dead.end()
        with self._lock:
            if self._closing:
                return None
            self._waiting_since = now = time.monotonic()
            if not self._pending and now - self._died > FORGIVEN:
                self._deaths = 0
            self._died = now
            self._deaths += 1
            if self._deaths <= RESTARTS:
                with contextlib.suppress(AnalystError):
                    self._current = self._start_process()
                    self.restarts += 1
                    self._resend()
                    return self._current
            lost, self._pending, self._deaths = list(self._pending), {}, 0
            self._current = self._thread = None
        for key in lost:
            self._listener(key, Failed(key, "the analyst process dies again and again; see its log"))
        return None

    def _resend(self) -> None:
        waiting = [message for message in self._pending.values() if not isinstance(message, Begin)]
        if self._begin is not None:
            # The answer to this counts as the answer to the first one, so that later answers are not taken for stale.
            self._pending.setdefault(self._begin.key, self._begin)
            self._send(self._begin)
        for message in waiting:
            self._send(message)
