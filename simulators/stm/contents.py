"""What may sit in a half-cell, and lists of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.stm.clusters import CLASSES

Floats = NDArray[np.float64]

VARIATES = 24
"""Random numbers kept with each half-cell for how its content looks."""

VACANCY, HOLE, BRIGHT, BARE = 6, 7, 8, 9
"""Contents of a half-cell besides the clusters 0 to 5: a vacancy that looks like Pb1, a half without most of its
adatoms, a bright adsorbate, and no more than an adatom missing here and there."""

CONFUSERS = {"vacancy": VACANCY, "hole": HOLE, "bright": BRIGHT}
"""Names of what may be taken for clusters."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What sits in some half-cells.

    Attributes:
        kinds: A cluster by its class, or another content, shape (n,).
        centres: Middles of the half-cells, Å, shape (n, 2).
        halves: 0 for faulted, 1 for unfaulted, shape (n,).
        missing: Which of the half's adatoms are missing, 3 at the corners, then 3 centre ones, shape (n, 6).
        variates: Random numbers in [0, 1) for how it looks, shape (n, VARIATES).
    """

    kinds: NDArray[np.int64]
    centres: Floats
    halves: NDArray[np.int64]
    missing: NDArray[np.bool_]
    variates: Floats

    @property
    def clusters(self) -> NDArray[np.bool_]:
        """Which are clusters, shape (n,)."""
        return self.kinds < len(CLASSES)

    def select(self, chosen: NDArray[np.bool_]) -> Contents:
        """Return some of them."""
        kinds, centres, halves = self.kinds[chosen], self.centres[chosen], self.halves[chosen]
        return Contents(kinds, centres, halves, self.missing[chosen], self.variates[chosen])

    @classmethod
    def join(cls, parts: list[Contents]) -> Contents:
        """Put lists together."""
        names = ("kinds", "centres", "halves", "missing", "variates")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
