"""The ensemble surrogate against dense linear algebra, against itself built afresh, and through its state."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_t

from analysis.optimization.ensemble import LEAST_GAIN, MARGIN, Ensemble
from analysis.optimization.errors import NotFittedError
from analysis.optimization.factors import JITTER, Factors
from analysis.optimization.hypotheses import MEAN, MEAN_VARIANCE, RATE, SHAPE, weigh
from analysis.optimization.members import KERNELS, QUIET, make_members
from analysis.optimization.pathwise import draw
from analysis.optimization.projections import Projections
from analysis.optimization.warping import Warping

Array = NDArray[np.float64]
NONE = np.empty((0, 2))
GRID = {"lengths": (0.1, 0.3), "elongations": {1.0: 1, 3.0: 4}, "noises": (0.01,)}


@pytest.fixture
def data() -> tuple[Array, Array]:
    """Thirty positions in the unit square and a ridge across it."""
    rng = np.random.default_rng(3)
    points = rng.random((30, 2))
    return points, np.exp(-0.5 * ((points[:, 0] - points[:, 1]) / 0.15) ** 2) + 0.01 * rng.normal(size=30)


def dense(factors: Factors, member: int, n: int) -> Array:
    """Covariance of the first n points with their noise, (n, n)."""
    covariance = factors.members.cross_covariance(member, factors.points[:n], factors.points[:n])
    return covariance + np.diag(factors.members.noise[member] * factors.noise_factors[:n] + JITTER)


def test_bordering_gives_the_inverse_of_the_dense_cholesky_factor(data: tuple[Array, Array]) -> None:
    """Rows added one by one must agree with a factorisation of the whole matrix."""
    points, _ = data
    factors = Factors(make_members(2, **GRID))
    factors.update(points, np.linspace(0.5, 2.0, 30))
    for member in range(len(factors.members)):
        lower = np.linalg.cholesky(dense(factors, member, 30))
        np.testing.assert_allclose(factors.inverse(30)[member] @ lower, np.eye(30), atol=1e-7)
        assert factors.log_determinant(30)[member] == pytest.approx(2 * np.log(np.diag(lower)).sum(), abs=1e-6)


def test_update_keeps_the_common_beginning_and_replaces_the_rest(data: tuple[Array, Array]) -> None:
    """A withdrawn point in the middle leaves the factors those of the remaining ones."""
    points, _ = data
    factors = Factors(make_members(2, **GRID))
    factors.update(points, np.ones(30))
    changed = np.concatenate([points[:12], points[20:]])
    assert factors.update(changed, np.ones(22)) == 12
    fresh = Factors(make_members(2, **GRID))
    fresh.update(changed, np.ones(22))
    np.testing.assert_allclose(factors.inverse(22), fresh.inverse(22), atol=1e-9)


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_evidence_is_that_of_a_multivariate_student_t(kernel: str, data: tuple[Array, Array]) -> None:
    """Integrating the mean and the signal variance out must leave scipy's own density, member by member."""
    points, values = data
    factors = Factors(make_members(2, kernels=(kernel,), **GRID))
    factors.update(points, np.ones(30))
    warping = Warping.fit(1.0, values)
    expected = []
    for member in range(len(factors.members)):
        shape = RATE / SHAPE * (dense(factors, member, 30) + MEAN_VARIANCE * np.ones((30, 30)))
        density = multivariate_t(np.full(30, MEAN), shape, df=2 * SHAPE).logpdf(warping.forward(values))
        expected.append(density + factors.members.log_prior[member])
    found = weigh(factors, values, (1.0,), 24).log_evidence
    np.testing.assert_allclose(found - found[0], np.array(expected) - expected[0], atol=1e-5)


def test_predictions_are_those_of_the_dense_equations(data: tuple[Array, Array]) -> None:
    """Mean and deviation against generalised least squares and kriging written out (Rasmussen & Williams, 2.41)."""
    points, values = data
    model = Ensemble(2, powers=(1.0,), most=1, **GRID)
    model.fit(points, values, None, NONE)
    candidates = np.random.default_rng(4).random((17, 2))
    mixture = model.predict(candidates)
    hypotheses, factors = model._require(), model._factors
    member, targets = int(hypotheses.members[0]), hypotheses.warpings[0].forward(values)
    inverse = np.linalg.inv(dense(factors, member, 30))
    cross = factors.members.cross_covariance(member, candidates, points)
    precision = inverse.sum() + 1 / MEAN_VARIANCE
    centre = (inverse.sum(axis=0) @ targets + MEAN / MEAN_VARIANCE) / precision
    mean = centre + cross @ inverse @ (targets - centre)
    slack = 1 - cross @ inverse.sum(axis=1)
    variance = 1 - np.einsum("mi,ij,mj->m", cross, inverse, cross) + slack**2 / precision
    np.testing.assert_allclose(mixture.mean[0], mean, atol=1e-6)
    np.testing.assert_allclose(mixture.deviation[0], np.sqrt(variance * hypotheses.variance[0]), atol=1e-6)


