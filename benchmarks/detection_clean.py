"""How many clusters the package's detector sees where there are none: clean terraces of the microscope's twin.

Bare terraces with the noise of real scans, as sheared and scaled as by uncalibrated piezos, seen by tips that
flicker: the preset `clean`, and the same with one of these made worse. Below them surfaces without Pb that hold
everything else at the default difficulty, a dozen vacancies that look like Pb1 among it. Images have 256 × 256
pixels, and are searched thoroughly. Real scans of a folder are searched, too, where `--real` names one; what is found
in them is counted as false.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from analysis.detection import Detector
from benchmarks.detection_sets import CLEAN, load, samples
from benchmarks.report import Report, results

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "clean terraces": ("clean", {}),
    "clean, more noise": ("clean", {"noise": 0.08, "line_noise": 0.3}),
    "clean, more shear": ("clean", {"shear": 0.2, "scale_error": 0.2}),
    "clean, every tip flickers": ("clean", {"flicker": 1.0, "changes": 2.0}),
    "with vacancies, adsorbates, steps": ("default", {"coverage": 0.0}),
}
"""What is searched: a preset, and what is made worse."""


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description="False detections on clean terraces.")
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--real", type=Path, help="a folder of scans of clean Si(111)-(7×7)")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    report, detector = Report(), Detector.default()
    rows = []
    for name, (base, changes) in KINDS.items():
        images = samples(load(range(CLEAN, CLEAN + options.images), name=base, **changes))
        counts = np.array([len(detector.search(one.image, thorough=True)) for one in images])
        rows.append((name, len(images), int(counts.sum()), f"{counts.mean():.3f}"))
    if options.real:
        from daemon.detection import Request, search

        found = search(options.real, detector, Request())
        rows.append(
            ("real scans", len(found.images), len(found.labels), f"{len(found.labels) / len(found.images):.3f}")
        )
    report.table(("terraces without Pb", "images", "false detections", "per image"), rows)
    report.finish(results(__file__) if options.write else None, threshold=detector.card.thorough.threshold)


if __name__ == "__main__":
    main()
