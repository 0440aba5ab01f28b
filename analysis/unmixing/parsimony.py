"""Spectra freed from what is left of one another in them, where no pixel holds a component alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]

_WIDTHS = (0.0125, 0.018)
"""Widths over which curvature is taken, as shares of the range of energies."""

_OWN = (0.25, 0.5, 1.0)
"""Where a spectrum bends by more than this share of its sharpest bend, the features are its own and do not count."""

_AGREED = 0.15
"""Estimates by different widths and shares that are farther apart come from likeness, not from admixture."""

_LARGEST = 0.35
"""Share of another component that may be taken out; of a grain of which there is more, it is no admixture."""

_FLAT = 0.2
"""A component whose curvature nowhere reaches this share of the sharpest one's has no features to find it by."""


def separate_spectra(H: Floats, largest: float = _LARGEST, energies: Floats | None = None) -> Floats:
    """Take out of each spectrum the admixture of the others that makes its curvature sparsest.

    Where a spectrum is smooth of itself, the sum of absolute second derivatives |s″ + Σ β h″| has a sharp least at the
    admixture's own amount: taking out less leaves the other's lines, taking out more leaves dips. The β are found by
    least absolute deviations (iteratively reweighted least squares), outside of the spectrum's own lines. An admixture
    is the same however wide those are taken to be, and over whatever width curvature is taken; where two spectra are
    only alike, the estimates differ, and nothing is taken out.

    Args:
        H: Spectra of unit sum, shape (k, m).
        largest: Largest |β| that counts as an admixture.
        energies: Where the spectra are given, in any order, shape (m,); rising and evenly spaced when None.

    Returns:
        Spectra of unit sum, shape (k, m), ≥ 0.
    """
    k, m = H.shape
    if k < 2 or m < 8:
        return H
    bends = [_curvature(H, w) if energies is None else _curvature_at(H, energies, w) for w in _WIDTHS]
    bends, own = np.repeat(bends, len(_OWN), axis=0), np.tile(_OWN, len(_WIDTHS))[:, None]
    sharpest = np.abs(bends).max(axis=2)
    featured = sharpest[-1] > _FLAT * sharpest[-1].max()
    out = H.copy()
    for j in range(k):
        smooth = np.abs(bends[:, j]) <= own * sharpest[:, j, None] if featured[j] else np.ones((len(bends), m), bool)
        beta = _admixtures(bends, smooth, j, [i for i in range(k) if i != j and featured[i]], largest)
        new = np.maximum(H[j] - beta @ H, 0.0)
        out[j] = new / new.sum() if new.any() else H[j]
    return out


def _curvature(H: Floats, width: float) -> Floats:
    """Second derivatives of smoothed spectra on even energies, shape (k, m)."""
    return gaussian_filter1d(H, max(1.0, width * H.shape[1]), axis=1, order=2, mode="nearest")


def _curvature_at(H: Floats, energies: Floats, width: float) -> Floats:
    """The same on any energies, by way of an even grid as fine as the closest ones, shape (k, m)."""
    order = np.argsort(energies, kind="stable")
    axis = energies[order]
    closest = max(float(np.diff(axis).min()), 1e-3 * float(axis[-1] - axis[0]))
    grid = np.linspace(axis[0], axis[-1], max(len(axis), 1 + round(float(axis[-1] - axis[0]) / closest)))
    even = _curvature(PchipInterpolator(axis, H[:, order], axis=1)(grid), width)
    return np.array([np.interp(energies, grid, row) for row in even])


def _admixtures(bends: Floats, smooth: NDArray[np.bool_], j: int, others: list[int], largest: float) -> Floats:
    """Amounts of the others in spectrum j, shape (k,), 0 where estimates disagree or are beyond the largest.

    Args:
        bends: Curvatures for each estimate, shape (estimate, k, m).
        smooth: Where the spectrum is smooth of itself, shape (estimate, m).
        j: Which spectrum.
        others: Which spectra may be in it.
        largest: Largest amount.
    """
    beta = np.zeros(bends.shape[1])
    while others:
        estimates = _least_absolute(bends[:, others] * smooth[:, None], bends[:, j] * smooth)
        middle, apart = np.median(estimates, axis=0), np.ptp(estimates, axis=0)
        doubt = np.maximum(np.abs(middle) / largest, apart / _AGREED)
        if doubt.max() <= 1.0:
            beta[others] = middle
            break
        del others[int(doubt.argmax())]
    return beta


def _least_absolute(A: Floats, y: Floats, steps: int = 50) -> Floats:
    """Minimise Σ |y − x A| by iteratively reweighted least squares, for many problems at once.

    Args:
        A: Shape (problem, p, m).
        y: Shape (problem, m).
        steps: Times of reweighting at most.

    Returns:
        Solutions x, shape (problem, p).
    """
    floor = 1e-2 * np.abs(A).max(axis=(1, 2))[:, None] + 1e-300
    ridge = 1e-12 * np.eye(A.shape[1]) * (np.square(A).sum(axis=(1, 2))[:, None, None] / floor[:, :, None] + 1e-300)
    weight, x = np.ones_like(y) / floor, np.zeros(A.shape[:2])
    for _ in range(steps):
        weighted = A * weight[:, None]
        new = np.linalg.solve(weighted @ A.transpose(0, 2, 1) + ridge, weighted @ y[:, :, None])[:, :, 0]
        done = float(np.abs(new - x).max()) < 1e-4
        x = new
        if done:
            break
        weight = 1.0 / np.maximum(np.abs(y - (x[:, None] @ A)[:, 0]), floor)
    return x