def test_growing_point_by_point_equals_starting_afresh(data: tuple[Array, Array]) -> None:
    """The model depends on the measurements, not on how they came in."""
    points, values = data
    candidates = np.random.default_rng(5).random((50, 2))
    grown = Ensemble(2)
    for n in range(3, 31):
        grown.fit(points[:n], values[:n], None, points[n : n + 1])
        grown.predict(candidates)
    grown.fit(points, values, None, NONE)
    fresh = Ensemble(2)
    fresh.restore(json.loads(json.dumps(grown.state())))
    fresh.fit(points, values, None, NONE)
    np.testing.assert_allclose(grown.predict(candidates).mean, fresh.predict(candidates).mean, atol=1e-6)
    np.testing.assert_allclose(grown.predict(candidates).deviation, fresh.predict(candidates).deviation, atol=1e-6)


def test_pending_points_lower_the_deviation_and_leave_the_mean(data: tuple[Array, Array]) -> None:
    """A position being measured tells nothing yet but that it need not be asked for."""
    points, values = data
    candidates = np.random.default_rng(6).random((40, 2))
    model = Ensemble(2)
    model.fit(points, values, None, NONE)
    _, deviation = model.moments(candidates)
    widest = int(deviation.argmax())
    model.fit(points, values, None, candidates[[widest]])
    after_mean, after = model.predict(candidates).mean, model.moments(candidates)[1]
    model.fit(points, values, None, NONE)
    np.testing.assert_allclose(after_mean, model.predict(candidates).mean, atol=1e-9)
    assert after[widest] < 0.8 * deviation[widest]
    assert (after <= deviation * (1 + 1e-9)).all()


def test_samples_have_the_moments_of_the_model(data: tuple[Array, Array]) -> None:
    """Pathwise samples must scatter as the closed-form prediction says."""
    points, values = data
    model = Ensemble(2, powers=(1.0,), most=1, **GRID)
    model.fit(points, values, None, NONE)
    candidates = np.random.default_rng(7).random((20, 2))
    warped = np.concatenate(
        [draw(model._factors, model._require(), 0, candidates, np.random.default_rng(seed), 8) for seed in range(100)]
    )
    mixture = model.predict(candidates)
    standardised = (warped - mixture.mean[0]) / mixture.deviation[0]
    assert np.abs(standardised.mean(axis=0)).max() < 0.35
    assert standardised.std(axis=0) == pytest.approx(1.0, abs=0.3)


def test_direction_of_a_ridge_is_found(data: tuple[Array, Array]) -> None:
    """On a ridge along the diagonal the best hypothesis is long along the diagonal."""
    points, values = data
    model = Ensemble(2)
    model.fit(points, values, None, NONE)
    hypotheses = model._require()
    transform = model._factors.members.transform[hypotheses.members[0]]
    _, scales, directions = np.linalg.svd(transform)
    assert scales[0] / scales[1] >= 4.0
    assert abs(directions[1] @ np.array([1.0, 1.0]) / np.sqrt(2)) > 0.9


def test_known_noise_decides_between_noise_levels() -> None:
    """Errors told with the values move the belief in noise levels."""
    rng = np.random.default_rng(8)
    points = rng.random((12, 2))
    values = rng.normal(size=12)
    levels = {}
    for variance in (1e-4, 0.3):
        model = Ensemble(2, noises=(0.001, 0.3), lengths=(0.1,), elongations={1.0: 1})
        model.fit(points, values, np.full(12, variance), NONE)
        hypotheses = model._require()
        levels[variance] = hypotheses.weights @ model._factors.members.noise[hypotheses.members]
    assert levels[1e-4] < levels[0.3]


