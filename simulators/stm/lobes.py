"""From what sits in half-cells to the lobes that the tip sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.stm.clusters import PB, Look, Species, apparent_height
from simulators.stm.contents import BRIGHT, VACANCY, Contents
from simulators.stm.density import DECAY, adatom_heights
from simulators.stm.lattice import CENTRES, CORNERS, FAULTED

Floats = NDArray[np.float64]

_ADATOMS = np.concatenate([FAULTED[0], FAULTED[1]]) - CENTRES[0]
"""The six adatoms from the middle of the faulted half, Å, shape (6, 2); of the unfaulted half, negative."""

_DIRECTIONS = CORNERS / np.linalg.norm(CORNERS, axis=1, keepdims=True)

_PRESENT = 0.97
"""How much of a missing adatom's density is missing."""


@dataclass(frozen=True, slots=True)
class Lobes:
    """Gaussians that are added to the density of states.

    Attributes:
        points: Where, Å, shape (n, 2).
        amplitudes: Density above each, negative where an atom is missing, shape (n,).
        widths: Relative to that of an adatom, shape (n,).
        hopping: Relative fluctuation while the tip passes, shape (n,).
    """

    points: Floats
    amplitudes: Floats
    widths: Floats
    hopping: Floats

    def __len__(self) -> int:
        return len(self.amplitudes)

    def select(self, chosen: NDArray[np.bool_]) -> Lobes:
        """Return some of them."""
        return Lobes(self.points[chosen], self.amplitudes[chosen], self.widths[chosen], self.hopping[chosen])

    @classmethod
    def join(cls, parts: list[Lobes]) -> Lobes:
        """Put lists together."""
        names = ("points", "amplitudes", "widths", "hopping")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def make_lobes(contents: Contents, bias: float, look: Look) -> Lobes:
    """Turn what sits in half-cells into lobes.

    Args:
        contents: What sits where.
        bias: Of the sample, V.
        look: How alike things look.

    Returns:
        The lobes, those of missing adatoms with negative amplitudes.
    """
    parts = [_missing(contents, bias)]
    for kind, species in enumerate(PB):
        height = apparent_height(species, bias, look.contrast)
        parts.append(_species(contents.select(contents.kinds == kind), species, height, look))
    vacancies = contents.select(contents.kinds == VACANCY)
    height = look.likeness * apparent_height(PB[0], bias, look.contrast) + (1.0 - look.likeness) * -0.25
    parts.append(_species(vacancies, _vacant(look.likeness), height, look))
    parts.append(_bright(contents.select(contents.kinds == BRIGHT)))
    return Lobes.join(parts)


def _vacant(likeness: float) -> Species:
    """Return the two basins that light up beside a missing adatom."""
    single = PB[0]
    return Species(single.lobes[:2], 0.0, 0.0, single.width, likeness * single.hopping, 0.3)


def _species(contents: Contents, species: Species, height: float, look: Look) -> Lobes:
    """Return the lobes of one kind of cluster at a height, Å."""
    count, lobes = len(contents.kinds), len(species.lobes)
    u = contents.variates
    distance = np.array([lobe[0] for lobe in species.lobes])
    corner = (np.array([lobe[1] for lobe in species.lobes]) + (3 * u[:, :1]).astype(int)) % 3
    sign = 1.0 - 2.0 * contents.halves
    offsets = (sign[:, None] * distance)[:, :, None] * _DIRECTIONS[corner]
    offsets += 0.5 * (u[:, 1:3] - 0.5)[:, None, :]
    shares = 1.0 + species.spread * (2.0 * u[:, 3 : 3 + lobes] - 1.0)
    heights = height + look.scatter * (u[:, 10] + u[:, 11] + u[:, 12] - 1.5) * 2.0
    amplitudes = np.exp(DECAY * heights)[:, None] * shares
    points = (contents.centres[:, None, :] + offsets).reshape(-1, 2)
    each = np.ones((count, lobes))
    return Lobes(points, amplitudes.ravel(), (species.width * each).ravel(), (species.hopping * each).ravel())


def _missing(contents: Contents, bias: float) -> Lobes:
    """Return the missing adatoms as lobes that take away."""
    which, site = np.nonzero(contents.missing)
    halves = contents.halves[which]
    points = contents.centres[which] + (1.0 - 2.0 * halves)[:, None] * _ADATOMS[site]
    heights = adatom_heights(bias)[halves, site // 3]
    ones = np.ones(len(which))
    return Lobes(points, -_PRESENT * np.exp(DECAY * heights), ones, 0.0 * ones)


def _bright(contents: Contents) -> Lobes:
    """Return adsorbates: on an adatom or beside it, of one to three parts, higher or lower, some of them large."""
    u = contents.variates
    count = len(u)
    site = (6 * u[:, 0]).astype(int)
    middles = contents.centres + (1.0 - 2.0 * contents.halves)[:, None] * _ADATOMS[site] * (0.7 + 0.5 * u[:, 1:2])
    large = u[:, 2:3] ** 6
    turns = 2.0 * np.pi * u[:, 6:9]
    distances = u[:, 9:12] * (3.5 + 4.0 * large) * np.array([0.0, 1.0, 1.0])
    points = middles[:, None, :] + distances[:, :, None] * np.stack([np.cos(turns), np.sin(turns)], axis=-1)
    heights = 0.4 + 0.9 * u[:, 3:4] + 3.5 * large - (0.3 + large) * u[:, 12:15] * np.array([0.0, 1.0, 1.0])
    present = np.stack([np.ones(count), u[:, 15] > 0.4, u[:, 16] > 0.6], axis=-1)
    widths = 0.85 + 0.4 * u[:, 4:5] + 0.5 * large + np.zeros((1, 3))
    hopping = 0.25 * u[:, 5:6] ** 3 + np.zeros((1, 3))
    lobes = Lobes(points.reshape(-1, 2), (present * np.exp(DECAY * heights)).ravel(), widths.ravel(), hopping.ravel())
    return lobes.select(lobes.amplitudes > 0.0)


def decoration_lobes(points: Floats) -> Lobes:
    """Return the bright things at steps at points, Å, shape (n, 2)."""
    # Their looks follow from where they are, so that every field shows the same.
    u = np.modf(np.abs(np.sin(points @ np.array([[12.9898, 39.346], [78.233, 11.135]])) * 43758.5453))[0]
    return Lobes(points, np.exp(DECAY * (0.3 + 2.2 * u[:, 0])), 1.0 + 0.8 * u[:, 1], 0.15 * u[:, 1])
