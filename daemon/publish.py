"""Publishes documents over ZMQ in the wire format of bluesky's own publisher."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import msgpack
import zmq

from daemon.errors import AddressError

LINGER_MS = 2000
"""How long unsent documents are kept when the publisher closes."""
JOIN_SECONDS = 0.3
"""Subscribers that were started first connect within this time."""


class DocumentPublisher:
    """A ZMQ PUB socket for documents; use it as a context manager and call it with each document.

    One frame per document: ``<epoch>:<sequence> <name> <msgpack>``. The number travels in the prefix field of
    bluesky's format, so ``RemoteDispatcher(address, deserializer=msgpack.unpackb)`` subscribes unmodified, and a
    subscriber sees what it missed.

    Args:
        address: Where to bind, e.g. ``tcp://127.0.0.1:5578``.

    Raises:
        AddressError: When the address cannot be bound.
    """

    def __init__(self, address: str) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self._socket.setsockopt(zmq.LINGER, LINGER_MS)
        self._epoch, self._sequence = int(time.time()), 0
        try:
            self._socket.bind(address)
        except zmq.ZMQError as error:
            self.close()
            raise AddressError(f"--publish {address}: {error}; give a free one such as tcp://127.0.0.1:5578") from error
        time.sleep(JOIN_SECONDS)

    def __call__(self, name: str, document: Mapping[str, Any]) -> None:
        """Publish one document."""
        body = msgpack.packb(document, default=_plain)
        prefix = f"{self._epoch}:{self._sequence}"
        self._socket.send(b" ".join([prefix.encode(), name.encode(), body or b""]))
        self._sequence += 1

    def close(self) -> None:
        """Send what is left and close the socket."""
        self._socket.close()
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _plain(value: object) -> object:
    """What msgpack can carry in place of numpy's numbers and arrays."""
    return value.tolist() if hasattr(value, "tolist") else str(value)  # type: ignore[union-attr] # just asked
