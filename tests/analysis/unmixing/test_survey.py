"""Stacks, what is repaired in them, and how they drift."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from analysis.unmixing.survey import survey_stack
from simulators.peem.presets import preset
from simulators.peem.stack import Stack

ENERGIES = np.linspace(925.0, 945.0, 8)


@pytest.fixture
def stack() -> np.ndarray:
    """Eight frames of 6 × 5 pixels, all different."""
    return np.random.default_rng(0).uniform(1.0, 9.0, (8, 6, 5))


def spectra(stack: np.ndarray) -> np.ndarray:
    """Spectra of a stack, pixel by pixel, shape (pixels, energies)."""
    return stack.reshape(len(stack), -1).T


def test_a_sound_stack_is_read_as_it_is(stack: np.ndarray) -> None:
    """All spectra, in bands of rows, whose sums are known."""
    look = survey_stack(stack, ENERGIES, memory=8 * 5 * 4 * 6 * 2)
    bands, blocks = zip(*look.source.blocks(), strict=True)
    assert [(band.start, band.stop) for band in bands] == [(0, 2), (2, 4), (4, 6)]
    np.testing.assert_allclose(np.vstack(blocks), spectra(stack), rtol=1e-6)
    np.testing.assert_allclose(look.total, stack.sum(axis=0), rtol=1e-6)
    np.testing.assert_allclose(look.mean, stack.mean(axis=(1, 2)), rtol=1e-6)
    assert look.repairs == ()
    assert look.used.all()


def test_energies_in_any_order_are_sorted(stack: np.ndarray) -> None:
    """Frames follow their energies, and that is said."""
    order = np.random.default_rng(1).permutation(8)
    look = survey_stack(stack[order], ENERGIES[order])
    np.testing.assert_array_equal(look.energies, ENERGIES)
    np.testing.assert_allclose(next(look.source.blocks())[1], spectra(stack), rtol=1e-6)
    assert "sorted by energy" in look.repairs[0]


def test_dark_and_i0_are_taken_out(stack: np.ndarray) -> None:
    """Frames are dark-subtracted, then brought to the mean I0."""
    dark = np.random.default_rng(2).uniform(size=(6, 5))
    i0 = np.linspace(0.5, 1.5, 8)
    look = survey_stack(stack * i0[:, None, None] + dark, ENERGIES, i0=i0, dark=dark)
    np.testing.assert_allclose(next(look.source.blocks())[1], spectra(stack), rtol=1e-5)


@pytest.mark.parametrize("missing", [0.0, float("nan"), -1.0])
def test_frames_without_i0_are_left_out(stack: np.ndarray, missing: float) -> None:
    """One frame that cannot be normalised costs that frame only."""
    i0 = np.ones(8)
    i0[3] = missing
    look = survey_stack(stack, ENERGIES, i0=i0)
    assert list(np.flatnonzero(~look.used)) == [3]
    assert "1 frames had no I0" in look.repairs[0]
    np.testing.assert_allclose(next(look.source.blocks())[1], spectra(np.delete(stack, 3, axis=0)), rtol=1e-6)


def test_frames_of_zeros_are_left_out(stack: np.ndarray) -> None:
    """A camera that missed two triggers."""
    stack[[2, 5]] = 0.0
    look = survey_stack(stack, ENERGIES)
    assert list(np.flatnonzero(~look.used)) == [2, 5]
    assert "2 frames held nothing but zeros" in look.repairs[0]


def test_values_that_are_not_finite_are_interpolated(stack: np.ndarray) -> None:
    """Between neighbours in energy; at the end the nearest is repeated; a dead pixel becomes 0."""
    stack[3, 0, 0] = np.nan
    stack[7, 1, 1] = np.inf
    stack[:, 2, 2] = np.nan
    look = survey_stack(stack, ENERGIES)
    X = next(look.source.blocks())[1].reshape(6, 5, 8)
    assert X[0, 0, 3] == pytest.approx(0.5 * (stack[2, 0, 0] + stack[4, 0, 0]), rel=1e-6)
    assert X[1, 1, 7] == pytest.approx(stack[6, 1, 1], rel=1e-6)
    assert not X[2, 2].any()
    assert "10 pixel values were not finite" in look.repairs[0]


@pytest.fixture(scope="module")
def drifting() -> Stack:
    """A small stack of the twin whose image drifts by some pixels."""
    return preset("cu", dose=400.0, drift=40.0).stack((64, 72), 2, np.linspace(925.0, 945.0, 24))


def test_a_drift_is_taken_back(drifting: Stack) -> None:
    """Frames show what a stack that stands still would, but for the outermost pixels."""
    look = survey_stack(drifting.frames, drifting.energies, i0=drifting.i0, dark=drifting.dark)
    true = drifting.truth.displacements
    error = look.displacements - (true - np.median(true[:5], axis=0))
    assert np.sqrt((error**2).mean()) < 0.15
    assert np.abs(true).max() > 1.0
    assert "the image drifted by up to" in look.repairs[0]
    still = preset("cu", dose=400.0, drift=0.0).stack((64, 72), 2, np.linspace(925.0, 945.0, 24))
    as_it_is = survey_stack(drifting.frames, drifting.energies, i0=drifting.i0, dark=drifting.dark, register=False)
    inner = (slice(8, -8), slice(8, -8))
    wanted = ((still.frames - still.dark) / still.i0[:, None, None]).sum(axis=0)
    left = [np.corrcoef(one.total[inner].ravel(), wanted[inner].ravel())[0, 1] for one in (look, as_it_is)]
    assert 1.0 - left[0] < 0.7 * (1.0 - left[1])
    assert not as_it_is.displacements.any()


def test_a_drift_is_taken_back_in_bands_as_in_one_piece(drifting: Stack) -> None:
    """Rows come from beyond a band where they are needed."""
    looks = [survey_stack(drifting.frames, drifting.energies, memory=memory) for memory in (10**9, 250_000)]
    whole, banded = (np.concatenate([X for _, X in look.source.blocks()]) for look in looks)
    assert looks[1].source.rows < 16
    assert looks[0].displacements.any()
    np.testing.assert_allclose(banded, whole, rtol=1e-5, atol=1e-3)


def test_a_dark_frame_of_another_shape_is_refused(stack: np.ndarray) -> None:
    """A number fits any frame."""
    with pytest.raises(ValueError, match=r"dark frame of shape \(5, 6\).*\(6, 5\)"):
        survey_stack(stack, ENERGIES, dark=np.ones((5, 6)))
    assert survey_stack(stack, ENERGIES, dark=1.0).mean.min() > 0.0


def test_negative_values_are_kept_and_told(stack: np.ndarray) -> None:
    """Noise around zero must not be cut off."""
    stack[0, 0, 0] = -0.5
    look = survey_stack(stack, ENERGIES)
    assert next(look.source.blocks())[1].min() == -0.5
    assert "1 pixel values were negative" in look.repairs[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: (s, ENERGIES[:-1], None), r"energies of shape \(7,\) for 8 frames"),
        (lambda s: (s, np.append(ENERGIES[:-1], np.nan), None), r"energies\[7\] is not a number"),
        (lambda s: (s[0], ENERGIES, None), r"has the shape \(energy, y, x\)"),
        (lambda s: ([*s[:7], s[7, :3]], ENERGIES, None), r"frame 7 has shape \(3, 5\)"),
        (lambda s: (s, ENERGIES, np.ones(5)), r"i0 of shape \(5,\) for 8 frames"),
        (lambda s: (s, ENERGIES, np.zeros(8)), "i0 is above 0 for no frame"),
        (lambda s: (np.zeros_like(s), ENERGIES, None), "0 of 8 frames hold anything"),
    ],
)
def test_what_cannot_be_repaired_is_said(
    stack: np.ndarray, change: Callable[[np.ndarray], tuple[object, object, object]], message: str
) -> None:
    """Which frame, which number, and what was expected."""
    frames, energies, i0 = change(stack)
    with pytest.raises(ValueError, match=message):
        survey_stack(frames, energies, i0=i0)  # pyright: ignore[reportArgumentType]
