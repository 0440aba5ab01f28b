"""Standard spectra at the L3 edges of Cu, Mn and Ti, built from measured positions, widths and ratios.

The figures that a spectrum is measured by (position and width of L3, the ratio of L2, the level behind the edge) are
met; shoulders between them stand where the sources show them, with heights rounded to what the figures allow. All of
an edge share one energy scale. Real scales differ by up to an eV, so a measured spectrum is shifted before it is named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulators.errors import SimulatorError
from simulators.peem.lines import Line, Step

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slope:
    """The featureless absorption of a metal whose own edges are far away.

    Attributes:
        position: Where it is 1, eV.
        gradient: Its change, 1/eV.
    """

    position: float
    gradient: float

    def __call__(self, energies: ArrayLike, resolution: float = 0.0) -> Floats:
        """Evaluate it at energies, eV; broadening changes nothing."""
        return 1.0 + self.gradient * (np.asarray(energies, float) - self.position)


@dataclass(frozen=True, slots=True)
class Standard:
    """One standard spectrum.

    Attributes:
        name: Chemical formula, with the polymorph where there are several.
        features: What it is the sum of; an oxide is 0 before its edge and about 1 at the maximum of L3.
        source: Where its figures were published.
    """

    name: str
    features: tuple[Line | Step | Slope, ...]
    source: str

    def __call__(self, energies: ArrayLike, resolution: float = 0.0) -> Floats:
        """Evaluate the spectrum.

        Args:
            energies: Photon energies, eV.
            resolution: Full width of a Gaussian that broadens it beyond its published widths, eV.

        Returns:
            Absorption, shape of the energies.
        """
        energies = np.asarray(energies, float)
        return np.sum([feature(energies, resolution) for feature in self.features], axis=0)


def _lines(lifetime: float, *lines: tuple[float, float, float]) -> tuple[Line, ...]:
    """Make lines of one lifetime from (position, height, width)."""
    return tuple(Line(position, height, width, lifetime) for position, height, width in lines)


_WIDTHS = "lifetimes: Krause & Oliver, J. Phys. Chem. Ref. Data 8 (1979) 329, rounded"
_COPPER = "Grioni et al., Phys. Rev. B 45 (1992) 3309; Jiang et al., J. Chem. Phys. 138 (2013) 024704; " + _WIDTHS
_MANGANESE = (
    "Gilbert et al., J. Phys. Chem. A 107 (2003) 2839; Qiao et al., Curr. Appl. Phys. 13 (2013) 544; " + _WIDTHS
)
_TITANIUM = "Kucheyev et al., Phys. Rev. B 69 (2004) 245102; Krüger, Phys. Rev. B 81 (2010) 125121; " + _WIDTHS
_TITANIUM_3 = "Stoyanov et al., Am. Mineral. 92 (2007) 577; " + _WIDTHS
_INDIUM = "no edge in the window: In M3 at 664 eV, M5 at 444 eV (Bearden & Burr, Rev. Mod. Phys. 39 (1967) 125)"

CU = (
    Standard(
        "CuO",
        (
            *_lines(0.56, (931.5, 0.985, 1.315), (938.6, 0.04, 4.0)),
            Step(933.0, 0.116, 0.6),
            *_lines(1.0, (951.6, 0.347, 1.8)),
            Step(953.0, 0.058, 0.6),
        ),
        _COPPER,
    ),
    Standard(
        "Cu2O",
        (
            *_lines(0.56, (934.17, 0.94, 1.87), (936.9, 0.13, 2.6), (941.2, 0.09, 4.0)),
            Step(935.2, 0.27, 0.7),
            *_lines(1.0, (954.26, 0.46, 2.4)),
            Step(955.3, 0.135, 0.7),
        ),
        _COPPER,
    ),
    Standard(
        "Cu",
        (
            *_lines(0.56, (933.45, 0.515, 1.0), (937.7, 0.22, 2.4), (941.8, 0.17, 2.8)),
            Step(933.3, 0.736, 0.4),
            *_lines(1.0, (953.9, 0.22, 1.4), (958.0, 0.1, 2.6)),
            Step(953.6, 0.368, 0.5),
        ),
        _COPPER,
    ),
    Standard("In", (Slope(930.0, -0.003),), _INDIUM),
)
"""Standards at the L edges of copper."""

MN = (
    Standard(
        "MnO",
        (
            *_lines(0.3, (638.8, 0.15, 0.9), (640.0, 0.93, 1.1), (641.5, 0.4, 1.6), (643.8, 0.18, 2.2)),
            Step(642.5, 0.12, 0.6),
            *_lines(0.6, (651.2, 0.25, 2.0), (653.2, 0.2, 2.4)),
            Step(653.8, 0.06, 0.6),
        ),
        _MANGANESE,
    ),
    Standard(
        "Mn2O3",
        (
            *_lines(0.3, (640.4, 0.42, 1.7), (642.0, 0.88, 2.0), (643.8, 0.28, 2.4)),
            Step(644.2, 0.14, 0.6),
            *_lines(0.6, (653.0, 0.42, 3.0)),
            Step(655.4, 0.07, 0.6),
        ),
        _MANGANESE,
    ),
    Standard(
        "MnO2",
        (
            *_lines(0.3, (641.2, 0.47, 1.1), (643.45, 0.88, 2.0), (645.2, 0.25, 2.6)),
            Step(645.6, 0.16, 0.6),
            *_lines(0.6, (653.0, 0.28, 1.6), (654.6, 0.4, 2.6)),
            Step(656.6, 0.08, 0.6),
        ),
        _MANGANESE,
    ),
    Standard("In", (Slope(635.0, -0.004),), _INDIUM),
)
"""Standards at the L edges of manganese."""

TI = (
    Standard(
        "TiO2 anatase",
        (
            *_lines(0.2, (456.9, 0.05, 0.5), (457.4, 0.1, 0.5), (458.0, 0.97, 0.75), (459.9, 0.58, 0.9)),
            *_lines(0.2, (460.6, 0.38, 0.9)),
            Step(461.5, 0.12, 0.6),
            *_lines(0.8, (463.2, 0.45, 1.4), (465.5, 0.5, 1.9)),
            Step(467.0, 0.06, 0.6),
        ),
        _TITANIUM,
    ),
    Standard(
        "TiO2 rutile",
        (
            *_lines(0.2, (456.9, 0.05, 0.5), (457.4, 0.1, 0.5), (458.0, 0.97, 0.75), (459.8, 0.36, 0.9)),
            *_lines(0.2, (460.7, 0.62, 0.95)),
            Step(461.5, 0.12, 0.6),
            *_lines(0.8, (463.3, 0.45, 1.4), (466.0, 0.52, 1.9)),
            Step(467.0, 0.06, 0.6),
        ),
        _TITANIUM,
    ),
    Standard(
        "Ti2O3",
        (
            *_lines(0.2, (455.7, 0.3, 1.3), (457.4, 0.94, 1.8), (459.2, 0.4, 1.8)),
            Step(460.5, 0.12, 0.6),
            *_lines(0.8, (462.4, 0.58, 2.2), (464.3, 0.25, 2.4)),
            Step(466.0, 0.06, 0.6),
        ),
        _TITANIUM_3,
    ),
    Standard("In", (Slope(455.0, 0.006),), _INDIUM),
)
"""Standards at the L edges of titanium; the tail of the indium M4,5 edges below makes its metal rise."""

EDGES = {"Cu": CU, "Mn": MN, "Ti": TI}
"""The standards of each edge, the metal substrate last."""


def standards(edge: str, energies: ArrayLike, resolution: float = 0.0) -> dict[str, Floats]:
    """Return the standard spectra of an edge.

    Args:
        edge: ``Cu``, ``Mn`` or ``Ti``.
        energies: Photon energies on the standards' own scale, eV, any shape.
        resolution: Full width of a Gaussian that broadens them beyond their published widths, eV.

    Returns:
        Absorption by name, each with the shape of the energies: 0 before the edge and about 1 at the maximum of L3;
        the substrate ``In`` is about 1 everywhere.

    Raises:
        SimulatorError: The edge is not known, or the resolution is negative.
    """
    if edge not in EDGES:
        raise SimulatorError(f"no standards of {edge!r}: choose one of {', '.join(EDGES)}")
    if not resolution >= 0.0:
        raise SimulatorError(f"the energy resolution is a width, 0 eV or more, not {resolution!r}")
    return {standard.name: standard(energies, resolution) for standard in EDGES[edge]}
