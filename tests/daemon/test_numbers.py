"""Numbers of documents: as text, and where a subscriber missed some."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.engine_client import Published, Subscription
from daemon.numbers import Number, Register, format_number, parse_number

NUMBERS = st.tuples(st.integers(0, 2**63), st.integers(0, 2**40))


@given(NUMBERS)
def test_text_and_back(number: Number) -> None:
    """What is written is read again."""
    assert parse_number(format_number(number)) == number


@pytest.mark.parametrize("text", ["", "1", "1:", ":1", "a:1", "1:2:3", "-1:2", "1 :2", "١:2"])
def test_what_is_no_number_is_refused(text: str) -> None:
    """With a word on what one looks like."""
    with pytest.raises(ValueError, match="looks like"):
        parse_number(text)


def test_a_register_tells_of_what_is_on_record_in_its_order() -> None:
    """The next number is given out as often as it is asked for, until a document takes it."""
    told: list[Any] = []
    register = Register(lambda *args: told.append(args), epoch=7)
    assert register.next == register.next == (7, 1)
    register.acknowledge("start", {"a": 1})
    register.acknowledge("stop", {})
    assert told == [((7, 1), "start", {"a": 1}), ((7, 2), "stop", {})]
    assert register.sequence == 2


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    data=st.data(),
    batch=st.integers(1, 5),
)
def test_a_subscription_sees_all_once_and_in_order(lengths: list[int], data: st.DataObject, batch: int) -> None:
    """Whatever was lost live, over several engines, and however far the record is ahead of what comes live."""
    record = [
        Published((epoch, n), "event", {}) for epoch, length in enumerate(lengths, 1) for n in range(1, length + 1)
    ]
    written = 0

    def fetch(after: Number | None) -> list[Published]:
        return [one for one in record[:written] if after is None or one.number > after][:batch]

    subscription = Subscription(fetch, after=(0, 0))
    seen: list[Published] = []
    for index, document in enumerate(record):
        written = max(written, data.draw(st.integers(index + 1, len(record))))
        if data.draw(st.booleans()):
            seen += subscription.take(document)
    written = len(record)
    seen += subscription.catch_up()
    assert seen == record


def test_without_a_record_gaps_stay_and_nothing_comes_twice() -> None:
    """Somebody who only listens."""
    subscription = Subscription()
    for number in [(1, 1), (1, 4), (1, 4), (1, 3), (2, 9)]:
        subscription.take(Published(number, "event", {}))
    assert subscription.last == (2, 9)
    assert subscription.take(Published((2, 9), "event", {})) == []
