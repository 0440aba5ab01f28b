"""Backgrounds of absorption spectra."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.unmixing.backgrounds import (
    BACKGROUNDS,
    Background,
    Edges,
    arctangent,
    end_levels,
    find_edges,
    line,
    remove_background,
    shirley,
    step_shape,
)

ENERGIES = np.linspace(925.0, 945.0, 120)


def white_line(position: float, height: float = 1.0, width: float = 1.0) -> np.ndarray:
    """A Gaussian peak."""
    return height * np.exp(-0.5 * ((ENERGIES - position) / width) ** 2)


def test_line_takes_a_slope_away_exactly() -> None:
    """What is left of a slope with a peak is the peak."""
    slope = 3.0 - 0.05 * (ENERGIES - 925.0)
    peak = white_line(933.0)
    np.testing.assert_allclose(slope + peak - line(slope + peak, ENERGIES), peak, atol=1e-9)
    np.testing.assert_allclose(line(slope, ENERGIES), slope)


def test_shirley_solves_its_equation() -> None:
    """The background at each energy is the share of the signal that lies below it."""
    spectrum = white_line(933.0) + 0.2 + 0.5 / (1.0 + np.exp(-(ENERGIES - 933.0) / 0.5))
    B = shirley(spectrum, ENERGIES)
    left, right = end_levels(spectrum)
    half = 0.5 * np.diff(ENERGIES)
    signal = spectrum - B
    area = np.append(0.0, np.cumsum((signal[1:] + signal[:-1]) * half))
    np.testing.assert_allclose(B, left + (right - left) * np.clip(area / area[-1], 0.0, 1.0), atol=1e-4)
    assert (np.diff(B) >= -1e-9).all()


def test_shirley_of_a_peak_without_a_step_is_flat() -> None:
    """Nothing rises where both ends are level."""
    np.testing.assert_allclose(shirley(0.3 + white_line(933.0), ENERGIES), 0.3, atol=1e-9)


def test_shirley_survives_noise_without_signal() -> None:
    """Spectra of noise alone give finite backgrounds between their ends."""
    noise = np.random.default_rng(0).normal(size=(50, 120))
    left, right = end_levels(noise)
    B = shirley(noise, ENERGIES)
    assert np.isfinite(B).all()
    assert (B - np.minimum(left, right)[:, None]).min() > -1e-9
    assert (B - np.maximum(left, right)[:, None]).max() < 1e-9


def test_arctangent_takes_its_own_step_away_exactly() -> None:
    """A step of any level and height vanishes, and the peak on it stays."""
    edges = Edges(np.array([933.5]), np.array([1.0]))
    step = 0.7 + 0.4 * step_shape(ENERGIES, edges)
    np.testing.assert_allclose(arctangent(step, ENERGIES, edges), step)
    peak = white_line(933.0, width=0.7)
    np.testing.assert_allclose(step + peak - arctangent(step + peak, ENERGIES, edges), peak, atol=1e-12)


def test_edges_are_found_half_an_ev_above_the_white_lines() -> None:
    """L3 and L2 where both are in range, one step where one is."""
    energies = np.linspace(921.0, 966.0, 300)
    both = np.exp(-0.5 * (energies - 931.0) ** 2) + 0.5 * np.exp(-0.5 * (energies - 951.0) ** 2)
    found = find_edges(both, energies)
    np.testing.assert_allclose(found.positions, [931.5, 951.5], atol=0.2)
    np.testing.assert_allclose(found.heights, [1.0, 0.5])
    one = find_edges(white_line(931.0), ENERGIES)
    np.testing.assert_allclose(one.positions, [931.5], atol=0.2)


@pytest.mark.parametrize("kind", BACKGROUNDS)
def test_stacks_are_treated_as_their_spectra_are(kind: Background) -> None:
    """Whole stacks, in any shape and precision, give what one spectrum at a time gives."""
    rng = np.random.default_rng(1)
    stack = (1.0 + white_line(933.0) * rng.uniform(0.2, 1.0, (4, 5, 1)) + 0.01 * rng.normal(size=(4, 5, 120))).astype(
        np.float32
    )
    edges = find_edges(stack.mean(axis=(0, 1)), ENERGIES)
    out = remove_background(stack, ENERGIES, kind, edges)
    assert out.shape == stack.shape
    assert out.dtype == np.float32
    alone = remove_background(stack[2, 3].astype(float), ENERGIES, kind, edges)
    np.testing.assert_allclose(out[2, 3], alone, atol=2e-4)


def test_counts_are_accepted_and_stay_unchanged() -> None:
    """Integers are not overwritten and not truncated."""
    counts = np.random.default_rng(2).poisson(100.0, (10, 120))
    before = counts.copy()
    out = remove_background(counts, ENERGIES, "line")
    np.testing.assert_array_equal(counts, before)
    np.testing.assert_allclose(out, counts - line(counts.astype(float), ENERGIES))


def test_what_is_wrong_is_said() -> None:
    """A wrong length and an unknown kind."""
    with pytest.raises(ValueError, match="119 values do not fit 120 energies"):
        remove_background(np.ones(119), ENERGIES, "line")
    with pytest.raises(ValueError, match="none, line, shirley, arctangent"):
        remove_background(np.ones(120), ENERGIES, "tougaard")  # pyright: ignore[reportArgumentType]
