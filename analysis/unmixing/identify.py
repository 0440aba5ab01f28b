"""Comparison of spectra with a library of standards, whose energy scale may differ by a rigid shift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment, minimize_scalar

Floats = NDArray[np.float64]
Standards = Mapping[str, ArrayLike | tuple[ArrayLike, ArrayLike]]

MAX_SHIFT = 1.5
"""Largest difference of two instruments' energy scales, eV."""

_COARSE = 0.1
"""Step of the first search, eV: a fraction of the narrowest line."""

_STRAIGHT = 0.05
"""A spectrum that deviates from a line by less than this share of what others do has no features."""

_OVERLAP = 0.5
"""Share of a spectrum's energies that a shifted standard must cover."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How spectra resemble standards.

    Attributes:
        standards: Names of the standards.
        shift: What is added to the spectra's energies to come to the standards' scale, eV, the same for all.
        correlations: Pearson correlation after the shift, shape (component, standard); NaN without common energies.
        unshifted: The same without the shift.
        matches: For each component its place among the standards, one to one, shape (component,); -1 for none.
        margins: By how much each match's correlation is above that of the component's next best standard.
    """

    standards: tuple[str, ...]
    shift: float
    correlations: Floats
    unshifted: Floats
    matches: NDArray[np.intp]
    margins: Floats

    @property
    def names(self) -> tuple[str | None, ...]:
        """Name of each component's standard, None where there are more components than standards."""
        return tuple(self.standards[match] if match >= 0 else None for match in self.matches)

    @property
    def matched(self) -> Floats:
        """Correlation of each component with its match after the shift, NaN for none, shape (component,)."""
        rows = np.arange(len(self.matches))
        return np.where(self.matches >= 0, self.correlations[rows, self.matches], np.nan)


def compare(spectra: ArrayLike, energies: ArrayLike, standards: Standards, max_shift: float = MAX_SHIFT) -> Comparison:
    """Compare spectra with standards, by Pearson correlation after one rigid energy shift, and without it.

    A straight line is fitted along with each standard and taken off the spectrum before, because what is emitted before
    the edge differs from measurement to measurement and no library has it. Spectra and standards that are all but
    straight themselves (a metal whose edges are elsewhere) are compared as they are.

    The shift is common to all components, because they were measured on one scale: a shift of its own for each would
    make Cu2O of CuO. It is the one that makes the sum of the best one-to-one matches largest.

    Args:
        spectra: Shape (k, m).
        energies: Shape (m,), in eV.
        standards: By name, values on the same energies, shape (m,), or a pair of energies and values, shape (p,) each.
        max_shift: Largest shift that is tried, eV; 0 for none.

    Returns:
        Correlations, shift and matches.

    Raises:
        ValueError: There are no standards, or one is malformed.
    """
    spectra, energies = np.atleast_2d(np.asarray(spectra, float)), np.asarray(energies, float)
    library = read_standards(standards, energies)

    def total(shift: float) -> float:
        return -_best_total(_correlations(spectra, energies + shift, library))

    unshifted = _correlations(spectra, energies, library)
    shift = 0.0
    if max_shift > 0.0:
        steps = np.arange(-max_shift, max_shift + 0.5 * _COARSE, _COARSE)
        start = float(steps[int(np.argmin([total(step) for step in steps]))])
        found = minimize_scalar(total, bounds=(start - _COARSE, start + _COARSE), method="bounded")
        shift = float(np.clip(found.x, -max_shift, max_shift))
    correlations = _correlations(spectra, energies + shift, library)
    matches = np.full(len(spectra), -1, np.intp)
    rows, columns = linear_sum_assignment(-np.nan_to_num(correlations, nan=-1.0))
    matches[rows] = columns
    return Comparison(tuple(library), shift, correlations, unshifted, matches, _margins(correlations, matches))


def read_standards(standards: Standards, energies: Floats) -> dict[str, tuple[Floats, Floats]]:
    """Bring a library into one form.

    Args:
        standards: As for :func:`compare`.
        energies: Energies of standards that come without their own, shape (m,).

    Returns:
        Rising energies and values by name.

    Raises:
        ValueError: There are no standards, or lengths differ, or values are not finite.
    """
    if not standards:
        raise ValueError("the library holds no standards: give at least one, or None")
    library = {}
    for name, standard in standards.items():
        own, values = standard if isinstance(standard, tuple) else (energies, standard)
        own, values = np.asarray(own, float), np.asarray(values, float)
        if own.shape != values.shape or own.ndim != 1:
            raise ValueError(f"standard {name!r}: energies of shape {own.shape} and values of shape {values.shape}")
        if not (np.isfinite(own).all() and np.isfinite(values).all()):
            raise ValueError(f"standard {name!r} holds values that are not finite")
        order = np.argsort(own, kind="stable")
        library[name] = (own[order], values[order])
    return library


def _correlations(spectra: Floats, energies: Floats, library: Mapping[str, tuple[Floats, Floats]]) -> Floats:
    """Pearson correlation of each spectrum with each standard where both are known, shape (k, s)."""
    out = np.full((len(spectra), len(library)), np.nan)
    bent = np.linalg.norm(_straightened(spectra, energies), axis=1) / np.maximum(np.abs(spectra).mean(axis=1), 1e-300)
    featured = bent > _STRAIGHT * bent.max()
    for column, (own, values) in enumerate(library.values()):
        common = (energies >= own[0]) & (energies <= own[-1])
        if common.sum() < max(4, _OVERLAP * len(energies)):
            continue
        axis, rows = energies[common], spectra[:, common]
        standard = np.interp(axis, own, values)[None, :]
        if float(np.linalg.norm(_straightened(standard, axis))) > _STRAIGHT * float(
            np.linalg.norm(standard - standard.mean())
        ):
            rows = np.where(featured[:, None], _sloping_as(standard[0], rows, axis), rows)
        out[:, column] = _standardised(rows) @ _standardised(standard)[0]
    return out


def _straightened(rows: Floats, energies: Floats) -> Floats:
    """Rows without the straight line that fits them best."""
    axis = energies - energies.mean()
    slope = rows @ axis / float(axis @ axis)
    return rows - rows.mean(axis=1, keepdims=True) - slope[:, None] * axis


def _sloping_as(standard: Floats, rows: Floats, energies: Floats) -> Floats:
    """Rows without the line c E of the least-squares fit a · standard + b + c E.

    Args:
        standard: Shape (m,), not straight.
        rows: Spectra, shape (k, m).
        energies: Shape (m,), in eV.

    Returns:
        Shape (k, m).
    """
    axis = energies - energies.mean()
    straight = _straightened(standard[None, :], energies)[0]
    amount = rows @ straight / float(straight @ straight)
    slope = (rows - amount[:, None] * standard) @ axis / float(axis @ axis)
    return rows - slope[:, None] * axis


def _standardised(rows: Floats) -> Floats:
    """Rows of mean 0 and unit length; constant rows become 0."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0.0, length, 1.0)


def _best_total(correlations: Floats) -> float:
    """Sum of the correlations of the best one-to-one matching."""
    known = np.nan_to_num(correlations, nan=-1.0)
    return float(known[linear_sum_assignment(-known)].sum())


def _margins(correlations: Floats, matches: NDArray[np.intp]) -> Floats:
    """Correlation with the match minus that with the next best standard, shape (k,); NaN where there is no other."""
    margins = np.full(len(matches), np.nan)
    for row, match in enumerate(matches):
        others = np.delete(correlations[row], match)
        others = others[np.isfinite(others)]
        if match >= 0 and others.size:
            margins[row] = correlations[row, match] - others.max()
    return margins
