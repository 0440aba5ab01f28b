"""How well stacks of the photoemission twin are unmixed, against their truth.

Two questions. *Spectra*: stacks of 512 × 600 pixels and 120 energies, at 100 counts per pixel, go through
:func:`analysis.unmixing.unmix` with nothing told but I0 and the dark frame; components are matched one to one with the
true ones and compared by Pearson correlation on all energies, without any shift. *Maps*: the mean absolute error of the
abundances where the intensity is above 5 % of its maximum, over all pixels and at interfaces alone (within two pixels
of where another component becomes the strongest), for all methods on all backgrounds, each told the number of
components and given the same frames, corrected for I0 and drift. Principal and independent components have no
abundances, so their scores are stretched from their 1st to their 99th percentile and divided by their sum, which is the
best that is done with them.

Samples that were done before are kept, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read once, when numpy is loaded

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.ndimage import binary_dilation  # noqa: E402
from scipy.optimize import linear_sum_assignment  # noqa: E402

from analysis.unmixing import ICA, NMF, PCA, Unmixing, unmix  # noqa: E402
from analysis.unmixing.backgrounds import BACKGROUNDS, Background, remove_background  # noqa: E402
from analysis.unmixing.recipes import METHODS  # noqa: E402
from analysis.unmixing.survey import survey_stack  # noqa: E402
from benchmarks.kept import Kept  # noqa: E402
from benchmarks.report import Report, results  # noqa: E402
from simulators.peem.presets import PRESETS, SHAPE, Preset, preset  # noqa: E402
from simulators.peem.stack import Stack  # noqa: E402

Floats = NDArray[np.float64]

_MODULES = (
    *("backgrounds", "choose", "compression", "displacement", "drift", "hals", "identify", "initial", "linear"),
    *("minimum_volume", "nmf", "nmfso", "parsimony", "recipes", "registering", "shared_nnls", "smoothing", "stacks"),
    *("survey", "unmix", "vertices"),
)
SOURCES = ("simulators/peem", *(f"analysis/unmixing/{name}.py" for name in _MODULES))
"""What the results depend on."""

NEAR = 2
"""Pixels from a change of the strongest component that are an interface."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How near an unmixing is to the truth.

    Attributes:
        found: Number of components found.
        correlations: Pearson correlation of each true component's spectrum with its match, 0 for none, (component,).
        error: Mean absolute error of the abundances, NaN where the number of components is wrong.
        interfaces: The same at interfaces.
    """

    found: int
    correlations: Floats
    error: float
    interfaces: float


def automatic(stack: Stack) -> Unmixing:
    """Unmix with nothing told but what a beamline records."""
    return unmix(stack.frames, stack.energies, i0=stack.i0, dark=stack.dark)


def quality(stack: Stack, spectra: Floats, maps: Floats) -> Quality:
    """Compare spectra (k, m) and maps (k, y, x) with the truth."""
    truth = stack.truth
    count = len(truth.components)
    correlations = np.nan_to_num(np.corrcoef(truth.spectra, spectra)[:count, count:])
    rows, columns = linear_sum_assignment(-correlations)
    matched = np.zeros(count)
    matched[rows] = correlations[rows, columns]
    if len(spectra) != count:
        return Quality(len(spectra), matched, float("nan"), float("nan"))
    bright, interface = places(stack)
    error = np.abs(maps[columns] - truth.abundances).mean(axis=0)
    return Quality(count, matched, float(error[bright].mean()), float(error[bright & interface].mean()))


def places(stack: Stack) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pixels with an intensity above 5 % of its maximum, and those at interfaces, shape (y, x) each."""
    intensity = stack.truth.emission * stack.truth.illumination
    strongest = stack.truth.abundances.argmax(axis=0)
    change = np.zeros(strongest.shape, bool)
    change[:-1] |= np.diff(strongest, axis=0) != 0
    change[:, :-1] |= np.diff(strongest, axis=1) != 0
    return intensity > 0.05 * intensity.max(), np.asarray(binary_dilation(change, iterations=NEAR), bool)


def rivals(stack: Stack, background: Background) -> Iterator[tuple[str, Quality]]:
    """Name and quality of each classic method, and of each of ours, on one background."""
    k, shape = len(stack.truth.components), stack.dark.shape
    source = survey_stack(stack.frames, stack.energies, i0=stack.i0, dark=stack.dark).source
    X = remove_background(np.concatenate([part for _, part in source.blocks()]), stack.energies, background)
    for name, model in {"PCA": PCA(k - 1), "ICA": ICA(k)}.items():
        scores = model.fit(X).transform(X).T
        spectra = model.components_
        if name == "PCA":  # k components span k - 1 dimensions around their mean, which is the first of k components
            scores, spectra = np.vstack([X.sum(axis=1), scores]), np.vstack([model.mean_, spectra])
        yield name, quality(stack, spectra, stretched(scores).reshape(k, *shape))
    plain = NMF(k, negative="clip")
    weights = plain.fit_transform(X).T
    yield (
        "plain NMF",
        quality(stack, plain.components_, (weights / np.maximum(weights.sum(axis=0), 1e-9)).reshape(k, *shape)),
    )
    for method in METHODS:
        ours = unmix(
            stack.frames,
            stack.energies,
            n_components=k,
            i0=stack.i0,
            dark=stack.dark,
            background=background,
            method=method,
        )
        yield method, quality(stack, ours.spectra, ours.abundances)


