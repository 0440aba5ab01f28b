"""From the twin to a laboratory: trained on a twin, tuned on 40 images of a microscope with other parameters.

The laboratory is the microscope's twin with other pixels, voltages, tips, noise, calibration and samples
(`detection_sets.LABORATORY`), which the package's detector has never seen. For each of five seeds 40 of its images
are learned from, 22 choose weights and threshold, and 18 test. Beside the package's detector as it is stand the same
tuned on the 40 images; the same taught, before, with images of the twin that have the laboratory's pixels and
voltages, which every file tells; and the 40 images alone. Each looks at an image once, and thoroughly, which is at its
mirror images, too.

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
from analysis.detection.training import few_images, many_images, train
from benchmarks.detection_losses import LOOKS
from benchmarks.detection_sets import CLASSES, LAB, LABORATORY, PRETRAINING, Split, kept, samples, split
from benchmarks.detection_shipped import found_in, summarise
from benchmarks.report import Report, results
from daemon.cli.train import PB
from daemon.detection.training import WEIGHTS, Twin, train_detector, twin_samples
from simulators.stm.variety import VARIED


def tested(detector: Detector, images: Split, *, thorough: bool) -> Evaluation:
    """Threshold from the validation images, figures from the test images; of Pb1 to Pb4."""
    # Tuning learns Pb5 and Pb6, too; the figures leave them out as in the other studies.
    known, truths = (
        [
            Truth(one.truth.boxes, np.where(one.truth.labels < len(CLASSES), one.truth.labels, -1))
            for one in samples(some)
        ]
        for some in (images.validation, images.test)
    )
    validated = evaluate(found_in(detector, images.validation, thorough=thorough), known, CLASSES)
    return evaluate(found_in(detector, images.test, thorough=thorough), truths, CLASSES, validated.threshold)


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


def taught(start: Detector) -> Detector:
    """The package's detector after images of the twin with what is known of the laboratory: pixels and voltages."""
    known = {name: LABORATORY[name] for name in ("nm_per_pixel", "biases")}
    twin = Twin(images=1500, first=PRETRAINING + 500_000, options={"preset": VARIED, **known}, workers=1)
    recipe = replace(many_images(PB), learning_rate=3e-3, steps=3000, evaluate_every=1500)
    folder = kept("taught", recipe, twin.facts(), start.card.sha256)
    if (folder / WEIGHTS).exists():
        return Detector.load(folder / WEIGHTS)
    training, validation = twin_samples(twin, PB, lambda *_: None)
    data = twin.facts() | {"after": start.card.training["data"]}
    return train_detector(recipe, training, validation, folder, data=data, start=start, advance=lambda *_: None)


def main() -> None:
    """Train what is not trained yet, and print the table."""
    parser = argparse.ArgumentParser(description="Pre-training on the twin, fine-tuning on a laboratory's images.")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    report, shipped = Report(), Detector.default()
    ready = taught(shipped)
    ways = ("as shipped", "tuned on 40 images", "taught with the twin", "taught, then tuned", "40 images alone")
    found: dict[str, list[Evaluation]] = {f"{way}, {look}": [] for look in LOOKS for way in ways}
    for seed in options.seeds:
        images = split(seed, LAB, classes=PB, **LABORATORY)
        detectors = (
            shipped,
            tuned(seed, images, shipped),
            ready,
            tuned(seed, images, ready),
            tuned(seed, images, None),
        )
        for way, detector in zip(ways, detectors, strict=True):
            for look, thorough in LOOKS.items():
                found[f"{way}, {look}"].append(tested(detector, images, thorough=thorough))
        said = ", ".join(f"{name} {some[-1].map50:.3f}" for name, some in found.items())
        print(f"seed {seed}: {said}", flush=True)
    summarise(report, found)
    report.finish(results(__file__) if options.write else None, images="40 / 22 / 18 per seed")


if __name__ == "__main__":
    main()
