"""What a reader finds in a file, and what a person says about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from daemon.unmixing.plain import PlainArray

Floats = NDArray[np.float64]

ELECTRONVOLTS = {"ev": 1.0, "kev": 1e3, "electronvolt": 1.0, "electronvolts": 1.0, "electron volt": 1.0}
"""Factors by which an energy is multiplied to be in eV."""

_ENERGY_NAME = re.compile(r"energ|^e$|^hv$|^hν$|(^|[^a-z])k?ev$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One axis of an array.

    Attributes:
        name: Its name; empty where it has none.
        units: Unit of its coordinates; empty where it has none.
        values: Its coordinates, or None where there are none.
        is_energy: Whether the file says in its own way that this is the energy.
    """

    name: str = ""
    units: str = ""
    values: Floats | None = None
    is_energy: bool = False

    @property
    def looks_like_energy(self) -> bool:
        """Whether its name or unit says that it is the energy."""
        return self.is_energy or self.units.strip().lower() in ELECTRONVOLTS or bool(_ENERGY_NAME.search(self.name))

    def electronvolts(self) -> Floats | None:
        """Its coordinates in eV; as they are where it has no unit of energy."""
        return None if self.values is None else self.values * ELECTRONVOLTS.get(self.units.strip().lower(), 1.0)


def is_energy_name(name: str) -> bool:
    """Tell whether a name is one that people give to photon energies."""
    return bool(_ENERGY_NAME.search(name))


@dataclass(frozen=True, slots=True)
class Contents:
    """What a reader found.

    Attributes:
        array: The frames, axes in any order.
        dimensions: One for each axis.
        origin: What was read, for people: a file and what is in it.
        named: Further arrays that can be named as energies, I0 or darks; ``energies``, ``i0`` and ``dark`` are taken
            without being named.
        notes: What a person should know about how it was read.
    """

    array: PlainArray
    dimensions: tuple[Dimension, ...]
    origin: str
    named: Mapping[str, Floats] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What a person says about a file.

    Attributes:
        dataset: Which of its arrays holds the frames; None where there is one.
        energies: Name of an array in the file, or a file of numbers; None where the file tells.
        i0: The same for the intensity of the beam, or ``none`` to leave out what the file has.
        dark: The same for the dark frame; a number will do.
        energy_axis: Which axis of the frames is the energy, from 0; None where it can be told.
    """

    dataset: str | None = None
    energies: str | None = None
    i0: str | None = None
    dark: str | None = None
    energy_axis: int | None = None
