"""Lattice constants of relaxed and strained Si-Ge, and where their reflections lie."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LATTICE_SI = 5.431
"""Lattice constant of silicon, Å."""

LATTICE_BOWING = 0.0263
"""Quadratic coefficient of the lattice constant in the germanium fraction, Å."""

LATTICE_GE = LATTICE_SI + 0.2005 + LATTICE_BOWING
"""Lattice constant of germanium, Å."""

POISSON_FACTOR = 0.77
"""2 C12/C11 of silicon (C11 = 165.8 GPa, C12 = 63.9 GPa), rounded; germanium's is 0.75."""


def lattice_constant(x: ArrayLike) -> NDArray[np.float64]:
    """Return the lattice constant of relaxed Si(1−x)Ge(x).

    a(x) = 5.431 + 0.2005 x + 0.0263 x² Å: Vegard's law with bowing.

    Args:
        x: Germanium fraction, 0 to 1, any shape.

    Returns:
        Lattice constant, Å, shape of ``x``.
    """
    fraction = np.asarray(x, float)
    return LATTICE_SI + (LATTICE_GE - LATTICE_SI - LATTICE_BOWING) * fraction + LATTICE_BOWING * fraction**2


def d_spacing(a: ArrayLike, h: int, k: int, l: int) -> NDArray[np.float64]:  # noqa: E741 - Miller indices
    """Return the distance of the lattice planes (h k l) of a cubic crystal: d = a / √(h² + k² + l²).

    Args:
        a: Lattice constant, Å, any shape.
        h: Miller index.
        k: Miller index.
        l: Miller index; not all three are zero.

    Returns:
        Distance, Å, shape of ``a``.

    Raises:
        ValueError: All three indices are zero.
    """
    if h == k == l == 0:
        raise ValueError("the planes (0 0 0) do not exist: give at least one Miller index that is not zero")
    return np.asarray(a, float) / np.sqrt(h * h + k * k + l * l)


def reciprocal_length(a: ArrayLike, h: int, k: int, l: int) -> NDArray[np.float64]:  # noqa: E741
    """Return the length of the scattering vector of (h k l): q = 2π / d.

    Args:
        a: Lattice constant, Å, any shape.
        h: Miller index.
        k: Miller index.
        l: Miller index; not all three are zero.

    Returns:
        Length, Å⁻¹, shape of ``a``.
    """
    return 2.0 * np.pi / d_spacing(a, h, k, l)


def strained_lattice_constant(
    film: ArrayLike, substrate: float = LATTICE_SI, factor: float = POISSON_FACTOR
) -> NDArray[np.float64]:
    """Return the lattice constant normal to the surface of a film that is matched to its substrate.

    a⊥ = a + (2 C12/C11) (a − a_substrate): biaxial strain of a cubic (001) film.

    Args:
        film: Lattice constant of the relaxed film, Å, any shape.
        substrate: Lattice constant of the substrate, Å.
        factor: 2 C12/C11 of the film.

    Returns:
        Lattice constant along the surface normal, Å, shape of ``film``.
    """
    relaxed = np.asarray(film, float)
    return relaxed + factor * (relaxed - substrate)


def scattering_vector(
    in_plane: ArrayLike,
    out_of_plane: ArrayLike,
    k: int = 2,
    l: int = 2,  # noqa: E741
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the components of the scattering vector of (0 k l) of a tetragonally strained (001) film.

    Args:
        in_plane: Lattice constant in the plane, Å, any shape.
        out_of_plane: Lattice constant along the normal, Å, same shape.
        k: Miller index in the plane.
        l: Miller index along the normal.

    Returns:
        (Qx, Qz), Å⁻¹: in the plane along [010], and along the normal.
    """
    return 2.0 * np.pi * k / np.asarray(in_plane, float), 2.0 * np.pi * l / np.asarray(out_of_plane, float)


def tilted(qx: ArrayLike, qz: ArrayLike, angle: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotate scattering vectors about the axis normal to the (Qx, Qz) plane.

    Args:
        qx: Component in the plane, Å⁻¹.
        qz: Component along the normal, Å⁻¹, broadcasts with ``qx``.
        angle: Tilt of the crystal, rad, positive from Qx to Qz.

    Returns:
        (Qx, Qz) of the tilted crystal, Å⁻¹.
    """
    x, z, angle = np.asarray(qx, float), np.asarray(qz, float), np.asarray(angle, float)
    return x * np.cos(angle) - z * np.sin(angle), x * np.sin(angle) + z * np.cos(angle)
