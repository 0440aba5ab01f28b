"""Lays the standard that a component resembles over its spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from analysis.unmixing.identify import Comparison

Floats = NDArray[np.float64]


def laid_over(
    spectra: Floats, energies: Floats, comparison: Comparison, library: Mapping[str, tuple[Floats, Floats]]
) -> Floats:
    """The standards on the spectra's scale: a · standard + b + c E by least squares, after the common shift.

    Args:
        spectra: of the components, shape (component, m).
        energies: of the spectra, eV, shape (m,).
        comparison: which standard each resembles, and the shift, eV.
        library: energies, eV, and values of the standards by name.

    Returns:
        Shape (component, m); NaN where there is no standard, or where it is not known.
    """
    rows = [
        _fitted(spectrum, energies, energies + comparison.shift, None if name is None else library[name])
        for spectrum, name in zip(spectra, comparison.names, strict=True)
    ]
    return np.array(rows)


def _fitted(spectrum: Floats, energies: Floats, shifted: Floats, standard: tuple[Floats, Floats] | None) -> Floats:
    if standard is None:
        return np.full(len(energies), np.nan)
    values = np.interp(shifted, *standard, left=np.nan, right=np.nan)
    there = np.isfinite(values)
    terms = np.stack([np.where(there, values, 0.0), np.ones_like(values), energies - energies.mean()], axis=1)
    if there.sum() < terms.shape[1]:
        return values * np.nan
    fitted, *_ = np.linalg.lstsq(terms[there], spectrum[there], rcond=None)
    return np.where(there, terms @ fitted, np.nan)
