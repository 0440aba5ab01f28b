"""Lattices of Si-Ge films in real and reciprocal space, and regions of interest in patterns."""

from analysis.diffraction.lattice import (
    LATTICE_BOWING,
    LATTICE_GE,
    LATTICE_SI,
    POISSON_FACTOR,
    d_spacing,
    lattice_constant,
    reciprocal_length,
    scattering_vector,
    strained_lattice_constant,
    tilted,
)
from analysis.diffraction.regions import Region

__all__ = [
    "LATTICE_BOWING",
    "LATTICE_GE",
    "LATTICE_SI",
    "POISSON_FACTOR",
    "Region",
    "d_spacing",
    "lattice_constant",
    "reciprocal_length",
    "scattering_vector",
    "strained_lattice_constant",
    "tilted",
]
