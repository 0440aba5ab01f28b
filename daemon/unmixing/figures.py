"""Figures of an unmixed stack; each is drawn once for the page and once for a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from analysis.unmixing.choose import LEAST_SHARE
from daemon.report.component_maps import colour_of
from daemon.report.drawing import BLUE, INK, VERMILION, figure, style
from daemon.unmixing.map_figure import draw_maps
from daemon.unmixing.work import Outcome

Floats = NDArray[np.float64]

PAPER = "#1a1d21"
"""Ink of figures in files, which have a white background."""


def colours(outcome: Outcome) -> list[str]:
    """A colour for each component."""
    return [colour_of(number) for number in range(outcome.unmixing.n_components)]


def draw_map_figure(outcome: Outcome, ink: str = INK) -> Figure:
    """Draw where each component is, all of them together, and the intensity."""
    return draw_maps(outcome, colours(outcome), ink)


def draw_spectra(outcome: Outcome, ink: str = INK) -> Figure:
    """Draw each spectrum, with the standard that it resembles most laid over it."""
    found = outcome.unmixing
    columns = min(found.n_components, 3)
    rows = -(-found.n_components // columns)
    drawn = figure(9.0, 0.45 + 2.25 * rows)
    panels = np.atleast_1d(drawn.subplots(rows, columns, sharex=True, squeeze=False)).ravel()
    for place, axes in enumerate(panels):
        if place < found.n_components:
            _draw_spectrum(axes, outcome, place, ink)
            axes.set_xlabel("photon energy (eV)" if place + columns >= found.n_components else "")
            axes.tick_params(labelbottom=place + columns >= found.n_components)
        else:
            axes.remove()
    panels[0].set_ylabel("relative to the mean")
    return drawn


def _draw_spectrum(axes: Axes, outcome: Outcome, place: int, ink: str) -> None:
    """Draw one component; its standard, with a straight line added, is fitted to it."""
    found = outcome.unmixing
    spectrum, colour = found.spectra[place], colours(outcome)[place]
    axes.plot(found.energies, spectrum, color=colour, lw=1.8)
    axes.set_title(outcome.labels[place], color=colour, fontweight="bold")
    comparison = found.comparison
    if comparison is None or comparison.matches[place] < 0 or outcome.standards is None:
        return
    name = comparison.standards[comparison.matches[place]]
    own, values = outcome.standards.library[name]
    known = (found.energies + comparison.shift >= own[0]) & (found.energies + comparison.shift <= own[-1])
    standard = np.interp(found.energies[known] + comparison.shift, own, values)
    parts = np.stack([standard, np.ones_like(standard), found.energies[known] - found.energies.mean()], axis=1)
    fitted = parts @ np.linalg.lstsq(parts, spectrum[known], rcond=None)[0]  # as in `compare`
    axes.plot(found.energies[known], fitted, color=ink, lw=0.9, ls=(0, (4, 2)))
    r = comparison.correlations[place, comparison.matches[place]]
    axes.set_title(f"{name} (dashed), r = {r:.3f}", loc="right", fontsize=8.5)


def draw_correlations(outcome: Outcome, ink: str = INK) -> Figure | None:
    """Draw the table of correlations, after the shift and in brackets without it; None without standards."""
    comparison = outcome.unmixing.comparison
    if comparison is None:
        return None
    rows, columns = comparison.correlations.shape
    drawn = figure(min(9.0, 2.0 + 1.2 * columns), 0.75 + 0.5 * rows)
    axes = drawn.subplots()
    # Beyond the range of a correlation: the pale middle of the colours lets every number be read.
    axes.imshow(comparison.correlations, cmap="RdBu_r", vmin=-1.8, vmax=1.8, aspect="auto", origin="upper")
    for row in range(rows):
        for column in range(columns):
            value, plain = comparison.correlations[row, column], comparison.unshifted[row, column]
            told = f"{value:.3f} ({plain:.3f})".replace("-", "−") if np.isfinite(value) else "–"
            axes.text(column, row, told, ha="center", va="center", fontsize=8, color=PAPER)
        if comparison.matches[row] >= 0:
            corner = (comparison.matches[row] - 0.47, row - 0.45)
            axes.add_patch(Rectangle(corner, 0.94, 0.9, fill=False, ec=PAPER, lw=1.6))
    axes.set_xticks(range(columns), comparison.standards)
    axes.set_yticks(range(rows), outcome.labels)
    for label, colour in zip(axes.get_yticklabels(), colours(outcome), strict=True):
        label.set_color(colour)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return drawn


def draw_choice(outcome: Outcome, ink: str = INK) -> Figure:
    """Draw the scores of all recipes that were tried, and what decided the number of components."""
    trials = outcome.unmixing.choice.trials
    groups = list(dict.fromkeys((trial.recipe.background, trial.recipe.method) for trial in trials))
    strengths = outcome.unmixing.choice.strengths
    drawn = figure(9.0, 0.8 + 0.23 * max(len(groups), 5))
    scores, shares = drawn.subplots(1, 2, width_ratios=[2.2, 1.0])
    best = trials[0].score
    lowest = best - max(0.02, min(0.5, 1.1 * (best - min(trial.score for trial in trials))))
    for trial in trials:
        row = groups.index((trial.recipe.background, trial.recipe.method))
        if trial.score >= lowest:
            scores.plot(trial.score, row, "o", ms=5, mfc="none", mec=BLUE, alpha=0.8)
        else:
            scores.plot(lowest, row, "<", ms=5, mfc="none", mec=BLUE, alpha=0.4, clip_on=False)
    scores.plot(best, 0, "o", ms=8, color=VERMILION)
    scores.set_yticks(range(len(groups)), [f"{background}, {method}" for background, method in groups])
    scores.invert_yaxis()
    scores.set_title("Score of each background and method tried")
    scores.set_xlabel("score: 1 is best, the chosen one is filled, ◁ lies further left")
    places = np.arange(2, len(strengths) + 2)
    kept = strengths >= LEAST_SHARE
    shares.bar(places, np.maximum(strengths, 1e-4), color=np.where(kept, BLUE, "#b8bec5"), width=0.7)
    shares.axhline(LEAST_SHARE, color=ink, lw=0.8, ls=(0, (4, 2)))
    shares.set_yscale("log")
    shares.set_ylim(1e-3, 1.2)
    shares.set_xticks(places)
    shares.set_title("Share of the variation")
    shares.set_xlabel("dimension of the raw data")
    return drawn


FILES: dict[str, Callable[..., Figure | None]] = {
    "maps": draw_map_figure,
    "spectra": draw_spectra,
    "correlations": draw_correlations,
    "choice": draw_choice,
}
"""What is drawn, by the name of its file."""


def write_figures(outcome: Outcome, folder: Path) -> None:
    """Write all figures as PNG for slides, 200 pixels per inch, on white.

    Args:
        outcome: The unmixed stack.
        folder: Is made.
    """
    folder.mkdir()
    for name, draw in FILES.items():
        with style(PAPER):
            drawn = draw(outcome, PAPER)
            if drawn is not None:
                drawn.savefig(folder / f"{name}.png", dpi=200, facecolor="white", bbox_inches="tight")
