"""How fast a stack is factorised, against scikit-learn, to the residual that scikit-learn reaches.

300,000 spectra of 120 energies, float32, are counts of the photoemission twin's stack of four components.
scikit-learn's ``NMF(solver="cd", max_iter=200)`` fits them from its own start, then :class:`analysis.unmixing.NMF` from
its own with its defaults, by turns. What counts is wall time including everything, and that our residual is not above
scikit-learn's. One thread. Run ``python -m benchmarks.unmixing_speed``.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read once, when numpy is loaded

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from sklearn import decomposition  # noqa: E402

from analysis.unmixing import NMF, NMFSO, unmix  # noqa: E402
from benchmarks.report import Report, results  # noqa: E402
from simulators.peem.presets import preset  # noqa: E402

Singles = NDArray[np.float32]


def timed(call: Callable[[], object]) -> tuple[float, object]:
    """Seconds of a call, and what it returns."""
    begin = time.perf_counter()
    value = call()
    return time.perf_counter() - begin, value


def residual(X: Singles, W: NDArray[np.floating], H: NDArray[np.floating]) -> float:
    """Root mean square of X − W H, summed in blocks in double precision."""
    total = 0.0
    for start in range(0, len(X), 10_000):
        block = slice(start, start + 10_000)
        total += float(np.square(X[block] - W[block].astype(float) @ H.astype(float)).sum())
    return float(np.sqrt(total / X.size))


def peer(X: Singles, k: int) -> tuple[float, float, int]:
    """Seconds, residual and iterations of scikit-learn."""
    model = decomposition.NMF(k, solver="cd", max_iter=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        seconds, W = timed(lambda: model.fit_transform(X))
    return seconds, residual(X, np.asarray(W), model.components_), model.n_iter_


def ours(X: Singles, k: int) -> tuple[float, float, int]:
    """The same of ours."""
    model = NMF(k)
    seconds, W = timed(lambda: model.fit_transform(X))
    return seconds, residual(X, np.asarray(W), model.components_), model.n_iter_


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description="Time the factorisation of a stack against scikit-learn.")
    parser.add_argument("--shape", nargs=2, type=int, default=[500, 600])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    report = Report()
    stack = preset("cu", components=4).stack((options.shape[0], options.shape[1]), 0)
    X = np.ascontiguousarray(stack.frames.reshape(len(stack.frames), -1).T, dtype=np.float32)
    ours(X[:20_000], 4)  # first calls load libraries
    rounds = [(peer(X, 4), ours(X, 4)) for _ in range(options.rounds)]
    rows = []
    for name, place in (("scikit-learn NMF, cd, 200 iterations", 0), ("Beampilot NMF", 1)):
        seconds, misfits, iterations = np.array([one[place] for one in rounds]).T
        rows.append((name, f"{np.median(seconds):.2f}", f"{misfits.max():.6f}", int(iterations.max())))
    ratios = [theirs[0] / mine[0] for theirs, mine in rounds]
    reached = all(mine[1] <= theirs[1] for theirs, mine in rounds)
    rows.append(("ratio, median of rounds", f"{np.median(ratios):.1f}", "reached" if reached else "not reached", ""))
    report.table((f"{len(X):,} × {X.shape[1]} float32, k = 4", "seconds", "residual, rms", "iterations"), rows)
    whole, _ = timed(lambda: unmix(stack.frames, stack.energies, i0=stack.i0, dark=stack.dark))
    soft, _ = timed(lambda: NMFSO(4, omega=0.1).fit(X))
    report.table(
        ("for comparison", "seconds"),
        [("everything chosen (unmix)", f"{whole:.1f}"), ("NMF-SO, ω = 0.1", f"{soft:.1f}")],
    )
    report.finish(results(__file__) if options.write else None)


if __name__ == "__main__":
    main()
