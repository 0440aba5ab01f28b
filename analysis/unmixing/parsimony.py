"""Spectra freed from what is left of one another in them, where no pixel holds a component alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]

_WIDTH = 0.018
"""Width over which curvature is taken, as a share of the range of energies."""

_LARGEST = 0.15
"""Share of another component that may be taken out; what seems to be more is likeness, not admixture."""

_OWN = 0.5
"""Where a spectrum bends by more than this share of its sharpest bend, the features are its own."""

_FLAT = 0.2
"""A component whose curvature nowhere reaches this share of the sharpest one's has no features to find it by."""


def separate_spectra(H: Floats, largest: float = _LARGEST, energies: Floats | None = None) -> Floats:
    """Take out of each spectrum the admixture of the others that makes its curvature sparsest.

    Where a spectrum is smooth of itself, the sum of absolute second derivatives |s″ + Σ β h″| has a sharp least at the
    admixture's own amount: taking out less leaves the other's lines, taking out more leaves dips. The β are found by
    least absolute deviations (iteratively reweighted least squares), outside of the spectrum's own lines.

    Args:
        H: Spectra of unit sum, shape (k, m).
        largest: Largest |β| that counts as an admixture; a component that seems to need more is left alone.
        energies: Where the spectra are given, in any order, shape (m,); rising and evenly spaced when None.

    Returns:
        Spectra of unit sum, shape (k, m), ≥ 0.
    """
    k, m = H.shape
    if k < 2 or m < 8:
        return H
    bend = _curvature(H) if energies is None else _curvature_at(H, energies)
    sharpest = np.abs(bend).max(axis=1)
    featured = sharpest > _FLAT * sharpest.max()
    out = H.copy()
    for j in range(k):
        smooth = np.abs(bend[j]) < _OWN * sharpest[j] if featured[j] else np.ones(m, bool)
        others = [i for i in range(k) if i != j and featured[i]]
        beta = _admixtures(bend[j, smooth], bend[:, smooth], others, largest)
        new = np.maximum(H[j] - beta @ H, 0.0)
        out[j] = new / new.sum() if new.any() else H[j]
    return out


def _curvature(H: Floats) -> Floats:
    """Second derivatives of smoothed spectra on even energies, shape (k, m)."""
    return gaussian_filter1d(H, max(1.0, _WIDTH * H.shape[1]), axis=1, order=2, mode="nearest")


def _curvature_at(H: Floats, energies: Floats) -> Floats:
    """The same on any energies, by way of an even grid as fine as the closest ones, shape (k, m)."""
    order = np.argsort(energies, kind="stable")
    axis = energies[order]
    closest = max(float(np.diff(axis).min()), 1e-3 * float(axis[-1] - axis[0]))
    grid = np.linspace(axis[0], axis[-1], max(len(axis), 1 + round(float(axis[-1] - axis[0]) / closest)))
    even = _curvature(PchipInterpolator(axis, H[:, order], axis=1)(grid))
    return np.array([np.interp(energies, grid, row) for row in even])


def _admixtures(bend: Floats, bends: Floats, others: list[int], largest: float) -> Floats:
    """Amounts of the others in one spectrum, shape (k,); those beyond the largest are taken for 0."""
    beta = np.zeros(len(bends))
    while others:
        found = _least_absolute(bends[others].T, bend)
        worst = int(np.abs(found).argmax())
        if abs(found[worst]) <= largest:
            beta[others] = found
            break
        del others[worst]
    return beta


def _least_absolute(A: Floats, y: Floats, steps: int = 50) -> Floats:
    """Minimise Σ |y − A x| by iteratively reweighted least squares; A of shape (m, p), x of shape (p,)."""
    floor = 1e-2 * float(np.abs(A).max()) + 1e-300
    weight = np.ones(len(y))
    x: Floats = np.zeros(A.shape[1])
    for _ in range(steps):
        root = np.sqrt(weight)
        new = np.asarray(np.linalg.lstsq(A * root[:, None], y * root, rcond=None)[0], float)
        done = float(np.abs(new - x).max()) < 1e-6
        x = new
        if done:
            break
        weight = 1.0 / np.maximum(np.abs(y - A @ x), floor)
    return x
