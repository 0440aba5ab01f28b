"""How well the source's recipe does on the tunnelling microscope's twin: what its default difficulty is set by.

The recipe: the detector trained with plain cross-entropy on 40 images, weights and threshold chosen on 22, tested on
18, as in `benchmarks.detection_losses`, but on images that no study sees. Its mAP50 on Pb1 to Pb4 should be 0.70, give
or take 0.05, with vacancies taken for Pb1 and missed Pb3 among the commonest errors. `--change NAME=VALUE` tries other
parameters of the twin.
"""

from __future__ import annotations

import argparse
import json
import os

os.environ.setdefault("OMP_NUM_THREADS", "2")  # read once, when torch is loaded

import numpy as np

from benchmarks.detection_losses import confusion_table, measured, spread
from benchmarks.detection_sets import CALIBRATION
from benchmarks.report import Report, results


def main() -> None:
    """Train, test and print."""
    parser = argparse.ArgumentParser(description="Plain cross-entropy on 40 images of the microscope's twin.")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--change", action="append", default=[], metavar="NAME=VALUE", help="parameter of the twin")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    changes = {name: json.loads(value) for name, _, value in (one.partition("=") for one in options.change)}
    report = Report()
    found = [measured("bce", seed, first=CALIBRATION, **changes) for seed in options.seeds]
    names = ("precision", "recall", "map50", "vacancies")
    cells = [spread([getattr(one, name) for one in found]) for name in names]
    report.table(("twin", "precision", "recall", "mAP50", "vacancies taken for Pb1"), [(changes or "default", *cells)])
    confusion_table(report, "cross-entropy", [np.array(one.confusion) for one in found])
    report.finish(results(__file__) if options.write else None, seeds=len(found))


if __name__ == "__main__":
    main()
