"""Documents reach their watchers in order, and nobody has to wait for a watcher."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from daemon.engine.documents import DocumentFeed


@pytest.fixture
def feed() -> Iterator[DocumentFeed]:
    """A feed."""
    made = DocumentFeed()
    yield made
    made.close()


def test_watchers_get_all_documents_in_order(feed: DocumentFeed) -> None:
    """From their subscription to its end."""
    seen: list[int] = []
    feed("event", {"n": -1})
    token = feed.subscribe(lambda name, document: seen.append(document["n"]))
    for number in range(100):
        feed("event", {"n": number})
    assert feed.drain(5.0)
    feed.unsubscribe(token)
    feed.unsubscribe(token)
    feed("event", {"n": 100})
    assert feed.drain(5.0)
    assert seen == list(range(100))


def test_a_slow_watcher_holds_nobody_up(feed: DocumentFeed) -> None:
    """The sender goes on at once."""
    go_on = threading.Event()
    feed.subscribe(lambda name, document: go_on.wait(10.0))
    started = time.monotonic()
    feed("start", {})
    assert time.monotonic() - started < 5.0
    assert not feed.drain(0.05)
    go_on.set()
    assert feed.drain(5.0)


def test_a_watcher_that_fails_does_not_keep_others_from_documents(feed: DocumentFeed) -> None:
    """Nor itself from later ones."""
    seen: list[str] = []

    def broken(name: str, document: dict[str, Any]) -> None:
        seen.append(name)
        raise ValueError(name)

    feed.subscribe(broken)
    feed.subscribe(lambda name, document: seen.append(name))
    feed("start", {})
    feed("stop", {})
    assert feed.drain(5.0)
    assert seen == ["start", "start", "stop", "stop"]
