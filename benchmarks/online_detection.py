"""How soon a cluster is told of while its image is scanned.

Images of 512 × 512 working pixels grow line by line; after every line the on-line step looks at what is there, as the
analyst does. A cluster needs the lines of its box and 1.5 nm below it. Counted is the time from the moment at which the
last of these lines is there until the step has told of the cluster, for clusters told of as soon as they could be, and
how many lines later others were told of (the network was not sure before). In the end, each image's clusters must be
those of a thorough search of the whole image; the last look at each is one.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from analysis.detection import Detector
from analysis.detection.preparation import WORKING_PIXEL
from analysis.detection.scanning import CONTEXT, ScanSearch
from benchmarks.report import Report, results
from simulators.stm import preset

SHAPE = (512, 512)


def watch(detector: Detector, image: np.ndarray, every: int) -> tuple[list[float], list[float], int]:
    """Scan one image.

    Args:
        detector: What searches.
        image: The complete image.
        every: Lines between two looks.

    Returns:
        The time of each look that told of something new, s; how many lines after the last it needs each cluster was
        told of; and how many clusters were taken back in the end.
    """
    search, grown = ScanSearch(detector, WORKING_PIXEL), np.full_like(image, np.nan)
    times, late, withdrawn = [], [], 0
    seen = search.take(grown)
    for rows in range(every, len(image) + 1, every):
        grown[rows - every : rows] = image[rows - every : rows]
        began = time.perf_counter()
        seen = search.take(grown)
        passed = time.perf_counter() - began
        if seen.fresh.any():
            times.append(passed)
            needed = np.minimum(seen.found.boxes[seen.fresh, 3] + CONTEXT / WORKING_PIXEL, len(image))
            late += (rows - np.ceil(needed)).tolist()
        withdrawn += len(seen.withdrawn)
    whole = detector.detect(image, WORKING_PIXEL, thorough=True)
    np.testing.assert_array_equal(seen.found.boxes, whole.boxes)
    return times, late, withdrawn


def main() -> None:
    """Scan and print."""
    parser = argparse.ArgumentParser(
        description="How soon clusters are told of while an image of 512 × 512 is scanned."
    )
    parser.add_argument("--weights", type=Path, help="another detector than the package's")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--images", type=int, default=3)
    parser.add_argument("--every", type=int, default=1, help="lines between two looks")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    detector = Detector.default() if options.weights is None else Detector.load(options.weights)
    twin = preset("default", nm_per_pixel=WORKING_PIXEL)
    found = [watch(detector, twin.image(seed, SHAPE).height, options.every) for seed in range(options.images)]
    times = 1e3 * np.concatenate([one[0] for one in found])
    late = np.concatenate([one[1] for one in found])
    report = Report()
    report.table(
        ("512 × 512, line by line", "median", "95 %", "most"),
        [
            ("from the last line that is needed, ms", *(f"{np.percentile(times, q):.1f}" for q in (50, 95, 100))),
            ("lines that were waited for", *(f"{np.percentile(late, q):.0f}" for q in (50, 95, 100))),
        ],
    )
    facts = {"clusters": len(late), "taken back": sum(one[2] for one in found), "threads": options.threads}
    report.finish(results(__file__) if options.write else None, **facts)


if __name__ == "__main__":
    main()
