"""Messages between engine and analyst arrive whole, in order, and the end of either side is noticed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import ChannelClosedError
from daemon.wire import LENGTH, Channel

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    """Both ends of a conversation."""
    pair = socket.socketpair()
    channels = Channel(pair[0]), Channel(pair[1])
    yield channels
    for channel in channels:
        channel.close()


@settings(max_examples=30, deadline=None)
@given(messages=st.lists(st.dictionaries(st.text(max_size=8), PLAIN, max_size=5), max_size=5))
def test_messages_arrive_whole_and_in_order(messages: list[dict[str, Any]]) -> None:
    """Whatever plain types they hold."""
    left, right = (Channel(end) for end in socket.socketpair())
    for message in messages:
        left.send(message)
    assert [right.receive(1.0) for _ in messages] == messages
    left.close()
    right.close()


def test_a_message_that_comes_in_pieces_is_put_together() -> None:
    """The stream may be cut anywhere."""
    raw, end = socket.socketpair()
    channel = Channel(end)
    body = b"\x81\xa1a\x01"
    for byte in LENGTH.pack(len(body)) + body:
        assert channel.receive(0.0) is None
        raw.send(bytes([byte]))
    assert channel.receive(1.0) == {"a": 1}
    raw.close()
    channel.close()


def test_a_large_message_passes(ends: tuple[Channel, Channel]) -> None:
    """Larger than any socket buffer, so sender and receiver must work at the same time."""
    message = {"numbers": [0.5] * 200_000}
    sender = threading.Thread(target=ends[0].send, args=(message,))
    sender.start()
    assert ends[1].receive(10.0) == message
    sender.join()


def test_the_end_of_one_side_is_noticed_by_the_other(ends: tuple[Channel, Channel]) -> None:
    """What was sent before the end is still read."""
    ends[0].send({"last": True})
    ends[0].close()
    assert ends[1].receive(1.0) == {"last": True}
    with pytest.raises(ChannelClosedError):
        ends[1].receive(1.0)
    with pytest.raises(ChannelClosedError):
        ends[1].send({"any": "body"})


def test_waiting_ends_when_the_time_is_up(ends: tuple[Channel, Channel]) -> None:
    """Without a message there is none."""
    assert ends[0].receive(0.01) is None
