"""Where the tilted grains of a film lie: the map whose maximum an autonomous scan looks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulators.fields import RandomField

EXTENT = 150.0
"""Side of the square field of view, µm (31 positions, 5 µm apart)."""


@dataclass(frozen=True, slots=True)
class Grain:
    """An oriented Gaussian bump of tilted material.

    Attributes:
        x: Centre along x, µm.
        y: Centre along y, µm.
        height: Peak contribution.
        sigma_minor: Standard deviation across the grain, µm.
        sigma_major: Standard deviation along the grain, µm.
        angle: Direction of the long axis from x, rad.
    """

    x: float
    y: float
    height: float
    sigma_minor: float
    sigma_major: float
    angle: float

    def __call__(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Evaluate the bump at positions of equal shape, µm."""
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        along = ((x - self.x) * cosine + (y - self.y) * sine) / self.sigma_major
        across = (-(x - self.x) * sine + (y - self.y) * cosine) / self.sigma_minor
        return self.height * np.exp(-0.5 * (along**2 + across**2))


@dataclass(frozen=True, slots=True)
class Landscape:
    """The amount of tilted material as a function of position.

    Attributes:
        grains: The bumps.
        roughness: A weak random field below them; its positive part is added.
        exclusive: Whether a place belongs to its strongest grain alone (grains with walls between them) instead of
            to all of them in sum.
    """

    grains: tuple[Grain, ...]
    roughness: RandomField
    exclusive: bool = False

    def __call__(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Evaluate the landscape at positions that broadcast together, µm; returns values ≥ 0."""
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        bumps = np.stack([grain(x, y) for grain in self.grains])
        combined = bumps.max(axis=0) if self.exclusive else bumps.sum(axis=0)
        return combined + np.maximum(self.roughness(x, y), 0.0)


def smooth(rng: np.random.Generator) -> Landscape:
    """Draw an easy landscape: 4 to 8 oriented bumps of width 0.06 to 0.25 of the field."""
    count = int(rng.integers(4, 9))
    heights = np.concatenate([[1.0], rng.uniform(0.3, 0.9, size=count - 1)])
    grains = []
    for height in heights:
        minor, major = np.sort(rng.uniform(0.06, 0.25, size=2)) * EXTENT
        x, y = rng.uniform(0.0, EXTENT, size=2)
        grains.append(Grain(x, y, height, minor, major, rng.uniform(0.0, np.pi)))
    return Landscape(tuple(grains), RandomField.draw(rng, length_scale=20.0, deviation=0.01))


def source(rng: np.random.Generator) -> Landscape:
    """Draw a hard landscape: seven narrow grains of aspect 8, oblique to the axes, along one direction; six are decoys.

    The numbers are calibrated so that the source's own recipe needs a median of 40 to 55 points of 961, as it
    did on the real film (see ``benchmarks/source_recipe.py``).
    """
    direction = np.deg2rad(rng.choice([45.0, 135.0]) + rng.uniform(-20.0, 20.0))
    heights = np.concatenate([[1.0], rng.uniform(0.55, 0.86, size=6)])
    grains = []
    for height in heights:
        x, y = rng.uniform(0.05 * EXTENT, 0.95 * EXTENT, size=2)
        grains.append(Grain(x, y, height, 5.5, 44.0, direction))
    return Landscape(tuple(grains), RandomField.draw(rng, length_scale=10.0, deviation=0.05), exclusive=True)


PRESETS: dict[str, Callable[[np.random.Generator], Landscape]] = {"smooth": smooth, "source": source}
"""The landscapes a twin can be asked for, by name."""

NOISE: dict[str, float] = {"smooth": 0.02, "source": 0.04}
"""Standard deviation of the objective's noise as a fraction of the map's range, per preset, for scalar studies."""


def draw_landscape(preset: str, seed: int) -> Landscape:
    """Draw the landscape of a preset.

    Args:
        preset: A name in :data:`PRESETS`.
        seed: Any non-negative integer; the same seed gives the same landscape.

    Returns:
        The landscape.

    Raises:
        ValueError: The preset is not known.
    """
    if preset not in PRESETS:
        raise ValueError(f"unknown preset {preset!r}: choose one of {', '.join(PRESETS)}")
    return PRESETS[preset](np.random.default_rng([seed, sum(preset.encode())]))
