"""Documents by number, read from the journals: also those of engines that are dead, and of runs long closed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from daemon.numbers import Number
from daemon.recorder.layout import JOURNAL
from daemon.runs.store import RunStore

NUMBER = re.compile(rb",\[(\d+),(\d+)\]\]\n?$")
"""The number at the end of a journal's line."""
CLOCK_GRAIN = 2.0
"""A file's time may be this much behind the clock that epochs are read from, s."""
NEAR = 4096
"""A search in a file ends, and reading begins, when it is narrowed down to so many bytes."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A document and its number.

    Attributes:
        number: epoch and sequence.
        name: start, descriptor, event, …
        document: plain types.
        run: folder of its run.
    """

    number: Number
    name: str
    document: dict[str, Any]
    run: Path


def documents_after(data: Path, after: Number | None, limit: int = 1000) -> list[Numbered]:
    """The documents that follow a number, oldest first.

    Args:
        data: the data folder.
        after: the last number that is known; None for all from the beginning.
        limit: the most documents that are returned; ask again with the last one's number for more.
    """
    found: list[Numbered] = []
    for first, path in _journals(data, after):
        found.sort(key=lambda one: one.number)
        if len(found) >= limit and found[limit - 1].number < first:
            break
        found.extend(_read(path, after, limit))
    return sorted(found, key=lambda one: one.number)[:limit]


def last_number(data: Path) -> Number | None:
    """The number of the newest document on record; None where there is none."""
    numbers = [number for path in RunStore(data).paths() if (number := _last(path / JOURNAL)) is not None]
    return max(numbers, default=None)


def _journals(data: Path, after: Number | None) -> list[tuple[Number, Path]]:
    """Journals that may hold something after a number, with their first numbers, in their order."""
    found = []
    for run in RunStore(data).paths():
        path = run / JOURNAL
        try:
            # What has a number of this engine or a later one was written when that engine had begun.
            if after is not None and path.stat().st_mtime < after[0] / 1000 - CLOCK_GRAIN:
                continue
            with path.open("rb") as file:
                first = _number(file.readline())
        except OSError:  # removed meanwhile
            continue
        last = _last(path)
        if last is not None and (after is None or last > after):
            found.append((first or last, path))
    return sorted(found)


def _last(path: Path) -> Number | None:
    """The last number in a journal; a torn last line does not count."""
    try:
        with path.open("rb") as file:
            size, width = file.seek(0, os.SEEK_END), NEAR
            while True:
                start = max(size - width, 0)
                file.seek(start)
                lines = file.read().split(b"\n")
                numbers = [number for line in lines[0 if start == 0 else 1 : -1] if (number := _number(line))]
                if numbers or start == 0:
                    return numbers[-1] if numbers else None
                width *= 4
    except OSError:
        return None


def _read(path: Path, after: Number | None, limit: int) -> Iterator[Numbered]:
    """The first documents after a number of one journal, in which numbers only grow."""
    try:
        file = path.open("rb")
    except OSError:
        return
    with file:
        if after is not None:
            _seek(file, after)
        for line in file:
            number = _number(line)
            if number is None or (after is not None and number <= after):
                continue
            name, document, _ = json.loads(line)
            yield Numbered(number, name, document, path.parent)
            limit -= 1
            if not limit:
                return


def _seek(file: BufferedReader, after: Number) -> None:
    """Places a file at the beginning of a line at or before the first one after a number, by halving."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > NEAR:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        start = file.tell()
        number = _number(file.readline())
        if number is not None and number <= after and file.tell() < high:
            low = start
        else:
            high = middle
    file.seek(low)


def _number(line: bytes) -> Number | None:
    found = NUMBER.search(line)
    return None if found is None else (int(found[1]), int(found[2]))
