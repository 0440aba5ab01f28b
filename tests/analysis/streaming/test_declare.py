"""Chains as settings have them."""

from __future__ import annotations

import numpy as np
import pytest

import analysis.streaming
from analysis.streaming import STEPS, BasicStep, ChainError, declare, make_chain


def test_a_chain_is_made_from_names_and_options() -> None:
    """In their order, as often as wanted."""
    declared = declare(
        [
            {"step": "dark-flat", "dark": 3.0},
            "normalisation",
            {"step": "regions", "windows": {"grain": [0, 4, 0, 4]}},
            {"step": "unmixing", "n_components": 3, "method": "corners"},
            {"step": BasicStep},
        ]
    )
    names = ["dark-flat", "normalisation", "regions", "unmixing", "step"]
    assert [step.name for step in make_chain(declared).steps] == names
    assert declare(declared) == declared


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (["nonsense"], r"steps\[0\]: no step 'nonsense': choose one of dark-flat"),
        ([{"dark": 1.0}], r"steps\[0\]: say which step"),
        (["normalisation", {"step": "dark-flat", "drak": 1.0}], r"steps\[1\]: dark-flat: .*drak"),
        ([{"step": "dark-flat", "flat": np.zeros((2, 2))}], "no light"),
        ([{"step": "unmixing", "n_components": 0}], "n_components must be at least 1"),
        ([{"step": "unmixing", "n_components": 2, "forgetting": 2.0}], "forgetting"),
        (["normalisation", "normalisation"], "different names"),
    ],
)
def test_mistakes_are_told_before_a_scan(steps: list[object], message: str) -> None:
    """With the place in the list."""
    with pytest.raises(ChainError, match=message):
        declare(steps)


def test_public_names() -> None:
    """What the package hands out is there, and sorted."""
    assert all(hasattr(analysis.streaming, name) for name in analysis.streaming.__all__)
    assert set(STEPS) == {"dark-flat", "registration", "normalisation", "regions", "unmixing", "detection"}
