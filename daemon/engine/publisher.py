"""Publishes documents, statuses and frames over ZMQ; whoever does not take them in time misses them."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgpack
import zmq
from numpy.typing import NDArray

from daemon.curve import Guard
from daemon.errors import AddressError
from daemon.numbers import Number, format_number
from daemon.recorder.journal import plain
from daemon.serve_settings import SocketSettings
from devices.frames import FrameLayout

log = logging.getLogger(__name__)

STATUS_PERIOD = 0.5
"""A status is published this often, and at once when something changes, s."""
STATUS_FASTEST = 0.05
"""... but never more often than this, s."""
FLEETING = {"time": 0, "loop_age": 0, "loop": 0, "analyst_age": 0, "sequence": 0, "room": 0}
"""What changes all the time and is no news."""
LINGER_MS = 1000
"""How long what is not sent yet is kept when the engine ends, ms."""
DOCUMENTS_KEPT = 5_000
"""Documents that wait for one subscriber at most; what it misses beyond them it fetches by number."""
FRAMES_KEPT = 2
"""Frames that wait for one subscriber at most."""


class Publisher:
    """The two PUB sockets: documents alone on one, statuses and frames on the other.

    Everything that is published is handed over without waiting; two threads own the sockets.

    Args:
        settings: where to bind.
        status: gives the status, plain types.
        context: of the sockets; it must outlive them.
        guard: admits subscribers by their keys; None where anybody on this machine may subscribe.

    Raises:
        AddressError: when an address cannot be bound; the text names the setting to change.
    """

    def __init__(
        self,
        settings: SocketSettings,
        status: Callable[[], Mapping[str, Any]],
        context: zmq.Context[zmq.Socket[bytes]],
        guard: Guard | None = None,
    ) -> None:
        self._status = status
        self._documents = bind(context, zmq.PUB, "documents", settings.documents, guard, DOCUMENTS_KEPT)
        self._frames = bind(context, zmq.XPUB, "frames", settings.frames, guard, FRAMES_KEPT)
        self._waiting: queue.SimpleQueue[tuple[Number, str, Mapping[str, Any]] | None] = queue.SimpleQueue()
        self._news = threading.Event()
        self._latest: dict[str, tuple[dict[str, Any], NDArray[Any]]] = {}
        self._watched = False
        self._sequence = 0
        self._ended = False
        self._threads = [
            threading.Thread(target=self._send_documents, name="publish-documents", daemon=True),
            threading.Thread(target=self._send_frames, name="publish-frames", daemon=True),
        ]

    def start(self) -> None:
        """Begins; what came before is published first."""
        for thread in self._threads:
            thread.start()

    def document(self, number: Number, name: str, document: Mapping[str, Any]) -> None:
        """Publishes a document that is on record."""
        self._waiting.put((number, name, document))

    def frame(self, layout: FrameLayout, index: int, pixels: NDArray[Any]) -> None:
        """Publishes a frame, if anybody watches and no newer one comes before it is sent.

        Args:
            layout: of its camera.
            index: the event it belongs to, from 0.
            pixels: shape (y, x).
        """
        if self._watched:
            header = {"kind": "frame", "name": layout.key, "index": index, "time": time.time()}
            self._latest[layout.key] = (header, pixels.copy())
            self._news.set()

    def changed(self) -> None:
        """Has the status published at once."""
        self._news.set()

    def close(self) -> None:
        """Sends what waits, and closes the sockets."""
        self._ended = True
        self._waiting.put(None)
        self._news.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(2 * STATUS_PERIOD)
        self._documents.close(LINGER_MS)
        self._frames.close(0)

    def _send_documents(self) -> None:
        while (item := self._waiting.get()) is not None:
            number, name, document = item
            try:
                body = msgpack.packb(document, default=plain) or b""
                self._documents.send(b" ".join([format_number(number).encode(), name.encode(), body]))
            except Exception:
                # The record has it, and subscribers notice the gap.
                log.exception("the document %s could not be published", format_number(number))

    def _send_frames(self) -> None:
        told, last, pause = b"", 0.0, STATUS_PERIOD
        while not self._ended:
            self._news.wait(pause)
            self._news.clear()
            self._count_subscribers()
            try:
                for key in list(self._latest):
                    self._send_frame(*self._latest.pop(key))
                since = time.monotonic() - last
                pause = max(STATUS_FASTEST - since, 0.001)
                if since >= STATUS_FASTEST:
                    facts, pause = dict(self._status()), STATUS_PERIOD
                    essence = msgpack.packb({**facts, **FLEETING}, default=plain) or b""
                    if essence != told or since >= STATUS_PERIOD:
                        told, last = essence, time.monotonic()
                        self._frames.send_multipart([b"status", msgpack.packb(facts, default=plain) or b""])
            except Exception:
                log.exception("status or frame could not be published")

    def _send_frame(self, header: dict[str, Any], pixels: NDArray[Any]) -> None:
        self._sequence += 1
        whole = {**header, "sequence": self._sequence, "shape": list(pixels.shape), "dtype": pixels.dtype.str}
        self._frames.send_multipart([b"frame", msgpack.packb(whole) or b"", pixels.data], copy=False)

    def _count_subscribers(self) -> None:
        """XPUB tells of the first subscription to a topic and of the end of the last one."""
        while self._frames.poll(0):
            message = self._frames.recv()
            if b"frame".startswith(message[1:]) or message[1:].startswith(b"frame"):
                self._watched = message[:1] == b"\x01"


def bind(
    context: zmq.Context[zmq.Socket[bytes]], kind: int, name: str, address: str, guard: Guard | None, kept: int
) -> zmq.Socket[bytes]:
    """Makes a socket and binds it.

    Args:
        context: of the socket.
        kind: of the socket.
        name: of its field in the settings' section `sockets`.
        address: where to bind.
        guard: admits clients by their keys.
        kept: messages that wait for one client at most.

    Raises:
        AddressError: when that is not possible; the text names the setting to change.
    """
    made = context.socket(kind)
    made.setsockopt(zmq.SNDHWM, kept)
    made.setsockopt(zmq.LINGER, LINGER_MS)
    if guard is not None:
        guard.protect(made)
    try:
        made.bind(address)
    except zmq.ZMQError as error:
        made.close(0)
        raise AddressError(f"sockets.{name} = {address}: {error}; choose another in the settings") from error
    return made
