"""Whether an image can be trusted: is there anything in it, is it a surface, and did the tip stay the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.detection.flattening import flatten
from analysis.detection.preparation import corrugation

Floats = NDArray[np.float64]
Kind = Literal["", "blank", "noise", "tip change"]

FEWEST_LINES = 0.9
"""An image with fewer of its lines than this is not whole."""

COHERENCE = 0.2
"""Median correlation of neighbouring lines below which an image shows no surface: noise alone has 0.1 at
most; the noisiest clean terraces 0.3."""

BREAK = 0.5
"""Lines on either side of a change correlate less than this, relative to the image's median …"""

UNUSUAL = 4.0
"""… and their correlation (Fisher's z) is this many deviations below the median."""

JUMP = 5.5
"""Neighbouring lines whose offset is this many deviations from the usual: the tip became longer or shorter."""

CLIP = 3.0
"""Terraces and spikes count for no more than this, in units of the corrugation."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with an image.

    Attributes:
        kind: Empty where nothing is.
        text: The same for a person; empty where nothing is wrong.
        line: Where the tip changed, from 0; -1 for other flaws.
    """

    kind: Kind = ""
    text: str = ""
    line: int = -1


def find_flaw(height: ArrayLike) -> Flaw:
    """Judge a complete image.

    A tip whose end changes shows what it draws from then on elsewhere, or otherwise: the correlation from one line to
    the next breaks. A feedback that has lost the surface draws lines that have nothing in common. Changes so slight
    that neighbouring lines still agree are not seen; nor do they hide clusters. It is kept
    from false alarms rather than from missing a change: of the twin's images without any, one in thirty is told.

    Args:
        height: Heights, any unit, not flattened, (y, x); NaN where not scanned.

    Returns:
        The gravest flaw.
    """
    image = np.asarray(height, float)
    there = np.isfinite(image).all(axis=1)
    if there.sum() < max(FEWEST_LINES * len(image), 3):
        return Flaw("blank", f"blank: {np.count_nonzero(~there)} of {len(image)} lines are missing")
    lines = np.flatnonzero(there)
    image = image[lines]
    level = flatten(image)
    limit = CLIP * corrugation(level)
    if limit <= 0.0:
        return Flaw("blank", "blank: the image is constant")
    together = across(np.clip(level, -limit, limit))
    usual = float(np.median(together))
    if usual < COHERENCE:
        return Flaw("noise", f"noise: neighbouring lines correlate by {usual:.2f}, as without a surface")
    broken = (together < BREAK * usual) & (_below(np.arctanh(np.clip(together, -0.999, 0.999))) > UNUSUAL)
    jumped = _apart(np.median(np.diff(image, axis=0), axis=1)) > JUMP
    places = np.flatnonzero(broken | jumped)
    if places.size:
        line = int(lines[places[0] + 1])
        why = "its height jumps" if jumped[places[0]] else f"correlation {together[places[0]]:.2f}"
        return Flaw("tip change", f"tip change at line {line} ({why})", line)
    return Flaw()


def across(level: Floats) -> Floats:
    """How alike the lines on either side of each boundary between two lines are, shape (y - 1,).

    It is the best correlation of one of the two lines above with one of the two lines below, but for those three
    apart: a line that is disturbed by itself leaves the others alike, a change of the tip does not.

    Args:
        level: Flattened heights, shape (y, x).
    """
    first, second = line_correlations(level, 1), line_correlations(level, 2)
    best = first.copy()
    best[1:] = np.maximum(best[1:], second)
    best[:-1] = np.maximum(best[:-1], second)
    return best


def line_correlations(level: Floats, lag: int = 1) -> Floats:
    """Correlation of each line with one further on, shape (y - lag,); 0 where one of them is constant.

    Args:
        level: Flattened heights, shape (y, x).
        lag: How many lines further on.
    """
    deviation = level - level.mean(axis=1, keepdims=True)
    norms = np.sqrt((deviation**2).sum(axis=1))
    products = norms[:-lag] * norms[lag:]
    return (deviation[:-lag] * deviation[lag:]).sum(axis=1) / np.where(products > 0.0, products, np.inf)


def _below(values: Floats) -> Floats:
    """How far values lie below their median, in robust deviations."""
    middle = np.median(values)
    return (middle - values) / _spread(values)


def _apart(values: Floats) -> Floats:
    """How far values lie from their median, in robust deviations."""
    return np.abs(values - np.median(values)) / _spread(values)


def _spread(values: Floats) -> float:
    """Robust deviation, never quite 0."""
    return max(
        1.4826 * float(np.median(np.abs(values - np.median(values)))), 1e-12 * (1.0 + float(np.abs(values).max()))
    )
