"""How long one suggestion takes, against a cold botorch fit in the same process on the same data.

A suggestion is ``tell`` + ``ask`` of the optimiser at 48 points on the 31 × 31 grid, refit included; the cold one is a
new ``SingleTaskGP`` of the same kernel, fitted from its defaults, and LogEI over the unmeasured candidates. One thread
for both, so no work hides anywhere. Run ``python benchmarks/suggestion_latency.py --help``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # read once, when the libraries below are loaded
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
warnings.filterwarnings("ignore", message=".torch.jit.script. is deprecated", category=DeprecationWarning)

import numpy as np  # noqa: E402
import torch  # noqa: E402
from botorch.acquisition import LogExpectedImprovement  # noqa: E402
from botorch.fit import fit_gpytorch_mll  # noqa: E402
from botorch.models import SingleTaskGP  # noqa: E402
from botorch.models.utils.gpytorch_modules import get_covar_module_with_dim_scaled_prior  # noqa: E402
from gpytorch.mlls import ExactMarginalLogLikelihood  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from analysis.optimization import Optimizer, SearchSpace  # noqa: E402
from analysis.optimization.evidence import Evidence  # noqa: E402
from simulators.diffractometer.landscape import EXTENT, NOISE, draw_landscape  # noqa: E402

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trial:
    """One suggestion, warm and cold.

    Attributes:
        warm_ms: Wall time of tell + ask, ms.
        warm_cpu_ms: Processor time of the same, all threads, ms.
        cold_ms: Wall time of a cold fit and LogEI, ms.
        loss: Cold LogEI of the cold fit's choice minus that of the optimiser's choice, ≥ 0.
        shortfall: Log evidence by which the cold fit misses the optimiser's own, NaN for other surrogates than "gp".
    """

    warm_ms: float
    warm_cpu_ms: float
    cold_ms: float
    loss: float
    shortfall: float


def observed_map(space: SearchSpace, preset: str, seed: int) -> Array:
    """Draw a landscape and its noisy values at all candidates, shape (m,)."""
    landscape = draw_landscape(preset, seed)
    truth = landscape(space.candidates[:, 0], space.candidates[:, 1])
    noise = np.random.default_rng([seed, 7]).normal(size=len(truth))
    return truth + NOISE[preset] * np.ptp(truth) * noise


def cold_fit(unit: Array, values: Array, kernel: str) -> SingleTaskGP:
    """Fit a SingleTaskGP from its defaults to values (n,) at positions (n, d) of the unit cube."""
    inputs, targets = torch.from_numpy(unit), torch.from_numpy(values)[:, None]
    module = get_covar_module_with_dim_scaled_prior(unit.shape[1], use_rbf_kernel=kernel == "rbf")
    model = SingleTaskGP(inputs, targets, covar_module=module)
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    return model


def cold_scores(model: SingleTaskGP, best: float, candidates: Array) -> Array:
    """Return LogEI at candidates (m, d), shape (m,)."""
    with torch.no_grad():
        return LogExpectedImprovement(model, best)(torch.tensor(candidates)[:, None]).numpy()


def shortfall(model: SingleTaskGP, optimizer: Optimizer, kernel: str) -> float:
    """Log evidence of the optimiser's hyper-parameters minus that of the cold fit's, NaN where there are none."""
    parameters = optimizer.state()["model"].get("parameters")
    if parameters is None:
        return float("nan")
    targets = (optimizer.values - optimizer.values.mean()) / optimizer.values.std(ddof=1)
    evidence = Evidence.of(optimizer.space.to_unit(optimizer.positions), targets, None, kernel)
    cold = [cast("torch.Tensor", model.covar_module.lengthscale).ravel(), cast("torch.Tensor", model.likelihood.noise)]
    return len(targets) * (evidence(torch.cat(cold).log().detach().numpy())[0] - evidence(np.array(parameters))[0])


def run_trial(space: SearchSpace, preset: str, seed: int, points: int, surrogate: str, kernel: str) -> Trial:
    """Scan one landscape up to the last point, then time that point's tell and the next ask, warm and cold."""
    observed = observed_map(space, preset, seed)
    options = {"kernel": kernel} if surrogate == "gp" else {}
    optimizer = Optimizer(space, seed=seed, surrogate=surrogate, surrogate_options=options)
    suggestion = optimizer.ask()
    for _ in range(points - 1):
        optimizer.tell(suggestion.position, observed[index_of(space, suggestion.position)])
        suggestion = optimizer.ask()
    value = observed[index_of(space, suggestion.position)]
    wall, cpu = time.perf_counter(), time.process_time()
    optimizer.tell(suggestion.position, value)
    chosen = index_of(space, optimizer.ask().position)
    warm, warm_cpu = time.perf_counter() - wall, time.process_time() - cpu
    measured = space.nearest(optimizer.positions)
    wall = time.perf_counter()
    model = cold_fit(space.unit_candidates[measured], optimizer.values, kernel)
    scores = cold_scores(model, float(optimizer.values.max()), space.unit_candidates)
    scores[measured] = -np.inf
    loss = float(scores.max() - scores[chosen])
    cold = time.perf_counter() - wall
    return Trial(1e3 * warm, 1e3 * warm_cpu, 1e3 * cold, loss, shortfall(model, optimizer, kernel))


