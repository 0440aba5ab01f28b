"""The purest spectra of a stack: corners of the cloud that its pixels make, each averaged over its neighbourhood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from analysis.unmixing.compression import Compressed

Floats = NDArray[np.float64]

_SMOOTHING = 1.0
"""Standard deviation in pixels over which maps are averaged before corners are sought."""

_DIM = 0.05
"""Pixels darker than this share of the brightest ones (99th percentile) say too little of their composition."""

_SAMPLED = 20000
"""Pixels that a corner is sought among."""

_SHIFTS = 40


@dataclass(frozen=True, slots=True)
class Cloud:
    """Pixels as points: their spectra at unit sum, in the energy axis's strongest dimensions.

    Attributes:
        points: Shape (r, n).
        bright: Pixels that the points belong to, as places in the flattened image, shape (n,).
        noise: Standard deviation of a point along each dimension, shape (n,).
        basis: What turns points into spectra of unit sum, shape (r, m).
    """

    points: Floats
    bright: NDArray[np.intp]
    noise: Floats
    basis: Floats


def make_cloud(
    data: Compressed, rank: int, column_scale: Floats | None = None, shape: tuple[int, int] | None = None
) -> Cloud:
    """Turn compressed spectra into a cloud of points.

    Args:
        data: Compressed spectra, not scaled by pixel.
        rank: Dimensions to keep, the number of components.
        column_scale: Factor on each energy that the compressed data hold, shape (m,).
        shape: Rows and columns of the image, for averaging over neighbours; None for spectra without places.

    Returns:
        The cloud of all but the darkest pixels.
    """
    rank = min(rank, len(data.basis))
    Z = data.coordinates[:rank].astype(float)
    basis = data.basis[:rank] if column_scale is None else data.basis[:rank] / column_scale
    n, m = data.shape
    variance = float(data.values[rank:].sum()) / max(n * (m - rank), 1)
    if shape is not None:
        Z = gaussian_filter(Z.reshape(rank, *shape), (0.0, _SMOOTHING, _SMOOTHING), mode="nearest").reshape(rank, -1)
        variance /= 4.0 * np.pi * _SMOOTHING**2
    total = basis.sum(axis=1) @ Z
    level = _DIM * float(np.percentile(total, 99.0))
    bright = np.flatnonzero(total > level) if level > 0.0 else np.arange(n)
    total = np.where(total[bright] > 0.0, total[bright], 1.0)
    # Counting noise: the variance of a pixel follows its total.
    noise = np.sqrt(variance * total / total.mean()) / total
    return Cloud(Z[:, bright] / total, bright, noise, basis)


def find_vertices(cloud: Cloud, k: int, *, settle: bool = True, seed: int = 0) -> Floats:
    """Find the corners of a cloud.

    The farthest points by successive projection (Araújo et al., Chemom. Intell. Lab. Syst. 57 (2001) 65), from each of
    which the mean shift with a kernel as wide as the noise (Cheng, IEEE Trans. Pattern Anal. Mach. Intell. 17 (1995)
    790) leads to where pixels are densest nearby: into the purest grain, not to its noisiest pixel.

    Args:
        cloud: The pixels.
        k: Number of corners.
        settle: Whether to move to the densest place nearby.
        seed: Seed for the choice of pixels where there are very many.

    Returns:
        Spectra of unit sum, shape (k, m), ≥ 0.
    """
    n = cloud.points.shape[1]
    if k == 1:
        return _spectra(cloud.points.mean(axis=1)[None, :], cloud)
    chosen = np.arange(n)
    if n > _SAMPLED:
        chosen = np.sort(np.random.default_rng(seed).choice(n, _SAMPLED, replace=False))
    points, noise = cloud.points[:, chosen], cloud.noise[chosen]
    corners = _farthest(points, k)
    if settle:
        extent = float(np.sqrt(points.var(axis=1).sum()))
        width = max(2.0 * float(np.median(noise)), 0.02 * extent)
        corners = np.array([_mean_shift(points, corner, width) for corner in corners])
    return _spectra(corners, cloud)


def _spectra(corners: Floats, cloud: Cloud) -> Floats:
    """Spectra of unit sum, ≥ 0, that points (k, r) stand for."""
    H = np.maximum(corners @ cloud.basis, 0.0)
    H = np.where(H.any(axis=1, keepdims=True), H, 1.0)
    return H / H.sum(axis=1, keepdims=True)


def _farthest(points: Floats, k: int) -> Floats:
    """Corners (k, r) by successive projection, each the mean of the few points that reach farthest its way."""
    count = max(1, points.shape[1] // 1000)
    residual = points - points.mean(axis=1, keepdims=True)
    corners = np.zeros((k, len(points)))
    for j in range(k):
        length = np.einsum("rn,rn->n", residual, residual)
        far = residual[:, int(length.argmax())]
        members = np.argpartition(-(far @ residual), count - 1)[:count]
        corners[j] = points[:, members].mean(axis=1)
        if j == 0:
            # Distances are from the first corner on; before, they were from the centre.
            residual = points - corners[0][:, None]
            continue
        direction = residual[:, members].mean(axis=1)
        direction /= np.linalg.norm(direction) + 1e-300
        residual = residual - np.outer(direction, direction @ residual)
    return corners


def _mean_shift(points: Floats, start: Floats, width: float) -> Floats:
    """Climb from a point to where others are densest; returns the place, shape (r,)."""
    place = start
    for _ in range(_SHIFTS):
        square = ((points - place[:, None]) ** 2).sum(axis=0) / width**2
        weight = np.exp(-0.5 * np.minimum(square, 100.0))
        new = points @ weight / max(float(weight.sum()), 1e-300)
        moved = float(np.linalg.norm(new - place))
        place = new
        if moved < 1e-3 * width:
            break
    return place
