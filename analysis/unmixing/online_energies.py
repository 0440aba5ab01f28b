"""Non-negative matrix factorisation of a stack whose frames, one per energy, arrive one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.unmixing.columns import ColumnStore
from analysis.unmixing.compression import Compressed
from analysis.unmixing.frames_in import FrameReader
from analysis.unmixing.identity import match_components
from analysis.unmixing.initial import svd_components
from analysis.unmixing.minimum_volume import MinimumVolumeNMF
from analysis.unmixing.nmfso import NMFSO
from analysis.unmixing.recipes import Method, Recipe, Start, follow, maps_of, variation_of
from analysis.unmixing.shared_nnls import shared_nnls

Floats = NDArray[np.float64]
Reals = NDArray[Any]

_SPARE = 8
"""Directions that are kept beyond the number of components: drift and what comes late need some."""

_AFRESH = 0.25
"""The factorisation starts afresh when so many frames have come since, as a share of those that still had weight."""

_ITERATIONS = 4
"""Alternations after each frame, from where the last ones ended."""

_KEPT = 10_000
"""Steps of the history that are kept."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one more frame changed.

    Attributes:
        energies: Number of energies so far.
        change: Share of the counts that went from one component to another in the maps.
        misfit: Structure that the non-negative model leaves over, as a share of the variation between pixels.
        afresh: Whether the factorisation started afresh, so that what went before says nothing of the change.
    """

    energies: int
    change: float
    misfit: float
    afresh: bool


class EnergyNMF:
    """NMF of a stack that grows by one energy at a time, as an energy scan delivers it.

    Each frame is one column of X (pixels × energies) ≈ W H. All frames so far are kept as few combinations of frames
    (:class:`~analysis.unmixing.columns.ColumnStore`), and a small image beside them, in which the factorisation runs
    after each frame; maps of all pixels are made when they are asked for. After a fresh start components are put into
    the order of the old ones (Hungarian algorithm on the maps, which every energy shares).

    Args:
        n_components: Number of components k.
        method: How to find spectra: see :class:`~analysis.unmixing.recipes.Recipe`.
        start: Where the iteration starts.
        omega: Weight of the maps' orthogonality for "nmf-so", 0 (plain NMF) to 1.
        poisson: Whether values are counts, or proportional to counts: energies are then weighted by their variance.
        shape: Shape of a frame, (y, x); None for pixels without places.
        forgetting: Factor on the weight of all frames so far when one comes: 1 forgets nothing, 0.99 nearly all after
            some hundred frames. For samples that change, scanned again and again.
        tol: Largest change of the maps per frame at which the stream has converged.
        patience: Frames in a row for which it must hold.

    Attributes:
        recipe: How spectra are found.
        history: What each frame changed, the last 10,000.
        revision: Counts the changes of the spectra.
    """

    def __init__(
        self,
        n_components: int,
        *,
        method: Method = "nmf-so",
        start: Start = "corners",
        omega: float = 0.0,
        poisson: bool = True,
        shape: tuple[int, ...] | None = None,
        forgetting: float = 1.0,
        tol: float = 0.003,
        patience: int = 5,
    ) -> None:
        if n_components < 1:
            raise ValueError(f"n_components must be at least 1, not {n_components!r}")
        if not 0.0 < forgetting <= 1.0:
            raise ValueError(f"forgetting must be above 0 and at most 1 (which forgets nothing), not {forgetting!r}")
        self.recipe = Recipe(n_components, "none", method, start, omega)
        self._poisson, self._forgetting, self._tol, self._patience = poisson, forgetting, tol, patience
        self._reader = FrameReader(n_components, shape)
        self.history: deque[Progress] = deque(maxlen=_KEPT)
        self.revision = 0
        self._store: ColumnStore | None = None
        self._H: Floats = np.empty((n_components, 0))
        self._W: Floats = np.empty((n_components, 0))
        self._since_fresh, self._next_fresh = 0, 0.0
        self._maps: tuple[int, NDArray[np.float32]] | None = None

    @property
    def repairs(self) -> tuple[str, ...]:
        """What was wrong with frames, and what was done about it."""
        return tuple(self._reader.repairs)

    @property
    def energies(self) -> Floats:
        """Energies so far, rising, shape (m,), in eV."""
        return np.empty(0) if self._store is None else np.sort(self._store.energies)

    @property
    def spectra(self) -> Floats:
        """Spectra of unit sum at :attr:`energies`, shape (k, m), ≥ 0."""
        return self._H if self._store is None else self._H[:, np.argsort(self._store.energies, kind="stable")]

    @property
    def converged(self) -> bool:
        """Whether the last frames left the maps as they were."""
        last = list(self.history)[-self._patience :]
        return len(last) == self._patience and all(step.change < self._tol for step in last)

    @property
    def nbytes(self) -> int:
        """Bytes that frames take, however many have come."""
        return 0 if self._store is None else self._store.nbytes

    def take_in(self, frames: ArrayLike | Sequence[ArrayLike], energies: ArrayLike) -> int:
        """Take in frames and bring the spectra up to date.

        Args:
            frames: One frame of any shape for one energy; several as (pixels, energies) or (energies, y, x).
            energies: A number, or one for each frame, shape (energies,), eV. One that was there before is averaged.

        Returns:
            Frames taken in; those of nothing but zeros are left out, which :attr:`repairs` says.

        Raises:
            ValueError: Shapes changed, energies are not finite numbers or do not fit. Nothing has been taken in then.
        """
        read = self._reader.read(frames, energies)
        for frame, energy in read:
            if self._store is None:
                rank = self.recipe.n_components + _SPARE
                options = {"poisson": self._poisson, "forgetting": self._forgetting}
                self._store = ColumnStore(self._reader.shape, rank, **options)
            self._store.append(frame, energy)
            self._since_fresh += 1
        if read:
            self._update()
        return len(read)

    def preview(self) -> Floats:
        """Fraction of each component in the small image, shape (k, y, x) or (k, n); quick."""
        return _fractions(self._W).reshape(-1, *self._given().bins.shape)

    def weights(self) -> NDArray[np.float32]:
        """Weights of all pixels in the spectra as they are, in the unit of a frame summed over energies, (k, n)."""
        store = self._given()
        if self._maps is None or self._maps[0] != self.revision:
            self._maps = (self.revision, maps_of(store.compressed(full=True), self._H, store.scale()))
        return self._maps[1]

    def score(self, X: Floats) -> Floats:
        """Weights (n, k) of other spectra X (n, m), at :attr:`energies`, in the spectra as they are."""
        store = self._given()
        scale = store.scale()[np.argsort(store.energies, kind="stable")]
        H = self.spectra * scale
        return shared_nnls(H @ H.T, H @ (X * scale).T).T

    def maps(self) -> Reals:
        """Fraction of each component in each pixel, shape (k, y, x) or (k, n), ≥ 0 and summing to 1."""
        return _fractions(self.weights()).reshape(-1, *self._reader.shape)

    def polish(self) -> None:
        """Find the spectra once more in all pixels, as after the end of a stream: this takes seconds."""
        store = self._given()
        if len(store) <= self.recipe.n_components:
            return
        shape, energies = self._reader.shape, store.energies
        found = follow(self.recipe, store.compressed(full=True), store.scale(), _image(shape), energies)
        self._settle(found, store.compressed(full=False), afresh=True)
        self._begin_afresh(store)

    def _given(self) -> ColumnStore:
        if self._store is None:
            raise ValueError("no frame has been taken in yet")
        return self._store

    def _update(self) -> None:
        """Bring spectra and the small image's maps up to date."""
        store = self._given()
        k, m = self.recipe.n_components, len(store)
        data, scale = store.compressed(full=False), store.scale()
        if m <= k:
            # Not yet enough energies to tell components apart.
            change, afresh = self._settle(svd_components(data, k) / scale, data, afresh=True), True
        elif self._since_fresh >= self._next_fresh:
            self._begin_afresh(store)
            found = follow(self.recipe, data, scale, _image(store.bins.shape), store.energies)
            change, afresh = self._settle(found, data, afresh=True), True
        else:
            change, afresh = self._settle(self._refined(data, scale), data, afresh=False), False
        # As many components as energies leave nothing over, whatever they are.
        misfit = _misfit(data, self._W, self._H * scale) if m > k else float("nan")
        self.history.append(Progress(m, change, misfit, afresh))

    def _begin_afresh(self, store: ColumnStore) -> None:
        """Note when the next fresh start is due."""
        self._since_fresh, self._next_fresh = 0, _AFRESH * float(store.weights.sum())

    def _refined(self, data: Compressed, scale: Floats) -> Floats:
        """Spectra at all energies from the maps as they are, and a few alternations from there."""
        W = self._W.astype(float)
        H = shared_nnls(W @ W.T, data.times_weights(W))
        if self.recipe.method == "corners":
            return H / scale
        k = self.recipe.n_components
        model = MinimumVolumeNMF(k) if self.recipe.method == "minimum volume" else NMFSO(k, omega=self.recipe.omega)
        return model._alternate(data, self._W, H, _ITERATIONS)[1] / scale

    def _settle(self, H: Floats, data: Compressed, *, afresh: bool) -> float:
        """Take new spectra over, in the old ones' order after a fresh start; returns the change of the maps."""
        scale = self._given().scale()
        known = self._W.any()
        W = maps_of(data, _unit(H), scale, start=self._W if known and not afresh else None).astype(float)
        before = _fractions(self._W)
        if afresh and known:
            order = match_components(_centred(before), _centred(_fractions(W)))
            H, W = H[order], W[order]
        bright = W.sum(axis=0)
        moved = 0.5 * np.abs(_fractions(W) - before).sum(axis=0) if known else np.ones_like(bright)
        self._H, self._W = _unit(H), W
        self.revision += 1
        return float(moved @ bright) / max(float(bright.sum()), 1e-300)


def _image(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Rows and columns, None for pixels without places."""
    return (shape[0], shape[1]) if len(shape) == 2 else None


def _unit(H: Floats) -> Floats:
    """Rows of unit sum; empty rows stay empty."""
    total = H.sum(axis=1, keepdims=True)
    return H / np.where(total > 0.0, total, 1.0)


def _fractions(W: Reals) -> Reals:
    """Share of each component in a pixel, the same for all where there is nothing."""
    total = W.sum(axis=0)
    return np.where(total > 0.0, W / np.where(total > 0.0, total, 1.0), 1.0 / max(len(W), 1))


def _centred(maps: Floats) -> Floats:
    """Maps without their mean, so that their cosines are correlations."""
    return maps - maps.mean(axis=1, keepdims=True)


def _misfit(data: Compressed, W: Floats, H: Floats) -> float:
    """Structure that W H leaves over, noise taken off, as a share of the variation between pixels."""
    crossed = float((W * data.times_components(H)).sum())
    residual = float(data.values.sum()) - 2.0 * crossed + float(((W @ W.T) * (H @ H.T)).sum())
    return max(0.0, residual - float(data.values[len(H) :].sum())) / max(variation_of(data), 1e-300)
