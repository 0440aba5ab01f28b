"""Pattern search between the candidates."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.optimization.search import refine


def test_it_climbs_to_a_maximum_between_candidates() -> None:
    """It climbs to a maximum between candidates."""
    top = np.array([0.3137, 0.7719, 0.5])
    candidates = np.random.default_rng(0).random((200, 3))

    def score(unit: np.ndarray) -> np.ndarray:
        return -(np.abs(unit - top) ** 2).sum(axis=1)

    position, value = refine(score, candidates, score(candidates))
    assert np.abs(position - top).max() < 2e-3
    assert value == pytest.approx(score(position[None])[0])


def test_it_never_enters_a_forbidden_part_nor_leaves_the_cube() -> None:
    """It never enters a forbidden part nor leaves the cube."""
    candidates = np.random.default_rng(1).random((50, 2)) * [0.6, 1.0]
    asked: list[np.ndarray] = []

    def score(unit: np.ndarray) -> np.ndarray:
        asked.append(unit)
        return np.where(unit[:, 0] <= 0.6, unit.sum(axis=1), -np.inf)

    position, _ = refine(score, candidates, score(candidates))
    assert position == pytest.approx([0.6, 1.0], abs=2e-3)
    assert position[0] <= 0.6
    assert np.concatenate(asked).min() >= 0.0
    assert np.concatenate(asked).max() <= 1.0


def test_a_flat_score_keeps_the_first_candidate() -> None:
    """A flat score keeps the first candidate."""
    candidates = np.random.default_rng(2).random((5, 2))
    position, value = refine(lambda unit: np.zeros(len(unit)), candidates, np.zeros(5))
    np.testing.assert_array_equal(position, candidates[0])
    assert value == 0.0
