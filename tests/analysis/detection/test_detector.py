"""The detector as programs use it: on disk and on images."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.detection import Detector, ImageError, WeightsError
from analysis.detection.calibration import Calibration
from analysis.detection.inference import batched
from analysis.detection.preparation import Prepared, prepare
from analysis.detection.training import Augmentation, Recipe, make_samples, train
from analysis.detection.weights import card_path, make_card, make_confidence

CLASSES = ("small", "large")


@pytest.fixture(scope="module")
def detector(images: list[Any]) -> Detector:
    """A small detector of blobs."""
    torch.set_num_threads(1)
    samples = list(make_samples(images, CLASSES))
    recipe = Recipe(
        CLASSES, steps=150, batch=4, evaluate_every=150, learning_rate=1e-2, width=8, augmentation=Augmentation(size=64)
    )
    network = train(recipe, samples[:10], samples[10:]).network
    return Detector(network, make_card(network, CLASSES, make_confidence(Calibration.none(2), 0.4)), "cpu")


def test_blobs_are_found_where_they_are(detector: Detector, images: list[Any]) -> None:
    """Most boxes lie on a blob, surest first, with names."""
    image = images[11]
    found = detector.detect(image.height, nm_per_pixel=0.2)
    centres, there = (0.5 * (boxes[:, :2] + boxes[:, 2:]) for boxes in (found.boxes, image.boxes))
    distance = np.hypot(*(centres[:, None] - there[None]).transpose(2, 0, 1))
    assert len(found) >= 4
    assert np.median(distance.min(axis=1)) < 1.5
    assert (np.diff(found.scores) <= 0).all()
    assert found.scores.min() >= 0.4
    assert set(found.names) <= set(CLASSES)
    assert sum(found.counts().values()) == len(found)
    assert (found.boxes.dtype, found.labels.dtype, found.scores.dtype) == (np.float32, np.int64, np.float32)


def test_boxes_are_in_pixels_of_the_image(detector: Detector, images: list[Any]) -> None:
    """The same surface in pixels half as large gives boxes twice as far out."""
    image = images[11]
    large = np.kron(image.height, np.ones((2, 2)))
    one, other = detector.detect(image.height, nm_per_pixel=0.2), detector.detect(large, nm_per_pixel=0.1)
    best = one.boxes[0]
    assert np.abs(other.boxes - 2.0 * best).max(axis=1).min() < 1.0


def test_a_place_has_one_cluster(detector: Detector, images: list[Any]) -> None:
    """No two boxes overlap, of whatever class, even at scores close to nothing."""
    from analysis.detection.boxes import iou

    found = detector.detect(images[11].height, nm_per_pixel=0.2, score=0.01)
    overlap = iou(found.boxes, found.boxes) - np.eye(len(found))
    assert overlap.max() <= 0.45


def test_lines_still_missing_change_nothing_above(detector: Detector, images: list[Any]) -> None:
    """Clusters well above the last line are found while the scan goes on."""
    height = images[11].height.copy()
    whole = detector.detect(height, nm_per_pixel=0.2)
    height[64:] = np.nan
    part = detector.detect(height, nm_per_pixel=0.2)
    assert part.boxes[:, 3].max(initial=0.0) <= 72.0
    above = whole.boxes[whole.boxes[:, 3] < 50.0]
    assert len(above)
    for box in above:
        assert np.abs(part.boxes - box).max(axis=1).min() < 3.0


def test_it_comes_back_from_disk(detector: Detector, images: list[Any], tmp_path: Path) -> None:
    """Half the precision changes scores by a thousandth; the card says the same."""
    path = tmp_path / "mine.safetensors"
    detector.save(path)
    again = Detector.load(path)
    assert replace(again.card, sha256="") == detector.card
    ours, theirs = (one.candidates(prepare(images[0].height, 0.2)) for one in (detector, again))
    assert theirs.scores[0] == pytest.approx(ours.scores[0], abs=0.01)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["mine.json", "mine.safetensors"]


@pytest.mark.parametrize("axis", [0, 1])
def test_a_thorough_look_knows_no_handedness(detector: Detector, images: list[Any], axis: int) -> None:
    """Of a mirrored image it says the mirrored, which a single look does not."""
    values = batched(prepare(images[11].height, 0.2).values)[0, 0]
    one, other = (Prepared(some.contiguous(), np.ones(2)) for some in (values, values.flip(axis)))
    far = float(values.shape[axis])
    low, high = 1 - axis, 3 - axis
    for thorough in (True, False):
        plain, mirrored = (detector.candidates(image, thorough=thorough) for image in (one, other))
        boxes = mirrored.boxes.copy()
        boxes[:, [low, high]] = far - boxes[:, [high, low]]
        distance = np.abs(plain.boxes[:, None] - boxes).max(axis=2).min(axis=1)
        assert (distance.max() < 1e-2) == thorough
        assert np.allclose(plain.scores[:5], mirrored.scores[:5], atol=1e-4) == thorough


def test_each_look_has_confidences_of_its_own(detector: Detector, images: list[Any]) -> None:
    """Calibration and threshold are those of the look that was asked for."""
    plain = make_confidence(Calibration.none(2), 0.01)
    timid = make_confidence(Calibration(np.ones(2), np.full(2, -20.0)), 0.5)
    both = Detector(detector.network, make_card(detector.network, CLASSES, plain, timid), "cpu")
    image = images[11].height
    assert both.detect(image, 0.2).scores.max() > 0.5
    assert len(both.detect(image, 0.2, thorough=True)) == 0
    assert 0.0 < both.detect(image, 0.2, score=0.0, thorough=True).scores.max() < 0.01


def test_calibration_applies_to_scores(detector: Detector, images: list[Any]) -> None:
    """An offset lowers them and changes no box."""
    lower = make_confidence(Calibration(np.ones(2), np.full(2, -1.0)), 0.1)
    card = make_card(detector.network, CLASSES, lower)
    image = prepare(images[0].height, 0.2)
    plain, lowered = detector.candidates(image), Detector(detector.network, card, "cpu").candidates(image)
    assert lowered.scores.max() < plain.scores.max()
    assert np.array_equal(plain.boxes, lowered.boxes)


@pytest.mark.parametrize("damage", ["cut", "other", "no card", "no weights", "version", "words", "sizes", "pixels"])
def test_damaged_files_are_told(detector: Detector, tmp_path: Path, damage: str) -> None:
    """Each in one line that names the file."""
    path = tmp_path / "mine.safetensors"
    detector.save(path)
    card = card_path(path)
    facts = json.loads(card.read_text())
    changes = {"version": {"format": "x/9"}, "sizes": {"architecture": {"classes": 2}}, "pixels": {"working_pixel": 1}}
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "other":
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    elif damage == "words":
        card.write_text("{")
    elif damage in changes:
        card.write_text(json.dumps(facts | changes[damage]))
    else:
        (card if damage == "no card" else path).unlink()
    with pytest.raises(WeightsError, match="mine"):
        Detector.load(path)


def test_bad_images_are_refused(detector: Detector) -> None:
    """As by preparation."""
    with pytest.raises(ImageError, match="constant"):
        detector.detect(np.zeros((64, 64)), nm_per_pixel=0.2)
