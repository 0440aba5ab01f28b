"""Smooth random fields."""

from __future__ import annotations

import numpy as np

from simulators.fields import RandomField


def test_statistics_of_many_draws() -> None:
    """Mean 0, the deviation asked for, and a squared-exponential correlation (closed form)."""
    values = []
    for seed in range(400):
        field = RandomField.draw(np.random.default_rng(seed), length_scale=10.0, deviation=2.0)
        values.append(field([0.0, 10.0, 100.0], [0.0, 0.0, 0.0]))
    sample = np.array(values)
    # Standard errors of 400 draws: 0.1 of the mean, 0.07 of the deviation, 0.05 of a correlation; five of each.
    assert np.all(np.abs(sample.mean(axis=0)) < 0.5)
    assert np.all(np.abs(sample.std(axis=0) - 2.0) < 0.35)
    correlation = np.corrcoef(sample.T)
    assert abs(correlation[0, 1] - np.exp(-0.5)) < 0.2
    assert abs(correlation[0, 2]) < 0.25


def test_a_field_is_a_function_of_position() -> None:
    """The same at the same position, whatever it is evaluated with; broadcasts."""
    field = RandomField.draw(np.random.default_rng(3), length_scale=5.0)
    x, y = np.linspace(0, 10, 4), np.linspace(0, 10, 5)
    whole = field(x[None, :], y[:, None])
    assert whole.shape == (5, 4)
    assert whole[2, 3] == field(x[3], y[2])
