"""The (022) reciprocal-space pattern of a piece of film."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.diffraction import LATTICE_SI, lattice_constant, scattering_vector, strained_lattice_constant, tilted
from simulators.diffractometer.film import LocalFilm

STEP = 0.0025
"""Width of a pixel, Å⁻¹."""

QX: NDArray[np.float64] = np.asarray(2.2000 + STEP * np.arange(64), np.float64)
"""Component in the plane of the surface along the columns, Å⁻¹."""

QZ: NDArray[np.float64] = np.asarray(2.2200 + STEP * np.arange(64), np.float64)
"""Component along the surface normal along the rows, Å⁻¹."""

SHAPE = (len(QZ), len(QX))
"""Rows and columns of a pattern."""


@dataclass(frozen=True, slots=True)
class Peak:
    """How one kind of material scatters.

    Attributes:
        yield_: Photons scattered into the peak per incident photon, for a volume fraction of 1.
        radial: Width along the scattering vector, Å⁻¹ (finite thickness, gradients of composition).
        transverse: Width across it, Å⁻¹ (mosaicity).
    """

    yield_: float
    radial: float
    transverse: float


SUBSTRATE = Peak(1.5e-7, 0.0025, 0.0025)
STRAINED = Peak(2.0e-7, 0.0055, 0.0045)
RELAXED = Peak(2.0e-7, 0.0065, 0.0085)
TILTED = Peak(4.0e-7, 0.0065, 0.0080)

ROD = 0.05
"""Share of the substrate's photons in its truncation rod, the streak along the surface normal."""

DIFFUSE = 4.0e-12
"""Photons scattered diffusely into each pixel per incident photon."""


def peak_positions(
    composition: NDArray[np.float64] | float, tilt: NDArray[np.float64] | float
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return where the four contributions lie.

    Args:
        composition: Germanium fraction.
        tilt: Tilt of the tilted grains, rad, same shape.

    Returns:
        (Qx, Qz), Å⁻¹, of ``substrate``, ``strained``, ``relaxed`` and ``tilted``.
    """
    film = lattice_constant(composition)
    silicon = np.broadcast_to(np.asarray(LATTICE_SI), film.shape)
    relaxed = scattering_vector(film, film)
    return {
        "substrate": scattering_vector(silicon, silicon),
        "strained": scattering_vector(silicon, strained_lattice_constant(film)),
        "relaxed": relaxed,
        "tilted": tilted(*relaxed, tilt),
    }


def _profile(qx: float, qz: float, peak: Peak) -> NDArray[np.float64]:
    """Return a peak of unit area (sum over an infinite window), shape ``SHAPE``.

    A squared Lorentzian, (1 + r²/4)⁻² with r in units of the widths: its tails fall off with q⁻⁴, as those of
    diffuse scattering around a peak do.
    """
    length = np.hypot(qx, qz)
    cosine, sine = qx / length, qz / length
    dx, dz = QX[None, :] - qx, QZ[:, None] - qz
    along = dx * (cosine / (2.0 * peak.radial)) + dz * (sine / (2.0 * peak.radial))
    across = dz * (cosine / (2.0 * peak.transverse)) - dx * (sine / (2.0 * peak.transverse))
    spread = 1.0 + along * along + across * across
    return (STEP**2 / (4.0 * np.pi * peak.radial * peak.transverse)) / (spread * spread)


def _substrate_rod() -> NDArray[np.float64]:
    """Return the substrate's truncation rod with a sum of 1, shape ``SHAPE``: I ∝ 1/q² along Qz, sharp in Qx."""
    qx, qz = (float(value) for value in peak_positions(0.0, 0.0)["substrate"])
    rod = np.exp(-0.5 * ((QX[None, :] - qx) / STEP) ** 2) / ((QZ[:, None] - qz) ** 2 + (2.0 * STEP) ** 2)
    return rod / rod.sum()


def _substrate() -> NDArray[np.float64]:
    """Return the substrate's photons per incident photon, shape ``SHAPE``: it is the same everywhere."""
    qx, qz = (float(value) for value in peak_positions(0.0, 0.0)["substrate"])
    return SUBSTRATE.yield_ * ((1.0 - ROD) * _profile(qx, qz, SUBSTRATE) + ROD * _substrate_rod())


_SUBSTRATE_PATTERN = _substrate()


def pattern(film: LocalFilm) -> NDArray[np.float64]:
    """Return the pattern of a piece of film.

    Args:
        film: The film at one position (arrays without dimensions).

    Returns:
        Expected photons per incident photon in each pixel, shape ``SHAPE``: rows Qz, columns Qx.
    """
    positions = peak_positions(film.composition, film.tilt)
    # The film absorbs little of what the substrate scatters, and the less the thinner.
    total = _SUBSTRATE_PATTERN + DIFFUSE
    for name, fraction, peak in (
        ("strained", film.strained, STRAINED),
        ("relaxed", film.relaxed, RELAXED),
        ("tilted", film.tilted, TILTED),
    ):
        qx, qz = positions[name]
        total = total + float(fraction) * peak.yield_ * _profile(float(qx), float(qz), peak)
    return total
