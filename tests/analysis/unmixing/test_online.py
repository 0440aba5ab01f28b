"""Unmixing while patterns arrive: recovery, identity, robustness, errors, and exact state."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.utils.estimator_checks import parametrize_with_checks

from analysis.unmixing import OnlineNMF
from analysis.unmixing.identity import match_components

SHAPE = (32, 32)
WINDOWS = [(21, 27, 12, 20), (7, 17, 11, 20), (16, 21, 9, 18), (9, 19, 21, 28)]


def anchored() -> OnlineNMF:
    """An unmixing whose component 3 is the tilted grain."""
    return OnlineNMF(4, shape=SHAPE, anchors=WINDOWS)


def one_by_one(model: OnlineNMF, patterns: NDArray[np.float64]) -> OnlineNMF:
    """Feed patterns as a scan does."""
    for pattern in patterns:
        model.partial_fit(pattern)
    return model


def separable(seed: int, points: int = 60) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rank-4 spectra with a unique factorisation: each component is alone in a pixel and in a pattern."""
    rng = np.random.default_rng(seed)
    H = rng.uniform(size=(4, 40)) * (rng.random((4, 40)) < 0.6)
    H[:, :4] = np.eye(4) * 3
    H /= H.sum(axis=1, keepdims=True)
    W = np.vstack([500 * np.eye(4), rng.uniform(size=(points - 4, 4)) * (rng.random((points - 4, 4)) < 0.7) * 500])
    return W[rng.permutation(points)], H


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([OnlineNMF(2)])
def test_scikit_learns_conventions(estimator: OnlineNMF, check: Callable[[object], None]) -> None:
    """All of scikit-learn's own checks of an estimator."""
    check(estimator)


@pytest.mark.parametrize("noise", ["poisson", "gaussian"])
def test_rank_four_data_are_recovered(noise: str) -> None:
    """Noiseless data: components and weights come back."""
    W, H = separable(0)
    model = OnlineNMF(4, noise=noise, max_iter=4000, tol=1e-8).fit(W @ H)
    order = match_components(H, model.components_)
    np.testing.assert_allclose(model.components_[order], H, atol=2e-3)
    np.testing.assert_allclose(model.weights_[:, order], W, atol=2.0)


def test_a_scan_ends_where_a_batch_fit_does(scan: SimpleNamespace) -> None:
    """Patterns one at a time give the tilted grain's weight as all at once do."""
    patterns, weights = scan.patterns, scan.weights
    online, batch = one_by_one(anchored(), patterns), anchored().fit(patterns)
    assert np.corrcoef(online.weights_[:, 3], weights[:, 3])[0, 1] > 0.995
    assert np.corrcoef(batch.weights_[:, 3], weights[:, 3])[0, 1] > 0.995
    assert np.abs(online.weights_[:, 3] - batch.weights_[:, 3]).max() < 0.05 * weights[:, 3].max()


def test_anchors_name_components_from_the_first_pattern_on(scan: SimpleNamespace) -> None:
    """After one pattern without any of the tilted grain, number 3 waits in its window; later it is the grain."""
    expected, weights = scan.expected, scan.weights.copy()
    bare = expected[0] - weights[0, 3] * scan.components[3]
    model = anchored().partial_fit(bare)
    window = np.zeros(SHAPE, bool)
    window[9:19, 21:28] = True
    assert model.components_[3].reshape(SHAPE)[window].sum() > 0.9
    one_by_one(model, scan.patterns)
    assert np.corrcoef(model.components_[3], scan.components[3])[0, 1] > 0.95
    assert model.weights_[0, 3] < 0.02 * model.weights_[:, 3].max()


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_components_keep_their_places_from_refit_to_refit(seed: int) -> None:
    """Once the scan has begun, each component resembles itself of the refit before more than any other."""
    W, H = separable(seed, 40)
    X = np.random.default_rng(seed).poisson(W @ H).astype(float)
    model = OnlineNMF(4, refit_every=3).partial_fit(X[:10])
    for start in range(10, 40, 3):
        before = model.components_
        model.partial_fit(X[start : start + 3])
        np.testing.assert_array_equal(match_components(before, model.components_), np.arange(4))


