"""How processes of one machine talk: length-prefixed msgpack over a stream socket.

The kernel reports the death of either side to the other at once as the end of the stream: no heartbeat, no time-out.
Engine and analyst use a socket pair that the child inherits, which needs no name on disk and leaves nothing to sweep
up after a kill -9; whoever tells the engine something connects to its Unix socket.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from typing import Any

import msgpack

from daemon.errors import ChannelClosedError

LENGTH = struct.Struct("<I")


class Channel:
    """One end of the conversation; sending is safe from any thread, receiving belongs to one.

    Args:
        connection: a connected stream socket; the channel owns it.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._buffer = bytearray()

    def send(self, message: dict[str, Any]) -> None:
        """Sends one message of plain types.

        Raises:
            ChannelClosedError: when the other side is gone.
        """
        body = bytes(msgpack.packb(message) or b"")
        try:
            with self._sending:
                self._connection.sendall(LENGTH.pack(len(body)) + body)
        except OSError as error:
            raise ChannelClosedError(str(error)) from error

    def receive(self, timeout: float | None = None) -> dict[str, Any] | None:
        """Waits for the next message.

        Args:
            timeout: give up after this many seconds; None waits for ever.

        Returns:
            The message; None when the time is up.

        Raises:
            ChannelClosedError: when the other side is gone and everything it sent was read.
        """
        while (message := self._next()) is None:
            try:
                ready, _, _ = select.select([self._connection], [], [], timeout)
                data = self._connection.recv(1 << 16) if ready else None
            except (OSError, ValueError) as error:  # ValueError: closed by another thread of ours
                raise ChannelClosedError(str(error)) from error
            if data is None:
                return None
            if not data:
                raise ChannelClosedError("end of stream")
            self._buffer += data
        return message

    def hang_up(self) -> None:
        """Ends the conversation; both sides see the end of the stream, whoever waits for it in whatever thread."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hangs up and gives the socket back; not while another thread receives."""
        self.hang_up()
        self._connection.close()

    def _next(self) -> dict[str, Any] | None:
        if len(self._buffer) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack_from(self._buffer)
        end = LENGTH.size + length
        if len(self._buffer) < end:
            return None
        message = msgpack.unpackb(bytes(self._buffer[LENGTH.size : end]))
        del self._buffer[:end]
        return message
