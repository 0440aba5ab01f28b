"""A stack that grows by one energy at a time, in bounded memory: a few combinations of frames stand for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.unmixing.compression import Compressed

Floats = NDArray[np.float64]
Reals = NDArray[Any]

BUFFER = 16
"""Frames that are kept as they are before they are compressed together with those before them."""

_COARSE = 6000
"""Pixels of the small image that is kept beside the frames."""

_PIXELS = 16384
"""Pixels that are combined at a time."""

_SAME = 1e-6
"""Two frames whose energies differ by less, eV, are of the same energy."""


class Bins:
    """Averages neighbouring pixels to an image of a few thousand.

    Args:
        shape: Shape of a frame, (y, x), or (n,) for pixels without places.
        most: Pixels of the small image at most, about.

    Attributes:
        shape: Shape of the small image.
    """

    def __init__(self, shape: tuple[int, ...], most: int = _COARSE) -> None:
        self._full = shape
        size = max(1, int(np.ceil((np.prod(shape) / most) ** (1.0 / len(shape)))))
        self._starts = [np.arange(0, length, size) for length in shape]
        counts = [np.diff(starts, append=length) for starts, length in zip(self._starts, shape, strict=True)]
        self._counts = counts[0] if len(shape) == 1 else np.outer(counts[0], counts[1])
        self._needed = size > 1
        self.shape = tuple(len(starts) for starts in self._starts)

    def __call__(self, frame: Reals) -> Floats:
        """Average a frame of any float dtype, flattened; returns the small image, flattened."""
        if not self._needed:
            return frame.astype(float)
        image = frame.reshape(self._full)
        for axis, starts in enumerate(self._starts):
            image = np.add.reduceat(image, starts, axis=axis)
        return (image / self._counts).astype(float).ravel()


class ColumnStore:
    """Frames of one energy each, as rows B and coefficients C with X ≈ Bᵀ C, X of shape (pixels, energies).

    New frames are rows as they are. When there is no room for more, all rows are replaced by the projections of X onto
    its few strongest directions along the energies, which hold the signal: an incremental singular value decomposition
    (Brand, Linear Algebra Appl. 415 (2006) 20, section 3), with directions from the small image, where noise is less.
    Memory is (rank + BUFFER) frames of float32, however many come.

    Args:
        shape: Shape of a frame.
        rank: Rows that are kept.
        poisson: Whether the noise of a pixel's value grows as its root.
        forgetting: Factor on the weight of all frames each time one comes, above 0 and at most 1.

    Attributes:
        bins: From frames to small images.
        energies: In the order of their first frame, eV, shape (m,).
        means: Mean over the pixels of each energy's column, shape (m,).
        weights: Frames that each energy's column is worth, shape (m,).
    """

    def __init__(self, shape: tuple[int, ...], rank: int, *, poisson: bool = True, forgetting: float = 1.0) -> None:
        self.shape, self.rank = shape, rank
        self.bins = Bins(shape)
        self._poisson, self._forgetting = poisson, forgetting
        n, coarse = int(np.prod(shape)), int(np.prod(self.bins.shape))
        self._rows = np.empty((rank + BUFFER, n), np.float32)
        self._small = np.empty((rank + BUFFER, coarse))
        self._gram = np.zeros((rank + BUFFER, rank + BUFFER))
        self._used = 0
        self._coefficients: Floats = np.zeros((0, 0))
        self.energies, self.means, self.weights = np.empty(0), np.empty(0), np.empty(0)
        self._squares = np.empty((2, 0))

    def __len__(self) -> int:
        """Number of energies."""
        return len(self.energies)

    @property
    def nbytes(self) -> int:
        """Bytes in use."""
        return self._rows.nbytes + self._small.nbytes + self._coefficients.nbytes

    def append(self, frame: NDArray[np.float32], energy: float) -> int:
        """Take in a frame; one of an energy that was there before is averaged with those before it.

        Args:
            frame: Values, shape (n,), finite.
            energy: Its energy, eV.

        Returns:
            Place of its energy among all.
        """
        if self._used == len(self._rows):
            self._compress()
        row = self._used
        self._rows[row], self._small[row] = frame, self.bins(frame)
        self._gram[row, : row + 1] = self._gram[: row + 1, row] = self._small[: row + 1] @ self._small[row]
        squares = np.array([float(frame @ frame), self._gram[row, row]])
        self._used += 1
        self._coefficients = np.vstack([self._coefficients, np.zeros((1, len(self)))])
        self.weights = self.weights * self._forgetting
        same = np.flatnonzero(np.abs(self.energies - energy) < _SAME)
        if same.size:
            self._average(int(same[0]), row, float(frame.mean()), squares)
            return int(same[0])
        column = np.zeros((self._used, 1))
        column[row] = 1.0
        self._coefficients = np.hstack([self._coefficients, column])
        self.energies, self.weights = np.append(self.energies, energy), np.append(self.weights, 1.0)
        self.means = np.append(self.means, float(frame.mean()))
        self._squares = np.column_stack([self._squares, squares])
        return len(self) - 1

    def scale(self) -> Floats:
        """Factor on each energy that makes its noise 1 relative to the others', of mean 1, shape (m,)."""
        variance = np.ones(len(self))
        if self._poisson and self.means.max() > 0.0:
            variance = np.maximum(self.means, 0.02 * self.means.max())
        scale = np.sqrt(self.weights / variance)
        return scale / scale.mean()

    def compressed(self, *, full: bool) -> Compressed:
        """All frames so far as compressed spectra, scaled by :meth:`scale`, energies in the order of arrival.

        Args:
            full: Whether of all pixels; of the small image otherwise.
        """
        scale = self.scale()
        rank = min(self.rank, self._used, len(self))
        turn, basis, values = self._directions(scale, rank)
        rows = (self._rows if full else self._small)[: self._used]
        coordinates = turn.astype(rows.dtype) @ rows
        kept = np.einsum("rn,rn->r", coordinates, coordinates, dtype=float) if full else values[:rank]
        # What is not in the rows any more is noise, the same in all directions that are left.
        left = min(rows.shape[1], len(self)) - rank
        total = float(scale**2 @ self._squares[0 if full else 1])
        rest = np.full(left, max(total - float(kept.sum()), 0.0) / max(left, 1))
        return Compressed(coordinates, basis, np.concatenate([kept, rest]))

    def _average(self, place: int, row: int, mean: float, squares: Floats) -> None:
        """Put a new row into the column of an energy that is there already."""
        share = 1.0 / (self.weights[place] + 1.0)
        old = self._coefficients[:, place].copy()
        before = old.astype(np.float32) @ self._rows[: self._used]
        crossed = np.array([float(before @ self._rows[row]), old @ self._gram[: self._used, row]])
        self._coefficients[:, place] *= 1.0 - share
        self._coefficients[row, place] += share
        self.weights[place] += 1.0
        self.means[place] += share * (mean - self.means[place])
        mixed = (1.0 - share) ** 2 * self._squares[:, place] + 2.0 * share * (1.0 - share) * crossed
        self._squares[:, place] = mixed + share**2 * squares

    def _directions(self, scale: Floats, rank: int) -> tuple[Floats, Floats, Floats]:
        """Strongest directions: what turns rows into coordinates (r, used), basis (r, m), and squared values."""
        used = self._used
        q, r = np.linalg.qr((self._coefficients * scale).T)
        values, vectors = np.linalg.eigh(r @ self._gram[:used, :used] @ r.T)
        vectors = vectors[:, ::-1][:, :rank]
        return vectors.T @ r, np.ascontiguousarray((q @ vectors).T), np.maximum(values[::-1], 0.0)

    def _compress(self) -> None:
        """Make room: replace all rows by coordinates along the strongest directions."""
        scale = self.scale()
        rank = min(self.rank, len(self))
        turn, basis, _ = self._directions(scale, rank)
        narrow = turn.astype(np.float32)
        for start in range(0, self._rows.shape[1], _PIXELS):
            block = slice(start, start + _PIXELS)
            self._rows[:rank, block] = narrow @ self._rows[:, block]
        self._small[:rank] = turn @ self._small
        self._coefficients = basis / scale
        self._gram[:rank, :rank] = self._small[:rank] @ self._small[:rank].T
        self._used = rank
