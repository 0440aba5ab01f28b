"""Matching components, and windows that name them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.unmixing.identity import match_components, match_windows, window_masks, window_templates


@given(order=st.permutations(range(5)), seed=st.integers(0, 1000))
def test_any_permutation_and_scale_is_undone(order: list[int], seed: int) -> None:
    """Shuffled, rescaled and slightly changed components come back in the reference's order."""
    rng = np.random.default_rng(seed)
    reference = rng.uniform(size=(5, 30)) ** 4
    shuffled = (reference * rng.uniform(0.1, 10, size=(5, 1)) * rng.uniform(0.95, 1.05, size=(5, 30)))[order]
    np.testing.assert_array_equal(np.asarray(order)[match_components(reference, shuffled)], np.arange(5))


@given(order=st.permutations(range(3)))
def test_components_follow_their_windows(order: list[int]) -> None:
    """The component whose intensity lies in window k becomes number k; one without a window takes what is left."""
    masks = window_masks([(0, 4), None, (8, 12)], (16,))
    components = np.zeros((3, 16))
    components[0, 1:3], components[1, 13:15], components[2, 9:11] = 0.5, 0.5, 0.5
    np.testing.assert_array_equal(components[order][match_windows(masks, components[order])], components)


def test_window_forms_agree() -> None:
    """A flat list and nested pairs mean the same window; rows come first."""
    flat, nested = window_masks([(1, 3, 4, 8), ((1, 3), (4, 8))], (5, 10)).reshape(2, 5, 10)
    np.testing.assert_array_equal(flat, nested)
    assert flat[1:3, 4:8].all()
    assert flat.sum() == 8


def test_templates_have_unit_sum_inside_their_window() -> None:
    """A template is a bump in the window and nothing outside; without a window it is empty."""
    templates = window_templates([(2, 7), None], (10,))
    assert templates[0].sum() == pytest.approx(1.0)
    assert templates[0].argmax() == 4
    assert not templates[0, [0, 1, 7, 8, 9]].any()
    assert not templates[1].any()


@pytest.mark.parametrize(
    ("anchor", "message"),
    [((0, 4), "give 4 whole"), ((3, 3, 0, 2), "3:3"), ((0, 2, 8, 11), "0:10"), ((0, 2.5, 0, 2), "whole")],
)
def test_wrong_windows_say_what_is_wrong(anchor: tuple[float, ...], message: str) -> None:
    """Number of bounds, order, extent and whole numbers are checked."""
    with pytest.raises(ValueError, match=message):
        window_masks([anchor], (5, 10))
