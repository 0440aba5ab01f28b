"""Scores: which model and which numbers an acquisition function sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from analysis.optimization.acquisition import log_expected_improvement
from analysis.optimization.measurements import Measurements
from analysis.optimization.scoring import Scorer
from analysis.optimization.space import SearchSpace
from analysis.optimization.surrogate import Mixture

SPACE = SearchSpace(bounds={"x": (0.0, 4.0)}, grid={"x": 5}, speeds={"x": 2.0})


class Spy:
    """A surrogate that keeps what it was told and knows a fixed answer."""

    def __init__(self) -> None:
        self.told: tuple[Any, ...] = ()

    def fit(self, positions: np.ndarray, values: np.ndarray, variances: np.ndarray | None, pending: np.ndarray) -> None:
        """Keep the arguments."""
        self.told = (positions, values, variances, pending)

    def predict(self, candidates: np.ndarray) -> Mixture:
        """One member, mean = position."""
        mean, deviation = self.moments(candidates)
        return Mixture(np.ones(1), mean[None], deviation[None], np.array([0.5]))

    def moments(self, candidates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean = position, deviation = 1 − position."""
        return candidates[:, 0].copy(), 1.0 - candidates[:, 0]

    def sample(self, candidates: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
        """Lines through the origin of random slope."""
        return rng.uniform(0.5, 1.5, (count, 1)) * candidates[:, 0]

    def state(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Nothing to take up."""


def scorer(name: str = "ei", sign: float = 1.0, noise: float | None = None, **options: float) -> tuple[Scorer, Spy]:
    """A scorer on a spy."""
    spy = Spy()
    return Scorer(SPACE, spy, name, options, sign, noise), spy


def told(*points: tuple[float, float, float | None]) -> Measurements:
    """A ledger of (position, value, error)."""
    data = Measurements(SPACE)
    for x, value, error in points:
        data.add(np.array([x]), value, error)
    return data


def test_the_model_sees_the_unit_cube_the_sign_and_failures_as_pending() -> None:
    """The model sees the unit cube, the sign, and failures as pending."""
    data = told((1.0, 10.0, None), (2.0, np.nan, None), (4.0, 30.0, None))
    data.pending = [np.array([3.0])]
    subject, spy = scorer(sign=-1.0)
    subject.fit(data)
    positions, values, variances, pending = spy.told
    assert positions.tolist() == [[0.25], [1.0]]
    assert values.tolist() == [-10.0, -30.0]
    assert variances is None
    assert pending.tolist() == [[0.5], [0.75]]


@pytest.mark.parametrize(
    ("noise", "errors", "expected"),
    [
        (None, [None, None, None], None),
        (0.5, [None, None, None], [0.25, 0.25, 0.25]),
        (0.5, [0.1, None, 3.0], [0.01, 0.25, 9.0]),
        (None, [0.1, None, 0.3], [0.01, 0.04, 0.09]),
    ],
)
def test_errors_come_before_the_known_noise(
    noise: float | None, errors: list[float | None], expected: list[float] | None
) -> None:
    """Errors come before the known noise; without it a missing error is the median one."""
    subject, spy = scorer(noise=noise)
    subject.fit(told(*[(float(i), 1.0, error) for i, error in enumerate(errors)]))
    assert spy.told[2] is None if expected is None else spy.told[2] == pytest.approx(expected)


def test_each_name_is_its_own_function() -> None:
    """Each name is its own function of the fixed prediction."""
    unit, data = SPACE.unit_candidates, told((0.0, 1.0, None), (4.0, 2.0, None))
    x = unit[:, 0]
    assert scorer("variance")[0].score(unit, data, [0], None) == pytest.approx(1.0 - x)
    assert scorer("ucb", beta=3.0)[0].score(unit, data, [0], None) == pytest.approx(x + 3.0 * (1.0 - x))
    ei = scorer("ei")[0].score(unit, data, [0], None)
    assert ei == pytest.approx(log_expected_improvement(x, 1.0 - x, 0.5))
    fast = scorer("ei_per_second", overhead=0.5)[0]
    assert fast.score(unit, data, [0], None) == pytest.approx(ei)
    assert fast.score(unit, data, [0], np.array([4.0])) == pytest.approx(ei - np.log((4.0 - 4.0 * x) / 2.0 + 0.5))
    thompson = scorer("thompson")[0].score(unit, data, [3], None)
    assert thompson == pytest.approx(np.random.default_rng([3]).uniform(0.5, 1.5) * x)


def test_noisy_improvement_averages_over_the_incumbent() -> None:
    """Noisy improvement averages over draws of the noiseless best measured value."""
    unit, data = SPACE.unit_candidates[:4], told((0.0, 1.0, None), (2.0, 2.0, None))
    slopes = np.random.default_rng([5]).uniform(0.5, 1.5, 16)
    x = unit[:, 0]
    expected = np.mean([np.exp(log_expected_improvement(x, 1.0 - x, 0.5 * slope)) for slope in slopes], axis=0)
    found = scorer("nei", draws=16)[0].score(unit, data, [5], None)
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-10)
