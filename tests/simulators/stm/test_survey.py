"""Surveys and their truth."""

from __future__ import annotations

import numpy as np

from simulators.stm import CLASSES, Survey, preset

SURVEY = Survey(preset(scale_error=0.0, shear=0.0, drift=0.0, creep=0.0, hysteresis=0.0), 2, (400.0, 300.0))


def test_the_counts_are_those_of_the_parts() -> None:
    """Cut into rectangles that do not overlap, the area holds what it holds."""
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(25.0, 400.0, 50.0), np.arange(25.0, 300.0, 50.0)))
    parts = SURVEY.counts_at(x, y, (50.0, 50.0))
    assert parts.shape == (48, 6)
    assert dict(zip(CLASSES, parts.sum(axis=0).tolist(), strict=True)) == SURVEY.counts()
    points, labels = SURVEY.clusters
    assert len(points) == len(labels) == sum(SURVEY.counts().values())
    assert (points >= 0).all()
    assert (points < [400.0, 300.0]).all()


def test_an_image_shows_the_clusters_of_its_field() -> None:
    """As many boxes as clusters have their middle in it, but for those at its edge."""
    for x, y in [(100.0, 90.0), (211.0, 140.0), (320.0, 220.0)]:
        image = SURVEY.image(x, y, bias=-1.0)
        (expected,) = SURVEY.counts_at(np.array([x]), np.array([y]), SURVEY.field_size())
        found = np.bincount(image.labels, minlength=6)
        assert np.abs(found - expected).sum() <= 4
        assert found.sum() > 5


def test_the_raster_covers_the_area_without_overlap() -> None:
    """Whole fields, side by side, as many as fit."""
    width, height = SURVEY.field_size()
    fields = np.array(list(SURVEY.raster()))
    assert len(fields) == int(400 // width) * int(300 // height)
    np.testing.assert_allclose(fields.min(axis=0), [width / 2, height / 2])
    assert (fields.max(axis=0) <= [400.0 - width / 2, 300.0 - height / 2]).all()
    assert len({tuple(field) for field in fields.round(6).tolist()}) == len(fields)


def test_images_of_one_place_differ_in_their_noise_only() -> None:
    """Clusters are the same; the same number is the same image."""
    one, same, other = (SURVEY.image(200.0, 150.0, number, bias=1.0) for number in (1, 1, 2))
    np.testing.assert_array_equal(one.height, same.height)
    assert not np.array_equal(one.height, other.height)
    np.testing.assert_allclose(one.boxes, other.boxes, atol=0.6)
    np.testing.assert_array_equal(one.labels, other.labels)
