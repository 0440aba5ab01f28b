"""How fast a stack is factorised, against scikit-learn, to the residual that scikit-learn reaches.

300,000 spectra of 120 energies, float32, of the photoemission twin's stack of four components: as the usual recipe has
them (I0, arctangent step removed, negative values cut off), and the counts themselves. scikit-learn's
``NMF(solver="cd", max_iter=200)`` fits them from its own start, as it is, which ends when its own tolerance is met, and
with a tolerance of 0, so that all 200 iterations are done; then :class:`analysis.unmixing.NMF` fits them from its own
start to a tolerance of 0.01, by turns. What counts is wall time including everything, and that our residual is not
above any of scikit-learn's. One thread.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read once, when numpy is loaded

from typing import Any, cast  # noqa: E402

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from sklearn import decomposition  # noqa: E402

from analysis.unmixing import NMF, unmix  # noqa: E402
from analysis.unmixing.backgrounds import remove_background  # noqa: E402
from analysis.unmixing.survey import survey_stack  # noqa: E402
from benchmarks.report import Report, results  # noqa: E402
from simulators.peem.presets import preset  # noqa: E402
from simulators.peem.stack import Stack  # noqa: E402

Singles = NDArray[np.float32]
Fit = tuple[float, float, int]


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


def peer(X: Singles, k: int, tol: float) -> Fit:
    """Seconds, residual and iterations of scikit-learn."""
    model = decomposition.NMF(cast(Any, k), solver="cd", max_iter=200, tol=tol)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        seconds, W = timed(lambda: model.fit_transform(X))
    return seconds, residual(X, np.asarray(W), model.components_), model.n_iter_


def ours(X: Singles, k: int) -> Fit:
    """The same of ours."""
    model = NMF(k, tol=0.01)
    seconds, W = timed(lambda: model.fit_transform(X))
    return seconds, residual(X, np.asarray(W), model.components_), model.n_iter_


def rows_of(X: Singles, k: int, rounds: int) -> list[tuple[str, str, str, str, str]]:
    """Fits by turns, and how many times as long scikit-learn takes."""
    fits: dict[str, Callable[[], Fit]] = {
        "scikit-learn, as it is": lambda: peer(X, k, 1e-4),
        "scikit-learn, 200 iterations": lambda: peer(X, k, 0.0),
        "Beampilot": lambda: ours(X, k),
    }
    found = [{name: fit() for name, fit in fits.items()} for _ in range(rounds)]
    rows = []
    for name in fits:
        seconds, misfits, iterations = np.array([one[name] for one in found]).T
        ratio = float(np.median([one[name][0] / one["Beampilot"][0] for one in found]))
        reached = all(one["Beampilot"][1] <= one[name][1] for one in found)
        said = f"{ratio:.1f}, residual {'reached' if reached else 'not reached'}"
        said = "" if name == "Beampilot" else said
        rows.append((name, f"{np.median(seconds):.2f}", f"{misfits.max():.6f}", f"{iterations.max():.0f}", said))
    return rows


def datasets(stack: Stack) -> dict[str, Singles]:
    """The same spectra as the usual recipe has them before it factorises, and as they were counted."""
    counts = np.ascontiguousarray(stack.frames.reshape(len(stack.frames), -1).T, dtype=np.float32)
    source = survey_stack(stack.frames, stack.energies, i0=stack.i0, dark=stack.dark).source
    light = np.concatenate([part for _, part in source.blocks()])
    usual = np.maximum(remove_background(light, stack.energies, "arctangent"), 0.0)
    return {"background removed": usual, "counts": counts}


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description="Time the factorisation of a stack against scikit-learn.")
    parser.add_argument("--shape", nargs=2, type=int, default=[500, 600])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    report = Report()
    stack = preset("cu", components=4).stack((options.shape[0], options.shape[1]), 0)
    whole, _ = timed(lambda: unmix(stack.frames, stack.energies, i0=stack.i0, dark=stack.dark))
    for name, X in datasets(stack).items():
        ours(X[:20_000], 4)  # first calls load libraries
        heads = (f"{name}: {len(X):,} × {X.shape[1]}, k = 4", "seconds", "residual, rms", "iterations", "× as long")
        report.table(heads, rows_of(X, 4, options.rounds))
    report.table(("for comparison", "seconds"), [("everything chosen (unmix)", f"{whole:.1f}")])
    report.finish(results(__file__) if options.write else None)


if __name__ == "__main__":
    main()
