"""Number of components, background, start and orthogonality, chosen together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from analysis.unmixing.backgrounds import BACKGROUNDS, Background, remove_background
from analysis.unmixing.compression import Compressed, compress
from analysis.unmixing.drift import find_drift, without
from analysis.unmixing.identify import Standards, compare
from analysis.unmixing.nmfso import map_overlap
from analysis.unmixing.parsimony import separate_spectra
from analysis.unmixing.recipes import (
    METHODS,
    Method,
    Recipe,
    Start,
    averaged,
    dimension_shares,
    follow,
    maps_of,
    variation_of,
)

Floats = NDArray[np.float64]
OMEGAS = (0.0, 0.02, 0.1, 0.3)
"""Weights of the orthogonality that are tried."""

LEAST_SHARE = 0.01
"""Least share of the variation between pixels that makes a component: a tenth of its amplitude."""

_MISFIT = 10.0
"""Weight of structure that is left over: noise is taken off, so it is there, whatever else speaks for a recipe."""

_ADMIXTURE = 0.15
"""Share of another spectrum that counts as an artefact; what seems to be more is likeness."""

_ALIKE = 0.98
"""Least correlation of two spectra of the same component, found in different parts of an image."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a recipe.

    Attributes:
        recipe: The recipe.
        spectra: Of unit sum, strongest first, shape (k, m).
        misfit: Structure that the non-negative model leaves over, as a share of the variation between pixels.
        artefacts: Mean over the spectra of 1 − r between each and itself without lines or dips of the others.
        overlap: Mean cosine between two abundance maps.
        lost: Share of the variation between pixels that the background took away.
        correlation: Mean correlation with the matched standards after the shift, NaN without standards.
        score: What recipes are compared by; larger is better, 1 is best.
    """

    recipe: Recipe
    spectra: Floats
    misfit: float
    artefacts: float
    overlap: float
    lost: float
    correlation: float
    score: float


@dataclass(frozen=True, slots=True)
class Choice:
    """A recipe, and what else there was.

    Attributes:
        recipe: What was chosen.
        trials: All recipes tried, the best first.
        strengths: Share of each dimension of the raw data, from the second on, in the variation between pixels; one
            below 0.01 is not taken for a component, nor is the drift of the image. Shape (≤ 8,).
        certainty: Share of the four interleaved quarters of the image that alone lead to the same components: as many,
            and each with a spectrum that correlates by at least 0.98 with its match.
    """

    recipe: Recipe
    trials: tuple[Trial, ...]
    strengths: Floats
    certainty: float


def choose(
    image: Floats,
    energies: Floats,
    *,
    n_components: int | None = None,
    backgrounds: Sequence[Background] = BACKGROUNDS,
    omegas: Sequence[float] = OMEGAS,
    methods: Sequence[Method] = METHODS,
    standards: Standards | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Choice:
    """Try all recipes on a small image and take the best.

    Args:
        image: Spectra, shape (y, x, m), a few thousand pixels.
        energies: Rising, shape (m,), in eV.
        n_components: Number of components; None to choose it: 1 + the number of further dimensions, each with at least
            0.01 of the variation between pixels above the noise (and above the Marchenko-Pastur edge), that are not
            the drift of the image.
        backgrounds: Backgrounds to try.
        omegas: Weights of the orthogonality to try.
        methods: Methods to try.
        standards: Library to compare with, as for :func:`analysis.unmixing.identify.compare`.
        progress: Called with what is being done and how much of it is.

    Returns:
        The choice.
    """
    trials, strengths = _all_trials(image, energies, n_components, backgrounds, omegas, methods, standards, progress)

    def spectra(part: Floats) -> Floats:
        return _all_trials(part, energies, n_components, backgrounds, omegas, methods, standards, None)[0][0].spectra

    quarters = [image[y::2, x::2] for y in (0, 1) for x in (0, 1)]
    quarters = [quarter for quarter in quarters if quarter.shape[0] * quarter.shape[1] >= 256]
    same = [_alike(spectra(quarter), trials[0].spectra) for quarter in quarters]
    return Choice(trials[0].recipe, tuple(trials), strengths, float(np.mean(same)) if same else float("nan"))


def _all_trials(
    image: Floats,
    energies: Floats,
    n_components: int | None,
    backgrounds: Sequence[Background],
    omegas: Sequence[float],
    methods: Sequence[Method],
    standards: Standards | None,
    progress: Callable[[str, float], None] | None,
) -> tuple[list[Trial], Floats]:
    """Try everything; returns trials, best first, and the shares of the raw data's dimensions."""
    shape = (image.shape[0], image.shape[1])
    X = image.reshape(-1, image.shape[2])
    mean = X.mean(axis=0)
    scale = 1.0 / np.sqrt(np.maximum(mean, 0.02 * mean.max() + 1e-300) / max(float(mean.mean()), 1e-300))
    raw = compress(X, min(X.shape), scale)
    raw = without(raw, find_drift(raw, shape))
    shares = dimension_shares(raw)
    variation = variation_of(raw)
    trials = []
    for step, background in enumerate(backgrounds):
        data = raw
        if background != "none":
            data = compress(remove_background(X, energies, background), min(X.shape), scale)
            data = without(data, find_drift(data, shape))
        found = 1 + int((dimension_shares(data) >= LEAST_SHARE).sum())
        k = min(found if n_components is None else n_components, *X.shape)
        lost = max(0.0, 1.0 - variation_of(data) / variation) if variation > 0.0 else 0.0
        recipes = _recipes(k, background, omegas, methods)
        trials += [_try(recipe, data, scale, shape, energies, lost, standards) for recipe in recipes]
        if progress is not None:
            progress("choosing", (step + 1) / len(backgrounds))
    return sorted(trials, key=lambda trial: -trial.score), shares


