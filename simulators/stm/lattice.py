"""The geometry of Si(111)-(7×7): dimers, adatoms and stacking faults (Takayanagi et al. 1985), in Å.

Positions are in the plane, x to the right and y along the slow direction. A cell is spanned by ``CELL``; its corners
are corner holes, and its short diagonal divides it into a faulted half (at the origin) and an unfaulted one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SURFACE_LATTICE = 3.840
"""Side of the (1×1) surface cell, Å."""

CELL_SIDE = 7.0 * SURFACE_LATTICE
"""Side of the (7×7) cell, Å."""

STEP_HEIGHT = 3.14
"""Height of a bilayer step, Å."""

UNIT = SURFACE_LATTICE * np.array([[1.0, 0.0], [0.5, np.sqrt(3.0) / 2.0]])
"""Vectors of the (1×1) cell as rows, Å, shape (2, 2)."""

CELL = 7.0 * UNIT
"""Vectors of the (7×7) cell as rows, Å, shape (2, 2)."""

CELL_AREA = float(np.linalg.det(CELL))
"""Area of the (7×7) cell, Å²."""

# In units of the (1×1) vectors, from the corner hole at the origin: a 2×2 pattern of six adatoms around the centre of
# the half, (7/3, 7/3); a rest atom inside each of the three outer triangles that they form.
_CORNER = np.array([[1.0, 1.0], [5.0, 1.0], [1.0, 5.0]])
_CENTRE = np.array([[3.0, 1.0], [1.0, 3.0], [3.0, 3.0]])
_REST = np.array([[5.0, 5.0], [11.0, 5.0], [5.0, 11.0]]) / 3.0

FAULTED = (_CORNER @ UNIT, _CENTRE @ UNIT, _REST @ UNIT)
"""Corner adatoms, centre adatoms and rest atoms of the faulted half, Å, shape (3, 2) each."""

UNFAULTED = ((7.0 - _CORNER) @ UNIT, (7.0 - _CENTRE) @ UNIT, (7.0 - _REST) @ UNIT)
"""The same of the unfaulted half: the faulted one turned by 180° about the middle of the cell."""

ADATOMS = np.concatenate([FAULTED[0], FAULTED[1], UNFAULTED[0], UNFAULTED[1]])
"""The twelve adatoms of a cell, Å, shape (12, 2): corner and centre of the faulted half, then of the unfaulted."""

CENTRES = np.array([[7.0, 7.0], [14.0, 14.0]]) / 3.0 @ UNIT
"""Middles of the faulted and of the unfaulted half, Å, shape (2, 2)."""

CORNERS = UNIT[[0, 1]] * 7.0 - CENTRES[0]
CORNERS = np.concatenate([-CENTRES[:1], CORNERS])
"""From the middle of the faulted half to its three corner holes, Å, shape (3, 2); of the unfaulted half, negative."""


def half_centres(cells: ArrayLike, halves: ArrayLike) -> Floats:
    """Return where half-cells lie.

    Args:
        cells: Which cells, by their indices along the two vectors, shape (n, 2).
        halves: Which half of each, 0 for the faulted and 1 for the unfaulted one, shape (n,).

    Returns:
        Their middles, Å, shape (n, 2).
    """
    return np.asarray(cells, float) @ CELL + CENTRES[np.asarray(halves, int)]


def in_cells(points: ArrayLike) -> Floats:
    """Return points as multiples of the cell's vectors, shape (..., 2)."""
    return np.asarray(np.asarray(points, float) @ np.linalg.inv(CELL), float)
