"""What unmixing costs while data arrive, in both directions, and how near it ends to a factorisation of the whole.

Patterns of 64 × 64 pixels arrive one by one. Timed is ``partial_fit``: scoring the new pattern, and where it is due
the refit with all earlier points scored again; and scikit-learn's NMF on all patterns so far, which knows neither
noise nor spikes, and whose components change places.

Frames of 512 × 600 pixels of the photoemission twin arrive one energy at a time. Timed is ``partial_fit_energies``,
frame by frame, and a whole chain of on-line steps in batches. Spectra at the end of the stream are compared with
those of the whole stack at once, by the same method: the worst component's Pearson correlation, as they run along, and
after they were found once more in all pixels. One thread; these times are the processor's.

Run ``python -m benchmarks.online_unmixing``.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from typing import Any, cast

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # read once, when numpy is loaded

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from sklearn import decomposition  # noqa: E402

from analysis.streaming import Batch, Chain, DarkFlat, Layout, Normalisation, Regions, Registration  # noqa: E402
from analysis.streaming import Unmixing as UnmixingStep  # noqa: E402
from analysis.unmixing import OnlineNMF  # noqa: E402
from analysis.unmixing.compression import compress  # noqa: E402
from analysis.unmixing.identity import match_components  # noqa: E402
from analysis.unmixing.recipes import Method, Recipe, follow  # noqa: E402
from benchmarks.calibrate_peem import agreement, corrected  # noqa: E402
from benchmarks.report import Report, results  # noqa: E402
from simulators.peem.presets import preset  # noqa: E402
from simulators.peem.stack import Stack  # noqa: E402

RECIPES: dict[str, tuple[Method, float]] = {
    "NMF": ("nmf-so", 0.0),
    "NMF-SO, ω 0.1": ("nmf-so", 0.1),
    "minimum volume": ("minimum volume", 0.0),
    "corners": ("corners", 0.0),
}

WINDOWS = [(43, 54, 26, 38), (14, 33, 22, 40), (34, 42, 20, 38), (18, 38, 41, 56)]


def draw(points: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counted frames of four peaks with two spikes each, shape (points, 4096), and the peaks, (4, 4096)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64]
    shapes = [(48, 32, 1.5), (24, 32, 4.0), (38, 30, 3.0), (28, 46, 4.0)]
    peaks = np.array([np.exp(-0.5 * ((y - row) ** 2 + (x - col) ** 2) / s**2).ravel() for row, col, s in shapes])
    peaks /= peaks.sum(axis=1, keepdims=True)
    weights = rng.uniform(0.2, 1.0, (points, 4)) * [3000.0, 6000.0, 4000.0, 1.0]
    weights[:, 3] = 3000.0 * rng.uniform(size=points) ** 4
    frames = rng.poisson(weights @ peaks + 0.05).astype(float)
    for frame in frames:
        frame[rng.integers(frame.size, size=2)] += rng.uniform(100, 3000, 2)
    return frames, peaks


def online(frames: NDArray[np.float64], model: OnlineNMF) -> tuple[NDArray[np.float64], NDArray[np.bool_], int]:
    """Milliseconds of each point, which of them refitted, and how often components changed places."""
    times, refitted, moved = [], [], 0
    for frame in frames:
        before, revision = getattr(model, "components_", None), getattr(model, "revision_", 0)
        begin = time.perf_counter()
        model.partial_fit(frame)
        times.append(1e3 * (time.perf_counter() - begin))
        refitted.append(model.revision_ != revision)
        if before is not None and len(times) > model.n_components:
            moved += int((match_components(before, model.components_) != np.arange(model.n_components)).any())
    return np.array(times), np.array(refitted), moved


def cold(frames: NDArray[np.float64], n_components: int) -> float:
    """Milliseconds of scikit-learn's NMF of all patterns."""
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        decomposition.NMF(cast(Any, n_components), init="nndsvda").fit_transform(frames)
    return 1e3 * (time.perf_counter() - begin)


