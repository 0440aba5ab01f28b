"""Images of a run: each event's frame, with the pixels that the camera's coordinates tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.detection.scan import Request, Scan, as_plane, pixel_size
from daemon.errors import ScanError
from daemon.recorder.layout import METADATA, stream_folder
from daemon.runs import Run
from devices.frames import read_frame

PRIMARY = "primary"
TO_NM = {"nm": 1.0, "nanometer": 1.0, "å": 0.1, "angstrom": 0.1, "um": 1e3, "µm": 1e3, "pm": 1e-3, "m": 1e9}
"""Units of length, nm."""


def read_run(path: Path, request: Request) -> Iterator[Scan]:
    """Read the images of a run, one after another, also of one that is still growing.

    Raises:
        ScanError: It has no frames, or nobody says how large their pixels are.
        RecorderError: It is no run, or broken.
    """
    run = Run(path)
    key = _camera(run, request.channel)
    folder = stream_folder(path, PRIMARY)
    told = _pixel(folder, key)
    pixel = pixel_size(told, request, path.name)
    for event in range(run.points):
        name = f"{path.name}, image {event + 1}"
        yield Scan(as_plane(np.asarray(read_frame(folder / key, event)), name), pixel, name)


def _camera(run: Run, wanted: str | None) -> str:
    """The data key of the frames.

    Raises:
        ScanError: There are none, or of several cameras.
    """
    folder = stream_folder(run.path, PRIMARY)
    described = [document for name, document in run.documents() if name == "descriptor"]
    keys = {
        key
        for document in described
        if document.get("name") == PRIMARY
        for key, entry in document["data_keys"].items()
        if "external" in entry
    }
    known = sorted(key for key in keys if (folder / key / METADATA).is_file())
    if wanted in known or (wanted is None and len(known) == 1):
        return wanted or known[0]
    if not known or not run.points:
        raise ScanError(f"{run.path.name} holds no images")
    raise ScanError(f"{run.path.name} has the cameras {', '.join(known)}: name one with --channel")


def _pixel(folder: Path, key: str) -> tuple[float, float] | None:
    """Size of a pixel along x and y as the coordinates of the frames tell, nm."""
    import zarr

    sides = []
    for axis in "xy":
        place = folder / f"{key}_{axis}"
        if not (place / METADATA).is_file():
            return None
        array = zarr.open_array(place, mode="r")
        values: NDArray[np.float64] = np.asarray(array[...], float)
        factor = TO_NM.get(str(array.attrs.get("units", "")).strip().lower())
        if factor is None or values.size < 2:
            return None
        sides.append(factor * float(np.median(np.abs(np.diff(values)))))
    return sides[0], sides[1]
