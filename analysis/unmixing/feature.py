"""The weights of unmixed components as quantities of a scan: frames in, one row of numbers per point out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.unmixing.identity import Window
from analysis.unmixing.noise import Kind
from analysis.unmixing.online import OnlineNMF

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PointWeights:
    """What one point's pattern holds of each component.

    Attributes:
        weights: Shape (k,), in the pattern's units (counts); NaN when nothing of the pattern could be used.
        errors: Standard deviations, shape (k,).
        misfit: Reduced χ² of the pattern, outliers bounded.
        revision: Number of the basis; when it has changed since the last point, all earlier weights have, too.
    """

    weights: Floats
    errors: Floats
    misfit: float
    revision: int


class PatternFeature:
    """Cut frames to a region, bin them, and unmix them while they arrive.

    Args:
        n_components: Number of components k.
        roi: Half-open pixel window of the frame that is used: (start, stop) for spectra, (row start, row stop,
            column start, column stop) for frames; all of it when None.
        binning: Pixels summed along each side; a remainder at the far edge is left out.
        anchors: Per component a pixel window of the *whole* frame, or None; component k is the one whose intensity
            lies in window k, from the first point on.
        noise: "poisson" for counts, "gaussian" for anything else.
        offset: Added to every (binned) pixel: a number or "auto" (for signals of both signs).
        max_misfit: Patterns that fit worse than this reduced χ² count as failed: their weights are NaN.
        **options: Further parameters of :class:`OnlineNMF`.
    """

    def __init__(
        self,
        n_components: int = 4,
        *,
        roi: Sequence[int] | None = None,
        binning: int = 1,
        anchors: Sequence[Window | None] | None = None,
        noise: Kind = "poisson",
        offset: float | Literal["auto"] = 0.0,
        max_misfit: float | None = None,
        **options: Any,  # noqa: ANN401
    ) -> None:
        if binning < 1:
            raise ValueError(f"binning must be at least 1 pixel, not {binning!r}")
        self.roi = None if roi is None else tuple(int(bound) for bound in roi)
        self.binning = int(binning)
        self.anchors = anchors
        self.max_misfit = max_misfit
        self.unmixer = OnlineNMF(n_components, noise=noise, offset=offset, **options)

    def add(self, pattern: ArrayLike) -> PointWeights:
        """Take in the next point's pattern.

        Args:
            pattern: Frame (y, x), frames of one point (frame, y, x), which are averaged, or spectrum (m,).

        Returns:
            The point's weights in the present basis.

        Raises:
            ValueError: The pattern has another shape than the first one, or roi or anchors do not lie within it.
        """
        reduced = self.reduce(pattern)
        if self.count == 0:
            self._prepare(np.shape(pattern)[-reduced.ndim :], reduced.shape)
        elif reduced.shape != self.unmixer.shape:
            raise ValueError(f"pattern of shape {reduced.shape} after patterns of shape {self.unmixer.shape}")
        self.unmixer.partial_fit(reduced.ravel())
        return PointWeights(self.weights[-1], self.errors[-1], float(self.unmixer.misfit_[-1]), self.unmixer.revision_)

    def reduce(self, pattern: ArrayLike) -> Floats:
        """Average frames of one point, cut to the region, and sum over bins.

        Args:
            pattern: As for :meth:`add`.

        Returns:
            Pattern, shape (m,) or (y, x), float64.
        """
        array = np.asarray(pattern, float)
        if array.ndim == 3:
            array = array[0] if len(array) == 1 else array.mean(axis=0)
        if array.ndim not in (1, 2) or not array.size:
            raise ValueError(f"a pattern is a spectrum, a frame or a stack of frames, not of shape {array.shape}")
        if self.roi is not None:
            array = array[_slices("roi", self.roi, array.shape)]
        for axis in range(array.ndim):
            array = _binned(array, self.binning, axis)
        if not array.size:
            raise ValueError(f"nothing is left of a pattern of shape {np.shape(pattern)} after binning {self.binning}")
        return array

    @property
    def count(self) -> int:
        """Number of patterns seen."""
        return int(getattr(self.unmixer, "n_samples_seen_", 0))

    @property
    def revision(self) -> int:
        """Number of the basis; 0 before the first pattern."""
        return int(getattr(self.unmixer, "revision_", 0))

    @property
    def weights(self) -> Floats:
        """Weights of all points in order, in the present basis, shape (points, k)."""
        if not self.count:
            return np.empty((0, self.unmixer.n_components))
        return self._without_failed(self.unmixer.weights_)

    @property
    def errors(self) -> Floats:
        """Standard deviations of :attr:`weights`, shape (points, k)."""
        if not self.count:
            return np.empty((0, self.unmixer.n_components))
        return self._without_failed(self.unmixer.weight_errors_)

    @property
    def components(self) -> Floats:
        """Components of unit sum in the shape of the reduced patterns, (k, y, x) or (k, m)."""
        if not self.count:
            return np.empty((self.unmixer.n_components, 0))
        return self.unmixer.components_.reshape(-1, *(self.unmixer.shape or ()))

    def state(self, patterns: bool = True) -> dict[str, Any]:
        """Everything needed to go on exactly; see :meth:`OnlineNMF.state`."""
        return {
            "roi": self.roi,
            "binning": self.binning,
            "anchors": self.anchors,
            "max_misfit": self.max_misfit,
            "parameters": self.unmixer.get_params(),
            "unmixer": self.unmixer.state(patterns) if self.count else None,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], patterns: Sequence[ArrayLike] | None = None) -> PatternFeature:
        """Restore what :meth:`state` gave.

        Args:
            state: The state; arrays may be nested lists, as after JSON.
            patterns: The patterns given to :meth:`add`, in order, when the state holds none.

        Returns:
            A feature that goes on exactly as the first would have.
        """
        feature = cls(roi=state["roi"], binning=state["binning"], max_misfit=state["max_misfit"])
        feature.anchors = state["anchors"]
        feature.unmixer.set_params(**state["parameters"])
        if state["unmixer"] is not None:
            held = None if patterns is None else np.array([feature.reduce(pattern).ravel() for pattern in patterns])
            feature.unmixer = OnlineNMF.from_state(state["unmixer"], held)
        return feature

    def _without_failed(self, values: Floats) -> Floats:
        """Set the rows of patterns that no mixture explains to NaN."""
        if self.max_misfit is None:
            return values
        return np.where(self.unmixer.misfit_[:, None] > self.max_misfit, np.nan, values)

    def _prepare(self, full: tuple[int, ...], reduced: tuple[int, ...]) -> None:
        """Fix the shape, and move the anchors from the frame's pixels to those of the reduced pattern."""
        self.unmixer.set_params(shape=reduced)
        if self.anchors is None:
            return
        region = _slices("roi", self.roi, full) if self.roi else tuple(slice(0, length) for length in full)
        moved: list[Window | None] = []
        for k, anchor in enumerate(self.anchors):
            if anchor is None:
                moved.append(None)
                continue
            window = _slices(f"anchor {k}", np.ravel(anchor).tolist(), full)
            moved.append([bound for pair in map(self._moved, window, region, reduced) for bound in pair])
        self.unmixer.set_params(anchors=moved)

    def _moved(self, window: slice, region: slice, length: int) -> tuple[int, int]:
        """One side of a window in reduced pixels, cut to the region."""
        start = max((window.start - region.start) // self.binning, 0)
        stop = min(-((region.start - window.stop) // self.binning), length)
        if stop <= start:
            raise ValueError(
                f"anchor pixels {window.start}:{window.stop} lie outside the region {region.start}:{region.stop}"
            )
        return start, stop


def _slices(name: str, bounds: Sequence[int], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Read a window of half-open pixel ranges and check that it lies within the shape."""
    if len(bounds) != 2 * len(shape):
        raise ValueError(f"{name} is {list(bounds)}: give start and stop for each of the pattern's dimensions {shape}")
    slices = []
    for start, stop, length in zip(bounds[::2], bounds[1::2], shape, strict=True):
        if not 0 <= start < stop <= length:
            raise ValueError(f"{name} is {list(bounds)}: {start}:{stop} is not a range within 0:{length} pixels")
        slices.append(slice(int(start), int(stop)))
    return tuple(slices)


def _binned(array: Floats, binning: int, axis: int) -> Floats:
    """Sum neighbouring pixels along one axis."""
    if binning == 1:
        return array
    whole = array.shape[axis] // binning * binning
    array = np.moveaxis(array, axis, 0)[:whole]
    return np.moveaxis(array.reshape(-1, binning, *array.shape[1:]).sum(axis=1), 0, axis)
