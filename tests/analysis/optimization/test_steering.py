"""What a person asks of an optimiser: it does it, and goes on as if nothing else had happened."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.optimization import OptimizationError, Optimizer, SearchSpace, propose, without

SPACE = SearchSpace(bounds={"x": (0.0, 10.0), "y": (0.0, 10.0)}, grid={"x": 11, "y": 11}, speeds={"x": 2.0})
CORNER = {"kind": "box", "limits": {"x": [6, 10], "y": [6, 10]}}


def told(points: int) -> Optimizer:
    """An optimiser that knows so many points of a hill in the corner at (8, 8)."""
    optimizer = Optimizer(SPACE, initial_points=5, seed=1)
    for _ in range(points):
        tell(optimizer, optimizer.ask().position)
    return optimizer


def tell(optimizer: Optimizer, position: dict[str, float]) -> None:
    """Measure a position."""
    optimizer.tell(position, -np.hypot(position["x"] - 8.0, position["y"] - 8.0))


def test_a_position_by_hand_is_pending_with_what_the_model_expects() -> None:
    """It is measured like any other; what is asked next is another place."""
    before = told(8)
    optimizer, wanted = propose(before, {"x": 3.0, "y": 4.0}, at={"x": 1.0, "y": 4.0})
    assert (wanted.position, wanted.number, wanted.reason.kind) == ({"x": 3.0, "y": 4.0}, 9, "operator")
    mean, deviation = before.predict(np.array([[3.0, 4.0]]))
    assert wanted.reason.mean == pytest.approx(mean[0])
    assert wanted.reason.deviation == pytest.approx(deviation[0])
    assert wanted.reason.travel_cost == 1.0
    assert optimizer.pending == [wanted.position]
    following = optimizer.ask().position
    assert following != wanted.position
    tell(optimizer, wanted.position)
    assert optimizer.pending == [following]


def test_the_first_point_can_be_one_by_hand() -> None:
    """There is no model yet, and the initial design is one shorter."""
    optimizer, wanted = propose(told(0), {"x": 3.0, "y": 4.0})
    assert np.isnan(wanted.reason.mean)
    kinds = []
    tell(optimizer, wanted.position)
    for _ in range(5):
        suggestion = optimizer.ask()
        kinds.append(suggestion.reason.kind)
        tell(optimizer, suggestion.position)
    assert kinds == ["initial design"] * 4 + ["expected improvement"]


def test_nothing_is_asked_for_in_a_region_that_is_left_out() -> None:
    """Although the maximum lies there; what was measured in it stays known."""
    before = told(8)
    inside = before.space.is_forbidden
    optimizer = without(before, CORNER)
    np.testing.assert_array_equal(optimizer.values, before.values)
    assert not inside(np.array([[8.0, 8.0]]))[0]
    for _ in range(12):
        position = optimizer.ask().position
        assert not (position["x"] >= 6 and position["y"] >= 6), position
        tell(optimizer, position)
    assert np.isnan(optimizer.space.as_map(optimizer.predict()[0])[8, 8])


def test_what_was_pending_in_the_region_is_withdrawn() -> None:
    """And what was pending elsewhere is not."""
    optimizer = told(8)
    optimizer, _ = propose(optimizer, {"x": 9.0, "y": 9.0})
    optimizer, kept = propose(optimizer, {"x": 1.0, "y": 9.0})
    assert without(optimizer, CORNER).pending == [kept.position]


@pytest.mark.parametrize(
    "region", [{"kind": "box", "limits": {"x": [0, 10]}}, {"kind": "box", "limits": {"z": [0, 1]}}, {"kind": "cloud"}]
)
def test_a_region_that_cannot_be_left_out_is_refused(region: dict[str, object]) -> None:
    """Everything, an axis that is none, and no region at all."""
    with pytest.raises(OptimizationError):
        without(told(6), region)
