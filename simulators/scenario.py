"""What a twin offers to studies: its instrument, and the truth that no device exposes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Truth:
    """The noiseless objective on a grid.

    Attributes:
        axes: Positions along each axis by its data key, µm unless the twin says otherwise; x first.
        values: The objective, shape (y, x).
        noise: Standard deviation of the objective's noise in scalar studies, in the objective's unit.
    """

    axes: Mapping[str, NDArray[np.float64]]
    values: NDArray[np.float64]
    noise: float


class Scenario(Protocol):
    """A twin that studies can run on."""

    def instrument(self, seed: int = 0, **options: Any) -> dict[str, Any]:
        """Make the devices of one sample."""
        ...

    def truth(self, seed: int = 0, **options: Any) -> Truth:
        """Return what the sample of that seed is like; no device exposes it."""
        ...
