"""Counting clusters: a survey of 200 images against the truth, and how many images a survey needs against a raster.

Counts. Two hundred fields of 512 × 512 pixels of one surface of the microscope's twin are imaged and searched
thoroughly, as in a scan. Beside the truth (the labels of the same images) stand the detections above the detector's
threshold, and the expected counts, sums of all candidates' calibrated scores, so that false ones and missed ones
weigh as often as the calibration says; and both corrected for what the detector never sees and for classes that it
confuses, by a matrix from calibration images, of surveys of ten other surfaces: n = M⁻¹ e, where M_ij is what is
counted of class i per cluster of class j there, false ones subtracted.

Images. A survey that chooses fields by expected information, one that takes them line by line (a raster), one that
takes them at random, and one that takes the raster's with gaps, which it fills later, all with the same model of the
counts, until half the 95 % interval is narrower than wanted, relative to the number in the area. A raster side by side
knows nothing of the part that it has not come to; fields that are spread out by any rule know much sooner. Counts are
the truth's, so that only the choice of fields is compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.detection import Detections, Detector
from analysis.detection.boxes import iou
from analysis.detection.count_field import CountField, Estimate, Places, cover
from analysis.detection.preparation import prepare
from benchmarks.report import Report, results
from simulators.stm import CLASSES, Image, Survey, preset
from simulators.stm.presets import SHAPE as FIELD

Floats = NDArray[np.float64]

SURFACE, CALIBRATION = 6_000_001, 7_000_001
"""Seeds of the surfaces that are surveyed, and of those that the correction is made from: no other study's."""
LEARNED = 10
"""Surfaces that the correction is made from."""
SHAPE, AREA = (512, 512), (1500.0, 1500.0)
"""Pixels of the images that are counted in, and the area that they are spread over, nm."""
MATCH = 0.4
"""Intersection over union from which a candidate lies on a cluster."""
RIDGE = 5.0
"""Weight of the assumption that classes are not confused, in clusters, for classes of which there are few."""
CONFIDENCE = 0.95
FIRST = 3
"""Images that every survey takes."""
ALL = "all"
GOALS = ((ALL, 0.05), ("Pb3", 0.10), ("Pb5", 0.20))
"""What is to be known, and how well."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of one image by class.

    What was counted is told by the class of the cluster that it lies on, shape (classes, classes + 1); the last column
    is of what lies on none.

    Attributes:
        truth: Clusters labelled, shape (classes,).
        found: Detections above the threshold.
        expected: Sums of the candidates' scores.
    """

    truth: Floats
    found: Floats
    expected: Floats


def count(detector: Detector, image: Image) -> Counts:
    """Search an image, and count."""
    every = detector.candidates(prepare(image.height, image.nm_per_pixel), thorough=True)
    number = len(detector.classes)
    places = {name: place for place, name in enumerate(detector.classes)}
    # Clusters of classes that the detector does not know are as good as none.
    labels = np.array([places.get(CLASSES[label], number) for label in image.labels], np.int64)

    def by_cluster(some: Detections, weights: Floats) -> Floats:
        overlaps = np.column_stack([iou(some.boxes.astype(float), image.boxes), np.full(len(some), MATCH)])
        counts = np.zeros((number, number + 1))
        np.add.at(counts, (some.labels, np.append(labels, number)[np.argmax(overlaps, axis=1)]), weights)
        return counts

    sure = detector.choose(every, thorough=True)
    return Counts(
        np.bincount(labels, minlength=number + 1)[:number].astype(float),
        by_cluster(sure, np.ones(len(sure))),
        by_cluster(every, every.scores.astype(float)),
    )


def correction(truth: Floats, counted: Floats, images: int) -> tuple[Floats, Floats]:
    """What is counted of each class per cluster of each class, and where there is none.

    Args:
        truth: Clusters of each class in the images, shape (classes,).
        counted: What was counted in them, as `Counts` has it.
        images: How many images there are.

    Returns:
        M, shape (classes, classes), and the false ones per image, shape (classes,).
    """
    matrix = (counted[:, :-1] + RIDGE * np.eye(len(truth))) / (truth + RIDGE)
    return matrix, counted[:, -1] / images


def corrected(expected: Floats, images: int, matrix: Floats, false: Floats) -> Floats:
    """Counts of all images together, from what is expected in them, shape (classes,)."""
    return np.asarray(np.linalg.solve(matrix, expected - images * false), np.float64)


def survey_images(survey: Survey, number: int) -> Iterator[Image]:
    """Images of fields spread over the area."""
    places = _places(survey, SHAPE)
    chosen = np.linspace(0, len(places.centres) - 1, number).astype(int)
    for place in chosen:
        x, y = places.centres[place]
        yield survey.image(float(x), float(y), int(place), shape=SHAPE)


def _places(survey: Survey, shape: tuple[int, int] = FIELD) -> Places:
    width, height = survey.field_size(shape)
    middle = np.array([0.5 * width, 0.5 * height])
    return cover(middle, np.array(survey.area) - middle, (width, height))


