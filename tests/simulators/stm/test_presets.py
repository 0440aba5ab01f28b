"""Presets."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.errors import SimulatorError
from simulators.stm import CLASSES, PRESETS, preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_draws_images(name: str) -> None:
    """With the promised shapes and types."""
    image = preset(name).image(1, (80, 112))
    assert image.height.shape == (80, 112)
    assert image.height.dtype == np.float32
    assert np.isfinite(image.height).all()
    assert image.boxes.shape == (len(image.labels), 4)
    assert set(image.labels.tolist()) <= set(range(len(CLASSES)))
    assert (image.boxes[:, :2] < image.boxes[:, 2:]).all()
    assert set(image.confusers) == {"vacancy", "hole", "bright"}
    assert image.nm_per_pixel == preset(name).conditions.nm_per_pixel
    assert image.bias in preset(name).conditions.biases


def test_a_seed_is_an_image() -> None:
    """The same again for the same, another for another."""
    chosen = preset()
    first, again, other = chosen.images([7, 7, 8])
    np.testing.assert_array_equal(first.height, again.height)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert not np.array_equal(first.height, other.height)


def test_clean_terraces_have_no_pb_and_nothing_like_it() -> None:
    """In none of many images."""
    for image in preset("clean").images(range(6)):
        assert not len(image.boxes)
        assert not len(image.confusers["vacancy"])
        assert not len(image.confusers["bright"])


def test_the_laboratory_has_one_instrument() -> None:
    """Its calibration is off by the same in all images; elsewhere each image has its own."""
    rngs = [np.random.default_rng(seed) for seed in (1, 2)]
    lab = [preset("lab").calibration(rng) for rng in rngs]
    np.testing.assert_array_equal(*lab)
    assert np.abs(lab[0] - np.eye(2)).max() > 0.03
    assert not np.array_equal(*(preset().calibration(rng) for rng in rngs))


def test_numbers_can_be_changed() -> None:
    """Each in its part, whatever the part's name."""
    changed = preset(
        "hard", contrast=0.5, noise=0.2, coverage=0.3, nm_per_pixel=0.2, double=0.1, shear=0.3, instrument=2
    )
    assert changed.conditions.look.contrast == 0.5
    assert changed.conditions.recording.noise == 0.2
    assert changed.surface.coverage == 0.3
    assert changed.conditions.nm_per_pixel == 0.2
    assert changed.conditions.tip.double == 0.1
    assert changed.conditions.scanner.shear == 0.3
    assert changed.instrument == 2
    assert changed.conditions.look.likeness == preset("hard").conditions.look.likeness


def test_unknown_names_are_refused() -> None:
    """With those that there are."""
    with pytest.raises(SimulatorError, match="choose one of default, easy, hard, lab, clean"):
        preset("soft")
    with pytest.raises(SimulatorError, match=r"unknown attributes nosie; known are .*, noise"):
        preset(nosie=1.0)
