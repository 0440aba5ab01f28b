"""Reads frames of a run that is still being written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.analyst.messages import FrameLayout


def read_frame(run: Path, stream: str, key: str, index: int, layout: FrameLayout) -> NDArray[Any] | None:
    """One frame, straight from its chunk file, which is written whole before the frame is announced.

    Args:
        run: folder of the run.
        stream: name of the stream's folder.
        key: data key of the frames.
        index: the event, from 0.
        layout: shape and type of a frame.

    Returns:
        The frame, shape (y, x); None where there is none or it has another size.
    """
    chunk = run / stream / key / "c" / str(index) / "0" / "0" / "0"
    try:
        content = chunk.read_bytes()
    except OSError:
        return None
    dtype = np.dtype(layout.dtype)
    if len(content) != dtype.itemsize * layout.shape[0] * layout.shape[1]:
        return None
    return np.frombuffer(content, dtype).reshape(layout.shape)


def read_closed_frames(run: Path, stream: str, key: str) -> NDArray[Any]:
    """All frames of a run that is closed, however its chunks were compacted; shape (event, y, x)."""
    import zarr  # Only a campaign that is taken up again needs it, and it takes half a second to import.

    array = zarr.open_array(run / stream / key, mode="r")
    frames = np.asarray(array[:])
    return frames.reshape(frames.shape[0], *frames.shape[-2:])
