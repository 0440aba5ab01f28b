"""Figures of a run in the order of its points: convergence, components, and where the time went."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from daemon.report.content import Components, Content
from daemon.report.drawing import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION, figure, style, to_svg

STAGES = {
    "motion": BLUE,
    "exposure": SKY,
    "record": GREEN,
    "analyse": ORANGE,
    "tell": PURPLE,
    "ask": VERMILION,
}
"""The stages of a point in the order in which they happen, with their colours."""

MANY = 200
"""Beyond this many points, single ones can no longer be told apart."""

SPARE_COLOURS = ("#999999", "#666666", "#bbbbbb")
"""For stages that a plan of somebody else's names."""


def best_so_far(content: Content) -> NDArray[np.float64]:
    """The best value after each point, shape (points,); NaN until a measurement succeeded."""
    values = np.array([point.value for point in content.points], float)
    worst = -np.inf if content.maximize else np.inf
    known = np.where(np.isfinite(values), values, worst)
    best = np.maximum.accumulate(known) if content.maximize else np.minimum.accumulate(known)
    return np.where(np.isfinite(best), best, np.nan)


def convergence_svg(content: Content) -> str:
    """Draw every measured value and the best so far against the number of points."""
    numbers = np.array([point.number for point in content.points])
    values = np.array([point.value for point in content.points])
    initial = np.array([point.initial for point in content.points])
    with style():
        drawn = figure(9.0, 2.9)
        axes = drawn.subplots()
        axes.step(numbers, best_so_far(content), where="post", color=VERMILION, lw=1.8, label="best so far")
        size = 4.5 if len(numbers) <= MANY else 1.5
        if initial.any():
            axes.plot(numbers[initial], values[initial], "o", ms=size, mfc="none", mec=BLUE, label="initial design")
        told = "chosen by the model" if content.chosen else "measured"
        axes.plot(numbers[~initial], values[~initial], "o", ms=size, color=BLUE, label=told)
        axes.set_xlabel("point")
        axes.set_ylabel(content.objective)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlim(0.5, len(numbers) + 0.5)
        axes.legend(ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
        return to_svg(drawn, "convergence", "Measured values and the best so far against the number of points")


def _spectra_svg(components: Components) -> str:
    """Draw components of a single row as curves over one axis."""
    with style():
        drawn = figure(9.0, 2.9)
        axes = drawn.subplots()
        for number, (pattern, colour) in enumerate(zip(components.patterns, cycle(STAGES.values()), strict=False)):
            chosen = number == components.chosen
            label = f"component {number}" + (" (objective)" if chosen else "")
            axes.plot(components.horizontal, pattern[0], color=colour, lw=2.2 if chosen else 1.2, label=label)
        axes.set_xlabel(components.labels[0])
        axes.legend(ncols=4, loc="lower right", bbox_to_anchor=(1, 1))
        return to_svg(drawn, "components", "The spectra into which the frames were decomposed")


def components_svg(components: Components) -> str:
    """Draw the frames' components: patterns side by side on one pair of axes, spectra as curves."""
    if components.patterns.shape[1] == 1:
        return _spectra_svg(components)
    count = len(components.patterns)
    left, right, bottom, top = components.extent
    with style():
        drawn = figure(9.0, 9.0 / max(count, 3) * 1.06 + 0.35)
        row = np.atleast_1d(drawn.subplots(1, count, sharex=True, sharey=True))
        for number, (axes, pattern) in enumerate(zip(row, components.patterns, strict=True)):
            axes.imshow(
                pattern, extent=(left, right, bottom, top), aspect="auto", cmap="viridis", norm=PowerNorm(0.4, vmin=0.0)
            )
            axes.set_box_aspect(1)
            chosen = number == components.chosen
            axes.set_title(f"component {number}" + (" (objective)" if chosen else ""))
            if chosen:
                axes.title.set_color(VERMILION)
                axes.title.set_fontweight("bold")
            axes.set_xlabel(components.labels[0])
        row[0].set_ylabel(components.labels[1])
        return to_svg(drawn, "components", "The patterns into which the frames were decomposed")


def stages_of(content: Content) -> list[str]:
    """The stages that any point spent time in, in the order in which they happen."""
    used = {stage for point in content.points for stage in point.times}
    return [stage for stage in STAGES if stage in used] + sorted(used - set(STAGES))


def timing_svg(content: Content, stages: list[str], unit: str, factor: float, name: str) -> str:
    """Draw where the time of every point went, stage upon stage.

    Args:
        content: The report's content.
        stages: The stages to draw, from the bottom up.
        unit: Unit of the vertical axis.
        factor: What seconds are multiplied with to have that unit.
        name: Prefix of the figure's identifiers.
    """
    numbers = np.array([point.number for point in content.points])
    colours = {**STAGES, **dict(zip(sorted(set(stages) - set(STAGES)), SPARE_COLOURS * 9, strict=False))}
    with style():
        drawn = figure(9.0, 2.4)
        axes = drawn.subplots()
        base = np.zeros(len(numbers))
        for stage in stages:
            spent = factor * np.array([point.times.get(stage, 0.0) for point in content.points])
            spent = np.nan_to_num(spent)
            if len(numbers) <= MANY:
                axes.bar(numbers, spent, bottom=base, width=0.85, color=colours[stage], lw=0, label=stage)
            else:
                axes.fill_between(numbers, base, base + spent, step="mid", color=colours[stage], lw=0, label=stage)
            base += spent
        axes.set_xlabel("point")
        axes.set_ylabel(f"time ({unit})")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlim(0.4, len(numbers) + 0.6)
        axes.tick_params(axis="x", colors=INK)
        axes.legend(ncols=len(stages), loc="lower right", bbox_to_anchor=(1, 1), handlelength=1, columnspacing=1.2)
        return to_svg(drawn, name, f"Time per point spent in {', '.join(stages)}")
