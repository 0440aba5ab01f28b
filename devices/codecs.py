"""How a frame is packed before it is written: lossless codecs that every reader of Zarr v3 knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from devices.errors import FrameWriterError

Packed = bytes | memoryview
"""What goes into a file as it is."""


@dataclass(frozen=True, slots=True)
class FrameCodec:
    """A way to pack frames; each frame is packed by itself, so that each can be read by itself.

    Attributes:
        name: What settings call it.
        library: ``blosc`` or ``zstd`` as in Zarr's metadata; empty for none.
        options: Of the library: ``cname``, ``clevel`` and ``shuffle`` for blosc, ``level`` for zstd.
    """

    name: str
    library: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def encoder(self) -> Callable[[NDArray[Any]], Packed]:
        """Return what packs a frame, shape (y, x), C-contiguous; without a codec it copies nothing."""
        if not self.library:
            return _as_it_is
        return _library(self.library, tuple(self.options.items())).encode


class _Codec(Protocol):
    """What numcodecs offers."""

    def encode(self, buf: NDArray[Any]) -> bytes:
        """Pack."""
        ...

    def decode(self, buf: bytes) -> bytes:
        """Unpack."""
        ...


CODECS = {
    codec.name: codec
    for codec in (
        FrameCodec("none"),
        FrameCodec("lz4", "blosc", {"cname": "lz4", "clevel": 5, "shuffle": "bitshuffle"}),
        FrameCodec("lz4-bytes", "blosc", {"cname": "lz4", "clevel": 5, "shuffle": "shuffle"}),
        FrameCodec("zstd", "blosc", {"cname": "zstd", "clevel": 1, "shuffle": "bitshuffle"}),
        FrameCodec("zstd-bytes", "blosc", {"cname": "zstd", "clevel": 1, "shuffle": "shuffle"}),
        FrameCodec("zstd-plain", "zstd", {"level": 3}),
    )
}
"""All codecs by name: ``benchmarks/codecs.py`` says what each is worth."""

DEFAULT = "lz4"
"""Fast enough for any disk, and small on sparse and on noisy frames."""


def codec_named(name: str) -> FrameCodec:
    """Return the codec of that name.

    Raises:
        FrameWriterError: There is none; names those that there are.
    """
    if name not in CODECS:
        raise FrameWriterError(f"there is no codec {name!r} for frames; choose one of {', '.join(CODECS)}")
    return CODECS[name]


def decode(content: bytes, codecs: Sequence[str], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Unpack what an encoder packed.

    Args:
        content: The packed frame.
        codecs: Names of its codecs in Zarr's metadata, in the order of packing: ``bytes`` and perhaps one more.
        dtype: Type of a pixel as it lies on disk.

    Returns:
        The pixels, shape (pixels,); read-only.

    Raises:
        KeyError: A codec is none of ours.
    """
    for name in reversed(codecs[1:]):
        content = _library(name).decode(content)
    return np.frombuffer(content, dtype)


@cache
def _library(name: str, options: tuple[tuple[str, Any], ...] = ()) -> _Codec:
    """Return numcodecs' codec; imported when it is first wanted, which takes a tenth of a second."""
    from numcodecs.blosc import BITSHUFFLE, SHUFFLE, Blosc
    from numcodecs.zstd import Zstd

    chosen = dict(options)
    if "shuffle" in chosen:
        chosen["shuffle"] = {"shuffle": SHUFFLE, "bitshuffle": BITSHUFFLE}[chosen["shuffle"]]
    return {"blosc": Blosc, "zstd": Zstd}[name](**chosen)


def _as_it_is(frame: NDArray[Any]) -> memoryview:
    """Pack nothing."""
    return frame.data
