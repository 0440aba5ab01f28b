"""Clusters told of while an image grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, maximum_filter

from analysis.detection import Detections
from analysis.detection.boxes import iou
from analysis.detection.preparation import Prepared, prepare
from analysis.detection.scanning import CONTEXT, ScanSearch, Sighting, scanned_rows
from analysis.detection.suppression import OVERLAP, suppress

PIXEL = 0.2


@dataclass(frozen=True, slots=True)
class Peaks:
    """Finds high places, with boxes that shake as the image grows, so that they have to be recognised."""

    classes: tuple[str, ...] = ("small", "large")

    def candidates(self, image: Prepared, *, thorough: bool = False) -> Detections:
        """Every local maximum."""
        smooth = gaussian_filter(image.values.numpy().astype(float), 1.5)
        rows, columns = np.nonzero((smooth == maximum_filter(smooth, 9)) & (smooth > 1.0))
        heights = smooth[rows, columns]
        order = np.argsort(-heights, kind="stable")
        shake = 0.8 * np.sin(len(smooth) + np.arange(len(rows)))
        x, y = columns[order] + 0.5 + shake, rows[order] + 0.5
        boxes = image.to_image(np.stack([x - 5, y - 5, x + 5, y + 5], axis=1)).astype(np.float32)
        scores = (1.0 - np.exp(-heights[order])).astype(np.float32)
        return Detections(boxes, (heights[order] > 3.0).astype(np.int64), scores, self.classes)

    def choose(self, every: Detections, score: float | None = None, *, thorough: bool = False) -> Detections:
        """The sure ones, each place once."""
        sure = every.above(0.7 if score is None else score)
        return sure.where(suppress(sure.boxes))


@pytest.fixture(scope="module")
def image() -> NDArray[np.float64]:
    """A rough plane with peaks."""
    rng = np.random.default_rng(8)
    y, x = np.mgrid[:120, :96]
    height = 0.1 * rng.normal(size=(120, 96)) + 0.01 * x
    for _ in range(18):
        cy, cx = rng.uniform(6, 114), rng.uniform(6, 90)
        height += rng.uniform(0.5, 2.0) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 10.0)
    return height


def partial(image: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    """The image with so many lines scanned."""
    shown = np.full_like(image, np.nan)
    shown[:rows] = image[:rows]
    return shown


def watch(image: NDArray[np.float64], stops: list[int]) -> list[Sighting]:
    """Look at the image after so many lines each, and in the end."""
    search = ScanSearch(Peaks(), PIXEL)
    return [search.take(partial(image, rows)) for rows in [*stops, len(image)]]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 119), max_size=8).map(sorted))
def test_however_an_image_comes_the_same_is_found(image: NDArray[np.float64], stops: list[int]) -> None:
    """In the end it is what a search of the whole image finds, and no place is there twice on the way."""
    whole = Peaks().choose(Peaks().candidates(prepare(image, PIXEL)))
    seen = watch(image, stops)
    np.testing.assert_array_equal(seen[-1].found.boxes, whole.boxes)
    np.testing.assert_array_equal(seen[-1].found.labels, whole.labels)
    np.testing.assert_array_equal(seen[-1].found.scores, whole.scores)
    told: set[int] = set()
    for one in seen:
        overlaps = iou(one.found.boxes, one.found.boxes) - np.eye(len(one.found))
        assert overlaps.max(initial=0.0) <= OVERLAP
        assert len(set(one.numbers.tolist())) == len(one.numbers) == len(one.found)
        fresh = set(one.numbers[one.fresh].tolist())
        assert not fresh & told
        told |= fresh
        assert set(one.numbers.tolist()) <= told
    assert told == set(seen[-1].numbers.tolist()) | set(seen[-1].withdrawn)


def test_a_cluster_is_told_of_when_its_surroundings_are_scanned(image: NDArray[np.float64]) -> None:
    """Not before, and line by line at the latest a few lines later; most of them long before the end."""
    search, first = ScanSearch(Peaks(), PIXEL), {}
    context = CONTEXT / PIXEL
    for rows in range(1, 121):
        seen = search.take(partial(image, rows))
        for box, number in zip(seen.found.boxes[seen.fresh], seen.numbers[seen.fresh], strict=True):
            first[int(number)] = rows
            if not seen.complete:
                assert box[3] + context <= rows
    ends = {int(number): box[3] for box, number in zip(seen.found.boxes, seen.numbers, strict=True)}
    late = np.array([first[number] - min(end + context, 120) for number, end in ends.items()])
    assert len(late) > 8
    assert np.median(late) <= 2.0


def test_clusters_keep_their_numbers(image: NDArray[np.float64]) -> None:
    """Boxes may move a little meanwhile; hardly any is taken back."""
    seen = watch(image, list(range(40, 120, 8)))
    before = set(seen[-2].numbers.tolist())
    assert before <= set(seen[-1].numbers.tolist()) | set(seen[-1].withdrawn)
    assert len(seen[-1].withdrawn) <= 0.2 * len(before)


def test_no_new_line_is_nothing_new(image: NDArray[np.float64]) -> None:
    """Asking again changes nothing and costs nothing; nor do too few lines."""
    search = ScanSearch(Peaks(), PIXEL)
    assert len(search.take(partial(image, 5)).found) == 0
    one = search.take(partial(image, 70))
    other = search.take(partial(image, 70))
    np.testing.assert_array_equal(one.numbers, other.numbers)
    assert one.fresh.any()
    assert not other.fresh.any()


def test_expected_counts_are_sums_of_scores(image: NDArray[np.float64]) -> None:
    """Of all candidates, known at the end."""
    seen = watch(image, [80])
    assert np.isnan(seen[0].expected).all()
    every = Peaks().candidates(prepare(image, PIXEL))
    np.testing.assert_allclose(
        seen[1].expected, [every.scores[every.labels == label].sum() for label in (0, 1)], rtol=1e-6
    )


def test_lines_that_are_there() -> None:
    """Up to the last one with any value."""
    shown = np.full((5, 4), np.nan)
    assert scanned_rows(shown) == 0
    shown[[0, 2], 1] = 1.0
    assert scanned_rows(shown) == 3
