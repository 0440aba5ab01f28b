"""How fast images are searched, and how soon after its last line a cluster is found.

Images of 512 × 512 working pixels, one at a time, on as many cores as `--threads` says: preparing (flattening and
bringing to one pixel size), the network, and boxes; each is the median of many images of the microscope's twin. Then
images that come one after another, each searched by itself on one core while the next is on another. The last row is a
scan in progress: three quarters of the lines are there, the rest is not yet; so long after a line came is known what it
shows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from analysis.detection import Detector
from analysis.detection.inference import batched
from analysis.detection.network import fused
from analysis.detection.preparation import WORKING_PIXEL, prepare
from benchmarks.report import Report, results
from simulators.stm import preset

SHAPE = (512, 512)


def milliseconds(job: Callable[[Any], object], things: list[Any], repeats: int) -> float:
    """Median time of a job, ms."""
    times = []
    for number in range(repeats + 3):
        began = time.perf_counter()
        job(things[number % len(things)])
        times.append(1e3 * (time.perf_counter() - began))
    return float(np.median(times[3:]))


def side_by_side(detector: Detector, heights: list[Any], cores: int, repeats: int) -> float:
    """Time per image while several are searched at once, each on one core, ms."""
    torch.set_num_threads(1)
    with ThreadPoolExecutor(cores) as executor:
        jobs = [heights[number % len(heights)] for number in range(repeats)]
        began = time.perf_counter()
        list(executor.map(lambda height: detector.detect(height, WORKING_PIXEL), jobs))
        return 1e3 * (time.perf_counter() - began) / repeats


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time the search of images of 512 × 512.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    report = Report()
    detector = Detector.default()
    twin = preset("default", nm_per_pixel=WORKING_PIXEL)
    heights = [twin.image(seed, SHAPE).height for seed in range(6)]
    prepared = [prepare(height, WORKING_PIXEL) for height in heights]
    network = fused(detector.network)

    @torch.inference_mode()
    def forward(image: Any) -> object:  # noqa: ANN401
        return network(batched(image.values))

    parts = {
        "preparing": milliseconds(lambda height: prepare(height, WORKING_PIXEL), heights, options.repeats),
        "network": milliseconds(forward, prepared, options.repeats),
        "network and boxes": milliseconds(detector.search, prepared, options.repeats),
        "all": milliseconds(lambda height: detector.detect(height, WORKING_PIXEL), heights, options.repeats),
        "all, a thorough look": milliseconds(
            lambda height: detector.detect(height, WORKING_PIXEL, thorough=True), heights, options.repeats
        ),
    }
    parts["all, an image per core"] = side_by_side(detector, heights, options.threads, options.repeats)
    partial = [height.copy() for height in heights]
    for height in partial:
        height[384:] = np.nan
    torch.set_num_threads(options.threads)
    parts["from line to clusters"] = milliseconds(
        lambda height: detector.detect(height, WORKING_PIXEL), partial, options.repeats
    )
    rows = [(name, f"{value:.1f} ms", f"{1e3 / value:.0f}") for name, value in parts.items()]
    report.table(("512 × 512, batch 1", "median", "images per second"), rows)
    report.finish(results(__file__) if options.write else None, threads=options.threads)


if __name__ == "__main__":
    main()
