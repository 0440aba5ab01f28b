"""Where the contributions lie on the detector."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.diffractometer import FEATURES, feature_pixels, feature_regions, instrument, scenario
from simulators.diffractometer.film import draw_film
from simulators.diffractometer.pattern import QX, QZ, SHAPE, peak_positions


def test_windows_lie_on_the_detector_and_do_not_overlap() -> None:
    """A pixel belongs to one contribution at most."""
    count = np.zeros(SHAPE, int)
    for region in feature_regions().values():
        region.cut(count)[...] += 1
    assert count.max() == 1
    assert tuple(feature_regions()) == FEATURES


@pytest.mark.parametrize("preset", ["smooth", "source"])
def test_peaks_of_many_films_stay_within_their_windows(preset: str) -> None:
    """The composition moves them by a pixel or two."""
    grid = np.linspace(0.0, 150.0, 16)
    regions = feature_regions()
    for seed in range(20):
        film = draw_film(preset, seed).at(grid[None, :], grid[:, None])
        for name, (qx, qz) in peak_positions(film.composition, film.tilt).items():
            rows, columns = regions[name].slices
            assert QX[columns][0] < qx.min() <= qx.max() < QX[columns][-1]
            assert QZ[rows][0] < qz.min() <= qz.max() < QZ[rows][-1]


@pytest.mark.parametrize("preset", ["smooth", "source"])
def test_the_tilted_window_follows_the_truth(preset: str) -> None:
    """Counts in the window of the tilted peak, over a coarse grid of frames, correlate with the landscape."""
    devices, truth = instrument(preset=preset, seed=4), scenario.truth(seed=4, preset=preset)
    stage, detector = devices["stage"], devices["detector"]
    region, counts, values = feature_regions()["tilted"], [], []
    for row in range(0, 31, 3):
        for column in range(0, 31, 3):
            stage.y.set(truth.axes["stage_y"][row])
            stage.x.set(truth.axes["stage_x"][column])
            detector.trigger()
            counts.append(float(region.sum(np.where(detector.layout.bad_pixels, 0, detector.last_frame))))
            values.append(truth.values[row, column])
    assert np.corrcoef(counts, values)[0, 1] > 0.98


def test_centres_lie_within_the_frame() -> None:
    """Rows and columns are those of the frame."""
    for row, column in feature_pixels().values():
        assert 5 < row < SHAPE[0] - 5
        assert 5 < column < SHAPE[1] - 5