@given(order=st.permutations(range(4)))
@settings(max_examples=10, deadline=None)
def test_a_refit_that_permutes_the_components_is_put_in_order(order: list[int]) -> None:
    """A cold start finds components in any order; what users see keeps the old one."""
    W, H = separable(3)
    model = OnlineNMF(4).fit(W @ H)
    before = model.components_.copy()
    shuffled = model.components_[order]
    assert np.array_equal(model._in_order(model.weights_[:, order], shuffled), before)


def test_all_earlier_points_are_scored_in_the_new_basis(scan: SimpleNamespace) -> None:
    """After every pattern, the weights are those that transform gives all patterns seen."""
    model = anchored()
    for count, pattern in enumerate(scan.patterns[:25], start=1):
        revision = getattr(model, "revision_", 0)
        weights = getattr(model, "weights_", np.empty((0, 4)))
        model.partial_fit(pattern)
        assert len(model.weights_) == count
        np.testing.assert_allclose(model.transform(model.patterns_), model.weights_, rtol=1e-9, atol=1e-9)
        if model.revision_ == revision:
            np.testing.assert_array_equal(model.weights_[:-1], weights)


def test_spikes_hardly_change_the_weights(scan: SimpleNamespace) -> None:
    """Two spikes in every frame, each as strong as a third of all its counts."""
    rng = np.random.default_rng(5)
    clean = scan.patterns
    spiky = clean.copy()
    for row in spiky:
        row[rng.integers(row.size, size=2)] += rng.uniform(500, 3000, 2)
    calm, disturbed = one_by_one(anchored(), clean), one_by_one(anchored(), spiky)
    largest = scan.weights.max(axis=0)
    assert (np.abs(disturbed.weights_ - calm.weights_).max(axis=0) < 0.06 * largest).all()
    plain = spiky @ np.linalg.pinv(calm.components_)
    assert (np.abs(plain - calm.weights_).max(axis=0) > 0.06 * largest).any()


def test_missing_pixels_and_patterns(scan: SimpleNamespace) -> None:
    """A tenth of the pixels missing costs little; a pattern that is missing keeps its row."""
    patterns = scan.patterns.copy()
    patterns[np.random.default_rng(6).random(patterns.shape) < 0.1] = np.nan
    patterns[[0, 7]] = np.nan
    model = one_by_one(anchored(), patterns)
    assert np.isnan(model.weights_[[0, 7]]).all()
    known = np.isfinite(model.weights_[:, 3])
    assert known.sum() == len(patterns) - 2
    assert np.corrcoef(model.weights_[known, 3], scan.weights[known, 3])[0, 1] > 0.99


def test_errors_are_the_scatter_of_repeated_exposures(scan: SimpleNamespace) -> None:
    """In a fixed basis, the deviation of 300 exposures of one point is the error that each of them carries."""
    model = anchored().fit(scan.patterns)
    expected = scan.expected[scan.weights[:, 3].argmax()]
    scores = model.score_patterns(np.random.default_rng(7).poisson(expected, (300, expected.size)))
    np.testing.assert_allclose(scores.weights.std(axis=0), scores.errors.mean(axis=0), rtol=0.2)


def test_noise_around_zero_needs_no_offset() -> None:
    """Dark-subtracted frames with negative pixels give unbiased weights."""
    W, H = separable(8)
    X = W @ H + np.random.default_rng(8).normal(scale=0.5, size=(60, 40))
    model = OnlineNMF(4, noise="gaussian", max_iter=2000).fit(X)
    order = match_components(H, model.components_)
    assert np.abs((model.weights_[:, order] - W).mean(axis=0)).max() < 8.0


def test_failed_patterns_are_told_from_good_ones() -> None:
    """A pattern of noise, and one of the right shape but far too large, get NaN and do not disturb the rest."""
    rng = np.random.default_rng(9)
    W, H = separable(9)
    X = W @ H + rng.normal(scale=0.1, size=(60, 40))
    X[20] = rng.normal(scale=300.0, size=40)
    X[40] *= 50.0
    model = OnlineNMF(4, noise="gaussian", max_misfit=100.0, max_total=10.0).fit(X)
    assert np.flatnonzero(np.isnan(model.weights_[:, 0])).tolist() == [20, 40]
    assert np.isnan(model.weight_errors_[20]).all()


