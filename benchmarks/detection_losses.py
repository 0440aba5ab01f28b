"""Which loss finds Pb clusters best when there are no more than 40 images to learn from: the source's table, re-made.

Six losses of the classification, five seeds; each seed has images, weights and order of its own. 80 images of the
microscope's twin are split 40 / 22 / 18 as in the source, and Pb1 to Pb4 are to be found. All losses share one
architecture, augmentation, schedule and number of steps, chosen on the validation images with plain cross-entropy
trained until it no longer improved. Weights are those that did best on the validation images, precision and recall are
taken at the threshold with the best F1 there, and nothing but the last line of the study sees the test images. As in
the YOLO family, the objectness always has cross-entropy, and losses differ in the classes of cells that tell of a
cluster. Each network looks at its images once, and thoroughly, at their mirror images, too.

Each training is kept, goes on where it was interrupted, and is done once: call the command as often as needed.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "2")  # read once, when torch is loaded

import numpy as np
from numpy.typing import NDArray

from analysis.detection.inference import look
from analysis.detection.losses import LOSSES
from analysis.detection.metrics import Evaluation, evaluate
from analysis.detection.network import Network, fused
from analysis.detection.results import Detections
from analysis.detection.training import Recipe, Trained, few_images, train
from benchmarks.detection_sets import CLASSES, Known, Split, kept, samples, split
from benchmarks.report import Report, results

SOURCE = {
    "bce": (0.660, 0.600, 0.705),
    "focal": (0.647, 0.473, 0.577),
    "asymmetric": (0.654, 0.810, 0.778),
    "class-balanced": (0.711, 0.766, 0.777),
    "cb-focal": (0.745, 0.629, 0.724),
    "cb-asymmetric": (0.751, 0.817, 0.816),
}
"""Precision, recall and mAP50 of each loss in the source."""
RECIPE = few_images(CLASSES)
"""What all trainings have in common."""
LOOKS = {"a single look": False, "a thorough look": True}
"""How images are looked at, and whether that is thoroughly."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How well one training does on its test images.

    Attributes:
        precision: Mean over the classes, at the validation's threshold.
        recall: The same.
        map50: Mean average precision at an overlap of 0.50.
        map50_95: The same over 0.50 to 0.95.
        ap50: Of each class.
        confusion: True class or "false" by found class or "missed".
        vacancies: Part of the vacancies that were taken for a Pb1.
        seconds: The training took.
    """

    precision: float
    recall: float
    map50: float
    map50_95: float
    ap50: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]
    vacancies: float
    seconds: float


def judged(network: Network, images: Split, *, thorough: bool) -> tuple[Evaluation, list[Detections]]:
    """Evaluate on the test images, at the threshold of the validation images."""
    ready = fused(network)
    known, truths = ([one.truth for one in samples(some)] for some in (images.validation, images.test))
    validated, found = (
        [look(ready, one.sample.image, CLASSES, thorough=thorough) for one in some]
        for some in (images.validation, images.test)
    )
    return evaluate(found, truths, CLASSES, evaluate(validated, known, CLASSES).threshold), found


def figures(evaluation: Evaluation, found: list[Detections], images: list[Known], seconds: float) -> Figures:
    """Keep what the tables need."""
    return Figures(
        evaluation.mean_precision,
        evaluation.mean_recall,
        evaluation.map50,
        evaluation.map50_95,
        tuple(evaluation.ap[:, 0].tolist()),
        tuple(map(tuple, evaluation.confusion.tolist())),
        vacancies_taken(found, images, evaluation.threshold),
        seconds,
    )


def vacancies_taken(found: list[Detections], images: list[Known], threshold: float) -> float:
    """Part of the vacancies with the middle of a Pb1's box within a quarter of its width."""
    taken, there = 0, 0
    for some, image in zip(found, images, strict=True):
        boxes = some.where((some.scores >= threshold) & (some.labels == 0)).boxes
        middles, widths = 0.5 * (boxes[:, :2] + boxes[:, 2:]), boxes[:, 2] - boxes[:, 0]
        places = image.confusers["vacancy"]
        distance = np.hypot(*(places[:, None] - middles[None]).transpose(2, 0, 1))
        taken += int((distance < 0.25 * widths).any(axis=1).sum())
        there += len(places)
    return taken / max(there, 1)


