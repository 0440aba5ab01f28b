"""What sits on the surface: Pb clusters in half-cells, and what may be taken for them.

Everything is described by lobes: places from which electrons tunnel, seen from the middle of a half-cell. Their
directions are multiples of the three vectors to the half's corner holes; a negative one points at a centre adatom.
"""

from __future__ import annotations

from dataclasses import dataclass

CLASSES = ("Pb1", "Pb2", "Pb3", "Pb4", "Pb5", "Pb6")
"""Clusters by their number of atoms."""


@dataclass(frozen=True, slots=True)
class Species:
    """How a cluster looks.

    Attributes:
        lobes: Distance of each lobe from the middle of the half-cell, Å, and which corner it points at (0, 1, 2);
            a negative distance points away from the corner.
        height: Apparent height above the adatoms at −1 V, Å.
        bias_height: What is added to it at +1 V, Å.
        width: Width of a lobe relative to that of an adatom.
        hopping: Relative fluctuation of a lobe's current while the tip is above: atoms hop between the lobes.
        spread: How unequal the lobes are: 0 all the same, 1 from nothing to twice the mean.
    """

    lobes: tuple[tuple[float, int], ...]
    height: float
    bias_height: float
    width: float
    hopping: float
    spread: float


PB = (
    # One atom visits the three basins around the rest atoms many times per pixel: a bright, noisy half-cell.
    Species(((3.6, 0), (3.6, 1), (3.6, 2)), 0.62, 0.10, 1.20, 0.42, 0.12),
    # Two atoms share three basins, and change places more slowly.
    Species(((4.2, 0), (4.2, 1), (4.2, 2)), 0.92, 0.05, 1.10, 0.28, 0.75),
    # A flat trimer over the centre adatoms: little more than a bright triangle.
    Species(((-3.2, 0), (-3.2, 1), (-3.2, 2)), 0.54, 0.05, 1.05, 0.10, 0.08),
    # A trimer with an atom on top of its middle.
    Species(((4.4, 0), (4.4, 1), (4.4, 2), (0.0, 0)), 1.15, 0.10, 1.05, 0.10, 0.15),
    # Three and two.
    Species(((5.2, 0), (5.2, 1), (5.2, 2), (-4.2, 0), (-4.2, 1)), 1.35, 0.00, 1.00, 0.08, 0.12),
    # A closed ring of six, which hardly moves.
    Species(((5.6, 0), (5.6, 1), (5.6, 2), (-4.3, 0), (-4.3, 1), (-4.3, 2)), 1.60, -0.05, 0.95, 0.04, 0.06),
)
"""The clusters Pb1 to Pb6."""


@dataclass(frozen=True, slots=True)
class Look:
    """How alike things look.

    Attributes:
        contrast: Between the sizes of clusters: 1 as known, 0 all of the same height.
        likeness: Of vacancies to Pb1: 1 as bright and noisy, 0 dark and quiet.
        scatter: Deviation of the height of clusters of one size, Å.
    """

    contrast: float = 1.3
    likeness: float = 0.95
    scatter: float = 0.07


MEAN_HEIGHT = 0.95
"""Height from which the contrast between the sizes is counted, Å."""


def apparent_height(species: Species, bias: float, contrast: float) -> float:
    """Return how high a cluster looks.

    Args:
        species: The cluster.
        bias: Of the sample, V.
        contrast: Between the sizes: 1 as described, 0 all the same.

    Returns:
        The height above the adatoms, Å.
    """
    positive = min(max(0.5 * (bias + 1.0), 0.0), 1.0)
    height = species.height + species.bias_height * positive
    return MEAN_HEIGHT + contrast * (height - MEAN_HEIGHT)
