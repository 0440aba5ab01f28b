"""How many points each strategy needs until it has reached the maximum of a film, on the same samples in one run.

Reached: measured within one grid step of the true maximum, or where the noiseless value is at least 0.98 of it.
Run ``python -m benchmarks.points_to_maximum --preset smooth source``; every result is kept as it comes in
``--cache``, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress

from analysis.optimization import SearchSpace
from benchmarks.strategies import STRATEGIES, Strategy
from simulators.diffractometer.landscape import EXTENT, NOISE, draw_landscape

SIDE = 31
BUDGET = 120
"""Points after which a strategy has not reached the maximum."""

SOURCE_POINTS = 48
"""What the source needed on the real film."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One film.

    Attributes:
        measured: Objective with its noise, fixed per position, shape (m,).
        reached: Which candidates count as the maximum, shape (m,).
    """

    measured: NDArray[np.float64]
    reached: NDArray[np.bool_]


def draw_sample(space: SearchSpace, preset: str, seed: int) -> Sample:
    """Draw a film of a preset; the same seed gives the same film and the same noise to every strategy."""
    truth = draw_landscape(preset, seed)(space.candidates[:, 0], space.candidates[:, 1])
    noise = NOISE[preset] * np.ptp(truth) * np.random.default_rng([seed, 1]).normal(size=len(truth))
    steps = np.round((space.candidates - space.candidates[truth.argmax()]) * (SIDE - 1) / EXTENT)
    return Sample(truth + noise, (np.abs(steps).max(axis=1) <= 1) | (truth >= 0.98 * truth.max()))


def points_until_reached(strategy: Strategy, sample: Sample, overlap: bool) -> int:
    """Measure until the maximum is reached; BUDGET + 1 when it is not.

    Args:
        strategy: The strategy, fresh.
        sample: The film.
        overlap: Whether the next position is asked for before the last measured value is told, as when the
            instrument never waits for the computer.
    """
    waiting = [strategy.ask()] if overlap else []
    for points in range(1, BUDGET + 1):
        waiting.append(strategy.ask())
        index = waiting.pop(0)
        if sample.reached[index]:
            return points
        strategy.tell(index, float(sample.measured[index]))
    return BUDGET + 1


def run(space: SearchSpace, presets: Sequence[str], names: Sequence[str], seeds: range, cache: Path) -> list[dict]:
    """Run everything that the cache does not hold yet; returns one row per preset, strategy and seed."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    rows = list(csv.DictReader(cache.open())) if cache.exists() else []
    done = {(row["preset"], row["strategy"], int(row["seed"])) for row in rows}
    todo = [
        (preset, name, seed)
        for preset in presets
        for name in names
        for seed in seeds
        if (preset, name, seed) not in done
    ]
    with cache.open("a", newline="") as file, Progress() as progress:
        writer = csv.DictWriter(file, ["preset", "strategy", "seed", "points", "seconds"])
        if not rows:
            writer.writeheader()
        task = progress.add_task("films", total=len(todo))
        for preset, name, seed in todo:
            began = time.perf_counter()
            base = name.removesuffix(", overlap")
            points = points_until_reached(STRATEGIES[base](space, seed), draw_sample(space, preset, seed), base != name)
            seconds = time.perf_counter() - began
            row = {"preset": preset, "strategy": name, "seed": seed, "points": points, "seconds": seconds}
            writer.writerow(row)
            file.flush()
            rows.append(row)
            progress.advance(task)
    return rows


def counts(rows: Sequence[dict], preset: str, name: str, seeds: range) -> NDArray[np.int_]:
    """Points per seed of one strategy, in the order of the seeds; seeds not run are left out."""
    found = {int(r["seed"]): int(r["points"]) for r in rows if r["preset"] == preset and r["strategy"] == name}
    return np.array([found[seed] for seed in seeds if seed in found])


def bootstrap(ours: NDArray[np.int_], theirs: NDArray[np.int_], ratio: bool) -> dict[str, tuple[float, float]]:
    """Paired bootstrap 95 % intervals of median and 95th percentile: theirs − ours, or ours / theirs."""
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(ours), size=(4000, len(ours)))
    intervals = {}
    for label, quantile in (("median", 50), ("p95", 95)):
        first, second = (np.percentile(values[picks], quantile, axis=1) for values in (ours, theirs))
        statistic = first / second if ratio else second - first
        intervals[label] = tuple(np.percentile(statistic, [2.5, 97.5]).tolist())
    return intervals


def summarise(rows: Sequence[dict], preset: str, names: Sequence[str], seeds: range) -> list[dict]:
    """One row of the table per strategy."""
    table = []
    ours = counts(rows, preset, "beampilot", seeds)
    for name in names:
        values = counts(rows, preset, name, seeds)
        if not len(values):
            continue
        row = {
            "preset": preset,
            "strategy": name,
            "films": len(values),
            "median": float(np.median(values)),
            "p95": float(np.percentile(values, 95)),
            "above_48": int((values > SOURCE_POINTS).sum()),
            "not_reached": int((values > BUDGET).sum()),
        }
        if len(ours) >= len(values) and name != "beampilot":
            paired = ours[: len(values)]
            row["difference"] = bootstrap(paired, values, ratio=False)
            row["ratio"] = float(np.median(paired) / np.median(values))
            row["ratio_interval"] = bootstrap(paired, values, ratio=True)["median"]
        table.append(row)
    return table


def markdown(table: Sequence[dict]) -> str:
    """The table the docs show."""
    lines = [
        f"| preset | strategy | films | median | 95th percentile | above {SOURCE_POINTS} | not reached in {BUDGET} "
        "| median more than ours (95 %) | 95th percentile more than ours (95 %) | ours / theirs (95 %) |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in table:
        cells = [row["preset"], row["strategy"], row["films"], f"{row['median']:g}", f"{row['p95']:.0f}"]
        cells += [row["above_48"], row["not_reached"]]
        if "difference" in row:
            cells += ["{:+.1f} … {:+.1f}".format(*row["difference"][label]) for label in ("median", "p95")]
            cells.append("{:.2f} ({:.2f}–{:.2f})".format(row["ratio"], *row["ratio_interval"]))
        else:
            cells += ["", "", ""]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def parse() -> argparse.Namespace:
    """Read the command line."""
    names = [*STRATEGIES, "beampilot, overlap"]
    parser = argparse.ArgumentParser(description="Compare the points strategies need to find a film's maximum.")
    parser.add_argument("--preset", nargs="+", default=["smooth", "source"], choices=sorted(NOISE))
    parser.add_argument("--strategy", nargs="+", default=names, choices=names)
    parser.add_argument("--seeds", type=int, default=200, help="films per preset")
    parser.add_argument("--cache", type=Path, default=Path("benchmarks/results/cache/points_to_maximum.csv"))
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument(
        "--write", type=Path, help="file for the table, such as benchmarks/results/points_to_maximum.md"
    )
    return parser.parse_args()


def main() -> None:
    """Run and print the table."""
    options = parse()
    torch.set_num_threads(1)
    space = SearchSpace(bounds={"x": (0.0, EXTENT), "y": (0.0, EXTENT)}, grid={"x": SIDE, "y": SIDE})
    seeds = range(options.seeds)
    rows = run(space, options.preset, options.strategy, seeds, options.cache)
    table = [row for preset in options.preset for row in summarise(rows, preset, options.strategy, seeds)]
    print(json.dumps(table, indent=2) if options.json else markdown(table))
    if options.write:
        options.write.write_text(markdown(table) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
