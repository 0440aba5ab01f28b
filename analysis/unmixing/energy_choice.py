"""Where a stack scan should measure next: few energies first, more where components are still confused."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EnergyPlan:
    """What to measure next, and why.

    Attributes:
        energies: Rising, shape (n,), eV; empty when nothing more is needed.
        loss: What the energies so far are expected to cost the worst spectrum, or difference of two spectra, in
            correlation (1 − r), because it is interpolated between them.
        gains: The part of that loss in the interval of each new energy, shape (n,).
    """

    energies: Floats
    loss: float
    gains: Floats


class EnergyChooser:
    """Chooses the energies of a stack scan from what the scan has found so far.

    The first energies are evenly spaced. Each further one halves the interval in which the interpolation of the spectra
    is worst: of each component's, and of the difference of each two, relative to its own variation. So components that
    are hard to tell apart get energies where they differ, and smooth parts get none.

    Args:
        low: Lowest energy, eV.
        high: Highest energy, eV.
        first: Energies to begin with.
        most: Energies at most.
        closest: Least distance of two energies, eV; a hundred-and-sixtieth of the range when None.
        tol: Expected loss of correlation, 1 − r, below which no more energies are needed.

    Raises:
        ValueError: A number is out of range.
    """

    def __init__(
        self,
        low: float,
        high: float,
        *,
        first: int = 20,
        most: int = 60,
        closest: float | None = None,
        tol: float = 1e-4,
    ) -> None:
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ValueError(f"energies go from a lower to a higher one, not from {low!r} to {high!r} eV")
        if not 4 <= first <= most:
            raise ValueError(f"first must be at least 4 and at most most={most}, not {first!r}")
        self.low, self.high, self.most, self.tol = float(low), float(high), most, tol
        self.closest = (high - low) / 160.0 if closest is None else float(closest)
        self._first = first

    def first(self) -> EnergyPlan:
        """The energies to begin with."""
        energies = np.linspace(self.low, self.high, self._first)
        return EnergyPlan(energies, float("inf"), np.full(self._first, np.nan))

    def next(self, energies: ArrayLike, spectra: ArrayLike, count: int = 4) -> EnergyPlan:
        """Choose further energies.

        Args:
            energies: Those measured, in any order, shape (m,), eV; repeated ones count once.
            spectra: Spectra of the components there, shape (k, m).
            count: Energies wanted.

        Returns:
            At most so many energies; none when the loss is small enough, or the scan has as many as it may have.

        Raises:
            ValueError: There are fewer than 4 energies, or spectra do not fit or are not finite.
        """
        axis, places = np.unique(np.asarray(energies, float), return_index=True)
        rows = np.atleast_2d(np.asarray(spectra, float))
        if len(axis) < 4 or rows.shape[1] != np.size(energies) or not np.isfinite(rows).all():
            raise ValueError(f"give finite spectra (k, m) at 4 or more energies, not {rows.shape} at {len(axis)}")
        rows = contrasts(rows[:, places])
        losses = interval_losses(rows, axis)
        total = float(losses.sum(axis=1).max())
        chosen: list[float] = []
        gains: list[float] = []
        while total > self.tol and len(chosen) < min(count, self.most - np.size(energies)):
            wide = np.diff(axis) >= 2.0 * self.closest
            worst = np.where(wide, losses.max(axis=0), 0.0)
            place = int(worst.argmax())
            if not worst[place] > 0.0:
                break
            middle = 0.5 * (axis[place] + axis[place + 1])
            chosen.append(float(middle))
            gains.append(float(worst[place]))
            # Until the new value is known the interpolation stands for it, and half the interval errs by a quarter:
            # in each half there is a 32nd of the loss.
            axis = np.insert(axis, place + 1, middle)
            losses = np.insert(losses, place + 1, losses[:, place] / 32.0, axis=1)
            losses[:, place] = losses[:, place + 1]
        order = np.argsort(chosen)
        return EnergyPlan(np.array(chosen)[order], total, np.array(gains)[order])


def contrasts(spectra: Floats) -> Floats:
    """Each spectrum, and the difference of each two, of mean 0 and variance 1, shape (k + k (k − 1) / 2, m).

    Args:
        spectra: Shape (k, m).
    """
    spectra = spectra / np.maximum(np.abs(spectra).mean(axis=1, keepdims=True), 1e-300)
    rows = np.array([*spectra, *(a - b for a, b in combinations(spectra, 2))])
    deviation = rows.std(axis=1, keepdims=True)
    # A flat spectrum has nothing to be interpolated wrongly.
    return (rows - rows.mean(axis=1, keepdims=True)) / np.where(deviation > 1e-9, deviation, np.inf)


def interval_losses(rows: Floats, energies: Floats) -> Floats:
    """What each interval between two energies costs in correlation, when spectra are interpolated there.

    To second order 1 − r is half of the mean squared error, for rows of variance 1. The error is taken to be the
    distance between straight line and monotone cubic in the interval's middle, 8/15 of whose square is the mean square
    of a parabola.

    Args:
        rows: Of mean 0 and variance 1, shape (p, m).
        energies: Rising, shape (m,).

    Returns:
        Losses, shape (p, m − 1).
    """
    middle = 0.5 * (energies[1:] + energies[:-1])
    line = 0.5 * (rows[:, 1:] + rows[:, :-1])
    curved = np.maximum(np.abs(PchipInterpolator(energies, rows, axis=1)(middle) - line), _bending(rows, energies))
    share = np.diff(energies) / (energies[-1] - energies[0])
    return 0.5 * (8.0 / 15.0) * curved**2 * share


def _bending(rows: Floats, energies: Floats) -> Floats:
    """Error of a straight line in the middle of each interval, h² |f″| / 8, from the second differences at its ends."""
    step = np.diff(energies)
    slopes = np.diff(rows, axis=1) / step
    second = np.abs(np.diff(slopes, axis=1)) / (0.5 * (step[1:] + step[:-1]))
    second = np.pad(second, ((0, 0), (1, 1)), mode="edge")
    return step**2 * np.maximum(second[:, :-1], second[:, 1:]) / 8.0


def resample_spectra(spectra: ArrayLike, energies: ArrayLike, grid: ArrayLike) -> Floats:
    """Spectra at other energies, by monotone cubic interpolation (Fritsch & Butland, SIAM J. Sci. Stat. Comput. 5).

    Args:
        spectra: Shape (k, m).
        energies: Rising, shape (m,), eV.
        grid: Where they are wanted, shape (p,), eV; beyond the ends, the end values.

    Returns:
        Shape (k, p).
    """
    axis = np.asarray(energies, float)
    inside = np.clip(np.asarray(grid, float), axis[0], axis[-1])
    return np.asarray(PchipInterpolator(axis, np.asarray(spectra, float), axis=1)(inside))
