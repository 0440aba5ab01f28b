"""Scans of Nanonis controllers (``.sxm``): lines of text, the mark 1A 04, and big-endian floats.

Each channel has one plane per direction, forward first; planes of backward lines are mirrored, and the first line is
the lowest one where the scan went up. Lines that were not scanned hold NaN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.detection.scan import Request, Scan, pixel_size
from daemon.errors import ScanError

MARK = b"\x1a\x04"
"""What stands between text and numbers."""
_KEY = re.compile(r"^:([^:\n]+):[ \t]*\r?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of a file.

    Attributes:
        name: Such as ``Z``.
        unit: Such as ``m``.
        planes: 2 where lines were recorded both ways.
        offset: Number of planes before this channel's.
    """

    name: str
    unit: str
    planes: int
    offset: int


def read_sxm(file: Path, request: Request) -> list[Scan]:
    """Read the forward image of a channel.

    Raises:
        ScanError: The file is cut off, or has no such channel.
    """
    content = file.read_bytes()
    text, mark, data = content.partition(MARK)
    if not mark:
        raise ScanError(f"{file} is cut off: its header has no end")
    header = parse_header(text.decode("utf-8", "replace"))
    columns, rows = (int(word) for word in header["SCAN_PIXELS"].split()[:2])
    channels = parse_channels(header["DATA_INFO"])
    channel = choose_channel(channels, request.channel, file.name)
    planes = _planes(data, header.get("SCANIT_TYPE", ""), (sum(one.planes for one in channels), rows, columns), file)
    height = planes[channel.offset]
    if header.get("SCAN_DIR", "down").strip().lower() == "up":
        height = height[::-1]
    sides = [float(word) for word in header["SCAN_RANGE"].split()[:2]]
    told = (1e9 * sides[0] / columns, 1e9 * sides[1] / rows)
    unscanned = int((~np.isfinite(height)).all(axis=1).sum())
    notes = (f"{unscanned} of {rows} lines were not scanned",) if unscanned else ()
    return [Scan(height.astype(np.float64), pixel_size(told, request, file.name), file.name, notes)]


def parse_header(text: str) -> dict[str, str]:
    """Keys of a header and the text below each."""
    parts = _KEY.split(text)
    return {key: value.strip("\r\n") for key, value in zip(parts[1::2], parts[2::2], strict=True)}


def parse_channels(table: str) -> list[Channel]:
    """Channels in the order of their planes.

    Args:
        table: Text of ``DATA_INFO``: columns of number, name, unit, direction, calibration and offset, with titles.
    """
    channels, planes = [], 0
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) >= 4:
            both = 2 if words[3].lower() == "both" else 1
            channels.append(Channel(words[1], words[2], both, planes))
            planes += both
    return channels


def choose_channel(channels: list[Channel], wanted: str | None, name: str) -> Channel:
    """Find the topography, or the channel that a person names.

    Raises:
        ScanError: There is no such channel.
    """
    told = ", ".join(channel.name for channel in channels) or "none"
    for channel in channels:
        if channel.name.lower() == (wanted or "Z").lower():
            return channel
    if wanted is None and (lengths := [channel for channel in channels if channel.unit == "m"]):
        return lengths[0]
    raise ScanError(f"{name} has no channel {wanted or 'Z'}; give --channel: it has {told}")


def _planes(data: bytes, kind: str, shape: tuple[int, int, int], file: Path) -> NDArray[np.float32]:
    """The numbers, by plane, line and column.

    Raises:
        ScanError: They are of another type, or end too early.
    """
    words = kind.upper().split()
    if words and words[0] != "FLOAT":
        raise ScanError(f"{file} holds numbers of type {kind.strip()}; only FLOAT can be read")
    dtype = np.dtype("<f4" if "LSBFIRST" in words else ">f4")
    count = shape[0] * shape[1] * shape[2]
    if min(shape) < 1 or len(data) < 4 * count:
        raise ScanError(f"{file} is cut off: it has {len(data)} bytes of numbers, fewer than its header says")
    return np.frombuffer(data, dtype, count).reshape(shape)
