"""Non-negative matrix factorisation with spectra as close together as the data allow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.unmixing.hals import Products, sweep_components, sweep_weights
from analysis.unmixing.nmf import NMF, Loss, Negative, Reals

Floats = NDArray[np.float64]


class MinimumVolumeNMF(NMF):
    """NMF that, of all sets of spectra that explain the data, takes the one that encloses them most tightly.

    Minimises ½‖X − W H‖² + ½ λ ln det(H Hᵀ + δ) over spectra of unit sum, by the bound tr(Q H Hᵀ) with
    Q = (H Hᵀ + δ)⁻¹ (Fu et al., IEEE Signal Process. Mag. 36 (2019) 59, section "Volume minimization").

    Args:
        n_components: Number of components k.
        volume: Weight of the volume relative to that of the data, ≥ 0; 0 is plain NMF.
        loss: As for :class:`~analysis.unmixing.nmf.NMF`.
        negative: What becomes of negative values, as for NMF.
        init: Start of the iteration, as for NMF; the purest spectra are near the end.
        rank: Dimensions to compress to, as for NMF.
        max_iter: Alternations at most.
        tol: Largest relative change of a spectrum in one alternation at which it has converged.
        random_state: Seed for a random start.

    Attributes:
        components_: Spectra of unit sum, strongest first, shape (k, n_features).
        offset_: What was added to the data.
        reconstruction_err_: Frobenius distance between data and model.
        n_iter_: Alternations done.
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        volume: float = 1e-3,
        loss: Loss = "frobenius",
        negative: Negative = "offset",
        init: str | Floats = "spectra",
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
        self.volume = volume

    def _alternate(self, data: Products, W: Reals, H: Floats, max_iter: int) -> tuple[Reals, Floats, int]:
        """One run of the iteration, with spectra of unit sum throughout."""
        W, H, done = W.copy(), H / np.maximum(H.sum(axis=1, keepdims=True), 1e-300), 0
        while done < max_iter:
            done += 1
            gram = H @ H.T
            sweep_weights(W, gram, data.times_components(H), 2)
            told = (W @ W.T).astype(float)
            closeness = np.linalg.inv(gram + 1e-6 * np.trace(gram) * np.eye(len(gram)) + 1e-300 * np.eye(len(gram)))
            # In units of the data's own say, so that the weight means the same for few counts as for many.
            penalty = self.volume * np.trace(told) / max(float(np.trace(closeness)), 1e-300) * closeness
            new = H.copy()
            sweep_components(new, told + penalty, data.times_weights(W), 4)
            scale = np.maximum(new.sum(axis=1), 1e-300)
            new /= scale[:, None]
            W *= scale.astype(W.dtype)[:, None]
            change = np.linalg.norm(new - H, axis=1) / np.linalg.norm(H, axis=1)
            H = new
            if change.max() < self.tol:
                break
        return W, H, done
