"""Initial designs: where to measure before a model knows anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.optimization.errors import ConfigurationError

if TYPE_CHECKING:
    from analysis.optimization.space import SearchSpace

Design = Literal["sobol", "random"]
"""Ways to spread the first points."""


SCRAMBLES = 64
"""Scramblings tried: half a dozen points of one of them may leave a quarter of the field empty."""


def sobol(dimension: int, count: int, seed: int, spread: int = 0) -> NDArray[np.float64]:
    """Draw a scrambled Sobol sequence (Owen 1998) in the unit cube.

    Args:
        dimension: Number of axes.
        count: Number of points; the first k of a longer sequence are the sequence of length k.
        seed: Seed of the scrambling.
        spread: Of several scramblings take the one whose first ``spread`` points lie closest to everywhere (least
            mean squared distance from a position to its nearest point); 0 takes the first.

    Returns:
        Points, shape (count, dimension).
    """
    from scipy.spatial.distance import cdist
    from scipy.stats import qmc  # scipy.stats is slow to import, and a client of the space may never draw

    exponent = max(int(np.ceil(np.log2(max(count, 1)))), 0)
    if not spread:
        return qmc.Sobol(dimension, scramble=True, rng=np.random.default_rng(seed)).random_base2(exponent)[:count]
    probes = qmc.Halton(dimension, scramble=False).random(512)
    best, least = np.empty((0, dimension)), np.inf
    for attempt in range(SCRAMBLES):
        points = qmc.Sobol(dimension, scramble=True, rng=np.random.default_rng([seed, attempt])).random_base2(exponent)
        error = float(np.mean(cdist(points[:spread], probes, "sqeuclidean").min(axis=0)))
        if error < least:
            best, least = points, error
    return best[:count]


def initial_design(
    space: SearchSpace, count: int, seed: int, design: str = "sobol", spread: int = 0
) -> NDArray[np.float64]:
    """Spread the first points over a space.

    Args:
        space: Where to measure; points are snapped to its grid, forbidden ones are left out.
        count: Number of points wanted.
        seed: Seed; the same seed gives the same points.
        design: "sobol" (scrambled Sobol sequence) or "random" (uniform over the allowed positions).
        spread: How many of the first points must cover the space well on their own, see :func:`sobol`.

    Returns:
        Distinct positions in the axes' units, shape (n, d), n ≤ count: fewer only if the grid holds no more.

    Raises:
        ConfigurationError: The design is not known.
    """
    if design not in ("sobol", "random"):
        raise ConfigurationError(f"unknown initial design {design!r}: choose sobol or random")
    rng = np.random.default_rng([seed, 1])
    if space.grid is not None:
        return space.candidates[_grid_indices(space, count, seed, design, rng, spread)]
    drawn = np.empty((0, space.dimension))
    size = 4 * count + 64
    while len(drawn) < count:
        unit = sobol(space.dimension, size, seed, spread) if design == "sobol" else rng.random((size, space.dimension))
        positions = space.from_unit(unit)
        drawn = positions[~space.is_forbidden(positions)]
        size *= 4
        if size > 1 << 18:  # an allowed part so thin that drawing does not meet it: its known positions will do
            drawn = np.concatenate([drawn, space.candidates])
            break
    return drawn[:count]


def _grid_indices(
    space: SearchSpace, count: int, seed: int, design: str, rng: np.random.Generator, spread: int
) -> NDArray[np.intp]:
    """Choose distinct candidates of a gridded space; returns indices, shape (n,)."""
    everything = rng.permutation(len(space.candidates))
    if design == "random":
        return everything[:count]
    snapped = space.nearest(space.from_unit(sobol(space.dimension, 8 * count + 64, seed, spread)))
    order = np.concatenate([snapped[snapped >= 0], everything])
    _, first = np.unique(order, return_index=True)
    return order[np.sort(first)][:count]
