"""Detection in a chain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.detection import Detections
from analysis.detection.preparation import WORKING_PIXEL, Prepared
from analysis.streaming import Batch, BatchError, Chain, ChainError, Detection, Layout, declare

SHAPE = (64, 64)
CLASSES = ("small", "large")


@dataclass(frozen=True, slots=True)
class Bright:
    """Finds bright pixels."""

    classes: tuple[str, ...] = CLASSES

    def candidates(self, image: Prepared, *, thorough: bool = False) -> Detections:
        """One box around each."""
        rows, columns = np.nonzero(image.values.numpy() > 20.0)
        boxes = np.stack([columns - 2, rows - 2, columns + 3, rows + 3], axis=1).astype(np.float32)
        labels = (columns > SHAPE[1] // 2).astype(np.int64)
        return Detections(boxes, labels, np.full(len(rows), 0.75, np.float32), CLASSES)

    def choose(self, every: Detections, score: float | None = None, *, thorough: bool = False) -> Detections:
        """All of them."""
        return every.above(score or 0.5)


def surface(*spots: tuple[int, int], seed: int = 0) -> NDArray[np.float32]:
    """A rough surface with bright pixels at (row, column); its waves make the lines alike."""
    rng = np.random.default_rng(seed)
    image = np.sin(np.arange(64) / 2.0) + 0.2 * rng.normal(size=SHAPE)
    for row, column in spots:
        image[row, column] = 60.0
    return image.astype(np.float32)


@pytest.fixture
def chain() -> Chain:
    """A chain that detects, begun."""
    chain = Chain([Detection(WORKING_PIXEL, finder=Bright())])
    chain.start(Layout(SHAPE, "float32"))
    return chain


def test_counts_and_densities_of_each_image(chain: Chain) -> None:
    """Of all and of each class; per 100 nm²."""
    chain.process(Batch(0, np.stack([surface((10, 10), (40, 50)), surface(), surface((30, 60), seed=2)])))
    values = chain.result().values
    np.testing.assert_array_equal(values["detections.count"], [2, 0, 1])
    np.testing.assert_array_equal(values["detections.count.large"], [1, 0, 1])
    np.testing.assert_allclose(
        values["detections.density.small"], np.array([1, 0, 0]) * 100.0 / (64 * 64 * WORKING_PIXEL**2)
    )
    np.testing.assert_allclose(values["detections.expected.large"], [0.75, 0.0, 0.75])
    np.testing.assert_array_equal(values["detections.flawed"], [0, 0, 0])


def test_the_table(chain: Chain) -> None:
    """A row per cluster; offsets tell which rows are an image's."""
    chain.process(Batch(0, np.stack([surface((10, 10), (40, 50)), surface(), surface((30, 60), seed=2)])))
    table = chain.result().results["detections"]
    np.testing.assert_array_equal(table["image"], [0, 0, 2])
    np.testing.assert_array_equal(table["offsets"], [0, 2, 2, 3])
    np.testing.assert_array_equal(table["boxes"][0], [8, 8, 13, 13])
    np.testing.assert_allclose(table["boxes_nm"], WORKING_PIXEL * table["boxes"])
    assert table["classes"].tolist() == list(CLASSES)
    assert table["flaws"].tolist() == ["", "", ""]
    assert table["expected"].shape == (3, 2)


def test_an_image_that_grows_is_one_image(chain: Chain) -> None:
    """Partial results at any time; in the end it is there once."""
    whole = surface((10, 10), (40, 50))
    for rows in (8, 40, 40, 58, 64):
        shown = np.full(SHAPE, np.nan, np.float32)
        shown[:rows] = whole[:rows]
        chain.process(Batch(0, shown[None]))
        table = chain.result().results["detections"]
        assert len(table["image"]) == (0 if rows < 40 else 1 if rows < 53 else 2)
        assert table["lines"].tolist() == [rows]
    chain.process(Batch(1, surface((5, 5))[None]))
    assert chain.result().results["detections"]["offsets"].tolist() == [0, 2, 3]
    assert chain.result().frames == 2


def test_a_scan_that_is_begun_anew_forgets_the_first_try(chain: Chain) -> None:
    """The same image number with fewer lines than before."""
    shown = np.full(SHAPE, np.nan, np.float32)
    shown[:60] = surface((10, 10))[:60]
    chain.process(Batch(0, shown[None]))
    again = np.full(SHAPE, np.nan, np.float32)
    again[:40] = surface((20, 20))[:40]
    chain.process(Batch(0, again[None]))
    np.testing.assert_array_equal(chain.result().results["detections"]["boxes"], [[18, 18, 23, 23]])


def test_flawed_images_fail_nothing(chain: Chain) -> None:
    """They are told of, and count as unknown where they cannot be searched."""
    noise = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    chain.process(Batch(0, np.stack([np.zeros(SHAPE, np.float32), np.full(SHAPE, np.nan, np.float32), noise])))
    outcome = chain.result()
    assert outcome.failures == ()
    np.testing.assert_array_equal(outcome.values["detections.flawed"], [1, 1, 1])
    np.testing.assert_array_equal(np.isnan(outcome.values["detections.count"]), [True, True, False])
    flaws = outcome.results["detections"]["flaws"].tolist()
    assert [flaw.partition(":")[0] for flaw in flaws] == ["blank", "blank", "noise"]
    assert outcome.results["detections"]["offsets"].tolist()[:3] == [0, 0, 0]


def test_nothing_yet(chain: Chain) -> None:
    """An empty table."""
    table = chain.result().results["detections"]
    assert table["boxes"].shape == (0, 4)
    assert table["offsets"].tolist() == [0]
    assert table["expected"].shape == (0, 2)


def test_pixels_must_be_known() -> None:
    """Or nothing can be searched."""
    step = Detection(finder=Bright())
    step.start(Layout(SHAPE))
    with pytest.raises(BatchError, match="give nm_per_pixel"):
        step.process(Batch(0, surface()[None]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nm_per_pixel": -0.1}, "nm_per_pixel must be positive"),
        ({"score": 1.5}, "score must lie between"),
        ({"weights": "nowhere.safetensors"}, "no weights nowhere"),
    ],
)
def test_mistakes_are_told_before_a_scan(options: dict[str, object], message: str, tmp_path: Path) -> None:
    """As with every step."""
    with pytest.raises(ChainError, match=message):
        declare([{"step": "detection", **options}])
