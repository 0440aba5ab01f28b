"""Augmentation: boxes stay on their clusters, and whatever is drawn can be drawn again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from analysis.detection.preparation import Prepared
from analysis.detection.results import Truth
from analysis.detection.training.augmentation import Augmentation, augment
from analysis.detection.training.samples import Sample

QUIET = Augmentation(size=96, chance=0.0, contrast=0.0, partial=0.0)


@dataclass(frozen=True, slots=True)
class Spots:
    """Where the spots of a sample are."""

    sample: Sample
    heights: NDArray[np.float64]


@pytest.fixture(scope="module")
def spots() -> Spots:
    """Spots whose heights tell them apart."""
    rng = np.random.default_rng(3)
    centres = np.array([[30.0, 30.0], [80.0, 40.0], [60.0, 90.0], [100.0, 100.0]]) + rng.uniform(-2, 2, (4, 2))
    heights = np.array([1.0, 2.0, 4.0, 8.0])
    y, x = np.mgrid[:128, :128] + 0.5
    values = sum(
        height * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 18.0)
        for height, (cx, cy) in zip(heights, centres, strict=True)
    )
    boxes = np.hstack([centres - 6.0, centres + 6.0])
    image = Prepared(torch.from_numpy(np.asarray(values, np.float32)), np.ones(2))
    return Spots(Sample(image, Truth(boxes, np.arange(4))), heights)


@pytest.mark.parametrize("seed", range(20))
def test_boxes_stay_on_their_clusters(spots: Spots, seed: int) -> None:
    """Turned, mirrored and sheared, each spot is in the middle of its box."""
    example = augment(spots.sample, QUIET, np.random.default_rng(seed))
    values = example.values[0].numpy()
    assert values.shape == (96, 96)
    y, x = np.mgrid[:96, :96] + 0.5
    for box, label in zip(example.boxes.numpy(), example.labels.tolist(), strict=True):
        if label < 0 or box.min() <= 0.0 or box.max() >= 96.0:
            continue
        inside = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])
        weights = np.where(inside, values, 0.0)
        assert weights.max() == pytest.approx(spots.heights[label], rel=0.08)
        middle = np.array([(weights * x).sum(), (weights * y).sum()]) / weights.sum()
        assert middle == pytest.approx(0.5 * (box[:2] + box[2:]), abs=0.6)


def test_turns_are_those_of_the_lattice(spots: Spots) -> None:
    """Three neighbours of a lattice point are neighbours after every turn, but for the small ones."""
    style = Augmentation(size=128, turn=0.0, stretch=0.0, chance=0.0, contrast=0.0, partial=0.0)
    boxes = spots.sample.truth.boxes
    before = boxes[1, :2] - boxes[0, :2]
    angles = []
    for seed in range(60):
        example = augment(spots.sample, style, np.random.default_rng(seed))
        known = {int(label): box[:2].numpy() for box, label in zip(example.boxes, example.labels, strict=True)}
        if {0, 1} <= known.keys() and all((example.boxes > 0).all(1) & (example.boxes < 128).all(1)):
            after = known[1] - known[0]
            assert np.hypot(*after) == pytest.approx(np.hypot(*before), rel=0.01)
            angles.append(np.rad2deg(np.arctan2(*after[::-1])))
    own = np.rad2deg(np.arctan2(*before[::-1]))
    # As it is, or mirrored.
    off = np.array([[(angle - sign * own + 30.0) % 60.0 - 30.0 for sign in (1, -1)] for angle in angles])
    assert len(angles) > 10
    assert np.abs(off).min(axis=1).max() < 0.5
    assert len({round(angle) for angle in angles}) > 4


def test_clusters_in_part_outside_are_not_asked_for(spots: Spots) -> None:
    """Those that are mostly cut off get no class; those that are gone have no box."""
    labels = [
        augment(spots.sample, Augmentation(size=48, chance=0.0, partial=0.0), np.random.default_rng(seed)).labels
        for seed in range(40)
    ]
    together = torch.cat(labels)
    assert (together == -1).any()
    assert (together >= 0).any()
    assert max(map(len, labels)) < 4


def test_lines_not_yet_scanned_have_no_clusters(spots: Spots) -> None:
    """Below the last line there is neither signal nor box."""
    style = Augmentation(size=96, partial=1.0)
    rows = []
    for seed in range(20):
        example = augment(spots.sample, style, np.random.default_rng(seed))
        last = int(torch.nonzero(example.values[0].abs().sum(dim=1)).max()) + 1
        rows.append(last)
        assert not len(example.boxes) or example.boxes[:, 3].max() <= last
    assert min(rows) < 48 < max(rows)


def test_the_same_draw_gives_the_same_example(spots: Spots) -> None:
    """Everything comes from the generator."""
    one, other = (augment(spots.sample, Augmentation(chance=1.0), np.random.default_rng(7)) for _ in range(2))
    assert torch.equal(one.values, other.values)
    assert torch.equal(one.boxes, other.boxes)
    third = augment(spots.sample, Augmentation(chance=1.0), np.random.default_rng(8))
    assert not torch.equal(one.values, third.values)


def test_noise_is_of_lines_of_the_scan(spots: Spots) -> None:
    """Offsets are the same along each row, whatever the turn of the image."""
    quiet = Augmentation(size=64, chance=0.0, contrast=0.0, partial=0.0, noise=0.0, lines=0.0)
    noisy = Augmentation(size=64, chance=1.0, contrast=0.0, partial=0.0, noise=0.0, lines=0.5)
    image = Sample(Prepared(torch.zeros(64, 64), np.ones(2)), Truth())
    plain = augment(image, quiet, np.random.default_rng(0)).values
    lined = augment(image, noisy, np.random.default_rng(0)).values
    assert plain.abs().max() == 0.0
    assert lined[0].std(dim=1).max() < 1e-6
    assert lined[0].std(dim=0).min() > 0.01
