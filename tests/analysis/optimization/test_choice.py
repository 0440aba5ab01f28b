"""Choosing without a model, and again when nothing new is left."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.optimization import choice
from analysis.optimization.measurements import Measurements
from analysis.optimization.scoring import Scorer
from analysis.optimization.search import first_best
from analysis.optimization.space import SearchSpace
from analysis.optimization.surrogate import make_surrogate


def line(count: int) -> SearchSpace:
    """Positions 0, 1, 2, … on one axis."""
    return SearchSpace(bounds={"x": (0.0, count - 1.0)}, grid={"x": count})


def fitted(space: SearchSpace, values: list[float], name: str = "ei") -> tuple[Scorer, Measurements]:
    """A scorer that was told values at the first candidates of a space."""
    data = Measurements(space)
    for position, value in zip(space.candidates, values, strict=False):
        data.add(position, value, None)
    scorer = Scorer(space, make_surrogate("gp", space.dimension), name, {}, 1.0, None)
    scorer.fit(data)
    return scorer, data


def test_spreading_begins_in_the_middle_and_goes_where_nothing_is() -> None:
    """Spreading begins in the middle and goes where nothing is."""
    data = Measurements(line(9))
    found = []
    for _ in range(5):
        found.append(float(choice.spread(data.space, data).position[0]))
        data.pending.append(np.array([found[-1]]))
    assert found[0] == 4.0
    assert set(found[1:3]) == {0.0, 8.0}
    assert set(found[3:]) == {2.0, 6.0}


def test_the_best_is_replicated_unless_it_is_pending() -> None:
    """The best is replicated unless it is pending."""
    scorer, data = fitted(line(5), [0.0, 1.0, 5.0, 3.0, 0.0])
    first = choice.by_model(scorer, data, [0], None)
    assert (first.kind, first.position.tolist()) == ("replicate", [2.0])
    data.pending = [np.array([2.0])]
    assert choice.by_model(scorer, data, [0], None).position.tolist() == [3.0]
    data.pending = [np.array([float(x)]) for x in range(5)]
    assert choice.by_model(scorer, data, [0], None).kind == "replicate"


def test_a_failed_point_is_repeated_once_before_replicates() -> None:
    """A failed point is repeated once before replicates."""
    scorer, data = fitted(line(4), [1.0, np.nan, 2.0, 1.0])
    again = choice.by_model(scorer, data, [0], None)
    assert (again.kind, again.position.tolist()) == ("repeat of a failed point", [1.0])
    data.add(np.array([1.0]), np.nan, None)
    assert choice.by_model(scorer, data, [0], None).kind == "replicate"


@pytest.mark.parametrize("scale", [1e-12, 1.0, -1e6])
def test_ties_go_to_the_first_whatever_rounding_says(scale: float) -> None:
    """Ties go to the first, whatever rounding says."""
    values = (
        scale * np.array([0.5, 1.0, 1.0 + 1e-14, 0.2]) if scale > 0 else scale * np.array([2.0, 1.0, 1 - 1e-14, 3.0])
    )
    assert first_best(values) == 1
    assert first_best(np.array([-np.inf, -np.inf])) == 0
    assert first_best(np.array([-np.inf, -3.0])) == 1
