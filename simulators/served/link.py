"""A client's connection to the served hardware, shared by all its back-ends."""

from __future__ import annotations

import contextlib
import itertools
import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from devices.errors import OperationError
from simulators.served.wire import Message, pack, receive, unpack_error

Ended = Callable[[Any, Exception | None], None]
"""Called once when an operation has ended: what it gave, and why it failed."""

ANSWER = 10.0
"""How long the hardware may take to answer, s; it answers at once."""


class Link:
    """Asks the hardware and hears from it.

    One thread reads, another one calls back: a callback may ask the hardware again.

    Args:
        path: Of the hardware's socket.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._answers: dict[int, queue.SimpleQueue[Message]] = {}
        self._ended: dict[int, Ended] = {}
        self._watched: list[tuple[str, Callable[[Any], None]]] = []
        self._watchers: dict[int, Callable[[Any], None]] = {}
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._clock = (0.0, 0.0, 1.0)

    def connect(self, timeout: float) -> None:
        """Reach the hardware, where it is not reached already.

        Raises:
            OSError: It does not answer.
        """
        with self._lock:
            if self._connection is not None:
                return
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(timeout)
            try:
                connection.connect(self.path)
            except OSError as error:
                connection.close()
                raise ConnectionError(f"no hardware is served at {self.path}: {error.strerror or error}") from error
            connection.settimeout(None)
            self._connection, self._calls = connection, queue.SimpleQueue()
            for work in (self._read, self._call_back):
                threading.Thread(target=work, args=(connection, self._calls), name="hardware", daemon=True).start()
        facts = self.ask("", "clock")
        self._clock = (facts["time"], facts["monotonic"], facts["rate"])
        for device, changed in self._watched:
            self._watch(device, changed)

    def time(self) -> float:
        """Return the hardware's time, s since 1970; all processes of a machine share the clock it is counted by."""
        self.connect(ANSWER)
        start, origin, rate = self._clock
        return start + (time.monotonic() - origin) * rate

    def ask(self, device: str, call: str, *arguments: object) -> Any:  # noqa: ANN401 - plain types
        """Have the hardware do something at once; returns what it answers.

        Raises:
            OperationError: It cannot, or the connection is lost.
        """
        return self._request(next(self._ids), device, call, *arguments)

    def begin(self, device: str, call: str, *arguments: object, ended: Ended) -> None:
        """Have the hardware begin something that takes time."""
        number = next(self._ids)
        self._ended[number] = ended
        try:
            self._request(number, device, call, *arguments)
        except BaseException:
            self._ended.pop(number, None)
            raise

    def watch(self, device: str, changed: Callable[[Any], None]) -> None:
        """Have ``changed(value)`` called with every change of a device from now on."""
        self._watched.append((device, changed))
        self._watch(device, changed)

    def close(self) -> None:
        """Hang up; the hardware goes on with what it does."""
        with self._lock:
            connection = self._connection
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _watch(self, device: str, changed: Callable[[Any], None]) -> None:
        number = next(self._ids)
        self._watchers[number] = changed
        self._request(number, device, "watch")

    def _request(self, number: int, device: str, call: str, *arguments: object) -> Any:  # noqa: ANN401 - plain types
        self.connect(ANSWER)
        box: queue.SimpleQueue[Message] = queue.SimpleQueue()
        body = pack({"id": number, "device": device, "call": call, "arguments": arguments})
        with self._lock:
            connection = self._connection
            if connection is None:
                raise OperationError(f"the connection to {self.path} is lost")
            self._answers[number] = box
            with contextlib.suppress(OSError):  # the reader sees the end, too
                connection.sendall(body)
        try:
            answer = box.get(timeout=ANSWER)
        except queue.Empty:
            raise OperationError(f"{device}: no answer to {call} within {ANSWER:g} s") from None
        finally:
            self._answers.pop(number, None)
        if "error" in answer:
            raise unpack_error(answer["error"])
        return answer["result"]

    def _read(self, connection: socket.socket, calls: queue.SimpleQueue[Callable[[], None] | None]) -> None:
        while (message := receive(connection)) is not None:
            self._take(message, calls)
        lost = {"kind": "OperationError", "text": f"the connection to {self.path} is lost"}
        with self._lock:
            self._connection = None
            boxes, ended = list(self._answers.values()), list(self._ended)
            self._watchers.clear()
        connection.close()
        for box in boxes:
            box.put({"error": lost})
        for number in ended:
            self._take({"done": number, "result": None, "error": lost}, calls)
        calls.put(None)

    def _take(self, message: Message, calls: queue.SimpleQueue[Callable[[], None] | None]) -> None:
        """Hand a message to whom it is for."""
        if "id" in message:
            if (box := self._answers.get(message["id"])) is not None:
                box.put(message)
        elif "changed" in message:
            if (changed := self._watchers.get(message["changed"])) is not None:
                calls.put(lambda: changed(message["value"]))
        elif (ended := self._ended.pop(message["done"], None)) is not None:
            error = unpack_error(message["error"]) if "error" in message else None
            calls.put(lambda: ended(message["result"], error))

    @staticmethod
    def _call_back(_: socket.socket, calls: queue.SimpleQueue[Callable[[], None] | None]) -> None:
        while (call := calls.get()) is not None:
            call()
