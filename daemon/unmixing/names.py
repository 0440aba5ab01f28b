"""Which of a file's arrays is the stack, and which are its energies, its I0 and its dark frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.errors import StackError
from daemon.unmixing.contents import is_energy_name

Floats = NDArray[np.float64]

_I0 = ("i0", "i_0", "izero", "monitor_intensity", "mirror_current")
_DARK = ("dark", "darks", "dark_frame", "dark_frames")


def choose_array(shapes: Mapping[str, Sequence[int]], wanted: str | None, origin: str) -> str:
    """Choose the array that holds the stack.

    Args:
        shapes: Shape of each array in the file.
        wanted: The one that a person named, whole or by the end of its path, or None.
        origin: The file, for errors.

    Returns:
        Its name: the named one, or the only one with three axes longer than 1.

    Raises:
        StackError: There is none, or more than one.
    """
    if wanted is not None:
        end = "/" + wanted.strip("/")
        fitting = [name for name in shapes if ("/" + name).endswith(end)]
        exact = [name for name in fitting if "/" + name == end]
        if len(exact or fitting) == 1:
            return (exact or fitting)[0]
        raise StackError(f"--dataset {wanted}: {origin} holds {_listed(shapes)}; name one of them")
    stacks = {name: shape for name, shape in shapes.items() if sum(length > 1 for length in shape) == 3}
    if len(stacks) == 1:
        return next(iter(stacks))
    if not stacks:
        raise StackError(f"{origin} holds no stack, an array with three axes (energy, y, x), only {_listed(shapes)}")
    raise StackError(f"{origin} holds {len(stacks)} stacks: name one with --dataset: {_listed(stacks)}")


def _listed(shapes: Mapping[str, Sequence[int]]) -> str:
    """Arrays and their shapes, the largest first, as text."""
    ordered = sorted(shapes, key=lambda name: -math.prod(shapes[name]))
    told = [f"{name} {'×'.join(map(str, shapes[name])) or 'a number'}" for name in ordered[:12]]
    return ", ".join(told) + (", …" if len(ordered) > 12 else "") if told else "nothing"


def with_roles(named: Mapping[str, Floats], chosen: str, shape: Sequence[int]) -> tuple[dict[str, Floats], list[str]]:
    """Find energies, I0 and the dark frame among a file's arrays by their names and lengths.

    Args:
        named: Arrays that are no stacks.
        chosen: The stack's name.
        shape: The stack's shape.

    Returns:
        The arrays, with those found as ``energies``, ``i0`` and ``dark``; and notes that say what was found.
    """
    lines = {name: array for name, array in named.items() if array.size in shape and max(array.shape) == array.size}
    frames = {name: array for name, array in named.items() if array.ndim >= 2 and name not in lines}
    found = {
        "energies": _nearest([name for name in lines if is_energy_name(_last(name))], chosen),
        "i0": _nearest([name for name in lines if _last(name).lower() in _I0], chosen),
        "dark": _nearest([name for name in frames if _last(name).lower() in _DARK], chosen),
    }
    roles = {role: named[name] for role, name in found.items() if name is not None}
    notes = [f"{role} from {name}" for role, name in found.items() if name is not None]
    return {**named, **roles}, notes


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _nearest(names: list[str], chosen: str) -> str | None:
    """The only name, or the only one in the folder of the stack; None where it cannot be told."""
    folder = chosen.rpartition("/")[0]
    beside = [name for name in names if name.rpartition("/")[0] == folder]
    for candidates in (beside, names):
        if len(candidates) == 1:
            return candidates[0]
    return None
