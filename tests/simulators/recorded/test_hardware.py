"""Detectors that answer with what was recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulators.recorded import instrument


@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 3, 4)])
def test_a_position_that_was_not_measured_is_an_answer_and_no_fault(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Both kinds of detectors say so, whatever they are asked for."""
    values = np.ones(shape)
    values[0, 1] = np.nan
    np.save(tmp_path / "map.npy", values)
    devices = instrument(str(tmp_path / "map.npy"))
    devices["stage"].x.set(1.0).wait(5)
    detector = devices["detector"]
    detector.trigger().wait(5)
    assert detector.gaps
    assert np.isnan([reading["value"] for reading in detector.read().values()]).all()
