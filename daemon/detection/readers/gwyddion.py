"""Files of Gwyddion (``.gwy``): ``GWYP`` and one serialised object, a container of data fields.

An object is its name, its size, and components: a name, a letter for the type, and the value; capital letters are
arrays with their length before them. All numbers are little-endian.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np

from daemon.detection.scan import Request, Scan, pixel_size
from daemon.errors import ScanError

MAGIC = b"GWYP"
_NUMBERS = {"b": "<?", "c": "<c", "i": "<i", "q": "<q", "d": "<d"}
_ARRAYS = {"C": "S1", "I": "<i4", "Q": "<i8", "D": "<f8"}
_FIELD = re.compile(r"^/(\d+)/data$")
_DEEPEST = 32


class Stream:
    """Bytes that are read from front to back.

    Args:
        content: All of them.
    """

    def __init__(self, content: bytes) -> None:
        self._content, self.place = content, 0

    def take(self, count: int) -> bytes:
        """The next bytes.

        Raises:
            EOFError: There are not so many.
        """
        if count < 0 or self.place + count > len(self._content):
            raise EOFError("it ends before its last value")
        self.place += count
        return self._content[self.place - count : self.place]

    def text(self) -> str:
        """The next text, which ends with a zero."""
        end = self._content.find(b"\0", self.place)
        if end < 0:
            raise EOFError("it ends within a text")
        return self.take(end + 1 - self.place)[:-1].decode("utf-8", "replace")

    def number(self, form: str) -> Any:  # noqa: ANN401 - of the type that the form says
        """The next number."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]


def read_gwy(file: Path, request: Request) -> list[Scan]:
    """Read a data field: the topography, or the channel that a person names.

    Raises:
        ScanError: The file has no such field.
    """
    stream = Stream(file.read_bytes())
    stream.take(len(MAGIC))
    _, container = read_object(stream)
    titles = {
        match[1]: str(container.get(f"/{match[1]}/data/title", f"channel {match[1]}"))
        for key in container
        if (match := _FIELD.match(key))
    }
    number = _choose(titles, request.channel, file.name)
    field = container[f"/{number}/data"]
    rows, columns = int(field["yres"]), int(field["xres"])
    height = np.array(field["data"], np.float64).reshape(rows, columns)
    metres = str(field.get("si_unit_xy", {}).get("unitstr", "m")).strip() in ("m", "")
    told = (1e9 * float(field["xreal"]) / columns, 1e9 * float(field["yreal"]) / rows) if metres else None
    note = f"channel {titles[number]}" if len(titles) > 1 else ""
    return [Scan(height, pixel_size(told, request, file.name), file.name, (note,) if note else ())]


def read_object(stream: Stream, depth: int = 0) -> tuple[str, dict[str, Any]]:
    """Read the next object: its name, and its components.

    Raises:
        EOFError: The file is cut off.
        ValueError: A component is of no known type, or objects contain each other without end.
    """
    if depth > _DEEPEST:
        raise ValueError("objects lie too deep in each other")
    name = stream.text()
    end = stream.number("<I") + stream.place
    components: dict[str, Any] = {}
    while stream.place < end:
        key = stream.text()
        components[key] = _read_value(stream, stream.take(1).decode("latin-1"), depth)
    return name, components


def _read_value(stream: Stream, kind: str, depth: int) -> Any:  # noqa: ANN401 - of the type that the letter says
    """Read a value of a type."""
    if kind in _NUMBERS:
        return stream.number(_NUMBERS[kind])
    if kind == "s":
        return stream.text()
    if kind == "o":
        return read_object(stream, depth + 1)[1]
    count = stream.number("<I") if kind in (*_ARRAYS, "S", "O") else 0
    if kind in _ARRAYS:
        dtype = np.dtype(_ARRAYS[kind])
        return np.frombuffer(stream.take(count * dtype.itemsize), dtype)
    if kind in "SO":
        return [stream.text() if kind == "S" else read_object(stream, depth + 1)[1] for _ in range(count)]
    raise ValueError(f"a value of the unknown type {kind!r}")


def _choose(titles: dict[str, str], wanted: str | None, name: str) -> str:
    """Number of the channel: the one named, else the first that is called like a topography, else the first.

    Raises:
        ScanError: There is none, or none of that name.
    """
    if not titles:
        raise ScanError(f"{name} holds no data field")
    if wanted is not None:
        for number, title in titles.items():
            if wanted in (number, title) or wanted.lower() == title.lower():
                return number
        raise ScanError(f"{name} has no channel {wanted}; give --channel: it has {', '.join(titles.values())}")
    order = sorted(titles, key=int)
    likely = [number for number in order if re.match(r"z\b|z[ _(]|topo|height", titles[number], re.IGNORECASE)]
    return (likely or order)[0]
