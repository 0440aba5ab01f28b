"""From the twin to a laboratory: trained on a twin, tuned on 40 images of a microscope with other parameters.

The laboratory is the microscope's twin with other pixels, voltages, tips, noise, calibration and samples
(`detection_sets.LABORATORY`), which the package's detector has never seen. For each of five seeds 40 of its images are
learned from, 22 choose weights and threshold, and 18 test, in three ways: the package's detector as it is, the same
tuned on the 40 images, and the 40 images alone.

Each training is kept, goes on where it was interrupted, and is done once.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "2")  # read once, when torch is loaded

import numpy as np

from analysis.detection import Detector, Truth
from analysis.detection.metrics import Evaluation, evaluate
from analysis.detection.training import few_images, train
from benchmarks.detection_sets import CLASSES, LAB, LABORATORY, Split, kept, samples, split
from benchmarks.detection_shipped import found_in, summarise
from benchmarks.report import Report, results
from daemon.cli.train import PB


def tested(detector: Detector, images: Split) -> Evaluation:
    """Threshold from the validation images, figures from the test images; of Pb1 to Pb4."""
    # Tuning learns Pb5 and Pb6, too; the figures leave them out as in the other studies.
    known, truths = (
        [
            Truth(one.truth.boxes, np.where(one.truth.labels < len(CLASSES), one.truth.labels, -1))
            for one in samples(some)
        ]
        for some in (images.validation, images.test)
    )
    validated = evaluate(found_in(detector, images.validation), known, CLASSES)
    return evaluate(found_in(detector, images.test), truths, CLASSES, validated.threshold)


def tuned(seed: int, images: Split, start: Detector | None) -> Detector:
    """Train on the laboratory's 40 images, from the package's weights or from none."""
    from analysis.detection.training import finish

    recipe = replace(few_images(PB), seed=seed)
    if start is not None:
        recipe = replace(recipe, learning_rate=recipe.learning_rate / 10.0, steps=400, evaluate_every=100)
    seen = images.training[0].sample.values.sum()
    folder = kept(f"{'tuned' if start else 'alone'}-{seed}", recipe, start and start.card.sha256, seen)
    parts = samples(images.training), samples(images.validation)
    return finish(train(recipe, *parts, folder=folder, start=start.network if start else None), parts[1])


def main() -> None:
    """Train what is not trained yet, and print the table."""
    parser = argparse.ArgumentParser(description="Pre-training on the twin, fine-tuning on a laboratory's images.")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    report, shipped = Report(), Detector.default()
    found: dict[str, list[Evaluation]] = {"as shipped": [], "shipped, then tuned": [], "40 images alone": []}
    for seed in options.seeds:
        images = split(seed, LAB, classes=PB, **LABORATORY)
        found["as shipped"].append(tested(shipped, images))
        found["shipped, then tuned"].append(tested(tuned(seed, images, shipped), images))
        found["40 images alone"].append(tested(tuned(seed, images, None), images))
        said = ", ".join(f"{name} {some[-1].map50:.3f}" for name, some in found.items())
        print(f"seed {seed}: {said}", flush=True)
    summarise(report, found)
    report.finish(results(__file__) if options.write else None, images="40 / 22 / 18 per seed")


if __name__ == "__main__":
    main()
