"""The numbers of documents: by them a subscriber sees what it missed, and asks the record for it."""

from __future__ import annotations

import time
from typing import TypeAlias

Number: TypeAlias = tuple[int, int]
"""When the engine began (epoch, ms since 1970), and the document's place among that engine's, from 1."""


def format_number(number: Number) -> str:
    """A number as text: `<epoch>:<sequence>`."""
    return f"{number[0]}:{number[1]}"


def parse_number(text: str) -> Number:
    """Reads what `format_number` wrote.

    Raises:
        ValueError: when it is no number.
    """
    epoch, separator, sequence = text.partition(":")
    if not (separator and epoch.isdecimal() and sequence.isdecimal()):
        raise ValueError(f"{text!r} is no document's number; it looks like 1790000000000:17")
    return int(epoch), int(sequence)


class Numbers:
    """Counts an engine's documents; whoever writes the record holds it, under the record's own lock.

    Args:
        epoch: when the engine began, ms since 1970; now where it is not given. It must grow from engine to engine.
    """

    def __init__(self, epoch: int | None = None) -> None:
        self.epoch = time.time_ns() // 1_000_000 if epoch is None else epoch
        self.sequence = 0

    def next(self) -> Number:
        """The number of the next document; it is taken only by `take`, when the document is on disk."""
        return self.epoch, self.sequence + 1

    def take(self) -> None:
        """The next number belongs to a document now."""
        self.sequence += 1
