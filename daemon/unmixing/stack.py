"""A stack ready to be unmixed, made of what a reader found and what a person said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.errors import StackError
from daemon.unmixing.contents import Contents, Dimension, Request
from daemon.unmixing.numbers import read_numbers
from daemon.unmixing.plain import PlainStack

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack of frames, read where it lies.

    Attributes:
        frames: Shape (energy, y, x).
        energies: Of each frame, eV.
        i0: Intensity of the beam during each frame; None where none is known or wanted.
        dark: Subtracted from each frame, shape (y, x), or None.
        rows: The vertical axis of a frame; without coordinates, pixels.
        columns: The horizontal axis.
        origin: What was read, for people.
        notes: What a person should know about how it was read.
    """

    frames: PlainStack
    energies: Floats
    i0: Floats | None
    dark: Floats | None
    rows: Dimension
    columns: Dimension
    origin: str
    notes: tuple[str, ...]


def assemble(contents: Contents, request: Request) -> Stack:
    """Put axes in order and find energies, I0 and the dark frame.

    Raises:
        StackError: It is no stack, or energies are missing; says what to give.
    """
    shape = contents.array.shape
    if contents.array.is_cut_off():
        raise StackError(f"{contents.array.file}: the file ends before the stack does; copy it again")
    if contents.array.dtype.kind not in "uif":
        raise StackError(f"{contents.origin} holds {contents.array.dtype}, not numbers: name another with --dataset")
    given = _numbers(contents, request.energies, "energies", "--energies")
    long = [axis for axis, length in enumerate(shape) if length > 1]
    if request.energy_axis is not None and request.energy_axis not in range(len(shape)):
        raise StackError(
            f"--energy-axis {request.energy_axis}: the axes of {contents.origin} are 0 to {len(shape) - 1}"
        )
    if len(long) != 3:
        raise StackError(
            f"{contents.origin} has the shape {shape}: a stack has three axes longer than 1, energy, y and x; "
            "name another array with --dataset"
        )
    energy = _energy_axis(contents, request, None if given is None else len(given), long)
    energies = contents.dimensions[energy].electronvolts() if given is None else given.ravel()
    if energies is None:
        raise StackError(
            f"{contents.origin} does not tell its energies: give them with --energies FILE, "
            f"{shape[energy]} numbers in eV, one for each frame"
        )
    if len(energies) != shape[energy]:
        raise StackError(
            f"{len(energies)} energies for {shape[energy]} frames in {contents.origin} (shape {shape}): give one for "
            "each with --energies, or say which axis is the energy with --energy-axis"
        )
    rows, columns = (axis for axis in long if axis != energy)
    return Stack(
        PlainStack(contents.array, (energy, rows, columns)),
        energies,
        _i0(contents, request, shape[energy]),
        _dark(contents, request, (shape[rows], shape[columns])),
        contents.dimensions[rows],
        contents.dimensions[columns],
        contents.origin,
        contents.notes,
    )


def _energy_axis(contents: Contents, request: Request, count: int | None, long: list[int]) -> int:
    """Find the axis along which the energy changes.

    Raises:
        StackError: It cannot be told.
    """
    shape = contents.array.shape
    if request.energy_axis is not None:
        return request.energy_axis
    said = [axis for axis in long if contents.dimensions[axis].looks_like_energy]
    fitting = [axis for axis in long if shape[axis] == count]
    for candidates in ([axis for axis in said if count is None or axis in fitting], fitting):
        if len(candidates) == 1:
            return candidates[0]
    if not said and (count is None or long[0] in fitting):
        # Nobody says; frame after frame is how cameras write.
        return long[0]
    if count is not None and not fitting:
        return said[0] if said else long[0]
    raise StackError(
        f"{contents.origin} has the shape {shape}, and more than one axis may be the energy: say which with "
        "--energy-axis, counted from 0"
    )


def _numbers(contents: Contents, wanted: str | None, default: str, option: str) -> Floats | None:
    """Numbers that a person named, in the file itself or as a file of their own.

    Raises:
        StackError: There is neither.
    """
    if wanted is None:
        return contents.named.get(default)
    if wanted in contents.named:
        return contents.named[wanted]
    file = Path(wanted).expanduser()
    if file.exists():
        return read_numbers(file, option)
    known = ", ".join(sorted(contents.named)[:12])
    raise StackError(
        f"{option} {wanted}: there is no such file, and no such array in {contents.origin}"
        + (f" (there are {known})" if known else "")
    )


def _i0(contents: Contents, request: Request, count: int) -> Floats | None:
    """Intensity of the beam for each frame.

    Raises:
        StackError: There is not one number for each frame.
    """
    if request.i0 == "none":
        return None
    found = _numbers(contents, request.i0, "i0", "--i0")
    if found is not None and found.size != count:
        raise StackError(f"--i0: {found.size} numbers for {count} frames: give one for each, or --i0 none")
    return None if found is None else found.ravel()


def _dark(contents: Contents, request: Request, shape: tuple[int, int]) -> Floats | None:
    """The dark frame, averaged where there are several.

    Raises:
        StackError: It is neither a number nor of the shape of a frame.
    """
    if request.dark == "none":
        return None
    try:
        return np.full(shape, float(request.dark or ""))
    except ValueError:
        found = _numbers(contents, request.dark, "dark", "--dark")
    if found is None:
        return None
    found = found.reshape(-1, *found.shape[-2:]).mean(axis=0) if found.ndim > 2 else found
    if found.shape != shape and found.size != 1:
        raise StackError(
            f"--dark: shape {found.shape}, but frames have {shape}: give one of the same shape, or a number"
        )
    return np.broadcast_to(found, shape) if found.size == 1 else found


def with_notes(contents: Contents, *notes: str) -> Contents:
    """The same with further notes."""
    return replace(contents, notes=(*contents.notes, *notes))
