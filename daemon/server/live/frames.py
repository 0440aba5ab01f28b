"""The newest frame of every camera, for any number of WebSockets; binned so that it fits a screen."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from daemon.engine_client import frames
from daemon.server.bell import Bell
from daemon.server.live.shared import Shared

HEADER = struct.Struct("<2sBBBBHQIId")
"""Before the pixels, little-endian, 32 bytes:

| bytes | type | what |
|---|---|---|
| 0–1 | text | `BP` |
| 2 | u8 | version of this header, 1 |
| 3 | u8 | kind: 1 a frame |
| 4 | u8 | dtype of the pixels: its place in `DTYPES`, from 1 |
| 5 | u8 | binning: so many pixels of the camera, in either direction, are one here |
| 6–7 | u16 | number of the camera, as the text message before its first frame says |
| 8–15 | u64 | sequence: counts the engine's frames; a gap means that some were left out |
| 16–19 | u32 | height, pixels |
| 20–23 | u32 | width, pixels |
| 24–31 | f64 | time of the frame, s since 1970 |

Then the pixels, little-endian, row by row from the top.
"""
MAGIC, VERSION, FRAME = b"BP", 1, 1
DTYPES = ("u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8")
"""Types that pixels may have; others are made one of them."""
LARGEST = 512
"""Most pixels of a preview in either direction."""
IDLE = 1.0
"""Longest wait for a frame, s."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A frame that fits a screen.

    Attributes:
        camera: its name.
        sequence: of the engine.
        message: header and pixels.
    """

    camera: str
    sequence: int
    message: bytes


class FramesHub(Shared):
    """The frames that the engine publishes, while somebody watches.

    Args:
        address: of the engine's socket for frames.
        curve: gives the keys for the socket, if it asks for any.
    """

    def __init__(self, address: str, curve: Callable[[], Any] = lambda: None) -> None:
        super().__init__()
        self._address = address
        self._curve = curve
        self._cameras: dict[str, int] = {}
        self._raw: dict[str, tuple[dict[str, Any], bytes]] = {}
        self._made: dict[str, Preview] = {}
        self._making: dict[str, asyncio.Lock] = {}
        self._bell = Bell()

    def number(self, camera: str) -> int:
        """The number of a camera in headers."""
        return self._cameras[camera]

    async def follow(self) -> AsyncIterator[list[Preview]]:
        """Of every camera the newest frame that was not given yet, for ever; empty lists while nothing happens."""
        seen: dict[str, int] = {}
        with self._bell.listener() as listener:
            async with self.used():
                while True:
                    await listener.wait(IDLE)
                    news = [
                        await self._preview(camera)
                        for camera, (header, _) in list(self._raw.items())
                        if header["sequence"] != seen.get(camera)
                    ]
                    seen |= {preview.camera: preview.sequence for preview in news}
                    yield news

    async def _receive(self) -> None:
        async for header, pixels in frames(self._address, curve=self._curve()):
            camera = str(header["name"])
            self._cameras.setdefault(camera, len(self._cameras))
            self._making.setdefault(camera, asyncio.Lock())
            self._raw[camera] = (header, pixels)
            self._bell.ring()

    async def _preview(self, camera: str) -> Preview:
        """The newest frame, made once for everybody."""
        async with self._making[camera]:
            header, pixels = self._raw[camera]
            made = self._made.get(camera)
            if made is None or made.sequence != header["sequence"]:
                message = await asyncio.to_thread(preview, header, pixels, self._cameras[camera])
                made = self._made[camera] = Preview(camera, header["sequence"], message)
            return made

    def _forget(self) -> None:
        self._raw.clear()
        self._made.clear()


def preview(header: dict[str, Any], pixels: bytes, camera: int, largest: int = LARGEST) -> bytes:
    """A message for browsers: header, and pixels binned by their mean.

    Args:
        header: of the engine: sequence, shape (y, x) or (frame, y, x), dtype, time.
        pixels: in C order.
        camera: its number.
        largest: most pixels in either direction.
    """
    import numpy as np

    frame = np.frombuffer(pixels, np.dtype(header["dtype"])).reshape(header["shape"])
    while frame.ndim > 2:
        frame = frame[-1]
    binning = min(max(-(-max(frame.shape) // largest), 1), 255)
    if binning > 1:
        frame = _binned(frame, binning)
    kind = frame.dtype.str[1:]
    if kind not in DTYPES:
        frame, kind = frame.astype(np.float32), "f4"
    height, width = frame.shape
    facts = (DTYPES.index(kind) + 1, binning, camera, header["sequence"], height, width, header["time"])
    return HEADER.pack(MAGIC, VERSION, FRAME, *facts) + frame.astype(f"<{kind}", copy=False).tobytes()


def _binned(frame: Any, binning: int) -> Any:  # noqa: ANN401 - an array, whose import is lazy
    """Means of square blocks, in the frame's own type; a rest at the right and the bottom is left out."""
    import numpy as np

    height, width = (size // binning for size in frame.shape)
    blocks = frame[: height * binning, : width * binning].reshape(height, binning, width, binning)
    kind = np.float64 if frame.dtype.itemsize > 2 else np.float32
    means = blocks.mean(axis=(1, 3), dtype=kind)
    return means.round().astype(frame.dtype) if frame.dtype.kind in "ui" else means.astype(frame.dtype)
