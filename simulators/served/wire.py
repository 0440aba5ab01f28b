"""How clients and the served hardware talk: length-prefixed msgpack over a Unix socket.

A client sends requests `{"id", "device", "call", "arguments"}`. Each is answered at once with `{"id", "result"}` or
`{"id", "error"}`. An operation that takes time is answered when it has begun, and pushes `{"done": id, …}` when it has
ended; a value that is watched pushes `{"changed": id, "value"}` with every change.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from devices import errors
from devices.errors import DeviceError, OperationError

LENGTH = struct.Struct("<I")
"""What goes before each message: its length, bytes."""

Message = dict[str, Any]
"""Plain types."""


def pack(message: Message) -> bytes:
    """A message as it goes through the socket."""
    body = bytes(msgpack.packb(message) or b"")
    return LENGTH.pack(len(body)) + body


def receive(connection: socket.socket) -> Message | None:
    """Waits for the next message; None when the other side is gone."""
    try:
        (length,) = LENGTH.unpack(_exactly(connection, LENGTH.size))
        return msgpack.unpackb(_exactly(connection, length))
    except (OSError, EOFError):
        return None


def pack_array(array: NDArray[Any]) -> Message:
    """An array as plain types."""
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": array.tobytes()}


def unpack_array(message: Message) -> NDArray[Any]:
    """An array from what :func:`pack_array` made."""
    return np.frombuffer(message["data"], np.dtype(message["dtype"])).reshape(message["shape"])


def pack_error(error: Exception) -> Message:
    """An exception as plain types."""
    return {"kind": type(error).__name__, "text": str(error)}


def unpack_error(message: Message) -> DeviceError:
    """The same exception again where it is one of the devices' own, else one that names it."""
    kind = getattr(errors, message["kind"], None)
    if not (isinstance(kind, type) and issubclass(kind, DeviceError)):
        return OperationError(f"{message['kind']}: {message['text']}")
    # Some take other arguments than the text that they make of them.
    error = kind.__new__(kind)
    error.args = (message["text"],)
    return error


def _exactly(connection: socket.socket, size: int) -> bytes:
    """Read so many bytes."""
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
