"""Positions in the queue, held against the queue server's own rules worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.server.queueserver.places import find, gap, moved
from daemon.server.queueserver.refused import RefusedError

QUEUE = list("abcde")


@pytest.mark.parametrize(
    ("pos", "index"), [("front", 0), ("back", 4), (None, 4), (0, 0), (2, 2), (4, 4), (-1, 4), (-5, 0)]
)
def test_an_item_is_found_by_its_position(pos: object, index: int) -> None:
    """From the front, and with negative numbers from the back, which is also the default."""
    assert find(QUEUE, pos) == index


@pytest.mark.parametrize("pos", [5, -6, "middle", 1.0, True, [0]])
def test_no_item_is_found_where_none_is(pos: object) -> None:
    """Nor by what is no position."""
    with pytest.raises(RefusedError):
        find(QUEUE, pos)


def test_an_empty_queue_has_neither_front_nor_back() -> None:
    """Nor anything in between."""
    for pos in ("front", "back", None, 0, -1):
        with pytest.raises(RefusedError):
            find([], pos)


def test_position_and_uid_exclude_one_another() -> None:
    """Even where both mean the same item."""
    with pytest.raises(RefusedError, match="not both"):
        find(QUEUE, 0, "a")


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ({}, 5),
        ({"pos": "front"}, 0),
        ({"pos": "back"}, 5),
        ({"pos": 2}, 2),
        ({"pos": 99}, 5),
        ({"pos": -1}, 5),
        ({"pos": -2}, 4),
        ({"pos": -5}, 1),
        ({"pos": -6}, 0),
        ({"pos": -99}, 0),
        ({"before": "c"}, 2),
        ({"after": "c"}, 3),
        ({"after": "running"}, 0),
    ],
)
def test_where_a_new_item_comes(where: dict[str, object], index: int) -> None:
    """Positions beyond an end mean that end; −1 is behind the last item, as in the queue server."""
    assert gap(QUEUE, "running", **where) == index


@pytest.mark.parametrize(
    "where",
    [{"pos": 0, "before": "a"}, {"before": "a", "after": "b"}, {"before": "running"}, {"after": "z"}, {"pos": "x"}],
)
def test_where_no_item_can_come(where: dict[str, object]) -> None:
    """Two places at once, before what runs, beside nothing."""
    with pytest.raises(RefusedError):
        gap(QUEUE, "running", **where)


@pytest.mark.parametrize(
    ("batch", "where", "order"),
    [
        ("b", {"pos": "front"}, "bacde"),
        ("b", {"pos": "back"}, "acdeb"),
        ("b", {"pos": 3}, "acdbe"),
        ("d", {"pos": 1}, "adbce"),
        ("d", {"pos": -5}, "dabce"),
        ("b", {"before": "e"}, "acdbe"),
        ("e", {"after": "a"}, "aebcd"),
        ("db", {"pos": "front"}, "dbace"),
        ("db", {"after": "e"}, "acedb"),
        ("bc", {"pos": 3}, "adbce"),
        ("", {"pos": 1}, "abcde"),
    ],
)
def test_the_queue_after_a_move(batch: str, where: dict[str, object], order: str) -> None:
    """The first of a batch goes where it is sent, the others follow it one by one."""
    assert "".join(moved(QUEUE, list(batch), **where)) == order


@pytest.mark.parametrize(
    ("batch", "where"),
    [
        ("b", {}),
        ("b", {"pos": 1, "after": "a"}),
        ("bb", {"pos": 1}),
        ("z", {"pos": 1}),
        ("ab", {"before": "a"}),
        ("a", {"after": "z"}),
        ("a", {"pos": 9}),
    ],
)
def test_moves_that_cannot_be(batch: str, where: dict[str, object]) -> None:
    """No place or two, an item twice, unknown or beside itself."""
    with pytest.raises(RefusedError):
        moved(QUEUE, list(batch), **where)


@given(st.permutations(QUEUE), st.integers(1, 5), st.integers(-5, 4))
def test_a_batch_stays_together_and_nothing_is_lost(order: list[str], size: int, pos: int) -> None:
    """Wherever it goes."""
    batch = order[:size]
    after = moved(QUEUE, batch, pos=pos)
    assert sorted(after) == QUEUE
    first = after.index(batch[0])
    assert after[first : first + size] == batch
