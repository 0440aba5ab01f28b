"""A run of ours: frames of an energy scan, I0 from the beam monitor, dark frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.errors import StackError
from daemon.recorder.layout import METADATA, stream_folder
from daemon.runs import Run
from daemon.unmixing.contents import ELECTRONVOLTS, Contents, Dimension, Request, is_energy_name
from daemon.unmixing.room import Room
from devices.frames import read_frames

Floats = NDArray[np.float64]

PRIMARY = "primary"
DARKS = "darks"
I0 = "monitor_intensity"
"""The monitor's reading that frames are divided by: averaged over the exposure."""


class EventFrames:
    """Frames of a run's events, also of a run that is still growing; of several frames of an event their mean.

    Args:
        folder: Folder of the camera's array.
        events: How many events have frames.
    """

    def __init__(self, folder: Path, events: int) -> None:
        import zarr

        array = zarr.open_array(folder, mode="r")
        # Until a run is closed, its arrays are shorter than its frames.
        self._array = array if array.shape[0] == events else None
        self._folder = folder
        self.shape: tuple[int, ...] = (events, *array.shape[2:])
        self.dtype: np.dtype[Any] = np.dtype(array.dtype if array.shape[1] == 1 else np.float32)

    def __getitem__(self, key: Any) -> NDArray[Any]:  # noqa: ANN401 - slices of all axes
        """Read a part."""
        events, *inner = key
        if self._array is not None:
            frames = np.asarray(self._array[(events, slice(None), *inner)])
        else:
            numbers = range(*events.indices(self.shape[0]))
            frames = np.stack([read_frames(self._folder, number)[(slice(None), *inner)] for number in numbers])
        return frames[:, 0] if frames.shape[1] == 1 else frames.mean(axis=1, dtype=np.float32)


def read_run(path: Path, request: Request, room: Room) -> Contents:
    """Read the frames of a run.

    Raises:
        StackError: It has no frames, or nothing that is an energy.
        RecorderError: It is no run, or broken.
    """
    run = Run(path)
    key = _camera(run, request.dataset)
    table, units = run.table(), run.units()
    frames = EventFrames(stream_folder(path, PRIMARY) / key, run.points)
    array = room.lay_out(frames, (1, *frames.shape[1:]))
    energy = _energy(table, units, request)
    named: dict[str, Floats] = {
        name: values.astype(float) for name, values in table.items() if values.dtype.kind in "iuf" and values.ndim == 1
    }
    notes = [f"energies from {energy}"]
    if I0 in named:
        named["i0"] = named[I0]
        notes.append(f"i0 from {I0}")
    if (dark := _dark(run, key)) is not None:
        named["dark"] = dark
        notes.append(f"dark from the stream {DARKS}")
    factor = ELECTRONVOLTS.get(units.get(energy, "").lower(), 1.0)
    dimension = Dimension(energy, "eV", named[energy] * factor, is_energy=True)
    pixels = (_pixels(path, f"{key}_{axis}", size) for axis, size in zip("yx", frames.shape[1:], strict=True))
    if others := [motor for motor in run.start.get("motors", ()) if motor != energy]:
        notes.append(f"{', '.join(others)} moved too: frames may show different places")
    status = run.status
    if status not in ("success", "running"):
        notes.append(f"the run ended early ({status})")
    elif status == "running":
        notes.append("the run was still going on")
    return Contents(array, (dimension, *pixels), f"{path.name}, {key}", named, tuple(notes))


def _camera(run: Run, wanted: str | None) -> str:
    """The data key of the frames.

    Raises:
        StackError: There are none, or of several cameras.
    """
    folder = stream_folder(run.path, PRIMARY)
    keys = {key for _, document in run.documents() if _ == "descriptor" for key in _external(document)}
    known = sorted(key for key in keys if (folder / key / METADATA).is_file())
    if wanted in known or (wanted is None and len(known) == 1):
        return wanted or known[0]
    if not known or not run.points:
        raise StackError(f"{run.path.name} holds no frames: unmix a run of a scan with a camera")
    asked = f"--dataset {wanted}: " if wanted else ""
    raise StackError(f"{asked}{run.path.name} has the cameras {', '.join(known)}: name one with --dataset")


def _external(descriptor: Mapping[str, Any]) -> list[str]:
    """Data keys of a primary stream's frames."""
    if descriptor.get("name") != PRIMARY:
        return []
    return [key for key, described in descriptor["data_keys"].items() if "external" in described]


def _energy(table: Mapping[str, NDArray[Any]], units: Mapping[str, str], request: Request) -> str:
    """The data key that is the photon energy.

    Raises:
        StackError: None or several look like it.
    """
    if request.energies is not None and request.energies in table:
        return request.energies
    keys = [key for key in table if not key.startswith("ts_") and table[key].dtype.kind in "iuf"]
    by_unit = [key for key in keys if units.get(key, "").lower() in ELECTRONVOLTS]
    by_name = [key for key in by_unit or keys if is_energy_name(key)]
    # The position that a motor reached, not the one it was sent to.
    found = [key for key in by_name or by_unit if not key.endswith(("_setpoint", "_user_setpoint"))]
    if len(found) == 1:
        return found[0]
    told = f"{', '.join(found)} could be" if found else "no reading is"
    known = ", ".join(key for key in keys if key not in ("seq_num", "time"))
    raise StackError(f"{told} the photon energy: name one with --energies (readings: {known})")


def _dark(run: Run, key: str) -> Floats | None:
    """The mean of the dark frames, shape (y, x); None where there are none."""
    folder = stream_folder(run.path, DARKS) / key
    events = len(run.table(DARKS).get("seq_num", ()))
    if not events or not (folder / METADATA).is_file():
        return None
    frames = EventFrames(folder, events)
    total = np.zeros(frames.shape[1:])
    for number in range(events):
        total += frames[number : number + 1, :, :][0]
    return total / events


def _pixels(path: Path, name: str, size: int) -> Dimension:
    """Coordinates of rows or columns as the frame writer left them."""
    import zarr

    folder = stream_folder(path, PRIMARY) / name
    if not (folder / METADATA).is_file():
        return Dimension(name)
    array = zarr.open_array(folder, mode="r")
    values = np.asarray(array[...], float)
    return Dimension(
        name.rpartition("_")[2], str(array.attrs.get("units", "")), values if values.size == size else None
    )
