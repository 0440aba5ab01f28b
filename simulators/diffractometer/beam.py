"""The X-ray beam: how many photons arrive, and where."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulators.fields import RandomField
from simulators.outages import Outage


@dataclass(frozen=True, slots=True)
class Beam:
    """A beam from a storage ring that is topped up.

    Attributes:
        flux: Photons at the sample at full ring current, 1/s.
        current: Full ring current, mA.
        lifetime: Time in which the ring current falls to 1/e, s.
        top_up: Time between refills, s.
        start: When the ring was last refilled, s since 1970.
        fluctuation: Slow relative fluctuation of the intensity as a function of time, s.
        loss: What makes the ring lose its beam for a while.
    """

    flux: float
    current: float
    lifetime: float
    top_up: float
    start: float
    fluctuation: RandomField
    loss: Outage = field(default_factory=Outage)

    @classmethod
    def draw(
        cls,
        seed: int,
        flux: float,
        start: float,
        *,
        lifetime: float = 36000.0,
        top_up: float = 300.0,
        fluctuation: float = 0.005,
    ) -> Beam:
        """Draw a beam; its fluctuation depends on the seed, with a correlation time of a minute."""
        rng = np.random.default_rng([seed, 2])
        field = RandomField.draw(rng, length_scale=60.0, deviation=fluctuation, features=32)
        return cls(flux, 100.0, lifetime, top_up, start, field)

    def ring_current(self, time: float) -> float:
        """Return the ring current, mA: it decays exponentially from each refill, and is 0 while the beam is lost."""
        if self.loss.active:
            return 0.0
        return self.current * float(np.exp(-((time - self.start) % self.top_up) / self.lifetime))

    def intensity(self, time: float) -> float:
        """Return the photons at the sample, 1/s."""
        drift = 1.0 + float(self.fluctuation(time - self.start, 0.0))
        return self.flux * max(0.0, drift) * self.ring_current(time) / self.current


def footprint(width: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return positions and weights that average over a Gaussian beam.

    Gauss–Hermite quadrature with three nodes per axis: exact for polynomials of the fifth degree.

    Args:
        width: Full width at half maximum, µm.

    Returns:
        Offsets in x and in y, µm, and weights of sum 1; each of shape (9,).
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    sigma = width / np.sqrt(8.0 * np.log(2.0))
    x, y = np.meshgrid(sigma * nodes, sigma * nodes)
    product = np.outer(weights, weights)
    return x.ravel(), y.ravel(), (product / product.sum()).ravel()
