"""What unmixing costs per point of a scan, against a factorisation from scratch of the same patterns.

Patterns of 64 × 64 pixels arrive one by one. Timed is ``partial_fit``: scoring the new pattern, and where it is due
the refit with all earlier points scored again; and scikit-learn's NMF on all patterns so far, which knows neither
noise nor spikes, and whose components change places. One thread. Run ``python -m benchmarks.online_unmixing``.
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
from sklearn.decomposition import NMF  # noqa: E402

from analysis.unmixing import OnlineNMF  # noqa: E402
from analysis.unmixing.identity import match_components  # noqa: E402

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
        NMF(cast(Any, n_components), init="nndsvda").fit_transform(frames)
    return 1e3 * (time.perf_counter() - begin)


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description="Time the unmixing of one more pattern.")
    parser.add_argument("--points", type=int, default=64)
    parser.add_argument("--refit-every", type=int, default=4)
    points, refit_every = (vars(parser.parse_args())[name] for name in ("points", "refit_every"))
    frames, peaks = draw(points, 0)
    scratch = np.median([cold(frames, 4) for _ in range(5)])
    print(f"{points} patterns of 64 × 64; scikit-learn's NMF from scratch at the last one: {scratch:.1f} ms")
    print(f"{'':>10} {'median':>8} {'95 %':>8} {'largest':>8} {'refit':>8} {'ratio':>6} {'moved':>6} {'grain r':>8}")
    for name, anchors in {"anchored": WINDOWS, "free": None}.items():
        online(frames[:10], OnlineNMF(4))
        model = OnlineNMF(4, shape=(64, 64), anchors=anchors, refit_every=refit_every)
        times, refitted, moved = online(frames, model)
        late = np.median(times[refitted][-5:])
        likeness = max(np.corrcoef(peaks[3], component)[0, 1] for component in model.components_)
        print(
            f"{name:>10} {np.median(times):>7.2f}  {np.percentile(times, 95):>7.1f}  {times.max():>7.1f}  {late:>7.1f} "
            f"{scratch / np.median(times):>6.0f} {moved:>6} {likeness:>8.3f}"
        )


if __name__ == "__main__":
    main()
