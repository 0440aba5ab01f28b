"""The numbers of documents: by them a subscriber sees what it missed, and asks the record for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Number: TypeAlias = tuple[int, int]
"""When the engine began (epoch, ms since 1970), and the document's place among that engine's, from 1."""

Listener: TypeAlias = Callable[[Number, str, Mapping[str, Any]], object]
"""Is told of a document that is on record, with its number; must return at once."""


def format_number(number: Number) -> str:
    """A number as text: `<epoch>:<sequence>`."""
    return f"{number[0]}:{number[1]}"


def parse_number(text: str) -> Number:
    """Reads what `format_number` wrote.

    Raises:
        ValueError: when it is no number.
    """
    epoch, _, sequence = text.partition(":")
    if not (epoch.isascii() and epoch.isdecimal() and sequence.isascii() and sequence.isdecimal()):
        raise ValueError(f"{text!r} is no document's number; it looks like 1790000000000:17")
    return int(epoch), int(sequence)


class Register:
    """Numbers an engine's documents in the order in which they come on record, and tells of each.

    Whoever writes the record asks for the `next` number, writes it with the document, and calls `acknowledge` when
    that is on disk; all of it under the lock that keeps the record in order.

    Args:
        listener: told of every document once it is on record.
        epoch: when the engine began, ms since 1970; now where it is not given. It grows from engine to engine.
    """

    def __init__(self, listener: Listener = lambda *_: None, epoch: int | None = None) -> None:
        self.epoch = time.time_ns() // 1_000_000 if epoch is None else epoch
        self.sequence = 0
        self._listener = listener

    @property
    def next(self) -> Number:
        """The number of the next document."""
        return self.epoch, self.sequence + 1

    def acknowledge(self, name: str, document: Mapping[str, Any]) -> None:
        """The document with the next number is on record."""
        number = self.next
        self.sequence += 1
        self._listener(number, name, document)
