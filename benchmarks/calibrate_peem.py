"""How well the source's recipe recovers the spectra of the photoemission twin: what its default preset is set by.

The recipe: correct each frame for dark, flat field and I0, register it, remove an arctangent step from every spectrum,
cut off what is negative, factorise with soft orthogonality of the maps for several weights ω, and keep the best.
Spectra are matched one to one with the standards on the twin's own energy scale, steps and all, and compared by Pearson
correlation. On real copper oxides the recipe reached 0.939 for CuO and 0.906 for Cu2O, at ω = 0.

Samples that were done before are kept, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import os
from functools import partial

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # read once, when numpy is loaded

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.ndimage import shift  # noqa: E402
from scipy.optimize import linear_sum_assignment  # noqa: E402

from analysis.unmixing.backgrounds import remove_background  # noqa: E402
from analysis.unmixing.nmfso import NMFSO  # noqa: E402
from benchmarks.kept import Kept  # noqa: E402
from benchmarks.report import Report, results  # noqa: E402
from simulators.peem.presets import DIFFICULTIES, PRESETS, SHAPE, preset  # noqa: E402
from simulators.peem.stack import Stack  # noqa: E402

Floats = NDArray[np.float64]

OMEGAS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)

_NMF = ("backgrounds", "compression", "hals", "initial", "nmf", "nmfso", "shared_nnls")
SOURCES = ("simulators/peem", *(f"analysis/unmixing/{name}.py" for name in _NMF))
"""What the results depend on."""


def corrected(stack: Stack) -> Floats:
    """Spectra (pixels, energies) without dark counts, shading, beam decay and drift (which the truth tells)."""
    light = (stack.frames - stack.dark) / (stack.flat * stack.i0[:, None, None])
    pairs = zip(light, stack.truth.displacements, strict=True)
    return np.array([shift(frame, -moved, order=1, mode="nearest") for frame, moved in pairs]).reshape(len(light), -1).T


def agreement(found: Floats, standards: Floats) -> Floats:
    """Correlation of each standard with its component, matched one to one for the largest sum, (standards,)."""
    correlations = np.nan_to_num(np.corrcoef(standards, found)[: len(standards), len(standards) :])
    rows, columns = linear_sum_assignment(-correlations)
    return correlations[rows, columns]


def recover(stack: Stack) -> tuple[float, Floats]:
    """The best weight ω, and the powder's correlations there."""
    truth = stack.truth
    data = remove_background(corrected(stack), truth.energies, "arctangent")
    best = (0.0, np.full(len(truth.components) - 1, -1.0))
    for omega in OMEGAS:
        model = NMFSO(len(truth.components), omega=omega, negative="clip").fit(data)
        scores = agreement(model.components_, truth.standards[:-1])
        if scores.mean() > best[1].mean():
            best = (omega, scores)
    return best


def rows_of(name: str, difficulty: str, shape: tuple[int, int], samples: int) -> list[tuple[str, ...]]:
    """The table's rows for one preset, of samples kept from before where there are some."""
    kept, made = Kept(__file__, SOURCES), preset(name, difficulty)

    def one(seed: int) -> tuple[float, list[float]]:
        omega, scores = recover(made.stack(shape, seed))
        return omega, scores.tolist()

    found = [kept((name, difficulty, *shape, seed), partial(one, seed)) for seed in range(samples)]
    omegas = ", ".join(f"{omega:g}" for omega in sorted({omega for omega, _ in found}))
    rows = []
    for index, component in enumerate(made.style.components[:-1]):
        values = [scores[index] for _, scores in found]
        figures = (f"{value:.3f}" for value in (np.median(values), min(values), max(values)))
        rows.append((f"{name}, {difficulty}", component, *figures, omegas))
    return rows


def main() -> None:
    """Run the calibration and print its table."""
    parser = argparse.ArgumentParser(description="Recover the twin's spectra by the source's recipe.")
    parser.add_argument("--presets", nargs="+", default=["cu"], choices=PRESETS)
    parser.add_argument("--difficulties", nargs="+", default=["default"], choices=DIFFICULTIES)
    parser.add_argument("--shape", nargs=2, type=int, default=list(SHAPE))
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--write", action="store_true", help=f"write the table to {results(__file__).name}, too")
    options = parser.parse_args()
    report, shape, rows = Report(), (options.shape[0], options.shape[1]), []
    for name in options.presets:
        for difficulty in options.difficulties:
            rows += rows_of(name, difficulty, shape, options.samples)
    report.table(("preset", "component", "median r", "lowest", "highest", "best ω"), rows)
    frames = " × ".join(map(str, shape))
    report.finish(results(__file__) if options.write else None, frames=frames, samples=options.samples)


if __name__ == "__main__":
    main()
