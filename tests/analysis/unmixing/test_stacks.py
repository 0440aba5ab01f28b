"""Stacks read in bands."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.unmixing.displacement import shift_frame
from analysis.unmixing.stacks import Source, as_stack, checked, dark_of

STACK = np.random.default_rng(0).uniform(1.0, 9.0, (4, 24, 20)).astype(np.float32)


@pytest.mark.parametrize("rows", [1, 7, 24])
def test_frames_are_put_back_whatever_the_bands(rows: int) -> None:
    """As if each frame were moved as a whole."""
    moved = np.array([[0.0, 0.0], [2.5, -1.25], [-3.0, 0.5], [0.2, 4.0]])
    source = Source(STACK, np.arange(4), np.ones(4), None, rows, moved)
    found = np.concatenate([X for _, X in source.blocks()]).T.reshape(STACK.shape)
    wanted = [shift_frame(frame, -by) for frame, by in zip(STACK, moved, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_a_gap_does_not_spread() -> None:
    """It is filled before frames are moved."""
    frames = STACK.copy()
    frames[1, 10, 10] = np.nan
    moved = np.full((4, 2), 0.5)
    spectra = np.concatenate([X for _, X in Source(frames, np.arange(4), np.ones(4), None, 9, moved).blocks()])
    assert np.isfinite(spectra).all()


def test_what_is_given_is_checked() -> None:
    """Shapes, and that there is one number for each frame."""
    assert as_stack(list(STACK)).shape == STACK.shape
    with pytest.raises(ValueError, match="one for each frame"):
        checked("i0", [1.0, 2.0], 3)
    assert dark_of(2.0, (3, 4)).shape == (3, 4)
    with pytest.raises(ValueError, match="dark frame of shape"):
        dark_of(np.ones((2, 2)), (3, 4))
