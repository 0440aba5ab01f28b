"""The sample: what a Si-Ge film is made of at each position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulators.diffractometer.landscape import Landscape, draw_landscape
from simulators.fields import RandomField

TILTED_FRACTION = 0.25
"""Volume fraction of tilted material where the landscape is 1; the rest of the film is strained or relaxed."""

TILT = np.deg2rad(1.2)
"""Mean tilt of the tilted grains, rad."""

COMPOSITION = 0.30
"""Mean germanium fraction of the film."""


@dataclass(frozen=True, slots=True)
class LocalFilm:
    """What a film is like at some positions; all arrays have one shape.

    Attributes:
        composition: Germanium fraction.
        strained: Volume fraction matched to the substrate.
        relaxed: Volume fraction with its own lattice constant.
        tilted: Volume fraction in tilted grains, proportional to the landscape.
        tilt: Tilt of these grains, rad.
    """

    composition: NDArray[np.float64]
    strained: NDArray[np.float64]
    relaxed: NDArray[np.float64]
    tilted: NDArray[np.float64]
    tilt: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Film:
    """A film as a function of position.

    Attributes:
        landscape: Amount of tilted material; the volume fraction is ``TILTED_FRACTION`` of it.
        composition: Deviation of the germanium fraction from its mean.
        relaxation: Log-odds of the relaxed against the strained fraction.
        tilt: Deviation of the tilt from its mean, rad.
    """

    landscape: Landscape
    composition: RandomField
    relaxation: RandomField
    tilt: RandomField

    def at(self, x: ArrayLike, y: ArrayLike) -> LocalFilm:
        """Evaluate the film at positions that broadcast together, µm."""
        tilted = TILTED_FRACTION * self.landscape(x, y)
        # Where grains overlap there may be more tilted material than the film is thick: it bulges.
        rest = np.maximum(1.0 - tilted, 0.1)
        relaxed = rest / (1.0 + np.exp(-self.relaxation(x, y)))
        composition = np.clip(COMPOSITION + self.composition(x, y), 0.0, 1.0)
        return LocalFilm(composition, rest - relaxed, relaxed, tilted, TILT + self.tilt(x, y))


def draw_film(preset: str, seed: int) -> Film:
    """Draw a film.

    Args:
        preset: Name of its landscape's family.
        seed: Any non-negative integer; the same seed gives the same film.

    Returns:
        The film.

    Raises:
        ValueError: The preset is not known.
    """
    landscape = draw_landscape(preset, seed)
    rng = np.random.default_rng([seed, 1])
    return Film(
        landscape,
        composition=RandomField.draw(rng, length_scale=40.0, deviation=0.015),
        relaxation=RandomField.draw(rng, length_scale=25.0, deviation=0.7),
        tilt=RandomField.draw(rng, length_scale=30.0, deviation=np.deg2rad(0.04)),
    )
