"""Takes commands on the engine's Unix socket, and answers questions for the status on a ZMQ socket."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import zmq

from daemon.curve import Guard
from daemon.engine.publisher import bind
from daemon.errors import AlreadyServing, ChannelClosedError
from daemon.recorder.journal import plain
from daemon.runtime import ENGINE_LOCK, runtime_folder
from daemon.wire import Channel

log = logging.getLogger(__name__)

Obey = Callable[[object], dict[str, Any]]
POLL_MS = 200
"""How often the status socket's thread looks whether it is to end, ms."""


@contextlib.contextmanager
def one_engine(data: Path) -> Iterator[None]:
    """Makes sure that no other engine drives the instrument of a data folder, for the length of a block.

    Raises:
        AlreadyServing: when another process does; the text names its pid.
    """
    path = runtime_folder(data) / ENGINE_LOCK
    with path.open("a+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = path.read_text().strip() or "unknown"
            raise AlreadyServing(
                f"an engine with pid {pid} already works on the data folder {data}; end it with `kill {pid}`"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        yield


class CommandSocket:
    """A Unix socket; every connection has a thread of its own, so that no command waits for another one.

    Args:
        path: where to listen; what a dead engine left there is removed.
        obey: does what a request says, and gives the reply.
    """

    def __init__(self, path: str, obey: Obey) -> None:
        self._path, self._obey = Path(path), obey
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._path.chmod(0o600)
        self._listener.listen(64)
        self._thread = threading.Thread(target=self._accept, name="commands", daemon=True)

    def start(self) -> None:
        """Begins to take commands."""
        self._thread.start()

    def close(self) -> None:
        """Takes no more commands; those under way are finished."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="command", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        channel = Channel(connection)
        try:
            while True:
                channel.send(_sendable(self._obey(channel.receive())))
        except ChannelClosedError:
            pass
        except (ValueError, msgpack.exceptions.UnpackException):
            log.warning("a connection was closed because what came over it was no msgpack")
        finally:
            channel.close()


class StatusSocket:
    """A ZMQ REP socket that answers whatever it is asked with the status, as msgpack.

    Args:
        address: where to bind.
        status: gives the status.
        context: of the socket; it must outlive it.
        guard: admits clients by their keys; None where anybody on this machine may ask.

    Raises:
        AddressError: when the address cannot be bound.
    """

    def __init__(
        self,
        address: str,
        status: Callable[[], dict[str, Any]],
        context: zmq.Context[zmq.Socket[bytes]],
        guard: Guard | None = None,
    ) -> None:
        self._status = status
        self._ended = False
        self._socket = bind(context, zmq.REP, "status", address, guard, 100)
        self._thread = threading.Thread(target=self._answer, name="status", daemon=True)

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def close(self) -> None:
        """Answers no more."""
        self._ended = True
        if self._thread.is_alive():
            self._thread.join(5 * POLL_MS / 1000)
        self._socket.close(0)

    def _answer(self) -> None:
        while not self._ended:
            if self._socket.poll(POLL_MS):
                self._socket.recv_multipart()
                self._socket.send(msgpack.packb(self._status(), default=plain) or b"")


def _sendable(reply: dict[str, Any]) -> dict[str, Any]:
    """The reply with nothing in it that msgpack cannot carry."""
    return msgpack.unpackb(msgpack.packb(reply, default=plain) or b"")