def stretched(scores: Floats) -> Floats:
    """Scores (k, n) of both signs as fractions: from the 1st to the 99th percentile, and of sum 1."""
    low, high = np.percentile(scores, [1.0, 99.0], axis=1)[..., None]
    maps = np.clip((scores - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    return maps / np.maximum(maps.sum(axis=0), 1e-9)


def spectra_table(report: Report, options: argparse.Namespace) -> None:
    """Automatic unmixing of every preset, three and four components."""
    kept, rows = Kept(__file__, SOURCES), []
    for name in options.presets:
        for components in options.components:
            made = preset(name, components=components, dose=options.dose)
            found = []
            for seed in range(options.samples):
                key = ("automatic", name, components, options.dose, *options.shape, seed)
                kept_one = kept(key, partial(automatic_quality, made, tuple(options.shape), seed))
                if options.verbose:
                    print(*key, kept_one, flush=True)
                found.append(quality_of(kept_one))
            rows += spectra_rows(f"{name}, {components}", made.style.components, found)
    errors = ("maps: median error", "worst", "at interfaces: median", "worst")
    report.table(("set", "component", "median r", "worst r", "right number", *errors), rows)


def automatic_quality(made: Preset, shape: tuple[int, int], seed: int) -> dict[str, Any]:
    """Quality of one sample's automatic unmixing, and what was chosen, as JSON holds it."""
    stack = made.stack(shape, seed)
    result = automatic(stack)
    one = quality(stack, result.spectra, result.abundances)
    chosen = {"recipe": asdict(result.choice.recipe), "smoothing": result.smoothing, "sure": result.choice.certainty}
    return as_json(one) | chosen


def as_json(one: Quality) -> dict[str, Any]:
    """A quality as JSON holds it."""
    return {**asdict(one), "correlations": one.correlations.tolist()}


def quality_of(kept: dict[str, Any]) -> Quality:
    """A quality from JSON."""
    return Quality(kept["found"], np.array(kept["correlations"]), kept["error"], kept["interfaces"])


def spectra_rows(label: str, names: Sequence[str], found: Sequence[Quality]) -> list[tuple[object, ...]]:
    """One row for each component."""
    correlations = np.array([one.correlations for one in found])
    right = f"{sum(one.found == len(names) for one in found)} of {len(found)}"
    errors = np.array([[one.error, one.interfaces] for one in found])
    known = errors[np.isfinite(errors[:, 0])]
    maps = ["–"] * 4
    if known.size:
        maps = [f"{value(column):.4f}" for column in known.T for value in (np.median, np.max)]
    return [
        (label, name, f"{np.median(column):.4f}", f"{column.min():.4f}", right, *maps)
        for name, column in zip(names, correlations.T, strict=True)
    ]


def maps_table(report: Report, options: argparse.Namespace) -> None:
    """Error of the maps, all methods on all backgrounds, medians over samples."""
    kept, made = Kept(__file__, SOURCES), preset("cu", dose=options.dose)
    found: dict[str, dict[str, list[Quality]]] = {}
    for seed in range(options.map_samples):
        for background in BACKGROUNDS:
            key = ("methods", background, options.dose, *options.shape, seed)
            by_method = kept(key, partial(rival_qualities, made, tuple(options.shape), seed, background))
            for method, one in by_method.items():
                found.setdefault(method, {}).setdefault(background, []).append(quality_of(one))
    rows = [(method, *(cell(some[name]) for name in BACKGROUNDS)) for method, some in found.items()]
    report.table(("error, at interfaces, worst r", *BACKGROUNDS), rows)


def rival_qualities(made: Preset, shape: tuple[int, int], seed: int, background: Background) -> dict[str, Any]:
    """Quality of all methods on one background, as JSON holds it."""
    return {name: as_json(one) for name, one in rivals(made.stack(shape, seed), background)}


def cell(some: Sequence[Quality]) -> str:
    """Medians over samples: error, error at interfaces, correlation of the worst spectrum."""
    figures = np.array([(one.error, one.interfaces, one.correlations.min()) for one in some])
    return ", ".join(f"{figure:.3f}" for figure in np.median(figures, axis=0))


def main() -> None:
    """Run the study and print its tables."""
    parser = argparse.ArgumentParser(description="Unmix stacks of the photoemission twin and compare with the truth.")
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--map-samples", type=int, default=3)
    parser.add_argument("--shape", nargs=2, type=int, default=list(SHAPE))
    parser.add_argument("--presets", nargs="*", default=list(PRESETS), choices=PRESETS)
    parser.add_argument("--components", nargs="+", type=int, default=[3, 4])
    parser.add_argument("--dose", type=float, default=100.0)
    parser.add_argument("--verbose", action="store_true", help="say what became of each sample")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {results(__file__).name}, too")
    options = parser.parse_args()
    report = Report()
    if options.presets:
        spectra_table(report, options)
    if options.map_samples:
        maps_table(report, options)
    report.finish(results(__file__) if options.write else None, frames=" × ".join(map(str, options.shape)))


if __name__ == "__main__":
    main()
