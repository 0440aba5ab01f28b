"""Components to start a factorisation from."""

from __future__ import annotations

import warnings
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning

from analysis.unmixing.factorisation import improve, score, unit_sum
from analysis.unmixing.noise import Kind, NoiseModel
from analysis.unmixing.patterns import without_lone_values

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def plain_components(Y: Floats, k: int) -> Floats:
    """Components of a plain factorisation that knows nothing of the past.

    Args:
        Y: Patterns, shape (n, m).
        k: Number of components.

    Returns:
        Rows of unit sum, shape (k, m); those beyond what n patterns can tell are 0.
    """
    H = np.zeros((k, Y.shape[1]))
    rank = min(k, *Y.shape)
    plain = NMF(cast(Any, rank), init="nndsvda", max_iter=30, tol=1e-3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        H[:rank] = plain.fit(np.maximum(without_lone_values(Y), 0.0)).components_
    return unit_sum(H)


def anchored_components(Y: Floats, templates: Floats) -> Floats:
    """The anchors' templates, and for components without an anchor what lies outside of all windows.

    Args:
        Y: Patterns, shape (n, m).
        templates: Expected components, shape (k, m); 0 for those without an anchor.

    Returns:
        Rows of unit sum, shape (k, m).
    """
    H = templates.copy()
    free = ~H.any(axis=1)
    rest = np.maximum(np.median(Y, axis=0), 0.0) + 1e-3 * np.abs(Y).mean()
    rest[H.any(axis=0)] *= 0.1
    # Equal components would stay equal for ever.
    H[free] = rest * np.random.default_rng(0).uniform(0.5, 1.0, size=(int(free.sum()), Y.shape[1]))
    return unit_sum(H)


def first_noise(Y: Floats, kind: Kind, threshold: float) -> NoiseModel:
    """A noise model before there is any fit, from the median deviation from the median pattern.

    Args:
        Y: Patterns, shape (n, m).
        kind: Kind of noise.
        threshold: Residuals beyond this many standard deviations count as outliers.

    Returns:
        The noise model.
    """
    if kind == "poisson":
        return NoiseModel(kind, 1.0, 1.0, threshold).fitted(Y, np.zeros((len(Y), 1)), np.zeros((1, Y.shape[1])))
    spread = (Y - (np.median(Y, axis=0) if len(Y) > 2 else np.median(Y))) ** 2
    return NoiseModel(kind, 0.0, max(2.0 * float(np.median(spread)), 1e-12 * float(np.mean(Y**2)), 1e-300), threshold)


def restarted(
    Y: Floats, W: Floats, H: Floats, noise: NoiseModel, *, finite: Mask | None, iterations: int, tol: float
) -> tuple[Floats, Floats]:
    """Try a fresh start, which may escape what the first few patterns led to, and keep the better fit.

    Args:
        Y: Patterns, shape (n, m).
        W: Weights of the present fit, shape (n, k).
        H: Basis of the present fit, shape (k, m).
        noise: Variance and outlier threshold.
        finite: False where a value is missing.
        iterations: Alternations at most.
        tol: As for :func:`analysis.unmixing.factorisation.improve`.

    Returns:
        Weights and basis of the better fit.
    """
    model = W @ H
    fresh = plain_components(Y if finite is None else np.where(finite, Y, model), len(H))
    V = np.nan_to_num(score(Y, fresh, noise, model.mean(axis=0), finite).weights)
    V, fresh, _ = improve(Y, V, fresh, noise, finite=finite, iterations=iterations, tol=tol)
    better = noise.loss(Y, V @ fresh, finite) < 0.98 * noise.loss(Y, model, finite)
    return (V, fresh) if better else (W, H)
