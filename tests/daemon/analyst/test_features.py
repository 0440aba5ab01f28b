"""What is known of every point: windows, weights and their errors, against numpy and the estimator itself."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.unmixing import OnlineNMF
from daemon.analyst.features import Features
from daemon.analyst.messages import FrameLayout
from daemon.settings import UnmixingSettings, Window

SHAPE = (8, 6)


def _frames(count: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    basis = rng.uniform(0, 50, size=(2, *SHAPE)) * (np.arange(8)[:, None] < 4) + 1
    basis[1] = basis[1][::-1]
    weights = rng.uniform(0, 2, size=(count, 2))
    return [rng.poisson(np.tensordot(weight, basis, 1)).astype("<u2") for weight in weights]


def _features(unmix: bool = False, bad: tuple[int, ...] = (), dtype: str = "<u2") -> Features:
    settings = UnmixingSettings(components=2, roi={"peak": Window(rows=(2, 5), cols=(1, 4))})
    return Features(settings, {"detector": FrameLayout(SHAPE, dtype, bad)}, unmix)


def test_windows_are_summed_without_bad_pixels() -> None:
    """Sum, mean and maximum of a window, with Poisson errors."""
    (frame,) = _frames(1)
    features = _features(bad=(2 * 6 + 1, 0))
    features.add({"detector_total": float(frame.sum())}, frame)
    inside = frame[2:5, 1:4].astype(float)
    inside[0, 0] = np.nan
    values, errors = features.values(), features.deviations()
    assert values["roi.peak.sum"] == [np.nansum(inside)]
    assert values["roi.peak.mean"] == pytest.approx([np.nanmean(inside)])
    assert values["roi.peak.max"] == [np.nanmax(inside)]
    assert errors["roi.peak.sum"] == pytest.approx(np.sqrt([np.nansum(inside)]))
    assert errors["roi.peak.mean"] == pytest.approx(np.sqrt([np.nansum(inside)]) / 8)
    assert errors["detector_total"] == pytest.approx(np.sqrt([float(frame.sum())]))


def test_numbers_that_are_no_counts_have_no_poisson_error() -> None:
    """A camera of real numbers says nothing about its noise."""
    features = _features(dtype="<f4")
    features.add({"detector_total": 5.0}, np.ones(SHAPE, "<f4"))
    assert features.deviations() == {}


@pytest.mark.parametrize("broken", [None, np.full(SHAPE, np.nan)], ids=["missing", "without a value"])
def test_a_missing_frame_is_a_failed_measurement(broken: np.ndarray | None) -> None:
    """So is one in which no pixel has a value. Its row is kept, so that points keep their places."""
    features = _features(unmix=True, dtype="<f8")
    frames = _frames(6)
    for index, frame in enumerate(frames):
        features.add({"detector_total": 1.0}, broken if index == 3 else frame.astype(float))
    for name in ("roi.peak.sum", "unmixing.weights[0]"):
        assert np.isnan(features.values()[name]).tolist() == [False] * 3 + [True] + [False] * 2, name


def test_all_points_are_scored_in_the_present_basis() -> None:
    """A refit changes earlier points' weights: they are the estimator's own after the last pattern."""
    features = _features(unmix=True)
    chosen = features.settings
    limits = {"max_misfit": chosen.max_misfit, "max_total": chosen.max_total}
    reference = OnlineNMF(2, shape=SHAPE, refit_every=chosen.refit_every, **limits)
    for frame in _frames(12):
        features.add({}, frame)
        reference.partial_fit(frame.reshape(1, -1).astype(float))
    for index in (0, 1):
        np.testing.assert_allclose(features.values()[f"unmixing.weights[{index}]"], reference.weights_[:, index])
        errors = features.deviations()[f"unmixing.weights[{index}]"]
        np.testing.assert_allclose(errors, reference.weight_errors_[:, index])


def test_a_reading_that_comes_late_is_missing_before() -> None:
    """A column is as long as there are points."""
    features = _features()
    features.add({"a": 1.0}, None)
    features.add({"a": 2.0, "b": 3.0}, None)
    np.testing.assert_array_equal(features.values()["b"], [np.nan, 3.0])
    assert len(features) == 2
