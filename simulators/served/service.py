"""Serves the hardware to several clients at once; what a client leaves behind when it dies goes on as it was."""

from __future__ import annotations

import contextlib
import itertools
import logging
import queue
import socket
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from simulators.errors import SimulatorError
from simulators.served.hardware import Hardware
from simulators.served.wire import Message, pack, pack_error, receive

log = logging.getLogger(__name__)


class Service:
    """Listens on a Unix socket.

    Args:
        path: Of the socket; one that is there is replaced.
        hardware: What is served.
    """

    def __init__(self, path: Path, hardware: Hardware) -> None:
        self._hardware, self._path = hardware, path
        self._numbers = itertools.count(1)
        self._clients: set[_Client] = set()
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._accept, name="served-accept", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Hang up on all clients and listen no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for client in list(self._clients):
            client.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            client = _Client(next(self._numbers), connection, self._hardware, self._clients.discard)
            self._clients.add(client)
            client.start()


class _Client:
    """One connection: a thread that obeys, and one that sends, so that a client that is stuck stops no motor."""

    def __init__(self, number: int, connection: socket.socket, hardware: Hardware, gone: Any) -> None:  # noqa: ANN401
        self._number, self._connection, self._hardware, self._gone = number, connection, hardware, gone
        self._outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=work, name=f"served-{number}", daemon=True) for work in (self._read, self._write)
        ]

    def start(self) -> None:
        """Begin to obey."""
        self._hardware.log.note("client", client=self._number, state="connected")
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        while (request := receive(self._connection)) is not None:
            number = request.get("id")
            try:
                answer: Message = {"id": number, "result": self._obey(request)}
            except Exception as error:
                answer = {"id": number, "error": pack_error(error)}
            self._outbox.put(answer)
        self._hardware.log.note("client", client=self._number, state="gone")
        self._outbox.put(None)

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while (message := self._outbox.get()) is not None:
                self._connection.sendall(pack(message))
        self._connection.close()
        self._gone(self)

    def _obey(self, request: Message) -> Any:  # noqa: ANN401 - plain types
        """Do what a request says; returns what it gives at once."""
        name, call, arguments = request["device"], request["call"], request.get("arguments", [])
        if not name:
            return self._about(call, *arguments)
        device = self._hardware.devices.get(name)
        if device is None:
            raise SimulatorError(f"there is no device {name!r}; known are: {', '.join(self._hardware.devices)}")
        if call == "facts":
            return dict(device.facts)
        if call == "watch" and device.watch is not None:
            return device.watch(lambda value: self._outbox.put({"changed": request["id"], "value": value}))
        if call in device.reads:
            return device.reads[call](*arguments)
        if call not in device.calls and call not in device.operations:
            raise SimulatorError(f"{name} cannot {call!r}")
        self._hardware.log.note("command", client=self._number, device=name, call=call, arguments=list(arguments))
        if call in device.calls:
            return device.calls[call](*arguments)
        return device.operations[call](*arguments, partial(self._ended, request["id"]))

    def _about(self, call: str, *arguments: Any) -> Any:  # noqa: ANN401 - plain types
        """Answer a question that concerns no single device."""
        if call == "clock":
            clock = self._hardware.clock
            return {"rate": clock.rate, "time": clock.time(), "monotonic": time.monotonic()}
        if call == "devices":
            return list(self._hardware.devices)
        if call == "log":
            return self._hardware.log.since(*arguments)
        raise SimulatorError(f"the hardware cannot {call!r}")

    def _ended(self, number: int, result: Any, error: Exception | None) -> None:  # noqa: ANN401 - plain types
        told = {} if error is None else {"error": pack_error(error)}
        self._outbox.put({"done": number, "result": result, **told})
