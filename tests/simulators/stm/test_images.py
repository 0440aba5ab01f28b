"""Images, against what is known of the surface and of real scans."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.signal import correlate

from simulators.stm import CLASSES, Survey, preset
from simulators.stm.images import MARGIN
from simulators.stm.lattice import CELL_AREA
from simulators.stm.presets import Preset

STILL: dict[str, Any] = {
    "scale_error": 0.0,
    "shear": 0.0,
    "drift": 0.0,
    "creep": 0.0,
    "hysteresis": 0.0,
    "jitter": 0.0,
    "noise": 0.0,
    "slow_noise": 0.0,
    "gain": (1.0, 1.0),
    "line_noise": 0.0,
    "wander": 0.0,
    "hum": 0.0,
    "spikes": 0.0,
    "tilt": 0.0,
    "bow": 0.0,
    "radius": (8.0, 8.0),
    "elongation": 1.0,
    "double_chance": 0.0,
    "changes": 0.0,
    "flicker": 0.0,
    "terrace_width": np.inf,
}
BARE = {"coverage": 0.0, "vacancies": 0.0, "holes": 0.0, "bright": 0.0, "missing": 0.0}


def ideal(**changes: Any) -> Preset:
    """A perfect microscope over a perfect surface, but for changes."""
    return preset(**{**STILL, **BARE, **changes})


def middles(boxes: np.ndarray) -> np.ndarray:
    """Rows and columns of boxes' middles."""
    return np.column_stack([boxes[:, 1] + boxes[:, 3], boxes[:, 0] + boxes[:, 2]]) / 2.0


