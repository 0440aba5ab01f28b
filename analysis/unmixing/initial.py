"""Spectra to start a factorisation from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.unmixing.compression import Compressed

Floats = NDArray[np.float64]

_NEIGHBOURS = 0.002
"""Share of the spectra whose mean stands for a picked one: enough to average the noise away."""


def svd_components(data: Compressed, k: int) -> Floats:
    """Non-negative halves of the strongest singular vectors.

    Boutsidis & Gallopoulos, Pattern Recognit. 41 (2008) 1350 (NNDSVDa: zeros are filled with the mean).

    Args:
        data: Compressed spectra of rank ≥ k where the data have it.
        k: Number of components.

    Returns:
        Spectra, shape (k, m), > 0; those beyond the data's rank are unlike one another but arbitrary.
    """
    _, m = data.shape
    H = np.zeros((k, m))
    for j in range(min(k, len(data.basis))):
        u, v = data.coordinates[j].astype(float), data.basis[j]
        plus = np.linalg.norm(np.maximum(u, 0.0)) * np.linalg.norm(np.maximum(v, 0.0))
        minus = np.linalg.norm(np.minimum(u, 0.0)) * np.linalg.norm(np.minimum(v, 0.0))
        if j == 0:
            H[j] = np.abs(v)
        else:
            H[j] = np.maximum(v if plus >= minus else -v, 0.0)
    rest = ~H.any(axis=1)
    H[rest] = np.random.default_rng(0).uniform(0.5, 1.0, size=(int(rest.sum()), m))
    return np.where(H > 0.0, H, H.mean(axis=1, keepdims=True))


def random_components(data: Compressed, k: int, seed: int | None) -> Floats:
    """Means of random groups of spectra, which lie where the data lie.

    Args:
        data: Compressed spectra.
        k: Number of components.
        seed: Seed of the random numbers.

    Returns:
        Spectra, shape (k, m), > 0.
    """
    rng = np.random.default_rng(seed)
    n, m = data.shape
    group = rng.integers(n, size=(k, max(1, n // 1000)))
    H = data.coordinates[:, group].mean(axis=2).T.astype(float) @ data.basis
    floor = 1e-3 * np.abs(H).mean() + 1e-300
    return np.maximum(H, floor) * rng.uniform(0.9, 1.1, size=(k, m))


def pick_spectra(data: Compressed, k: int, neighbours: float = _NEIGHBOURS) -> tuple[Floats, NDArray[np.intp]]:
    """The purest spectra of the data, each averaged with those that resemble it.

    Successive projections (Araújo et al., Chemom. Intell. Lab. Syst. 57 (2001) 65) on spectra of unit sum: each time
    the spectrum farthest from the span of those picked before is taken. A single noisy spectrum is never taken alone:
    the mean over the given share of spectra that reach farthest in the same direction is.

    Args:
        data: Compressed spectra.
        k: Number of components.
        neighbours: Share of the spectra to average over, 0 to 1.

    Returns:
        Spectra, shape (k, m), ≥ 0, and the place of the purest spectrum of each, shape (k,).
    """
    rank = min(max(k, 1), len(data.basis))
    Z = data.coordinates[:rank].astype(float)
    total = data.basis[:rank].sum(axis=1) @ Z
    typical = float(np.median(np.abs(total))) + 1e-300
    bright = np.flatnonzero(total > 0.25 * typical)
    if len(bright) < k:
        return svd_components(data, k), np.zeros(k, np.intp)
    Z = Z[:, bright] / total[bright]
    count = max(1, int(neighbours * len(bright)))
    found, places = np.zeros((k, rank)), np.zeros(k, np.intp)
    residual = Z.copy()
    for j in range(k):
        length = np.einsum("rn,rn->n", residual, residual)
        far = int(length.argmax())
        direction = residual[:, far] / (np.sqrt(length[far]) + 1e-300)
        members = np.argpartition(-(direction @ residual), count - 1)[:count]
        found[j], places[j] = Z[:, members].mean(axis=1), bright[far]
        step = residual[:, members].mean(axis=1)
        step /= np.linalg.norm(step) + 1e-300
        residual -= np.outer(step, step @ residual)
    H = np.maximum(found @ data.basis[:rank], 0.0)
    return np.where(H.any(axis=1, keepdims=True), H, 1.0), places
