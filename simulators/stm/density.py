"""The density of states above the clean surface: what the tip's current follows (Tersoff & Hamann 1985).

An atom of apparent height h at distance ρ in the plane adds exp(2κh − κρ²/R) to the density of states in the plane of
the tip: the exponential decay with the distance from an atom to a tip of radius of curvature R, to second order in ρ.
Whoever keeps the current constant goes up by ln(density) / 2κ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulators.stm.lattice import CELL, CELL_AREA, FAULTED, UNFAULTED

Floats = NDArray[np.float64]

DECAY = 2.1
"""2κ: how fast the current decays with the distance, for a barrier of 4.2 eV, 1/Å."""

SAMPLES = 96
"""Points along a side of the tabulated cell."""

FLOOR = -1.9
"""Apparent height of all that lies below the adatoms, Å."""

_HEIGHTS = {
    # at −1 V, at +1 V: filled states are higher in the faulted half and at the corners (Avouris & Wolkow 1989).
    "faulted corner": (0.18, 0.02),
    "faulted centre": (0.05, -0.02),
    "faulted rest": (-0.75, -2.50),
    "unfaulted corner": (-0.04, 0.00),
    "unfaulted centre": (-0.19, -0.04),
    "unfaulted rest": (-0.85, -2.50),
}


@dataclass(frozen=True, slots=True)
class Apex:
    """The end of a tip.

    Attributes:
        radius: Of curvature, Å.
        elongation: Longest over shortest width of an atom's image.
        angle: Of the long axis, rad.
    """

    radius: float = 9.0
    elongation: float = 1.0
    angle: float = 0.0

    @property
    def covariance(self) -> Floats:
        """Covariance of the Gaussian that an atom adds to the density, Å², shape (2, 2)."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        turn = np.array([[cos, -sin], [sin, cos]])
        widths = self.radius / DECAY * np.array([self.elongation, 1.0 / self.elongation])
        return turn @ np.diag(widths) @ turn.T


def adatom_heights(bias: float) -> Floats:
    """Return the apparent heights of a cell's atoms.

    Args:
        bias: Of the sample, V; beyond ±1 V as there.

    Returns:
        Å, shape (halves, sites): faulted and unfaulted; corner adatom, centre adatom, rest atom.
    """
    share = min(max(0.5 * (bias + 1.0), 0.0), 1.0)
    levels = np.array([(1.0 - share) * filled + share * empty for filled, empty in _HEIGHTS.values()])
    return levels.reshape(2, 3)


@lru_cache(maxsize=1)
def _structure_factors() -> tuple[Floats, NDArray[np.complex128]]:
    """Return reciprocal vectors, 1/Å, (n, n, 2), and the sum over each kind of atom of exp(−iG·r), (2, 3, n, n)."""
    orders = np.fft.fftfreq(SAMPLES, 1.0 / SAMPLES)
    indices = np.stack(np.meshgrid(orders, orders, indexing="ij"), axis=-1)
    vectors = 2.0 * np.pi * indices @ np.linalg.inv(CELL).T
    kinds = [np.exp(-1j * vectors @ sites.T).sum(axis=-1) for half in (FAULTED, UNFAULTED) for sites in half]
    return vectors, np.array(kinds).reshape(2, 3, SAMPLES, SAMPLES)


@lru_cache(maxsize=64)
def cell_density(apex: Apex, bias: float) -> NDArray[np.float32]:
    """Tabulate the density of states above one clean cell.

    The sum over all periodic images of each atom is exact, by its Fourier series.

    Args:
        apex: The tip's end.
        bias: Of the sample, V.

    Returns:
        The density, 1 above a lone atom of height 0, along the two cell vectors, shape (SAMPLES, SAMPLES).
    """
    vectors, factors = _structure_factors()
    covariance = apex.covariance
    weights = np.exp(DECAY * adatom_heights(bias))
    gaussian = np.exp(-0.5 * np.einsum("...i,ij,...j", vectors, covariance, vectors))
    area = 2.0 * np.pi * np.sqrt(np.linalg.det(covariance)) / CELL_AREA
    series = area * gaussian * np.einsum("hs,hsij->ij", weights, factors)
    density = np.fft.ifft2(series).real * SAMPLES**2
    return (np.maximum(density, 0.0) + np.exp(DECAY * FLOOR)).astype(np.float32)