def cut(image: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """The pixels in each box."""
    return [image[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1] for x0, y0, x1, y1 in boxes]


def test_the_cell_side_from_the_autocorrelation() -> None:
    """Six peaks at 26.9 Å, 60° apart."""
    image = ideal(nm_per_pixel=0.1).image(3)
    height = image.height - image.height.mean()
    found = gaussian_filter(correlate(height, height, method="fft"), 1.0)
    found /= np.add.outer(-np.abs(np.arange(-255, 256)), np.zeros(511)) + 256
    found /= np.add.outer(np.zeros(511), -np.abs(np.arange(-255, 256))) + 256
    y, x = np.mgrid[-255:256, -255:256]
    near = (np.hypot(x, y) > 18) & (np.hypot(x, y) < 35)
    tops = near & (found == maximum_filter(found, 15)) & (found > 0.5 * found[255, 255])
    sides, angles = np.hypot(x, y)[tops], np.sort(np.degrees(np.arctan2(y, x)[tops]) % 60.0)
    assert tops.sum() == 6
    np.testing.assert_allclose(sides, 26.88, rtol=0.02)
    assert np.ptp((angles - angles[0] + 30.0) % 60.0) < 3.0


@pytest.mark.parametrize("bias", [-1.0, 1.0])
def test_twelve_adatoms_and_a_corner_hole_per_cell(bias: float) -> None:
    """As counted in an image."""
    image = ideal(nm_per_pixel=0.06, biases=(bias,), radius=(6.5, 6.5)).image(4)
    height = gaussian_filter(image.height - image.height.mean(), 0.7)
    cells = (256 * 0.6) ** 2 / CELL_AREA
    tops = (height == maximum_filter(height, 9)) & (height > np.median(height))
    holes = (height == -maximum_filter(-height, 25)) & (height < height.min() + 0.3)
    assert tops[4:-4, 4:-4].sum() / cells * (256 / 248) ** 2 == pytest.approx(12.0, rel=0.06)
    assert holes[4:-4, 4:-4].sum() / cells * (256 / 248) ** 2 == pytest.approx(1.0, rel=0.2)


def test_a_step_is_a_bilayer_high() -> None:
    """Between the levels of two terraces, as an image shows them."""
    levels = []
    for seed in range(12):
        height = ideal(terrace_width=500.0).image(seed).height
        histogram, edges = np.histogram(height, 200)
        smooth = gaussian_filter(histogram.astype(float), 2.0)
        tops = edges[:-1][(smooth == maximum_filter(smooth, 25)) & (smooth > 0.25 * smooth.max())]
        levels += np.diff(np.sort(tops)).tolist()
    assert len(levels) >= 4
    assert np.median(levels) == pytest.approx(3.14, abs=0.1)


def test_the_corrugation_is_that_of_a_microscope_at_room_temperature() -> None:
    """Some tenths of an ångström, rms, with usual tips."""
    corrugation = [preset(**{**STILL, **BARE, "radius": (7.5, 13.0)}).image(seed).height.std() for seed in range(8)]
    assert 0.1 < min(corrugation) < max(corrugation) < 0.45


def test_clean_scans_are_as_noisy_as_real_ones() -> None:
    """Two scans of one place correlate by about 0.55; what differs is 0.06 Å, what agrees less than 0.1 Å."""
    correlations, residuals, agreements = [], [], []
    changes = {"drift": 0.0, "creep": 0.0, "hysteresis": 0.0, "changes": 0.0, "flicker": 0.0}
    for seed in range(8):
        survey = Survey(preset("clean", **changes, line_noise=0.0, wander=0.0, tilt=0.0, bow=0.0, spikes=0.0), seed)
        one, two = (survey.image(300.0, 300.0, number, bias=1.0).height.astype(float) for number in (0, 1))
        one, two = one - one.mean(), two - two.mean()
        correlations.append(np.corrcoef(one.ravel(), two.ravel())[0, 1])
        residuals.append(np.std(one - two) / np.sqrt(2.0))
        agreements.append(np.sqrt(max(np.mean(one * two), 0.0)))
    assert np.median(residuals) == pytest.approx(0.06, abs=0.015)
    assert np.median(correlations) == pytest.approx(0.56, abs=0.15)
    assert 0.04 < np.median(agreements) < 0.1


def test_every_cluster_is_in_a_box_and_stands_out() -> None:
    """The pixels in boxes are higher than the bare surface; all other pixels are the bare surface."""
    with_pb, without = ideal(coverage=0.06), ideal()
    for seed in range(4):
        image, bare = with_pb.image(seed), without.image(seed)
        gain = (image.height - np.median(image.height)) - (bare.height - np.median(bare.height))
        inside = np.zeros(gain.shape, bool)
        for (x0, y0, x1, y1), part in zip(image.boxes, cut(gain, image.boxes), strict=True):
            inside[max(int(y0) - 2, 0) : int(y1) + 3, max(int(x0) - 2, 0) : int(x1) + 3] = True
            assert part.max() > 0.3
        assert len(image.boxes) > 5
        edge = 14  # clusters cut by the edge have no box when less than half of them shows
        assert np.abs(gain[edge:-edge, edge:-edge][~inside[edge:-edge, edge:-edge]]).max() < 0.12


def test_boxes_are_half_cells() -> None:
    """Of the same size whatever the class, within the image, and never the same half twice."""
    image = ideal(coverage=0.3).image(1)
    x0, y0, x1, y1 = image.boxes.T
    assert (image.boxes >= 0).all()
    assert (image.boxes <= 256).all()
    whole = (x0 > 0) & (y0 > 0) & (x1 < 256) & (y1 < 256)
    sides = 1.5 * np.stack([(x1 - x0)[whole], (y1 - y0)[whole]])
    assert 19.0 < sides.min() < sides.max() < 24.5
    centres = middles(image.boxes)
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=-1) + 1e9 * np.eye(len(centres))
    assert 1.5 * gaps.min() > 12.0
    assert image.labels.dtype.kind == "i"
    assert image.classes == CLASSES


def test_larger_clusters_are_higher_but_for_the_flat_trimer() -> None:
    """Mean height over the bare surface by class, at both voltages."""
    for bias in (-1.0, 1.0):
        chosen = ideal(coverage=0.15, biases=(bias,), fractions=(1.0,) * 6, scatter=0.0)
        heights: dict[int, list[float]] = {label: [] for label in range(6)}
        for seed in range(4):
            image = chosen.image(seed)
            level = np.median(image.height)
            for label, part in zip(image.labels, cut(image.height, image.boxes), strict=True):
                heights[int(label)].append(np.percentile(part, 90) - level)
        mean = [np.mean(heights[label]) for label in range(6)]
        assert mean[0] < mean[1] < mean[3] < mean[4] < mean[5]
        assert mean[2] < mean[1]


def test_less_contrast_makes_the_sizes_alike() -> None:
    """The difference between the largest and the smallest cluster shrinks with it."""
    spans = []
    for contrast in (1.0, 0.3):
        image = ideal(coverage=0.25, fractions=(1.0, 0, 0, 0, 0, 1.0), contrast=contrast, scatter=0.0).image(2)
        parts = cut(image.height, image.boxes)
        heights = [
            [np.percentile(p, 95) for p, own in zip(parts, image.labels, strict=True) if own == k] for k in (0, 5)
        ]
        spans.append(np.mean(heights[1]) - np.mean(heights[0]))
    assert 0.0 < spans[1] < 0.6 * spans[0]


