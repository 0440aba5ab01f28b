"""Stopping rules."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analysis.optimization import Located, Optimizer, SearchSpace, StoppingRules
from analysis.optimization.errors import ConfigurationError
from analysis.optimization.stopping import location_probability


def bump(position: dict[str, float]) -> float:
    """One smooth maximum at (20, 60)."""
    return float(np.exp(-((position["x"] - 20) ** 2 + (position["y"] - 60) ** 2) / 800))


def scan(rules: StoppingRules, surrogate: str, limit: int = 60, maximize: bool = True) -> tuple[Optimizer, str | None]:
    """Scan the bump until a rule speaks."""
    space = SearchSpace(bounds={"x": (0, 100), "y": (0, 100)}, grid={"x": 21, "y": 21})
    optimizer = Optimizer(space, surrogate=surrogate, stopping=rules, maximize=maximize)
    for _ in range(limit):
        if reason := optimizer.stop_reason():
            return optimizer, reason
        suggestion = optimizer.ask()
        optimizer.tell(suggestion.position, bump(suggestion.position) * (1 if maximize else -1))
    return optimizer, None


def test_the_budget_of_points_counts_failed_ones(plane: SearchSpace) -> None:
    """The budget of points counts failed ones."""
    optimizer = Optimizer(plane, surrogate="gp", stopping=StoppingRules(points=3))
    for value in (1.0, np.nan):
        optimizer.tell(optimizer.ask().position, value)
        assert optimizer.stop_reason() is None
    optimizer.tell(optimizer.ask().position, 2.0)
    assert optimizer.stop_reason() == "the budget of 3 points is used up"


def test_the_budget_of_time_needs_a_clock(plane: SearchSpace) -> None:
    """The budget of time needs a clock."""
    optimizer = Optimizer(plane, surrogate="gp", stopping=StoppingRules(seconds=10.0))
    assert optimizer.stop_reason() is None
    assert optimizer.stop_reason(elapsed=9.99) is None
    assert "10 s" in (optimizer.stop_reason(elapsed=10.0) or "")


@pytest.mark.parametrize("maximize", [True, False])
def test_little_expected_improvement_ends_the_scan(surrogate_name: str, maximize: bool) -> None:
    """Little expected improvement ends the scan."""
    optimizer, reason = scan(StoppingRules(improvement_fraction=1e-3), surrogate_name, maximize=maximize)
    assert reason is not None
    assert "expected improvement" in reason
    assert optimizer.best is not None
    assert abs(optimizer.best.value) > 0.95


def test_a_located_maximum_ends_the_scan(surrogate_name: str) -> None:
    """A located maximum ends the scan."""
    optimizer, reason = scan(StoppingRules(located=Located(0.9, 10.0)), surrogate_name)
    assert reason is not None
    assert reason.startswith("the maximum is within 10 of x ")
    assert optimizer.best is not None
    assert optimizer.best.value > 0.8


def test_the_model_is_not_trusted_before_it_was_tried(surrogate_name: str) -> None:
    """The model is not trusted before it was tried."""
    optimizer, _ = scan(StoppingRules(improvement_fraction=1e9, patience=5), surrogate_name)
    assert len(optimizer.values) == 5 + 5


def test_constant_data_never_look_finished(plane: SearchSpace) -> None:
    """Constant data never look finished."""
    optimizer = Optimizer(plane, surrogate="gp", initial_points=2, stopping=StoppingRules(improvement_fraction=0.1))
    for _ in range(10):
        optimizer.tell(optimizer.ask().position, 1.0)
        assert optimizer.stop_reason() is None


def test_location_probability_counts_samples_around_the_densest_place() -> None:
    """Location probability counts samples around the densest place."""
    positions = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [9.0, 0.0]])
    samples = np.eye(4)[[0, 1, 1, 2, 3, 3, 3, 0]]
    probability, place = location_probability(samples, positions, radius=1.0)
    assert probability == pytest.approx(5 / 8)
    assert place.tolist() == [1.0, 0.0]
    assert location_probability(samples, positions, radius=0.0)[0] == pytest.approx(3 / 8)


def test_description_survives_json() -> None:
    """Description survives JSON."""
    rules = StoppingRules(points=7, seconds=0.1, improvement_fraction=1 / 3, located=Located(0.9, 2.0, 64), patience=2)
    assert StoppingRules.from_dict(json.loads(json.dumps(rules.to_dict()))) == rules


@pytest.mark.parametrize(
    "make",
    [
        lambda: StoppingRules(points=0),
        lambda: StoppingRules(seconds=-1.0),
        lambda: StoppingRules(improvement_fraction=0.0),
        lambda: Located(1.5, 1.0),
        lambda: Located(0.5, -1.0),
        lambda: Located(0.5, 1.0, samples=0),
    ],
)
def test_impossible_rules_are_refused(make: object) -> None:
    """Impossible rules are refused."""
    with pytest.raises(ConfigurationError):
        make()  # type: ignore[operator]
