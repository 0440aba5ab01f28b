"""How many points each strategy needs to find the maximum of real, recorded maps.

The amplitude map is 64 × 64 of 256 × 256 recorded positions of a piezoresponse microscope, two of which lie within
2 % of the range below the maximum; the loops map is the weight of one of four unmixed components of a hysteresis
loop at each of 50 × 50 positions, a quarter of which fail. Every strategy measures the same values, and a position
measured again gives the same. Reached: measured within one step of the maximum, or where the value is within 2 % of the
range below it. Stuck: most points in a row within 5 steps of the best so far that improve nothing.

Run ``python -m benchmarks.recorded_maps --help``; the maps are looked for in ``BEAMPILOT_REAL_DATA`` or ../shared/data.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from botorch.acquisition import LogExpectedImprovement
from numpy.typing import NDArray

from analysis.optimization import SearchSpace
from benchmarks.source_recipe import SourceRecipe
from benchmarks.strategies import STRATEGIES, Strategy
from simulators.recorded import scenario
from simulators.scenario import Truth

NEIGHBOURHOOD = 5
"""Steps around the best so far within which a strategy may be stuck."""

LOOPS = {
    "component": 0,
    "unmixing": {
        "n_components": 4,
        "noise": "gaussian",
        "offset": "auto",
        "shape": (1, 64),
        "anchors": [(0, 1, 18, 32), (0, 1, 44, 58), None, None],
        "max_misfit": 30.0,
        "max_total": 3.0,
    },
}
"""The objective of the loops map, as in docs/examples/recorded-loops.toml."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scan of one strategy.

    Attributes:
        strategy: Its name.
        seed: Of the strategy; the map is always the same.
        reached: Points until the maximum was reached; None if never.
        stuck: Most points in a row close to the best so far that improved nothing, initial design left out.
        regret: Maximum minus the best value measured, in units of the range.
        seconds: Wall time.
    """

    strategy: str
    seed: int
    reached: int | None
    stuck: int
    regret: float
    seconds: float


def sobol_recipe(space: SearchSpace, seed: int) -> Strategy:
    """The default ``SingleTaskGP`` and LogEI after 8 scrambled Sobol points."""
    recipe = SourceRecipe(space.unit_candidates, seed, acquisition=LogExpectedImprovement)
    engine = torch.quasirandom.SobolEngine(2, scramble=True, seed=seed)
    drawn = engine.draw(64, dtype=torch.float64).numpy() * space.to_unit(space.candidates).max(axis=0)
    distance = ((space.unit_candidates[None] - drawn[:, None]) ** 2).sum(axis=2)
    recipe._initial = list(dict.fromkeys(distance.argmin(axis=1).tolist()))[:8]
    return recipe


CONTENDERS: dict[str, Callable[[SearchSpace, int], Strategy]] = {**STRATEGIES, "botorch LogEI, 8 Sobol": sobol_recipe}


def open_truth(name: str, reduction: str, folder: Path) -> Truth:
    """The objective of one of the maps."""
    if name == "loops":
        return scenario.truth(path=str(folder / "pto-hysteresis-loops-50x50.h5"), **LOOPS)
    file = str(folder / "pto-piezoresponse-256x256.h5")
    return scenario.truth(path=file, dataset="Channel_1", grid=(64, 64), reduction=reduction)


def scan(name: str, truth: Truth, seed: int, budget: int) -> Outcome:
    """Let one strategy measure a map until its budget is spent."""
    space, values = make_space(truth), truth.values.ravel()
    top, span = np.nanmax(values), np.nanmax(values) - np.nanmin(values)
    strategy = CONTENDERS[name](space, seed)
    begin = time.perf_counter()
    order = []
    for _ in range(budget):
        index = strategy.ask()
        order.append(index)
        strategy.tell(index, float(values[index]))
    steps = positions_in_steps(truth)
    beside = np.abs(steps - steps[np.nanargmax(values)]).max(axis=1) <= 1
    good = np.flatnonzero(beside | (values >= top - 0.02 * span))
    regret = float((top - np.nanmax(values[order])) / span)
    seconds = time.perf_counter() - begin
    return Outcome(name, seed, first(order, good), longest_stay(order, values, steps), regret, seconds)


def make_space(truth: Truth) -> SearchSpace:
    """The map's grid; the first axis runs fastest, as in the flattened values."""
    bounds = {name: (float(axis[0]), float(axis[-1])) for name, axis in truth.axes.items()}
    return SearchSpace(bounds=bounds, grid={name: len(axis) for name, axis in truth.axes.items()})