def _recipes(k: int, background: Background, omegas: Sequence[float], methods: Sequence[Method]) -> list[Recipe]:
    """All recipes for one background."""
    recipes = [Recipe(k, background, method) for method in methods if method != "nmf-so"]
    if "nmf-so" in methods:
        recipes += [Recipe(k, background, "nmf-so", start, omega) for omega in omegas for start in get_args(Start)]
    return recipes


def _try(
    recipe: Recipe,
    data: Compressed,
    scale: Floats,
    shape: tuple[int, int],
    energies: Floats,
    lost: float,
    standards: Standards | None,
) -> Trial:
    """Follow one recipe and measure what came of it."""
    H = follow(recipe, data, scale, shape)
    even, scaled = averaged(data, len(H), shape), H * scale
    W = maps_of(even, H, scale).astype(float)
    residual = float(even.values.sum() - 2.0 * (W * even.times_components(scaled)).sum())
    residual += float(((W @ W.T) * (scaled @ scaled.T)).sum())
    misfit = max(0.0, residual) / max(variation_of(data), 1e-300)
    cleaned = separate_spectra(H, _ADMIXTURE)
    artefacts = float(np.mean([1.0 - _pearson(a, b) for a, b in zip(H, cleaned, strict=True)]))
    overlap = map_overlap(W / np.maximum(W.sum(axis=0), 1e-300))
    correlation = float("nan")
    score = 1.0 - _MISFIT * misfit - artefacts - 0.25 * overlap - 0.25 * lost
    if standards:
        correlation = float(np.nanmean(compare(H, energies, standards).matched))
        score = correlation - _MISFIT * misfit - 0.05 * overlap - 0.25 * lost
    return Trial(recipe, H, misfit, artefacts, overlap, lost, correlation, score)


def _alike(first: Floats, second: Floats) -> bool:
    """Whether two sets of spectra, (k, m) each, are the same components."""
    if len(first) != len(second):
        return False
    r = np.array([[_pearson(a, b) for b in second] for a in first])
    return bool(r[linear_sum_assignment(-r)].min() >= _ALIKE)


def _pearson(first: Floats, second: Floats) -> float:
    """Correlation of two spectra; 1 where both are flat."""
    a, b = first - first.mean(), second - second.mean()
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 0.0 else 1.0