def patterns(report: Report, points: int, refit_every: int) -> None:
    """Patterns one by one."""
    frames, peaks = draw(points, 0)
    scratch = np.median([cold(frames, 4) for _ in range(5)])
    rows = []
    for name, anchors in {"anchored": WINDOWS, "free": None}.items():
        online(frames[:10], OnlineNMF(4))
        model = OnlineNMF(4, shape=(64, 64), anchors=anchors, refit_every=refit_every)
        times, refitted, moved = online(frames, model)
        likeness = max(np.corrcoef(peaks[3], component)[0, 1] for component in model.components_)
        numbers = (np.median(times), np.percentile(times, 95), times.max(), np.median(times[refitted][-5:]))
        rows.append(
            (name, *(f"{n:.1f}" for n in numbers), f"{scratch / np.median(times):.0f}", moved, f"{likeness:.3f}")
        )
    heads = ("components", "median ms", "95 %", "largest", "refit", "× faster than from scratch", "moved", "grain r")
    report.table(heads, rows)


def batch_spectra(X: NDArray[np.float32], recipe: Recipe, shape: tuple[int, int]) -> tuple[Any, float]:
    """Spectra from the whole stack at once by the same recipe, and seconds."""
    begin = time.process_time()
    mean = X.mean(axis=0, dtype=float)
    scale = np.sqrt(mean.mean() / mean)
    found = follow(recipe, compress(X, recipe.n_components + 8, scale), scale, shape)
    return found, time.process_time() - begin


def energies(report: Report, shape: tuple[int, int], k: int) -> None:
    """Energies one by one."""
    stack = preset("cu", components=k).stack(shape, 0)
    X = np.ascontiguousarray(corrected(stack), np.float32)
    frames = np.ascontiguousarray(X.T).reshape(-1, *shape)
    rows = []
    for name, (method, omega) in RECIPES.items():
        model = OnlineNMF(k, method=method, omega=omega, shape=shape)
        times = []
        for frame, energy in zip(frames, stack.energies.tolist(), strict=True):
            begin = time.process_time()
            model.partial_fit_energies(frame, energy)
            times.append(1e3 * (time.process_time() - begin))
        whole, seconds = batch_spectra(X, Recipe(k, "none", method, "corners", omega), shape)
        running = agreement(model.components_, whole).min()
        polished = agreement(model.polish_energies().components_, whole).min()
        numbers = (np.mean(times), np.median(times), np.percentile(times, 95), max(times))
        rows.append((name, k, *(f"{n:.1f}" for n in numbers), f"{seconds:.1f}", f"{running:.4f}", f"{polished:.4f}"))
    heads = ("energies by", "k", "mean ms", "median", "95 %", "largest", "batch s", "r running", "r at the end")
    report.table(heads, rows)
    report.table(
        ("chain of steps", "batches of", "mean ms per frame", "largest batch, per frame"),
        [chain_times(stack, shape, k, many) for many in (8, 16)],
    )


def chain_times(stack: Stack, shape: tuple[int, int], k: int, many: int) -> tuple[str, int, str, str]:
    """Cost per frame of corrections, registration, normalisation, region and unmixing in batches of so many."""
    unmixing = UnmixingStep(k, method="corners", full_maps=False, polish=False)
    regions = Regions({"middle": (shape[0] // 4, shape[0] // 2, shape[1] // 4, shape[1] // 2)})
    chain = Chain([DarkFlat(stack.dark, stack.flat), Registration(), Normalisation(), regions, unmixing])
    chain.start(Layout(shape))
    times = []
    for first in range(0, len(stack.frames), many):
        part = slice(first, first + many)
        batch = Batch(first, stack.frames[part], stack.energies[part], stack.i0[part])
        begin = time.process_time()
        chain.process(batch)
        times.append(1e3 * (time.process_time() - begin) / len(batch))
    failures = chain.stop().failures
    return (
        ", ".join(step.name for step in chain.steps),
        many,
        f"{np.mean(times):.1f}",
        f"{max(times):.1f}, {len(failures)} failed",
    )


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description="Time the unmixing of one more pattern, and of one more energy.")
    parser.add_argument("--points", type=int, default=64)
    parser.add_argument("--refit-every", type=int, default=4)
    parser.add_argument("--shape", nargs=2, type=int, default=[512, 600])
    parser.add_argument("--components", type=int, nargs="*", default=[3, 4])
    parser.add_argument("--write", action="store_true", help="keep the tables for the documentation")
    options = parser.parse_args()
    report = Report()
    patterns(report, options.points, options.refit_every)
    for k in options.components:
        energies(report, tuple(options.shape), k)
    report.finish(results(__file__) if options.write else None, frames=" × ".join(map(str, options.shape)))


if __name__ == "__main__":
    main()