def index_of(space: SearchSpace, position: Mapping[str, float]) -> int:
    """Index of a grid position among the candidates."""
    return int(space.nearest(space.to_array(position))[0])


def summarise(trials: list[Trial]) -> dict[str, float]:
    """Medians, 95th percentiles, ratio and agreement."""
    warm, cold = np.array([t.warm_ms for t in trials]), np.array([t.cold_ms for t in trials])
    return {
        "suggestions": len(trials),
        "warm_median_ms": float(np.median(warm)),
        "warm_p95_ms": float(np.percentile(warm, 95)),
        "cold_median_ms": float(np.median(cold)),
        "cold_p95_ms": float(np.percentile(cold, 95)),
        "speed_up": float(np.median(cold) / np.median(warm)),
        "agreement": float(np.mean([t.loss <= 0.1 for t in trials])),
        "cold_fit_worse": float(np.mean([t.shortfall > 0.1 for t in trials])),
        "warm_fit_worse": float(np.mean([t.shortfall < -0.1 for t in trials])),
        "cpu_over_wall": float(np.median([t.warm_cpu_ms / t.warm_ms for t in trials])),
    }


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Time one suggestion against a cold botorch fit.")
    parser.add_argument("--surrogate", nargs="+", default=["gp", "ensemble"], choices=["gp", "ensemble"])
    parser.add_argument(
        "--kernel", default="matern", choices=["rbf", "matern"], help="kernel of gp and of the cold fit"
    )
    parser.add_argument("--samples", type=int, default=50, help="landscapes per preset")
    parser.add_argument("--points", type=int, default=48, help="points measured when the suggestion is timed")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument(
        "--write", type=Path, help="file for the table, such as benchmarks/results/suggestion_latency.md"
    )
    return parser.parse_args()


def table(results: Mapping[str, dict[str, float]]) -> str:
    """Markdown table with a row per surrogate and preset."""
    heads = {
        "warm_median_ms": "suggestion, median ms",
        "warm_p95_ms": "95th percentile ms",
        "cold_median_ms": "cold fit + LogEI, median ms",
        "speed_up": "times faster",
        "agreement": "choice within 0.1 of the cold fit's LogEI",
        "cpu_over_wall": "processor time / wall",
    }
    lines = ["| surrogate, preset | " + " | ".join(heads.values()) + " |", "|---" * (len(heads) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(f"{result[key]:.3g}" for key in heads) + " |" for name, result in results.items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and print it."""
    arguments = parse()
    torch.set_num_threads(1)
    space = SearchSpace(bounds={"x": (0.0, EXTENT), "y": (0.0, EXTENT)}, grid={"x": 31, "y": 31})
    results = {}
    for surrogate in arguments.surrogate:
        for preset in ("smooth", "source"):
            run_trial(space, preset, 10_000, 16, surrogate, arguments.kernel)  # first calls pay for lazy imports
            seeds = range(20_000, 20_000 + arguments.samples)
            extra = (arguments.points, surrogate, arguments.kernel)
            results[f"{surrogate}, {preset}"] = summarise([run_trial(space, preset, seed, *extra) for seed in seeds])
    print(json.dumps(results) if arguments.json else table(results))
    if arguments.write:
        arguments.write.write_text(table(results) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
