"""Numbers of clusters in an area from some of its fields."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import gamma

from analysis.detection.count_field import CountField, Places, _mode, cover

SIDE = 40.0


def square(number: int) -> Places:
    """A square of fields side by side."""
    return cover((0.0, 0.0), ((number - 1) * SIDE,) * 2, (SIDE, SIDE))


def surface(places: Places, seed: int, spread: float = 0.3, mean: float = 0.012) -> NDArray[np.int64]:
    """Counts of a log-Gaussian Cox process in all fields."""
    rng = np.random.default_rng(seed)
    covariance = spread**2 * np.exp(-0.5 * (places.distances / 120.0) ** 2) + 1e-9 * np.eye(len(places.centres))
    density = mean * np.exp(rng.multivariate_normal(np.zeros(len(covariance)), covariance) - 0.5 * spread**2)
    return rng.poisson(density * places.cell)


def survey(places: Places, counts: NDArray[np.int64], number: int) -> CountField:
    """Look at so many fields, each where most is expected to be learned."""
    field = CountField(places)
    for _ in range(number):
        place = int(np.argmax(np.where(field.seen, -np.inf, field.information())))
        field.add(place, counts[place])
    return field


def test_the_mode_solves_its_equation() -> None:
    """It is K ∇ log p(counts | mode), and the likelihood's gradient is counts − rate."""
    rng = np.random.default_rng(1)
    points = rng.uniform(0, 3, (7, 2))
    prior = np.exp(-((points[:, None] - points[None]) ** 2).sum(axis=2)) + 4.0
    offset, counts = np.full(7, np.log(10.0)), rng.poisson(15.0, 7).astype(float)
    mode, gradient = _mode(prior, offset, counts)
    np.testing.assert_allclose(mode, prior @ gradient, rtol=1e-6)
    np.testing.assert_allclose(gradient, counts - np.exp(offset + mode), rtol=1e-9)


def test_one_field_agrees_with_the_gamma_posterior() -> None:
    """With many counts in one field the density is known as from a flat Gamma prior."""
    places = Places(np.zeros((1, 2)), (1, 1), SIDE**2, SIDE**2)
    field = CountField(places)
    field.add(0, 400)
    mean, deviation = field.density
    exact = gamma(400.0, scale=1.0 / SIDE**2)
    assert mean[0] == pytest.approx(exact.mean(), rel=0.01)
    assert deviation[0] == pytest.approx(exact.std(), rel=0.05)


def test_what_is_all_seen_is_known() -> None:
    """Nothing is left to guess."""
    places = square(3)
    counts = surface(places, 3)
    field = survey(places, counts, 9)
    assert field.estimate().count == counts.sum()
    assert field.estimate().deviation == pytest.approx(0.0, abs=1e-6)


def test_intervals_hold_what_they_promise() -> None:
    """Of 15 surfaces nearly all lie in their 95 % intervals, and more fields make them narrower."""
    places = square(6)
    inside, widths = 0, []
    for seed in range(15):
        counts = surface(places, seed)
        field = survey(places, counts, 8)
        low, high = field.estimate().interval()
        inside += low <= counts.sum() <= high
        widths.append(field.estimate().relative_error())
    assert inside >= 13
    later = survey(places, surface(places, 0), 20).estimate().relative_error()
    assert later < 0.7 * widths[0]


def test_fields_are_spread_over_the_area() -> None:
    """The next field is far from those seen, and never one that was counted already."""
    places = square(9)
    field = survey(places, surface(places, 5), 8)
    seen = places.centres[field.seen]
    assert len(seen) == 8
    distances = np.sqrt(((seen[:, None] - seen[None]) ** 2).sum(axis=2)) + 1e9 * np.eye(8)
    assert distances.min() > 1.9 * SIDE
    assert field.information()[field.seen].max() < field.information()[~field.seen].max()


def test_a_surface_is_told_from_a_patchy_one() -> None:
    """Where the density varies, more fields are needed."""
    places = square(8)
    even = survey(places, surface(places, 2, spread=0.01), 12).estimate().relative_error()
    patchy = survey(places, surface(places, 2, spread=0.8), 12).estimate().relative_error()
    assert even < patchy


@pytest.mark.parametrize("count", [-1.0, np.nan, np.inf])
def test_impossible_counts_are_refused(count: float) -> None:
    """As they would spoil everything."""
    with pytest.raises(ValueError, match="at least 0"):
        CountField(square(2)).add(0, count)


def test_areas_are_covered() -> None:
    """Side by side; a large one by fewer fields that stand for more."""
    places = cover((20.0, 20.0), (180.0, 100.0), (40.0, 40.0))
    assert len(places.centres) == 15
    assert places.shape == (3, 5)
    assert (places.cell, places.field) == (1600.0, 1600.0)
    np.testing.assert_allclose(places.centres[:6, 0], [20, 60, 100, 140, 180, 20])
    large = cover((0.0, 0.0), (4000.0, 4000.0), (40.0, 40.0), most=100)
    assert len(large.centres) == 100
    assert large.cell == pytest.approx(4040.0**2 / 100)
    assert large.field == 1600.0
    single = cover((10.0, 10.0), (10.1, 10.1), (40.0, 40.0))
    np.testing.assert_allclose(single.centres, [[10.05, 10.05]])
