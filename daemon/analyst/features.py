"""What can be known of every measured point: readings, regions of interest, weights of the unmixing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.analyst.messages import FrameLayout
from daemon.settings import UnmixingSettings, Window

if TYPE_CHECKING:
    from analysis.unmixing import OnlineNMF

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Features:
    """The values of all points, grown point by point.

    Attributes:
        settings: windows and unmixing.
        layouts: layout of the frames by data key.
        unmix: whether frames are unmixed at all.
    """

    settings: UnmixingSettings
    layouts: Mapping[str, FrameLayout]
    unmix: bool
    _rows: list[dict[str, float]] = field(default_factory=list)
    _errors: list[dict[str, float]] = field(default_factory=list)
    _unmixing: OnlineNMF | None = None

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def unmixing(self) -> OnlineNMF | None:
        """The fitted decomposition; None where nothing was unmixed yet."""
        return self._unmixing if hasattr(self._unmixing, "components_") else None

    @property
    def wants_frames(self) -> bool:
        """Whether anything is taken from the frames themselves."""
        return self.settings.detector in self.layouts and (self.unmix or bool(self.settings.roi))

    def add(self, readings: Mapping[str, float], frame: NDArray[Any] | None) -> None:
        """Takes in the next point.

        Args:
            readings: scalar readings by data key.
            frame: the point's frame, shape (y, x); None where it could not be read.
        """
        row = {key: float(value) for key, value in readings.items()}
        errors: dict[str, float] = {}
        layout = self.layouts.get(self.settings.detector)
        if layout is not None:
            good = None if frame is None else _good_pixels(frame, layout)
            for name, window in self.settings.roi.items():
                _add_region(name, _cut(good, window), _is_counts(layout), row, errors)
            if self.unmix:
                self._take_in(good, layout)
            if _is_counts(layout) and (total := f"{self.settings.detector}_total") in row:
                errors[total] = float(np.sqrt(max(row[total], 1.0)))
        self._rows.append(row)
        self._errors.append(errors)

    def values(self) -> dict[str, Floats]:
        """Every known value of all points, shape (points,) each, NaN where a point lacks it."""
        return {**_columns(self._rows), **self._weights("weights_")}

    def deviations(self) -> dict[str, Floats]:
        """Standard deviations of those values that have one, shape (points,) each."""
        return {**_columns(self._errors), **self._weights("weight_errors_")}

    def _take_in(self, frame: Floats | None, layout: FrameLayout) -> None:
        if self._unmixing is None:
            self._unmixing = _make_unmixing(self.settings, layout)
        pattern = np.full(layout.shape, np.nan)
        if frame is not None and np.isfinite(frame).any():
            pattern = np.nan_to_num(frame)
        self._unmixing.partial_fit(pattern.reshape(1, -1))

    def _weights(self, attribute: str) -> dict[str, Floats]:
        if self.unmixing is None:
            return {}
        columns = getattr(self.unmixing, attribute).T
        return {f"unmixing.weights[{index}]": column for index, column in enumerate(columns)}


def _make_unmixing(settings: UnmixingSettings, layout: FrameLayout) -> OnlineNMF:
    from analysis.unmixing import OnlineNMF  # scikit-learn is heavy, and the first suggestions do not need it.

    windows: list[tuple[int, int, int, int] | None] = [(*w.rows, *w.cols) for w in settings.anchors.values()]
    anchors = windows + [None] * (settings.components - len(windows)) if windows else None
    counts = _is_counts(layout)
    return OnlineNMF(
        settings.components,
        noise="poisson" if counts else "gaussian",
        offset=0.0 if counts else "auto",
        shape=layout.shape,
        anchors=anchors,
        refit_every=settings.refit_every,
        max_misfit=settings.max_misfit,
        max_total=settings.max_total,
    )


def _is_counts(layout: FrameLayout) -> bool:
    """Whether pixels hold counted quanta, whose variance is their mean."""
    return np.dtype(layout.dtype).kind in "ui"


def _good_pixels(frame: NDArray[Any], layout: FrameLayout) -> Floats:
    """The frame as floats with NaN in place of pixels that are known to be bad, shape (y, x)."""
    good = frame.astype(np.float64)
    good.ravel()[list(layout.bad)] = np.nan
    return good


def _cut(frame: Floats | None, window: Window) -> Floats | None:
    return None if frame is None else frame[slice(*window.rows), slice(*window.cols)]


def _add_region(
    name: str, pixels: Floats | None, counts: bool, row: dict[str, float], errors: dict[str, float]
) -> None:
    """Adds sum, mean and max of a region, and their Poisson deviations, σ² = N."""
    valid = np.empty(0) if pixels is None else pixels[np.isfinite(pixels)]
    total = float(valid.sum()) if valid.size else float("nan")
    row[f"roi.{name}.sum"] = total
    row[f"roi.{name}.mean"] = total / max(valid.size, 1)
    row[f"roi.{name}.max"] = float(valid.max()) if valid.size else float("nan")
    if counts and valid.size:
        deviation = float(np.sqrt(max(total, 1.0)))
        errors[f"roi.{name}.sum"] = deviation
        errors[f"roi.{name}.mean"] = deviation / valid.size
        errors[f"roi.{name}.max"] = float(np.sqrt(max(row[f"roi.{name}.max"], 1.0)))


def _columns(rows: list[dict[str, float]]) -> dict[str, Floats]:
    keys = {key for row in rows for key in row}
    return {key: np.array([row.get(key, np.nan) for row in rows], float) for key in keys}