def trained(recipe: Recipe, images: Split, label: str) -> Trained:
    """Train, or take the training up where it was left."""

    def report(history: list[dict[str, float]]) -> None:
        print(f"{label}: step {history[-1]['step']:.0f}, mAP50 {history[-1]['map50']:.3f} (validation)", flush=True)

    folder = kept(label, recipe, images.training[0].sample.values.sum())
    return train(recipe, samples(images.training), samples(images.validation), folder=folder, report=report)


def measured(loss: str, seed: int, steps: int = RECIPE.steps, **changes: Any) -> dict[str, Figures]:
    """Train with one loss and seed, and test with each kind of look; `changes` are those of `split`."""
    images = split(seed, **changes)
    one = trained(replace(RECIPE, loss=loss, seed=seed, steps=steps), images, f"{loss}-{seed}")
    return {
        name: figures(*judged(one.network, images, thorough=thorough), images.test, one.history[-1]["seconds"])
        for name, thorough in LOOKS.items()
    }


def spread(values: list[float]) -> str:
    """Mean ± deviation."""
    deviation = np.std(values, ddof=1) if len(values) > 1 else 0.0
    return f"{np.mean(values):.3f} ± {deviation:.3f}"


def tables(report: Report, look: str, found: dict[str, list[Figures]]) -> None:
    """The source's table beside ours, average precision by class, and the order of the losses, of one kind of look."""
    rows = []
    for loss, some in found.items():
        cells = (spread([getattr(one, name) for one in some]) for name in ("precision", "recall", "map50", "map50_95"))
        rows.append((loss, *cells, " / ".join(f"{value:.3f}" for value in SOURCE[loss])))
    report.table((look, "precision", "recall", "mAP50", "mAP50-95", "source: precision / recall / mAP50"), rows)
    rows = [
        (
            loss,
            *(spread([one.ap50[label] for one in some]) for label in range(len(CLASSES))),
            spread([one.vacancies for one in some]),
            f"{np.mean([one.seconds for one in some]):.0f} s",
        )
        for loss, some in found.items()
    ]
    heads = (f"AP50 of {name}" for name in CLASSES)
    report.table((look, *heads, "vacancies taken for Pb1", "training"), rows)
    ours = sorted(found, key=lambda loss: -float(np.mean([one.map50 for one in found[loss]])))
    theirs = sorted(found, key=lambda loss: -SOURCE[loss][2])
    report.table((f"order by mAP50, {look}", ""), [("here", " > ".join(ours)), ("source", " > ".join(theirs))])


def confusion_table(
    report: Report, label: str, confusions: list[NDArray[np.int64]], classes: tuple[str, ...] = CLASSES
) -> None:
    """All seeds' confusion matrices, added."""
    total = np.sum(confusions, axis=0)
    rows = [(name, *map(str, row)) for name, row in zip((*classes, "false"), total.tolist(), strict=True)]
    report.table((f"{label}: is, found as", *classes, "missed"), rows)


def main() -> None:
    """Train what is not trained yet, and print the tables."""
    parser = argparse.ArgumentParser(description="Six losses on 40 images of the microscope's twin.")
    parser.add_argument("--losses", nargs="+", default=list(LOSSES), choices=LOSSES)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    report = Report()
    found: dict[str, dict[str, list[Figures]]] = {look: {loss: [] for loss in options.losses} for look in LOOKS}
    # Seed by seed, so that an interrupted study compares all losses on some seeds.
    for seed, loss in product(options.seeds, options.losses):
        for kind, one in measured(loss, seed).items():
            found[kind][loss].append(one)
            print(f"{loss}, seed {seed}, {kind}: mAP50 {one.map50:.3f} (test)", flush=True)
    for kind, by_loss in found.items():
        tables(report, kind, by_loss)
        for loss in (name for name in ("bce", "cb-asymmetric") if name in by_loss):
            confusion_table(report, f"{loss}, {kind}", [np.array(one.confusion) for one in by_loss[loss]])
    report.finish(results(__file__) if options.write else None, steps=RECIPE.steps, images="40 / 22 / 18 per seed")


if __name__ == "__main__":
    main()
