"""Corrections of frames."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.streaming import Batch, BatchError, Chain, ChainError, DarkFlat, Layout, Normalisation, Regions

SHAPE = (20, 30)


def test_dark_and_flat_give_back_the_sample() -> None:
    """Up to a common factor; unsigned counts below the dark frame become negative, not huge."""
    rng = np.random.default_rng(0)
    sample, light = rng.uniform(50.0, 100.0, SHAPE), rng.uniform(0.5, 1.5, SHAPE)
    dark = rng.uniform(5.0, 10.0, SHAPE)
    frames = np.rint(np.array([sample * light + dark, dark - 4.0])).astype(np.uint16)
    step = DarkFlat(dark, 7.0 * light)
    step.start(Layout(SHAPE))
    out = step.process(Batch(0, frames)).frames
    assert out.dtype == np.float32
    np.testing.assert_allclose(out[0] / light.mean(), sample, atol=1.5)
    assert out[1].max() < 0.0
    assert out[1].min() > -15.0


def test_dead_places_of_the_flat_field_become_zero() -> None:
    """And not infinite."""
    flat = np.ones(SHAPE)
    flat[3, 4], flat[5, 6] = 0.0, np.nan
    out = DarkFlat(0.0, flat).process(Batch(0, np.ones((1, *SHAPE)))).frames[0]
    assert out[3, 4] == out[5, 6] == 0.0
    assert np.delete(out.ravel(), [3 * 30 + 4, 5 * 30 + 6]).min() > 0.9


@pytest.mark.parametrize(
    ("dark", "flat", "message"),
    [
        (np.zeros((20, 31)), None, r"dark frame has shape \(20, 31\)"),
        (0.0, np.ones((2, 2)), "flat field has shape"),
        (0.0, np.zeros(SHAPE), "no light"),
        (np.full(SHAPE, np.nan), None, "not finite"),
    ],
)
def test_references_that_do_not_fit_are_refused(dark: object, flat: object, message: str) -> None:
    """Before the first frame."""
    with pytest.raises(ChainError, match=message):
        DarkFlat(dark, flat).start(Layout(SHAPE))


def test_frames_are_normalised_to_the_first_beam() -> None:
    """Also across batches; frames without I0 become NaN and are counted."""
    step = Normalisation()
    step.start(Layout(SHAPE))
    frames = np.ones((4, *SHAPE)) * np.array([8.0, 4.0, 5.0, 2.0])[:, None, None]
    out = step.process(Batch(0, frames, None, np.array([0.0, 2.0, np.nan, 1.0])))
    np.testing.assert_allclose(out.frames[:, 0, 0], [np.nan, 4.0, np.nan, 4.0])
    np.testing.assert_allclose(out.values["normalisation.factor"], [np.nan, 1.0, np.nan, 2.0])
    step.restart(Layout(SHAPE))
    later = step.process(Batch(4, frames[:1], None, np.array([4.0])))
    np.testing.assert_allclose(later.frames[0, 0, 0], 4.0)
    assert step.result()["frames_without_i0"] == 2
    with pytest.raises(BatchError, match="without I0"):
        step.process(Batch(5, frames))


def test_regions_are_summed() -> None:
    """Sum and mean of half-open windows."""
    frames = np.random.default_rng(1).poisson(9.0, (3, *SHAPE)).astype(np.uint16)
    step = Regions({"grain": (2, 6, 10, 20)})
    chain = Chain([step])
    chain.start(Layout(SHAPE))
    chain.process(Batch(0, frames))
    values = chain.stop().values
    expected = frames[:, 2:6, 10:20].sum(axis=(1, 2), dtype=float)
    np.testing.assert_array_equal(values["roi.grain.sum"], expected)
    np.testing.assert_allclose(values["roi.grain.mean"], expected / 40)


@pytest.mark.parametrize("edges", [(0, 21, 0, 5), (4, 4, 0, 5), (-1, 4, 0, 5), (0, 4, 0)])
def test_windows_outside_are_refused(edges: tuple[int, ...]) -> None:
    """With the frame's rows and columns."""
    with pytest.raises(ChainError, match="rows 0:20, columns 0:30"):
        Regions({"bad": edges}).start(Layout(SHAPE))
