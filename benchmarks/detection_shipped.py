"""The detector that comes with the package: made here, and tested on the same images as the losses.

It is trained on images of many microscopes and samples, drawn from the twin and none of which serves a study
(`beampilot train detection --option preset=varied` does the same): `--install` trains it, in about 20 minutes, and
puts it into the package; without, the package's own is tested. Its test are the 18 test images of each of the five
seeds, at the threshold that it brings with it, which comes from the images that its training was validated with, and
at one that comes from that seed's 22 validation images. The package's detector knows Pb5 and Pb6, too; here they are
neither to be found nor wrong to find. A single look at an image stands beside a thorough one, at its mirror images,
too; the tables after the first are of the thorough one. Confidences are compared with how often they are right.

The training is kept and goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")  # read once, when torch is loaded

import numpy as np
from matplotlib.figure import Figure

from analysis.detection import Detector
from analysis.detection.calibration import Reliability, outcomes, reliability
from analysis.detection.detector import DEFAULT
from analysis.detection.metrics import Evaluation, evaluate
from analysis.detection.results import Detections
from analysis.detection.training import many_images
from benchmarks.detection_losses import LOOKS, confusion_table, spread, vacancies_taken
from benchmarks.detection_sets import CLASSES, PRETRAINING, Known, kept, samples, split
from benchmarks.report import Report, results
from daemon.cli.train import PB
from daemon.detection.training import WEIGHTS, Twin, train_detector, twin_samples
from daemon.report.drawing import BLUE
from simulators.stm.variety import VARIED

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "reliability.png"


def made(images: int, workers: int) -> tuple[Detector, float]:
    """Train the detector, or read it where that is done.

    Args:
        images: To learn from.
        workers: Processes that draw them.

    Returns:
        The detector, and the seconds that it took, drawing included; NaN where it was there already.
    """
    twin = Twin(images=images, first=PRETRAINING, options={"preset": VARIED}, workers=workers)
    recipe = many_images(PB)
    folder = kept("shipped", recipe, twin.facts())
    if (folder / WEIGHTS).exists():
        return Detector.load(folder / WEIGHTS), float("nan")
    began = time.perf_counter()
    training, validation = twin_samples(twin, PB, lambda *_: None)
    detector = train_detector(recipe, training, validation, folder, data=twin.facts(), advance=_say)
    return detector, time.perf_counter() - began


def _say(what: str, part: float) -> None:
    if what == "training" and round(1e4 * part) % 500 == 0:
        print(f"{what}: {100 * part:.0f} %", flush=True)


def found_in(detector: Detector, images: list[Known], *, thorough: bool) -> list[Detections]:
    """What the detector gives its users, of the classes of the studies."""
    every = [detector.search(one.sample.image, score=0.0, thorough=thorough) for one in images]
    return [some.where(some.labels < len(CLASSES)) for some in every]


@dataclass(frozen=True, slots=True)
class Study:
    """The test images of a seed.

    Attributes:
        own: At the threshold that the detector brings with it.
        validated: At the threshold of the seed's validation images.
        found: What the detector found.
        images: Where.
    """

    own: Evaluation
    validated: Evaluation
    found: list[Detections]
    images: list[Known]


def study(detector: Detector, seed: int, *, thorough: bool) -> Study:
    """Search the images of a seed."""
    images = split(seed)
    known = [one.truth for one in samples(images.validation)]
    threshold = evaluate(found_in(detector, images.validation, thorough=thorough), known, CLASSES).threshold
    found = found_in(detector, images.test, thorough=thorough)
    truths, brought = [one.truth for one in samples(images.test)], detector.card.confidence(thorough=thorough).threshold
    own, validated = (evaluate(found, truths, CLASSES, one) for one in (brought, threshold))
    return Study(own, validated, found, images.test)


def summarise(report: Report, found: Mapping[str, Sequence[Evaluation]]) -> None:
    """Means and deviations over the seeds, a row for each way."""
    names, rows = ("mean_precision", "mean_recall", "map50", "map50_95"), []
    for label, some in found.items():
        cells = (spread([getattr(one, name) for one in some]) for name in names)
        by_class = (spread([float(one.ap[place, 0]) for one in some]) for place in range(len(CLASSES)))
        rows.append((label, *cells, *by_class))
    heads = ("precision", "recall", "mAP50", "mAP50-95", *(f"AP50 of {name}" for name in CLASSES))
    report.table(("detector", *heads), rows)


def draw_reliability(bins: Reliability) -> Figure:
    """Draw how often detections of similar confidence are right, and how many there are."""
    drawn = Figure(figsize=(4.2, 3.8), dpi=120, layout="constrained")
    axes = drawn.subplots()
    axes.plot([0.0, 1.0], [0.0, 1.0], color="0.7", linewidth=1.0)
    error = np.sqrt(bins.right * (1.0 - bins.right) / np.maximum(bins.numbers, 1))
    axes.errorbar(bins.scores, bins.right, error, fmt="o-", color=BLUE, capsize=3)
    for score, right, number in zip(bins.scores, bins.right, bins.numbers, strict=True):
        if number:
            axes.annotate(str(number), (score, right), (5.0, -10.0), textcoords="offset points", fontsize=7)
    axes.set(xlabel="mean confidence", ylabel="part that is right", xlim=(0.0, 1.0), ylim=(0.0, 1.0))
    axes.spines[["top", "right"]].set_visible(False)
    return drawn


def main() -> None:
    """Train, test and print the tables."""
    parser = argparse.ArgumentParser(description="Make and test the detector that comes with the package.")
    parser.add_argument("--images", type=int, default=4000, help="to learn from")
    parser.add_argument("--workers", type=int, default=2, help="processes that draw them")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--install", action="store_true", help="train it, and put it into the package")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    report = Report()
    facts = {}
    if options.install:
        made_here, seconds = made(options.images, options.workers)
        made_here.save(DEFAULT)
        facts["training"] = f"{seconds:.0f} s" if np.isfinite(seconds) else "kept from before"
    detector = Detector.default()
    ways: dict[str, list[Evaluation]] = {}
    studies: list[Study] = []
    for look, thorough in LOOKS.items():
        studies = [study(detector, seed, thorough=thorough) for seed in options.seeds]
        own = detector.card.confidence(thorough=thorough).threshold
        ways[f"{look}, at its own threshold of {own:.2f}"] = [one.own for one in studies]
        ways[f"{look}, at the thresholds of the validation images"] = [one.validated for one in studies]
    summarise(report, ways)
    confusion_table(report, "a thorough look, all seeds", [one.own.confusion for one in studies])
    taken = [vacancies_taken(one.found, one.images, one.own.threshold) for one in studies]
    report.table(("vacancies taken for Pb1",), [(spread(taken),)])
    truths = [known.sample.truth for one in studies for known in one.images]
    found = [some for one in studies for some in one.found]
    pairs = [outcomes(found, truths, label) for label in range(len(CLASSES))]
    scores, right = (np.concatenate(values) for values in zip(*pairs, strict=True))
    bins = reliability(scores, right)
    rows = [
        (f"{low:.1f} to {high:.1f}", number, f"{score:.3f}", f"{part:.3f}")
        for low, high, number, score, part in zip(
            bins.edges, bins.edges[1:], bins.numbers, bins.scores, bins.right, strict=False
        )
    ]
    report.table(("confidence", "detections", "mean confidence", "right"), rows)
    report.table(("expected calibration error",), [(f"{bins.expected_error:.4f}",)])
    if options.write:
        draw_reliability(bins).savefig(PICTURE)
    report.finish(
        results(__file__) if options.write else None,
        weights=detector.card.sha256[:12],
        images=detector.card.training["data"]["images"],
        **facts,
    )


if __name__ == "__main__":
    main()
