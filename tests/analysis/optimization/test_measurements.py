"""The ledger of told and pending points."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analysis.optimization.errors import MeasurementError
from analysis.optimization.measurements import Measurements
from analysis.optimization.space import SearchSpace


def test_a_readback_answers_the_pending_point_it_is_near(plane: SearchSpace) -> None:
    """A readback answers the pending point it is near."""
    data = Measurements(plane)
    data.pending = [plane.candidates[3].copy(), plane.candidates[20].copy()]
    data.add(plane.candidates[20] + [0.3, -0.2], 1.0, None)
    assert [p.tolist() for p in data.pending] == [plane.candidates[3].tolist()]
    assert np.flatnonzero(data.taken()).tolist() == [3, 20]
    data.add(plane.candidates[50], 2.0, None)
    assert len(data.pending) == 1


def test_values_that_are_not_numbers_are_failures(plane: SearchSpace) -> None:
    """Values that are not numbers are failures."""
    data = Measurements(plane)
    for index, value in enumerate([1.0, np.nan, np.inf, -np.inf]):
        data.add(plane.candidates[index], value, None)
    assert data.good.tolist() == [True, False, False, False]
    assert data.failures[:5].tolist() == [0, 1, 1, 1, 0]
    data.retell([np.nan, 1.0, 2.0, 3.0], None)
    assert data.good.tolist() == [False, True, True, True]
    assert data.failures[:5].tolist() == [1, 0, 0, 0, 0]


def test_retelling_keeps_errors_unless_new_ones_come(plane: SearchSpace) -> None:
    """Retelling keeps errors unless new ones come."""
    data = Measurements(plane)
    data.add(plane.candidates[0], 1.0, 0.5)
    data.add(plane.candidates[1], 1.0, None)
    data.retell([3.0, 4.0], None)
    np.testing.assert_array_equal(data.errors, [0.5, np.nan])
    data.retell([3.0, 4.0], [0.1, 0.2])
    assert data.errors == [0.1, 0.2]
    for values, errors in [([1.0], None), ([1.0, 2.0], [0.1]), ([1.0, 2.0], [-0.1, 0.1])]:
        with pytest.raises(MeasurementError):
            data.retell(values, errors)


def test_negative_errors_are_refused_and_leave_nothing(plane: SearchSpace) -> None:
    """Negative errors are refused and leave nothing."""
    data = Measurements(plane)
    with pytest.raises(MeasurementError, match="negative"):
        data.add(plane.candidates[0], 1.0, -1.0)
    assert len(data.positions) == len(data.values) == len(data.errors) == 0


def test_continuous_positions_are_taken_only_where_measured() -> None:
    """Continuous positions are taken only where measured."""
    space = SearchSpace(bounds={"x": (0.0, 100.0), "y": (0.0, 1.0)})
    data = Measurements(space)
    assert data.is_taken(np.array([[50.0, 0.5]])).tolist() == [False]
    data.add(np.array([50.0, 0.5]), 1.0, None)
    data.pending = [np.array([20.0, 0.2])]
    probes = np.array([[50.0, 0.5], [50.005, 0.5], [50.05, 0.5], [20.0, 0.2], [20.0, 0.5]])
    assert data.is_taken(probes).tolist() == [True, True, False, True, False]


def test_description_survives_json_without_nan(plane: SearchSpace) -> None:
    """Description survives JSON without NaN."""
    data = Measurements(plane)
    for index, (value, error) in enumerate([(1 / 3, None), (np.nan, None), (1e-300, 0.1)]):
        data.add(plane.candidates[index] + 0.01, value, error)
    data.pending = [plane.candidates[7].copy()]
    again = Measurements(plane)
    again.restore(json.loads(json.dumps(data.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.array(again.positions), data.array(data.positions))
    np.testing.assert_array_equal(again.values, data.values)
    np.testing.assert_array_equal(again.errors, data.errors)
    np.testing.assert_array_equal(again.attempts, data.attempts)
    np.testing.assert_array_equal(again.array(again.pending), data.array(data.pending))
