"""Drift of a whole stack, seen in small images of its frames."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.unmixing.displacement import CLEAR, Correlator, Waves

Floats = NDArray[np.float64]

_SMALLEST = 16
"""Rows and columns below which images show too little to be compared."""

_DRIFT = 0.1
"""Root mean square of a wandering from frame to frame, in pixels, below which it is left alone."""

_JITTER = 0.25
"""The same for what leads nowhere, which may be no more than the error of finding it."""

_FIRST = 5
"""Frames at the beginning whose median place is where all are put back to; a single one is known less well."""

_ROUNDS = 2
"""Times that all frames are compared with the sum of the others."""


class DriftFinder:
    """Gathers small images of a stack that is read in bands of rows, and finds how they are displaced.

    Args:
        shape: Numbers of frames, rows and columns.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._correlator = Correlator(shape[1:]) if min(shape[1:]) >= _SMALLEST and shape[0] > 1 else None
        self._bands: list[NDArray[np.float32]] = []
        self._count = shape[0]

    @property
    def rows(self) -> int:
        """Number whose multiple the rows of a band have to be."""
        return 1 if self._correlator is None else self._correlator.bin

    def take_in(self, band: NDArray[Any]) -> None:
        """Take in the next rows of all frames, shape (frame, y, x)."""
        if self._correlator is not None and band.shape[1] >= self.rows:
            self._bands.append(self._correlator.small(band))

    def displacements(self) -> Floats:
        """Find how each frame is displaced against the first ones.

        Each is compared with the sum of all others' edges, put back by what is known so far. What is displaced unlike
        its neighbours and not clearly so keeps the displacement of the frame before it.

        Returns:
            Displacements (y, x), pixels, towards larger indices where positive, shape (frame, 2); all 0 where the image
            stands still, or too little is seen to tell.
        """
        if self._correlator is None or not self._bands:
            return np.zeros((self._count, 2))
        frames = np.concatenate(self._bands, axis=1)
        self._bands = []
        told = np.asarray(np.isfinite(frames).all(axis=(1, 2)) & frames.any(axis=(1, 2)))
        found = np.zeros((len(frames), 2))
        if told.sum() > 1:
            edges = [self._correlator.edges_of_small(frame) for frame in frames[told]]
            found[told] = _displacements(self._correlator, edges)
            found[~told] = _before(found, told)
        return found if _is_moving(found) else np.zeros_like(found)


def _displacements(correlator: Correlator, edges: list[Waves]) -> Floats:
    """Displacements of images against the first ones, shape (image, 2); 0 where most of them cannot be told."""
    places, clear = np.zeros((len(edges), 2)), np.zeros(len(edges))
    # First against those before it, because at a large drift the sum of all is a smear.
    total = edges[0].copy()
    for index in range(1, len(edges)):
        places[index], clear[index] = _compared(correlator, edges[index], total, places[index - 1])
        total += correlator.moved(edges[index], -places[index])
    for _ in range(_ROUNDS):
        for index, one in enumerate(edges):
            rest = total - correlator.moved(one, -places[index])
            new, clear[index] = _compared(correlator, one, rest, places[index])
            places[index], total = new, rest + correlator.moved(one, -new)
    if np.median(clear) < CLEAR:
        return np.zeros_like(places)
    return places - np.median(places[:_FIRST], axis=0)


def _is_moving(found: Floats) -> bool:
    """Whether displacements are more than the error of finding them: by their size, or because they lead somewhere."""
    spread = float(found.var(axis=0).mean())
    scatter = 0.5 * float(np.square(np.diff(found, axis=0)).mean())  # what spread is when each is by chance
    return spread >= _JITTER**2 or spread - scatter >= _DRIFT**2


def _compared(correlator: Correlator, edges: Waves, total: Waves, before: Floats) -> tuple[Floats, float]:
    """Displacement where it is clear, otherwise what it was taken for before; and how clear it is."""
    found, clear = correlator.displacement(edges, total)
    return (found, clear) if clear >= CLEAR else (before, clear)


def _before(found: Floats, told: NDArray[np.bool_]) -> Floats:
    """Displacement of the last frame before each of those that are not told, or of the first one told."""
    known = np.flatnonzero(told)
    places = np.maximum(np.searchsorted(known, np.flatnonzero(~told)) - 1, 0)
    return found[known[places]]
