"""The detector that comes with the package."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from analysis.detection import Detector
from analysis.detection.boxes import iou
from analysis.detection.detector import DEFAULT
from simulators.stm import CLASSES, preset


@pytest.fixture(scope="module")
def detector() -> Detector:
    """As it comes."""
    torch.set_num_threads(1)
    return Detector.default()


def test_it_is_small_and_has_a_card(detector: Detector) -> None:
    """At most 3 MB, with what it was made from and how well it does."""
    assert DEFAULT.stat().st_size <= 3_000_000
    assert detector.classes == CLASSES
    card = json.loads(DEFAULT.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["training"]["data"]["twin"] == "stm"
    assert card["training"]["recipe"]["loss"] == "bce"
    assert card["metrics"]["validation"]["map50"] > 0.8
    assert card["licence"] == "BSD-3-Clause"


def test_it_finds_clusters(detector: Detector) -> None:
    """Most of those in images that it never saw, with the right class, and little else."""
    right = found = there = 0
    for image in preset("default").images(range(70, 82)):
        some = detector.detect(image.height, image.nm_per_pixel)
        same = (iou(some.boxes, image.boxes) >= 0.5) & (some.labels[:, None] == image.labels[None, :])
        right, found, there = right + int(same.any(axis=0).sum()), found + len(some), there + len(image.labels)
    assert there > 60
    assert right / there > 0.8
    assert right / found > 0.8


def test_bare_terraces_stay_bare(detector: Detector) -> None:
    """Hardly anything is found where no Pb is."""
    images = preset("clean").images(range(8))
    found = [len(detector.detect(image.height, image.nm_per_pixel)) for image in images]
    assert np.mean(found) <= 0.5


def test_the_unit_of_height_does_not_matter(detector: Detector) -> None:
    """Metres and a tilt give the same clusters as ångströms."""
    image = preset("easy").image(5, (160, 160))
    plain = detector.detect(image.height, image.nm_per_pixel)
    other = detector.detect(1e-10 * (image.height.astype(float) + 0.01 * np.arange(160)) + 3e-7, image.nm_per_pixel)
    assert plain.labels.tolist() == other.labels.tolist()
    assert np.allclose(plain.boxes, other.boxes, atol=0.5)
