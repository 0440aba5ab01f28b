"""Particle samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from simulators.errors import SimulatorError
from simulators.peem.sample import Sample, SampleStyle, draw_sample


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(0, 2**31),
    st.integers(0, 8),
    st.floats(0.0, 0.6),
    st.floats(0.0, 0.5),
    st.sampled_from([("CuO", "In"), ("CuO", "Cu2O", "In"), ("CuO", "Cu2O", "Cu", "In")]),
)
def test_abundances_are_fractions(
    rows: int, columns: int, seed: int, margin: int, mixing: float, residue: float, components: tuple[str, ...]
) -> None:
    """At every size they are not negative and sum to 1; the thickness is positive."""
    style = SampleStyle(components=components, mixing=mixing, residue=residue)
    sample = draw_sample(style, (rows, columns), seed, margin)
    assert sample.shape == (rows, columns)
    assert sample.abundances.shape == (len(components), rows + 2 * margin, columns + 2 * margin)
    assert sample.abundances.min() >= 0.0
    np.testing.assert_allclose(sample.abundances.sum(axis=0), 1.0, atol=1e-12)
    assert sample.thickness.min() > 0.0


def test_a_seed_is_a_sample_at_every_size() -> None:
    """The same again; another one with another seed; the same picture at half the size and with a margin."""
    style = SampleStyle()
    one, again, other = (draw_sample(style, (96, 112), seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.abundances, again.abundances)
    assert not np.allclose(one.abundances, other.abundances)
    wide = draw_sample(style, (96, 112), 3, margin=10)
    np.testing.assert_allclose(wide.abundances[:, 10:-10, 10:-10], one.abundances, atol=1e-4)
    half = draw_sample(style, (48, 56), 3)
    blocks = one.abundances.reshape(3, 48, 2, 56, 2).mean(axis=(2, 4))
    assert np.abs(half.abundances - blocks).mean() < 0.02


def test_several_grains_of_each_component_with_sharp_and_with_mixed_interfaces() -> None:
    """Over a few samples: more than one island of each oxide, steps of a pixel and slopes over many."""
    islands = {0: [], 1: []}
    for seed in range(4):
        maps = draw_sample(SampleStyle(), (256, 300), seed).abundances
        for component, found in islands.items():
            found.append(label(maps[component] > 0.5)[1])
    assert all(np.mean(found) > 2 for found in islands.values())
    sharp, soft = (
        draw_sample(replace(SampleStyle(), diffuse_fraction=fraction), (256, 300), 1).abundances
        for fraction in (0.0, 1.0)
    )
    steepest = [np.abs(np.diff(maps, axis=1)).max() for maps in (sharp, soft)]
    assert steepest[0] > 0.3
    assert steepest[1] < 0.15


def test_mixing_leaves_no_grain_pure() -> None:
    """Without mixing there are pure grains of both oxides; with it there are none."""
    pure, mixed = (
        draw_sample(replace(SampleStyle(), mixing=mixing), (128, 150), 2).abundances[:2].max(axis=(1, 2))
        for mixing in (0.0, 0.2)
    )
    assert pure.min() > 0.99
    assert mixed.max() < 0.95


def test_maps_that_do_not_belong_together_are_refused() -> None:
    """Each with what is wrong."""
    maps, thickness = np.full((2, 4, 5), 0.5), np.ones((4, 5))
    Sample(("CuO", "In"), maps, thickness)
    for wrong, words in (
        ({"abundances": maps[:1]}, "do not belong"),
        ({"abundances": maps * 1.1}, "sum to 1"),
        ({"abundances": np.array([maps[0] + 1.0, maps[1] - 1.0])}, "not negative"),
        ({"abundances": maps * np.nan}, "finite"),
        ({"thickness": thickness * 0.0}, "thickness"),
        ({"margin": 2}, "margin"),
    ):
        with pytest.raises(SimulatorError, match=words):
            Sample(**{"components": ("CuO", "In"), "abundances": maps, "thickness": thickness, **wrong})
    with pytest.raises(SimulatorError, match="two components"):
        draw_sample(SampleStyle(components=("In",)), (4, 4), 0)
    with pytest.raises(SimulatorError, match="at least one pixel"):
        draw_sample(SampleStyle(), (0, 4), 0)
