"""Ways to unmix a stack, and how to follow one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from analysis.unmixing.backgrounds import Background
from analysis.unmixing.compression import Compressed
from analysis.unmixing.initial import svd_components
from analysis.unmixing.minimum_volume import MinimumVolumeNMF
from analysis.unmixing.nmf import NMF
from analysis.unmixing.nmfso import NMFSO
from analysis.unmixing.parsimony import separate_spectra
from analysis.unmixing.shared_nnls import shared_nnls
from analysis.unmixing.smoothing import smooth
from analysis.unmixing.vertices import find_vertices, make_cloud

Floats = NDArray[np.float64]
Method = Literal["corners", "nmf-so", "minimum volume"]
Start = Literal["corners", "svd"]

METHODS: tuple[Method, ...] = get_args(Method)

MOST_COMPONENTS = 8

_ITERATIONS = 60

_SMOOTHING = 1.0
"""Standard deviation in pixels over which maps are averaged before a factorisation. Weights that are held at 0 where
noise would have them below pull spectra apart; averaging mixes pixels, and mixtures of mixtures need no new spectra."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to unmix.

    Attributes:
        n_components: Number of components.
        background: What is removed from each spectrum first.
        method: "corners" (the purest spectra, freed from one another), "nmf-so" or "minimum volume".
        start: Where the iteration starts; "corners" for the method of that name.
        omega: Weight of the orthogonality, 0 for other methods than "nmf-so".
    """

    n_components: int
    background: Background
    method: Method
    start: Start = "corners"
    omega: float = 0.0


def follow(
    recipe: Recipe,
    data: Compressed,
    column_scale: Floats,
    shape: tuple[int, int] | None,
    energies: Floats | None = None,
) -> Floats:
    """Unmix compressed spectra by a recipe.

    Args:
        recipe: The recipe; its background has been removed.
        data: Compressed spectra.
        column_scale: Factor on each energy that the compressed data hold, shape (m,).
        shape: Rows and columns of the image; None for spectra without places.
        energies: The energies in the data's order, shape (m,); rising and evenly spaced when None.

    Returns:
        Spectra of unit sum, strongest first, shape (k, m).
    """
    k = recipe.n_components
    if recipe.start == "svd":
        H = svd_components(data, k) / column_scale
    else:
        H = separate_spectra(find_vertices(make_cloud(data, k, column_scale, shape), k), energies=energies)
    if recipe.method != "corners":
        model: NMF = MinimumVolumeNMF(k) if recipe.method == "minimum volume" else NMFSO(k, omega=recipe.omega)
        data = averaged(data, k, shape)
        scaled = H * column_scale
        W = shared_nnls(scaled @ scaled.T, data.times_components(scaled))
        H = model._alternate(data, W, scaled, _ITERATIONS)[1] / column_scale
    H = H / np.maximum(H.sum(axis=1, keepdims=True), 1e-300)
    return H[np.argsort(-maps_of(data, H, column_scale).sum(axis=1), kind="stable")]


def averaged(data: Compressed, k: int, shape: tuple[int, int] | None) -> Compressed:
    """Spectra averaged over neighbouring pixels, in the dimensions that k components span.

    Args:
        data: Compressed spectra.
        k: Number of components.
        shape: Rows and columns of the image; None for spectra without places, which have no neighbours.

    Returns:
        The spectra, in at most k dimensions.
    """
    maps = data.coordinates[:k]
    if shape is not None:
        maps = smooth(maps.reshape(-1, *shape), _SMOOTHING).reshape(-1, data.shape[0])
    return Compressed(maps, data.basis[:k], np.square(maps, dtype=float).sum(axis=1))


def maps_of(
    data: Compressed, H: Floats, column_scale: Floats, start: NDArray[Any] | None = None
) -> NDArray[np.float32]:
    """Non-negative maps (k, n) of compressed spectra for spectra H (k, m); maps to start from only save time."""
    scaled = H * column_scale
    return shared_nnls(scaled @ scaled.T, data.times_components(scaled), start=start)


def dimension_shares(data: Compressed) -> Floats:
    """Share of each dimension but the first in the variation between pixels, noise taken off, shape (≤ 8,).

    A dimension within the Marchenko-Pastur bulk of the noise, whose variance the weaker half of the dimensions shows,
    has share 0.
    """
    n, m = data.shape
    values = data.values
    noise = float(np.median(values[len(values) // 2 :])) if len(values) > 3 else 0.0
    edge = noise * (1.0 + np.sqrt(m / n)) ** 2 / max((1.0 - np.sqrt(min(m / n, 1.0))) ** 2, 1e-2)
    signal = np.where(values > max(1.05 * edge, 1e-10 * values[0]), values - noise, 0.0)[1 : MOST_COMPONENTS + 1]
    return signal / max(float(signal.sum()), 1e-300)


def variation_of(data: Compressed) -> float:
    """Variation between pixels above the noise: all dimensions but the first."""
    noise = float(np.median(data.values[len(data.values) // 2 :]))
    return float(np.maximum(data.values[1 : MOST_COMPONENTS + 1] - noise, 0.0).sum())