def test_relative_errors_matter_whatever_the_unit(data: tuple[Array, Array]) -> None:
    """Points with small errors are followed closer, in any unit."""
    points, values = data
    variances = np.where(np.arange(30) < 15, 1e-4, 1e-2)
    first, second = Ensemble(2, **GRID), Ensemble(2, **GRID)
    first.fit(points, values, variances, NONE)
    second.fit(points, 1e-9 * values, 1e-18 * variances, NONE)
    mean, _ = first.moments(points)
    scaled, _ = second.moments(points)
    np.testing.assert_allclose(scaled * 1e9, mean, rtol=1e-6)
    assert np.std(mean[:15] - values[:15]) < np.std(mean[15:] - values[15:])


@pytest.mark.parametrize("dimension", [1, 3, 5])
def test_any_number_of_axes(dimension: int) -> None:
    """One, three and five axes work as two do."""
    rng = np.random.default_rng(9)
    points = rng.random((15, dimension))
    model = Ensemble(dimension)
    model.fit(points, points.sum(axis=1), None, np.empty((0, dimension)))
    mean, deviation = model.moments(points)
    assert np.corrcoef(mean, points.sum(axis=1))[0, 1] > 0.95
    assert (deviation >= 0).all()


def test_members_are_dropped_once_and_stay_dropped() -> None:
    """Members given up at many points are part of the state."""
    rng = np.random.default_rng(10)
    points = rng.random((70, 2))
    values = np.sin(6 * points[:, 0])
    model = Ensemble(2)
    model.fit(points, values, None, NONE)
    carried = model.state()["members"]
    assert len(carried) < len(make_members(2))
    model.fit(points, values, None, NONE)
    assert model.state()["members"] == carried


def test_nothing_is_predicted_before_a_measurement() -> None:
    """The error says what is missing."""
    with pytest.raises(NotFittedError, match="no measurements"):
        Ensemble(2).predict(np.zeros((1, 2)))


def test_projections_forget_what_the_factors_forgot(data: tuple[Array, Array]) -> None:
    """Kept projections may not outlive the points they were made from."""
    points, _ = data
    factors = Factors(make_members(2, **GRID))
    projections = Projections(factors)
    candidates = np.random.default_rng(11).random((25, 2))
    projections.truncate(factors.update(points, np.ones(30)))
    projections.of(0, candidates)
    changed = points[::-1].copy()
    projections.truncate(factors.update(changed, np.ones(30)))
    expected = projections.fresh(0, candidates, np.empty((0, 25)))
    np.testing.assert_allclose(projections.of(0, candidates), expected, atol=1e-9)


@pytest.mark.parametrize("power", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
def test_warping_is_undone_and_its_jacobian_is_its_derivative(power: float, scale: float) -> None:
    """Forward and inverse agree, and the Jacobian is that of finite differences."""
    values = scale * np.array([0.0, 0.1, 0.5, 0.7, 1.0])
    warping = Warping.fit(power, values)
    warped = warping.forward(values)
    assert warped.mean() == pytest.approx(0.0, abs=1e-9)
    assert warped.std() == pytest.approx(1.0)
    np.testing.assert_allclose(warping.inverse(warped), values, atol=1e-9 * scale)
    step = 1e-6 * scale
    slopes = (warping.forward(values + step) - warping.forward(values)) / 1e-6
    assert warping.log_jacobian(values) == pytest.approx(np.log(slopes).sum(), abs=1e-3)


def test_constant_values_are_no_obstacle() -> None:
    """A flat map gives a flat prediction."""
    points = np.random.default_rng(12).random((5, 2))
    model = Ensemble(2)
    model.fit(points, np.full(5, 3.0), None, NONE)
    mean, deviation = model.moments(points)
    np.testing.assert_allclose(mean, 3.0, atol=0.2)
    assert np.isfinite(deviation).all()


def test_incumbent_is_the_best_mean_at_a_measured_point_and_what_a_gain_must_exceed(data: tuple[Array, Array]) -> None:
    """The short cut to the means at measured points agrees with predicting there."""
    points, values = data
    model = Ensemble(2, **GRID)
    model.fit(points, values, np.linspace(1e-4, 4e-4, 30), NONE)
    mixture = model.predict(points)
    hypotheses = model._require()
    level = model._factors.members.noise[hypotheses.members]
    margin = MARGIN * np.sqrt(level * hypotheses.variance) + LEAST_GAIN * np.sqrt(np.minimum(level / QUIET, 1.0))
    np.testing.assert_allclose(mixture.incumbent, mixture.mean.max(axis=1) + margin, atol=1e-6)
