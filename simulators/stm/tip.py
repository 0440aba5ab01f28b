"""The tip: its end, a second end beside it, and how it changes while an image is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.stm.density import Apex

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TipStyle:
    """What tips are like.

    Attributes:
        radius: Least and greatest radius of curvature, Å.
        elongation: Greatest elongation.
        double: Strength of a second end: the greatest share of the current that goes through it.
        double_chance: Chance of a second end.
        changes: Expected number of lasting changes per image.
        flicker: Chance of an image in which the tip goes to and fro between two states.
        jump: Deviation of the height at a change, Å.
    """

    radius: tuple[float, float] = (7.5, 13.0)
    elongation: float = 1.35
    double: float = 0.35
    double_chance: float = 0.35
    changes: float = 0.2
    flicker: float = 0.2
    jump: float = 0.35


@dataclass(frozen=True, slots=True)
class Tip:
    """One state of a tip.

    Attributes:
        apex: Its end.
        share: Current through a second end relative to that through the first, 0 for none.
        second: Where the second end looks at, from the first, Å.
        height: Added to the recorded height in this state, Å.
    """

    apex: Apex
    share: float = 0.0
    second: tuple[float, float] = (0.0, 0.0)
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class TipHistory:
    """The states of a tip during an image.

    Attributes:
        tips: The states.
        states: Which of them at each pixel, shape (rows, columns).
    """

    tips: tuple[Tip, ...]
    states: NDArray[np.uint8]


def draw_tip(style: TipStyle, rng: np.random.Generator) -> Tip:
    """Draw a tip."""
    radius = round(float(rng.uniform(*style.radius)) * 4.0) / 4.0
    elongation = 1.0 + (style.elongation - 1.0) * float(rng.uniform()) ** 1.5
    apex = Apex(radius, elongation, float(rng.uniform(0.0, np.pi)))
    if rng.uniform() >= style.double_chance:
        return Tip(apex)
    distance, direction = float(rng.uniform(4.0, 22.0)), float(rng.uniform(0.0, 2.0 * np.pi))
    second = (distance * np.cos(direction), distance * np.sin(direction))
    return Tip(apex, style.double * float(rng.uniform(0.15, 1.0)), second)


def draw_history(style: TipStyle, rng: np.random.Generator, shape: tuple[int, int]) -> TipHistory:
    """Draw what happens to a tip during an image.

    Args:
        style: What tips are like.
        rng: Source of randomness.
        shape: Rows and columns of the image.

    Returns:
        At most three states, and where they reign: lasting changes within a line, flicker over a few lines at a time.
    """
    rows, columns = shape
    tips = [draw_tip(style, rng)]
    states = np.zeros(rows * columns, np.uint8)
    for _ in range(min(int(rng.poisson(style.changes)), 2)):
        other = draw_tip(style, rng)
        height = style.jump * float(rng.normal())
        tips.append(Tip(other.apex, other.share, other.second, height))
        states[int(rng.uniform(0.05, 0.95) * states.size) :] = len(tips) - 1
    if rng.uniform() < style.flicker and len(tips) < 3:
        tips.append(_disturbed(tips[-1], style, rng))
        _flicker(states, columns, len(tips) - 1, rng)
    return TipHistory(tuple(tips), states.reshape(shape))


def _disturbed(tip: Tip, style: TipStyle, rng: np.random.Generator) -> Tip:
    """Return the state that a tip flickers to: higher, as when an atom hangs from it, and less sharp."""
    radius = min(tip.apex.radius + float(rng.integers(0, 9)) / 2.0, 20.0)
    apex = Apex(radius, tip.apex.elongation, tip.apex.angle)
    return Tip(apex, tip.share, tip.second, abs(style.jump * float(rng.normal())) + 0.05)


def _flicker(states: NDArray[np.uint8], columns: int, state: int, rng: np.random.Generator) -> None:
    """Put short spells of a state into the course of an image, mostly together."""
    rows = states.size // columns
    middle = rng.uniform(0.0, rows)
    for _ in range(int(rng.integers(2, 12))):
        start = np.clip(middle + rng.normal() * 0.12 * rows, 0, rows - 0.01) * columns
        length = columns * float(rng.exponential(1.3))
        states[int(start) : int(start + length)] = state
