"""Documents and frames as the engine publishes them, without gaps where somebody can fill them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgpack

from daemon.numbers import Number, parse_number

IDLE = 1.0
"""Time without a document after which a subscription asks whether it missed the last ones, s."""


@dataclass(frozen=True, slots=True)
class Published:
    """A document with its number.

    Attributes:
        number: when its engine began (epoch), and its place among the documents of that engine, from 1.
        name: start, descriptor, event, stream_resource, stream_datum, stop.
        document: plain types.
    """

    number: Number
    name: str
    document: dict[str, Any]


Fetch: TypeAlias = Callable[[Number | None], Iterable[Published]]
"""Gives the documents after a number from the record, oldest first; perhaps not all at once."""


def parse(frame: bytes) -> Published:
    """Reads one frame of the documents socket: `<epoch>:<sequence> <name> <msgpack>`."""
    prefix, name, body = frame.split(b" ", 2)
    return Published(parse_number(prefix.decode()), name.decode(), msgpack.unpackb(body))


class Subscription:
    """Puts what comes live and what was missed in one order: every document once, none left out.

    A PUB socket drops what a slow or late subscriber does not take. Numbers show the gap; `fetch` reads what is
    missing from the runs' journals, over HTTP or from the disk.

    Args:
        fetch: fills gaps; None where nobody can: then they stay.
        after: the last document seen earlier; None to begin with whatever comes first.
    """

    def __init__(self, fetch: Fetch | None = None, after: Number | None = None) -> None:
        self._fetch = fetch
        self.last = after

    def take(self, live: Published) -> list[Published]:
        """What is new when a live document has come, in order; empty for one that was seen already."""
        missing: list[Published] = []
        if self.last is not None and live.number > self.last and not follows(live.number, self.last):
            missing = self.catch_up()  # perhaps beyond the live document, which is on record already
        if self.last is not None and live.number <= self.last:
            return missing
        self.last = live.number
        return [*missing, live]

    def catch_up(self) -> list[Published]:
        """What the record has and we have not seen."""
        found: list[Published] = []
        while self._fetch is not None:
            batch = [one for one in self._fetch(self.last) if self.last is None or one.number > self.last]
            if not batch:
                break
            found += batch
            self.last = batch[-1].number
        return found


def follows(number: Number, last: Number) -> bool:
    """Whether nothing lies between two numbers; between two engines' documents nobody can tell."""
    return number[0] == last[0] and number[1] == last[1] + 1


async def documents(address: str, curve: Any = None) -> AsyncIterator[Published]:  # noqa: ANN401 - CurveKeys
    """Yields documents as they are published, for ever; gaps are the subscriber's to notice.

    Args:
        address: of the documents socket, such as `tcp://127.0.0.1:5578`.
        curve: keys (`daemon.curve.ClientKeys`) where the socket asks for them.
    """
    async for (frame,) in _subscribed(address, b"", curve):
        yield parse(frame)


async def frames(
    address: str,
    topic: str = "frame",
    curve: Any = None,  # noqa: ANN401 - CurveKeys
) -> AsyncIterator[tuple[dict[str, Any], bytes]]:
    """Yields frames (or, with the topic `status`, statuses) as they are published, for ever.

    Args:
        address: of the frames socket, such as `tcp://127.0.0.1:5579`.
        topic: `frame` or `status`.
        curve: keys where the socket asks for them.

    Yields:
        The header (kind, sequence, shape, dtype, time, name, run) and the pixels, in C order and little-endian; a
        status and nothing.
    """
    async for parts in _subscribed(address, topic.encode(), curve):
        yield msgpack.unpackb(parts[1]), parts[2] if len(parts) > 2 else b""


async def _subscribed(address: str, topic: bytes, curve: Any) -> AsyncIterator[list[bytes]]:  # noqa: ANN401
    import zmq
    import zmq.asyncio

    context = zmq.asyncio.Context.instance()
    socket = context.socket(zmq.SUB)
    try:
        if curve is not None:
            curve.apply(socket)
        socket.setsockopt(zmq.SUBSCRIBE, topic)
        socket.setsockopt(zmq.RCVHWM, 100_000 if not topic else 4)
        socket.connect(address)
        while True:
            yield await socket.recv_multipart()
    finally:
        socket.close(0)
