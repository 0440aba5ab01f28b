"""Images of many microscopes."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.errors import SimulatorError
from simulators.stm import preset
from simulators.stm.scenario import scenario
from simulators.stm.variety import SHARES, VARIED, varied_preset


def test_no_image_is_like_another() -> None:
    """Pixels, noise and coverage differ, presets come as often as they should, and some images hold no Pb."""
    drawn = [varied_preset(seed) for seed in range(400)]
    names = [one.name for one in drawn]
    for name, share in SHARES.items():
        assert names.count(name) / len(names) == pytest.approx(share, abs=0.08)
    other = [one for one in drawn if one != preset("default")]
    assert 0.6 < len(other) / len(drawn) < 0.9
    assert len({one.conditions.recording.noise for one in other}) == len(other)
    assert all(0.12 <= one.conditions.nm_per_pixel <= 0.2 for one in other)
    assert all(one.surface.coverage == 0.0 for one in drawn if one.name == "clean")


def test_a_seed_is_an_image() -> None:
    """The same again for the same; changes hold for all."""
    first, again, other = scenario.images([3, 3, 4], preset=VARIED, coverage=0.2)
    np.testing.assert_array_equal(first.height, again.height)
    assert not np.array_equal(first.height, other.height)
    assert all(varied_preset(seed, coverage=0.2).surface.coverage == 0.2 for seed in range(20))


def test_unknown_changes_are_refused() -> None:
    """And one instrument for all."""
    with pytest.raises(SimulatorError, match="unknown attributes colour"):
        varied_preset(1, colour="red")
    with pytest.raises(SimulatorError, match="different instruments"):
        list(scenario.images([1], preset=VARIED, instrument=3))