def test_the_state_goes_through_json_exactly(scan: SimpleNamespace) -> None:
    """A restored unmixing goes on bit for bit, with its patterns or with patterns kept elsewhere."""
    patterns = scan.patterns.copy()
    patterns[3, 5] = np.nan
    model = one_by_one(anchored(), patterns[:17])

    def plain(value: object) -> object:
        assert isinstance(value, np.ndarray)
        return value.tolist()

    with_patterns = OnlineNMF.from_state(json.loads(json.dumps(model.state(), default=plain)))
    without = OnlineNMF.from_state(model.state(patterns=False), patterns[:17])
    for each in (model, with_patterns, without):
        one_by_one(each, patterns[17:33])
    for restored in (with_patterns, without):
        np.testing.assert_array_equal(restored.weights_, model.weights_)
        np.testing.assert_array_equal(restored.weight_errors_, model.weight_errors_)
        assert restored.revision_ == model.revision_


def test_a_state_without_its_patterns_is_refused(scan: SimpleNamespace) -> None:
    """The message says how many patterns are wanted."""
    model = anchored().partial_fit(scan.patterns[:3])
    with pytest.raises(ValueError, match="the 3 patterns seen"):
        OnlineNMF.from_state(model.state(patterns=False))
    with pytest.raises(ValueError, match="version 99"):
        OnlineNMF.from_state({**model.state(), "version": 99})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_components": 0}, "at least 1"),
        ({"n_components": 2, "anchors": [(0, 2)]}, "1 anchors for 2"),
        ({"n_components": 1, "shape": (3, 3)}, "8 pixels"),
    ],
)
def test_wrong_parameters_are_refused(arguments: dict[str, object], message: str) -> None:
    """Before anything is fitted."""
    with pytest.raises(ValueError, match=message):
        OnlineNMF(**arguments).partial_fit(np.ones((2, 8)))


@pytest.mark.parametrize("patterns", [np.zeros((3, 16)), np.ones((3, 16)), np.full((1, 16), 7.0)])
def test_dull_patterns_do_no_harm(patterns: NDArray[np.float64]) -> None:
    """Nothing at all, or the same everywhere, gives finite weights that add up to the counts."""
    for noise in ("poisson", "gaussian"):
        model = OnlineNMF(3, noise=noise).partial_fit(patterns)
        np.testing.assert_allclose(model.weights_.sum(axis=1), patterns.sum(axis=1), atol=1e-6)


def test_real_loops_with_spikes(real_data: Path) -> None:
    """The loops' switched component, found from 80 of 2,500 positions, agrees with that of all; spikes do not."""
    with h5py.File(real_data / "pto-hysteresis-loops-50x50.h5") as file:
        loops = np.asarray(file["Channel_000/generic/generic"]).reshape(-1, 64)
    options = {"noise": "gaussian", "offset": "auto", "shape": (1, 64), "max_misfit": 30.0, "max_total": 3.0}
    anchors = [(0, 1, 18, 32), (0, 1, 44, 58), None, None]
    whole = OnlineNMF(4, anchors=anchors, **options).fit(loops)
    assert 0.1 < np.isnan(whole.weights_[:, 0]).mean() < 0.4
    some = np.random.default_rng(0).permutation(2500)[:80]
    online = one_by_one(OnlineNMF(4, anchors=anchors, **options), loops[some])
    both = np.isfinite(online.weights_[:, 0]) & np.isfinite(whole.weights_[some, 0])
    assert both.sum() > 40
    assert np.corrcoef(online.weights_[both, 0], whole.weights_[some][both, 0])[0, 1] > 0.9
    good = np.isfinite(whole.weights_[:, 0])
    largest = whole.weights_[good, 0]
    assert largest.max() < 4 * np.median(largest)
    assert np.abs(loops[good]).max() > 20 * np.median(np.abs(loops[good]).max(axis=1))