def positions_in_steps(truth: Truth) -> NDArray[np.int_]:
    """Row and column of each position, shape (m, 2)."""
    return np.column_stack(np.unravel_index(np.arange(truth.values.size), truth.values.shape))


def first(order: list[int], wanted: NDArray[np.intp]) -> int | None:
    """How many points were measured when the first of the wanted positions was."""
    hits = np.flatnonzero(np.isin(order, wanted))
    return int(hits[0]) + 1 if len(hits) else None


def longest_stay(order: list[int], values: NDArray[np.float64], steps: NDArray[np.int_], initial: int = 10) -> int:
    """Most points in a row close to the best so far that improve nothing, after the initial design."""
    longest = current = 0
    best = order[0]
    for count, index in enumerate(order):
        close = np.abs(steps[index] - steps[best]).max() <= NEIGHBOURHOOD
        if values[index] > values[best] or np.isnan(values[best]):
            best, current = index, 0
        else:
            current = current + 1 if close and count >= initial else 0
        longest = max(longest, current)
    return longest


def summary(outcomes: list[Outcome], budget: int) -> str:
    """One row of the table."""
    reached = [outcome.reached or budget + 1 for outcome in outcomes]
    median = f"{np.median(reached):.0f}" if np.median(reached) <= budget else f"> {budget}"
    cells = [
        outcomes[0].strategy,
        f"{sum(points <= budget for points in reached)} of {len(outcomes)}",
        median,
        str(max(outcome.stuck for outcome in outcomes)),
        f"{100 * np.mean([outcome.regret for outcome in outcomes]):.1f} %",
        f"{np.mean([outcome.seconds for outcome in outcomes]):.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Points until the maximum of a recorded map is found.")
    parser.add_argument("--map", default="amplitude", choices=["amplitude", "loops"])
    parser.add_argument("--reduction", default="pixel", choices=["pixel", "mean"], help="how 256 × 256 become 64 × 64")
    parser.add_argument("--strategies", nargs="+", default=["beampilot", "botorch LogEI, 8 Sobol", "random"])
    parser.add_argument("--seeds", type=int, default=20, help="scans per strategy")
    parser.add_argument("--budget", type=int, default=80, help="points per scan")
    parser.add_argument("--output", type=Path, help="file for all outcomes, one JSON object per line")
    parser.add_argument("--write", type=Path, help="file for the table, such as benchmarks/results/recorded_maps.md")
    return parser.parse_args()


def main() -> int:
    """Run the benchmark and print its table."""
    arguments = parse()
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("BEAMPILOT_REAL_DATA") or root.parent / "shared" / "data")
    if not folder.is_dir():
        print(f"no recorded maps in {folder}: set BEAMPILOT_REAL_DATA to their folder", file=sys.stderr)
        return 2
    warnings.simplefilter("ignore")
    truth = open_truth(arguments.map, arguments.reduction, folder)
    lines = [
        f"{arguments.map.capitalize()}: {truth.values.size} positions, {arguments.budget} points, "
        f"{arguments.seeds} seeds.",
        "",
        "| strategy | reached | median points | stuck | mean regret | s per scan |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(lines))
    for name in arguments.strategies:
        outcomes = [scan(name, truth, seed, arguments.budget) for seed in range(arguments.seeds)]
        lines.append(summary(outcomes, arguments.budget))
        print(lines[-1], flush=True)
        if arguments.output:
            with arguments.output.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps({"map": arguments.map, **asdict(outcome)}) + "\n" for outcome in outcomes)
    if arguments.write:
        arguments.write.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