def test_small_clusters_hop_and_large_ones_do_not() -> None:
    """Two scans of one place differ most at Pb1, least at Pb6 and nowhere else."""
    survey = Survey(ideal(coverage=0.2, fractions=(1.0,) * 6), 3)
    one, two = (survey.image(500.0, 500.0, number, bias=-1.0) for number in (0, 1))
    change = (one.height - np.median(one.height)) - (two.height - np.median(two.height))
    spread: dict[int, list[float]] = {label: [] for label in range(6)}
    for label, part in zip(one.labels, cut(change, one.boxes), strict=True):
        spread[int(label)].append(float(part.std()))
    mean = [np.mean(spread[label]) for label in range(6)]
    assert mean[0] > mean[1] > 1.5 * mean[2]
    assert mean[0] > 3.0 * mean[5] > 0.0


@pytest.mark.parametrize(("likeness", "lowest", "highest"), [(0.0, -1.0, 0.5), (1.0, 0.6, 1.1)])
def test_vacancies_are_as_like_a_single_atom_as_they_should_be(likeness: float, lowest: float, highest: float) -> None:
    """By their brightness relative to that of Pb1."""
    chosen = ideal(coverage=0.1, vacancies=0.05, fractions=(1, 0, 0, 0, 0, 0), likeness=likeness, biases=(1.0,))
    bright: dict[str, list[float]] = {"Pb1": [], "vacancy": []}
    for seed in range(3):
        image = chosen.image(seed)
        height = gaussian_filter(image.height - np.median(image.height), 2.5)
        places = {"Pb1": middles(image.boxes), "vacancy": image.confusers["vacancy"][:, ::-1]}
        for name, points in places.items():
            rows, columns = np.clip(points.astype(int), 0, 255).T
            bright[name] += height[rows, columns].tolist()
    assert lowest < np.mean(bright["vacancy"]) / np.mean(bright["Pb1"]) < highest


def test_fields_of_one_surface_agree_where_they_overlap() -> None:
    """Clusters and heights are the same, moved by the distance between the fields."""
    survey = Survey(ideal(coverage=0.1, missing=0.02, holes=0.01, bright=0.01), 8)
    left, right = survey.image(500.0, 400.0, 0, bias=1.0), survey.image(515.0, 400.0, 1, bias=1.0)
    inner = {}
    for name, image, shift in (("left", left, 0.0), ("right", right, 100.0)):
        points = np.column_stack([middles(image.boxes) + np.array([0.0, shift]), image.labels])
        inner[name] = points[(points[:, 1] > 115) & (points[:, 1] < 240)]
        inner[name] = inner[name][np.lexsort(inner[name].round(1).T)]
    assert len(inner["left"]) > 5
    np.testing.assert_allclose(inner["left"], inner["right"], atol=0.05)
    one, two = left.height[:, 100:], right.height[:, :156]
    assert np.abs((one - np.median(one)) - (two - np.median(two))).mean() < 0.02


def test_a_distorted_scan_has_its_boxes_where_the_clusters_appear() -> None:
    """With drift, creep, shear and a scanner that is off by a tenth."""
    wild = {"scale_error": 0.1, "shear": 0.1, "drift": 0.1, "creep": 0.08, "hysteresis": 0.02}
    for seed in range(4):
        bent = ideal(**wild, coverage=0.04, fractions=(0, 0, 0, 0, 0, 1)).image(seed)
        height = gaussian_filter(bent.height - np.median(bent.height), 1.5)
        for (row, column), box in zip(middles(bent.boxes), bent.boxes, strict=True):
            if box.min() <= 0 or box.max() >= 256:
                continue
            part = np.clip(height[int(row) - 9 : int(row) + 10, int(column) - 9 : int(column) + 10] - 0.8, 0.0, 1.0)
            if part.shape != (19, 19) or part.sum() == 0:
                continue
            centre = (np.mgrid[-9:10, -9:10] * part).sum(axis=(1, 2)) / part.sum()
            assert np.abs(centre).max() < 4.5


def test_images_cut_nothing_that_reaches_into_them() -> None:
    """The margin around an image is wider than the widest thing."""
    narrow = ideal(coverage=0.2, bright=0.05).image(5, (64, 64))
    assert narrow.height.shape == (64, 64)
    assert np.isfinite(narrow.height).all()
    assert MARGIN > 2.0 * 16.0
