"""Non-negative matrix factorisation whose maps are kept apart from one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.unmixing.hals import Products, sweep_components, sweep_soft_orthogonal
from analysis.unmixing.nmf import NMF, Loss, Negative, Reals

Floats = NDArray[np.float64]


class NMFSO(NMF):
    """NMF with soft orthogonality of the abundance maps.

    Hierarchical alternating least squares, in which each map loses a part ω of what it has in common with the sum of
    the others (Shiga et al., Ultramicroscopy 170 (2016) 43, algorithm 1). The weights that :meth:`fit_transform` and
    :meth:`transform` give are plain non-negative least squares in the spectra so found, each pixel for itself.

    Args:
        n_components: Number of components k.
        omega: Weight of the orthogonality, 0 (plain NMF) to 1 (no overlap).
        loss: As for NMF; with "kullback-leibler" the orthogonality shapes only the start.
        negative: What becomes of negative values, as for NMF.
        init: Start of the iteration, as for NMF.
        rank: Dimensions to compress to, as for NMF.
        max_iter: Alternations at most.
        tol: Largest relative change of a spectrum in one alternation at which it has converged.
        random_state: Seed for a random start.

    Attributes:
        components_: Spectra of unit sum, strongest first, shape (k, n_features).
        overlap_: Mean cosine between two maps, 0 (nowhere together) to 1.
        offset_: What was added to the data.
        reconstruction_err_: Frobenius distance between data and model.
        n_iter_: Alternations done.
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        omega: float = 0.1,
        loss: Loss = "frobenius",
        negative: Negative = "offset",
        init: str | Floats = "svd",
        rank: int | None = None,
        max_iter: int = 500,
        tol: float = 1e-4,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(
            n_components,
            loss=loss,
            negative=negative,
            init=init,
            rank=rank,
            max_iter=max_iter,
            tol=tol,
            random_state=random_state,
        )
        self.omega = omega

    def fit_transform(self, X: ArrayLike, y: object = None, **fit_params: object) -> Reals:
        """Factorise spectra.

        Args:
            X: Spectra, shape (n_samples, n_features), finite.
            y: Ignored.
            **fit_params: None are known.

        Returns:
            Weights, shape (n_samples, k), in the spectra's unit.

        Raises:
            ValueError: ω is not between 0 and 1, or what NMF raises.
        """
        if not 0.0 <= self.omega <= 1.0:
            raise ValueError(f"omega must be between 0 and 1, not {self.omega!r}")
        W = super().fit_transform(X, y, **fit_params)
        self.overlap_ = map_overlap(W.T)
        return W

    def _alternate(self, data: Products, W: Reals, H: Floats, max_iter: int) -> tuple[Reals, Floats, int]:
        """One run of the iteration, in which the maps have unit length and the spectra carry the counts."""
        if self.omega == 0.0:
            return super()._alternate(data, W, H, max_iter)
        C, H, done = _unit_length(W), H.copy(), 0
        while done < max_iter:
            done += 1
            new = H.copy()
            sweep_components(new, (C @ C.T).astype(float), data.times_weights(C), 1)
            sweep_soft_orthogonal(C, new @ new.T, data.times_components(new), self.omega)
            length = np.maximum(np.linalg.norm(new, axis=1), 1e-300)
            change = np.linalg.norm(new - H, axis=1) / length
            H = new
            if done > 1 and change.max() < self.tol:
                break
        return C, H, done


def map_overlap(maps: Reals) -> float:
    """Mean cosine between two maps.

    Args:
        maps: Abundances, shape (k, ...), ≥ 0.

    Returns:
        0 where no two components meet in a pixel, 1 where all maps are alike; 0 for a single map.
    """
    k = len(maps)
    if k < 2:
        return 0.0
    C = _unit_length(np.asarray(maps).reshape(k, -1)).astype(float)
    cosines = C @ C.T
    return float((cosines.sum() - np.trace(cosines)) / (k * (k - 1)))


def _unit_length(W: Reals) -> Reals:
    """Maps of unit length; a map of zeros becomes flat, because it could never grow."""
    flat = np.full_like(W[:1], 1.0)
    W = np.where(W.any(axis=1, keepdims=True), W, flat)
    return W / np.linalg.norm(W, axis=1, keepdims=True)
