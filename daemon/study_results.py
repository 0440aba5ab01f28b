"""What a study found: the figures per strategy, as a table, a CSV file and a plot."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from daemon.recorder.disk import write_atomically
from daemon.study import Study, Trial

COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
"""Colours that colour-blind readers can tell apart (Okabe and Ito)."""


@dataclass(frozen=True, slots=True)
class Score:
    """A strategy over all samples.

    Attributes:
        strategy: The strategy.
        trials: Number of samples.
        success: Fraction of samples in which the maximum was reached.
        median: Median number of points until then; infinite where fewer than half of the samples reached it.
        percentile_95: 95th percentile of it; infinite where more than one in twenty did not reach it.
        seconds: Median instrument time until the maximum, or of all points where it was not reached, s.
        milliseconds: Median computing time per point, ms.
    """

    strategy: str
    trials: int
    success: float
    median: float
    percentile_95: float
    seconds: float
    milliseconds: float


def score(strategy: str, trials: Sequence[Trial]) -> Score:
    """Sum up the trials of one strategy; a sample that was not reached counts as infinitely many points."""
    reached = np.array([np.inf if trial.reached is None else trial.reached for trial in trials])
    return Score(
        strategy=strategy,
        trials=len(trials),
        success=float(np.isfinite(reached).mean()),
        median=_percentile(reached, 50),
        percentile_95=_percentile(reached, 95),
        seconds=float(np.median([trial.seconds for trial in trials])),
        milliseconds=float(np.median([trial.milliseconds for trial in trials])),
    )


def scores(study: Study, trials: Sequence[Trial]) -> list[Score]:
    """The scores of all strategies, in the study's order."""
    return [score(name, [trial for trial in trials if trial.strategy == name]) for name in study.strategies]


def write_csv(path: Path, trials: Sequence[Trial]) -> None:
    """Write all trials, one per line.

    Raises:
        DiskFull: When there is no room; nothing is left half-written.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [field.name for field in fields(Trial)], lineterminator="\n")
    writer.writeheader()
    for trial in sorted(trials, key=lambda trial: (trial.strategy, trial.seed)):
        writer.writerow(asdict(trial))
    write_atomically(path, buffer.getvalue().encode())


def write_plot(path: Path, study: Study, trials: Sequence[Trial]) -> None:
    """Draw which fraction of the samples had been solved after how many points.

    Raises:
        DiskFull: When there is no room; nothing is left half-written.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    drawn = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = drawn.subplots()
    numbers = np.arange(study.points + 1)
    for index, name in enumerate(study.strategies):
        reached = [trial.reached for trial in trials if trial.strategy == name and trial.reached is not None]
        total = sum(trial.strategy == name for trial in trials)
        solved = np.array([sum(count <= number for count in reached) for number in numbers]) / max(total, 1)
        axes.step(numbers, solved, where="post", color=COLOURS[index % len(COLOURS)], lw=2, label=name)
    axes.set(xlim=(0, study.points), ylim=(0, 1.02))
    axes.set(xlabel="points measured", ylabel="samples whose maximum was reached")
    axes.set_title(f"{study.scenario}, {len(study.seeds)} samples", loc="left")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png", dpi=150)
    write_atomically(path, buffer.getvalue())


def _percentile(values: np.ndarray, percentage: float) -> float:
    """A percentile that may be infinite: of two neighbours the higher, as nothing lies before infinity."""
    return float(np.percentile(values, percentage, method="higher"))