def raster(number: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Line by line."""
    return np.arange(number)


def anywhere(number: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """At random."""
    return rng.permutation(number)


def with_gaps(number: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Line by line with gaps of 15 fields, then the middles of the gaps, and so on."""
    return np.concatenate(
        [np.arange(first, number, 16) for first in (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15)]
    )


ORDERS = {"raster, side by side": raster, "raster with gaps": with_gaps, "random": anywhere}
"""Ways to take fields that look at no count."""
INFORMED = "expected information"


def informed_survey(places: Places, counts: Floats, precision: float) -> tuple[int, Estimate]:
    """Survey where most is expected to be learned until the number is known, or all is seen."""
    field = CountField(places)
    estimate = field.estimate()
    while not field.seen.all():
        place = int(np.argmax(np.where(field.seen, -np.inf, field.information())))
        field.add(place, float(counts[place]))
        estimate = field.estimate()
        if field.seen.sum() >= FIRST and estimate.relative_error(CONFIDENCE) <= precision:
            break
    return int(field.seen.sum()), estimate


def ordered_survey(places: Places, counts: Floats, precision: float, order: NDArray[np.intp]) -> tuple[int, Estimate]:
    """Survey in a given order; the number of images that are needed is bracketed, as it falls with each image."""

    def known(number: int) -> Estimate:
        field = CountField(places)
        for place in order[:number]:
            field.add(int(place), float(counts[place]))
        return field.estimate()

    low, high = FIRST - 1, len(order)
    while high - low > 1:
        middle = (low + high) // 2
        if known(middle).relative_error(CONFIDENCE) <= precision:
            high = middle
        else:
            low = middle
    return high, known(high)


def count_part(report: Report, detector: Detector, options: argparse.Namespace) -> None:
    """Count a survey's images."""
    twin = preset(options.preset)
    others = [Survey(twin, CALIBRATION + number, AREA) for number in range(LEARNED)]
    each = max(1, options.calibration // LEARNED)
    learned = [count(detector, image) for other in others for image in survey_images(other, each)]
    survey = Survey(twin, SURFACE, AREA)
    seen = [count(detector, image) for image in survey_images(survey, options.images)]
    truth, counts = _total(seen, "truth"), []
    for name in ("found", "expected"):
        matrix, false = correction(_total(learned, "truth"), _total(learned, name), len(learned))
        plain = _total(seen, name).sum(axis=1)
        counts += [plain, corrected(plain, len(seen), matrix, false)]
    rows = []
    for place, name in enumerate((*detector.classes, ALL)):
        there, *told = (float(one.sum() if name == ALL else one[place]) for one in (truth, *counts))
        cells = [f"{value:.0f} ({100.0 * (value / max(there, 1.0) - 1.0):+.1f} %)" for value in told]
        rows.append((name, int(there), *cells, f"{100.0 / np.sqrt(max(there, 1.0)):.1f} %"))
    report.table(
        (f"{len(seen)} images", "truth", "detections", "corrected", "sum of scores", "corrected", "1/√truth"), rows
    )


def _total(seen: list[Counts], name: str) -> Floats:
    """One of the counts, of all images together."""
    return np.sum([getattr(one, name) for one in seen], axis=0)


def images_part(report: Report, options: argparse.Namespace) -> None:
    """Count the images that ways of choosing fields need."""
    rows = []
    for name, precision in GOALS:
        found: dict[str, list[tuple[int, float, bool]]] = {way: [] for way in (INFORMED, *ORDERS)}
        for seed in range(options.surfaces):
            survey = Survey(preset(options.preset), SURFACE + 1 + seed)
            places = _places(survey)
            every = survey.counts_at(places.centres[:, 0], places.centres[:, 1], survey.field_size()).astype(float)
            counts = every.sum(axis=1) if name == ALL else every[:, CLASSES.index(name)]
            for way, kept in found.items():
                if way == INFORMED:
                    number, estimate = informed_survey(places, counts, precision)
                else:
                    order = ORDERS[way](len(counts), np.random.default_rng([seed, 5]))
                    number, estimate = ordered_survey(places, counts, precision, order)
                low, high = estimate.interval(CONFIDENCE)
                inside = bool(low - 1e-6 <= counts.sum() <= high + 1e-6)
                kept.append((number, abs(estimate.count / counts.sum() - 1.0), inside))
        rows += [
            _needed(f"{name}, ± {100 * precision:.0f} %", way, kept, found[INFORMED]) for way, kept in found.items()
        ]
    heads = (
        "sought",
        "fields are chosen",
        "images needed",
        "the survey needs, of these",
        "error, mean",
        "truth in the interval",
    )
    report.table(heads, rows)


def _needed(
    goal: str, way: str, kept: list[tuple[int, float, bool]], informed: list[tuple[int, float, bool]]
) -> tuple[str, ...]:
    """A row of the table."""
    numbers = [one[0] for one in kept]
    share = np.mean([one[0] for one in informed]) / np.mean(numbers)
    return (
        goal,
        way,
        f"{np.mean(numbers):.0f} ({min(numbers)} to {max(numbers)})",
        f"{100.0 * share:.0f} %",
        f"{100.0 * np.mean([one[1] for one in kept]):.1f} %",
        f"{sum(one[2] for one in kept)}/{len(kept)}",
    )


def main() -> None:
    """Survey and print."""
    parser = argparse.ArgumentParser(description="Counts of a survey, and the images it needs.")
    parser.add_argument("--weights", type=Path, help="another detector than the package's")
    parser.add_argument("--preset", default="default", help="of the microscope's twin")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--calibration", type=int, default=400, help="images that the correction is made from")
    parser.add_argument("--surfaces", type=int, default=5, help="surfaces that strategies are compared on")
    parser.add_argument("--part", choices=("counts", "images"), help="one part alone")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    report = Report()
    facts = {}
    if options.part != "images":
        detector = Detector.default() if options.weights is None else Detector.load(options.weights)
        facts["threshold"] = f"{detector.card.thorough.threshold:.3f}"
        facts["weights"] = detector.card.sha256[:12]
        count_part(report, detector, options)
    if options.part != "counts":
        images_part(report, options)
    report.finish(results(__file__) if options.write else None, preset=options.preset, **facts)


if __name__ == "__main__":
    main()
